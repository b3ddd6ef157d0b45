"""Everything that is wrong with the scorecards of a project, all of it at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlglot import exp

from cs_connector.config.documents import Document, load, mistakes, suggest
from cs_connector.errors import ConfigError
from cs_connector.health.bands import FILE as BANDS
from cs_connector.health.bands import BandFile, unsound
from cs_connector.health.contradictions import FILE as CONTRADICTIONS
from cs_connector.health.contradictions import ContradictionFile
from cs_connector.health.curves import KINDS
from cs_connector.health.rolling.upward import FILE as ROLL_UP
from cs_connector.health.rolling.upward import RollUp
from cs_connector.health.scorecard import (
    TWICE,
    WEIGHTLESS,
    AssignFile,
    OverrideFile,
    Scorecard,
    card_files,
)
from cs_connector.health.words import template
from cs_connector.language.expression import Formula, parse_condition
from cs_connector.measure.judgements import FILE as JUDGEMENTS
from cs_connector.measure.judgements import JudgementFile
from cs_connector.measure.metrics import BASE, load_metrics
from cs_connector.measure.retirements import FILE as RETIRED
from cs_connector.measure.retirements import RetiredFile
from cs_connector.model import NUMBER

Keys = tuple[str | int, ...]
_OURS = {TWICE, WEIGHTLESS}  # found here also where something else is wrong with the same file
_BANDS = "an account is made of relationships with several scorecards, so bands are the same for all"
_FIXES = {
    "cap": "add cap: the highest score while it holds, from 0 to 100",
    "by": "add by: who judged, by name or e-mail address",
    "weight": "add weight: how much it counts beside the others",
    "curve": f"add curve: with one of {KINDS}",
}


@dataclass(frozen=True, slots=True)
class Types:
    """The relationship types that exist, each with the scorecard that it carries, and the file that says so."""

    document: Document
    scorecards: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a scorecard may name."""

    metrics: Collection[str]
    overrides: Collection[str]
    cards: Collection[str]

    @property
    def names(self) -> dict[str, str]:
        return {**BASE, **dict.fromkeys(self.metrics, NUMBER)}


def wrong(layers: Sequence[Path], types: Types) -> list[ConfigError]:
    """Every mistake of the metrics (the first), overrides, contradictions, scorecards and their assignment, in the order of files and lines."""
    found: list[ConfigError] = []
    metrics = _metrics(layers, found)
    files = card_files(layers)
    overrides = list(_documents((layer / "overrides.yml" for layer in layers), found))
    known = _Known(metrics, [name for d in overrides for name in _mapping(d.data, "overrides")], files)
    for document in overrides:
        found += [
            *_shape(OverrideFile, document),
            *_conditional(document, "overrides", "reason", known, types),
        ]
    for document in _documents((layer / JUDGEMENTS for layer in layers), found):
        found += _shape(JudgementFile, document)
    for document in _documents((layer / RETIRED for layer in layers), found):
        found += _shape(RetiredFile, document)
        for index, one in enumerate(_listed(document.data, "retired")):
            name = one.get("metric") if isinstance(one, dict) else None
            found += _named(document, ("retired", index, "metric"), name, known.metrics, "metric")
    for document in _documents((layer / CONTRADICTIONS for layer in layers), found):
        found += [
            *_shape(ContradictionFile, document),
            *_conditional(document, "contradictions", "text", known, types),
        ]
    for document in _documents(files.values(), found):
        found += [*_shape(Scorecard, document), *_card(document, known)]
    found += [*_bands(layers), *(e for d in _rolled(layers, found) for e in _shape(RollUp, d))]
    found += misassigned(layers, types)
    return sorted({_order(e): e for e in found}.values(), key=_order)


def misassigned(layers: Sequence[Path], types: Types) -> list[ConfigError]:
    """The mistakes of who gets which scorecard and is rolled up how: types and scorecards that there are not, and those that are claimed twice."""
    found: list[ConfigError] = []
    known = _Known((), (), card_files(layers))
    assigns = [layer / "scorecards/assign.yml" for layer in layers]
    for document in list(_documents(assigns, found))[-1:]:
        found += [*_shape(AssignFile, document), *_assigned(document, known, types)]
    for document in _rolled(layers, []):
        named = _mapping(_mapping(document.data, "accounts"), "types")
        strange = sorted(name for name in named if name not in types.scorecards)
        found += [_untyped(document, ("accounts", "types", name), str(name), types) for name in strange]
    return [*found, *_carried(known, types)]


def _bands(layers: Sequence[Path]) -> list[ConfigError]:
    found: list[ConfigError] = []
    for document in list(_documents((layer / BANDS for layer in layers), found))[-1:]:
        shape = list(_shape(BandFile, document))
        bands = () if shape else [BandFile.model_validate(document.data or {}).bands]
        found += [*shape, *(error for one in bands for error in unsound(document, one))]
    return found


def _rolled(layers: Sequence[Path], found: list[ConfigError]) -> list[Document]:
    """The roll-up in force: the last."""
    return list(_documents((layer / ROLL_UP for layer in layers), found))[-1:]


def _order(error: ConfigError) -> tuple[str, int, str]:
    place = error.place
    return (place.path if place else "", (place.line if place else 0) or 0, error.what)


def _metrics(layers: Sequence[Path], found: list[ConfigError]) -> list[str]:
    """The names of all metrics, also of those in files with mistakes."""
    try:
        return list(load_metrics(layers).by_name)
    except ConfigError as error:
        found.append(error)
    files = {path.stem: path for layer in layers for path in sorted((layer / "metrics").glob("*.yml"))}
    return [name for d in _documents(files.values(), []) for name in _mapping(d.data, "metrics")]


def _documents(paths: Iterable[Path], found: list[ConfigError]) -> Iterator[Document]:
    """Those of the files that are there and can be read."""
    for path in paths:
        if not path.exists():
            continue
        try:
            yield load(path)
        except ConfigError as error:
            found.append(error)


def _mapping(data: Any, key: str) -> Mapping[Any, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _listed(data: Any, key: str) -> Sequence[Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, list) else ()


def _shape(model: type[BaseModel], document: Document) -> Iterator[ConfigError]:
    """What the file says that its kind of file cannot say."""
    try:
        model.model_validate({} if document.data is None else document.data)
    except ValidationError as error:
        for where, mistake in mistakes(model, document, error):
            if mistake.why not in _OURS:
                yield _clearer(document, where, mistake)


def _clearer(document: Document, where: Keys, mistake: ConfigError) -> ConfigError:
    if where == ("bands",):
        fix = f"remove bands, and say them in {BANDS}"
        return document.error(where, "a scorecard has no bands of its own", why=_BANDS, fix=fix)
    if mistake.what.endswith("is missing") and where[-1] in _FIXES:
        return document.error(where, mistake.what, fix=_FIXES[str(where[-1])])
    return mistake


def _card(document: Document, known: _Known) -> Iterator[ConfigError]:
    measures = _listed(document.data, "measures")
    seen: dict[str, int] = {}
    for index, measure in enumerate(measures):
        at: Keys = ("measures", index)
        name = measure.get("measure") if isinstance(measure, dict) else None
        if isinstance(name, str) and name.lower() in seen:
            line = document.place(("measures", seen[name.lower()])).line
            yield document.error(
                (*at, "measure"),
                f"{name} is listed twice",
                why=f"it is in line {line}, too",
                fix="remove one",
            )
        seen.setdefault(str(name).lower(), index)
        yield from _measure(document, at, measure, known)
    yield from _weightless(document, [m.get("weight") for m in measures if isinstance(m, dict)])
    for index, name in enumerate(_listed(document.data, "overrides")):
        yield from _named(document, ("overrides", index), name, known.overrides, "override")


def _measure(document: Document, at: Keys, measure: Any, known: _Known) -> Iterator[ConfigError]:
    if not isinstance(measure, dict):
        return
    yield from _named(document, (*at, "metric"), measure.get("metric"), known.metrics, "metric")
    yield from _text(document, (*at, "phrase"), measure.get("phrase"), {*known.names, "value"})
    yield from _text(document, (*at, "lever"), measure.get("lever"), {"value"})


def _weightless(document: Document, weights: Sequence[Any]) -> Iterator[ConfigError]:
    numbers = [w for w in weights if isinstance(w, int | float)]
    if numbers and len(numbers) == len(weights) and max(numbers) <= 0:
        told = ", ".join(f"{w:g}" for w in numbers)
        fix = "give at least one measure a weight above 0"
        yield document.error(("measures",), WEIGHTLESS, why=f"the weights are {told}", fix=fix)


def _named(
    document: Document, at: Keys, name: Any, known: Collection[str], what: str
) -> Iterator[ConfigError]:
    if isinstance(name, str) and name not in known:
        fix = suggest(name, known) or f"known: {', '.join(sorted(known))}"
        yield document.error(at, f"there is no {what} {name!r}", fix=fix)


def _text(document: Document, at: Keys, text: Any, names: Collection[str]) -> Iterator[ConfigError]:
    if isinstance(text, str):
        try:
            template(document, at, text, names)
        except ConfigError as error:
            yield error


def _conditional(
    document: Document, key: str, text: str, known: _Known, types: Types
) -> Iterator[ConfigError]:
    """Overrides or contradictions: a condition each, and a text that may name what the condition may."""
    for name, rule in _mapping(document.data, key).items():
        if isinstance(rule, dict):
            at: Keys = (key, name)
            _, errors = _condition(document, (*at, "when"), rule.get("when"), known.names, types)
            yield from errors
            yield from _text(document, (*at, text), rule.get(text), known.names)
            age = _mapping(rule, "expires").get("age")
            yield from _named(document, (*at, "expires", "age"), age, known.metrics, "metric")


def _condition(
    document: Document, at: Keys, text: Any, names: Mapping[str, str], types: Types
) -> tuple[Formula | None, list[ConfigError]]:
    """The formula, and what is wrong with it or with the types that it names."""
    if not isinstance(text, str):
        return None, []
    try:
        formula = parse_condition(text, names)
    except ConfigError as error:
        return None, [document.told(at, error)]
    return formula, [_untyped(document, at, name, types) for name in _unknown_types(formula, types)]


def _unknown_types(formula: Formula, types: Types) -> list[str]:
    asked = (names for node in formula.tree.walk() if (names := _types_in(node)) is not None)
    return sorted({name for names in asked for name in names} - types.scorecards.keys())


def _untyped(document: Document, at: Keys, name: str, types: Types) -> ConfigError:
    known = ", ".join(sorted(types.scorecards))
    place = f"types: of {Path(types.document.path).name} has {known}"
    fix = suggest(name, types.scorecards) or f"add it to {types.document.path}"
    return document.error(at, f"there is no relationship type {name!r}", why=place, fix=fix)


def _types_in(node: exp.Expr) -> set[str] | None:
    """The types with which a comparison compares; None for anything else."""
    if isinstance(node, exp.In) and _is_type(node.this):
        return {e.this for e in node.expressions if isinstance(e, exp.Literal) and e.is_string}
    if not isinstance(node, exp.EQ | exp.NEQ):
        return None
    sides = (node.this, node.expression)
    if not any(_is_type(side) for side in sides):
        return None
    return {str(s.this) for s in sides if isinstance(s, exp.Literal) and s.is_string and s.this}


def _is_type(node: exp.Expr) -> bool:
    inner = node.this if isinstance(node, exp.Coalesce | exp.Paren) else node
    return isinstance(inner, exp.Column) and inner.name == "type"


def _claims(node: exp.Expr) -> set[str]:
    """The types of which a condition takes every relationship."""
    if isinstance(node, exp.Paren):
        return _claims(node.this)
    if isinstance(node, exp.Or):
        return _claims(node.this) | _claims(node.expression)
    return (_types_in(node) or set()) if isinstance(node, exp.EQ | exp.In) else set()


def _assigned(document: Document, known: _Known, types: Types) -> Iterator[ConfigError]:
    taken = {name: (card, _carrying(types, name)) for name, card in types.scorecards.items() if card}
    always: str | None = None
    for index, item in enumerate(_listed(document.data, "assign")):
        if not isinstance(item, dict):
            continue
        at: Keys = ("assign", index)
        card = str(item.get("scorecard"))
        yield from _named(document, (*at, "scorecard"), item.get("scorecard"), known.cards, "scorecard")
        formula, errors = _condition(document, (*at, "when"), item.get("when"), BASE, types)
        yield from errors
        if always is not None:
            why = f"{always} has no when:, so it takes all that are left"
            yield document.error(at, f"{card} is never in force", why=why, fix="put it before that one")
        yield from _twice(document, at, card, _claims(formula.tree) if formula else set(), taken)
        if item.get("when") is None:
            always = f"{card} in line {document.place(at).line}"
    for index, name in enumerate(_listed(document.data, "also")):
        yield from _named(document, ("also", index), name, known.cards, "scorecard")


def _carrying(types: Types, name: str) -> str:
    return str(types.document.place(("types", name, "scorecard")))


def _twice(
    document: Document, at: Keys, card: str, claimed: set[str], taken: dict[str, tuple[str, str]]
) -> Iterator[ConfigError]:
    """Types that this scorecard claims and another one has already; adds those that it claims now."""
    for name in sorted(claimed):
        other, where = taken.setdefault(name, (card, str(document.place(at))))
        if other != card:
            what = f"two scorecards claim the type {name!r}: {other} and {card}"
            yield document.error(
                (*at, "when"),
                what,
                why=f"{where} takes all of them first",
                fix="keep one, or say more in when:",
            )


def _carried(known: _Known, types: Types) -> Iterator[ConfigError]:
    for name, card in types.scorecards.items():
        yield from _named(types.document, ("types", name, "scorecard"), card, known.cards, "scorecard")
