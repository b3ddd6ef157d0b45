"""Scorecards, overrides and their assignment, read from files and checked against the metrics."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from re import fullmatch
from typing import Literal, get_args

from pydantic import Field, field_validator
from sqlglot import exp

from cs_connector.config.documents import Document, load, suggest, validate
from cs_connector.errors import ConfigError
from cs_connector.health import slopes
from cs_connector.health.bands import DEFAULT, Bands, load_bands
from cs_connector.health.conditions import condition
from cs_connector.health.contradictions import Detector, load_contradictions
from cs_connector.health.curves import Curve
from cs_connector.health.expiry import Expiry
from cs_connector.health.rolling.upward import RollUp, load_roll_up
from cs_connector.health.words import Template, template
from cs_connector.language.compiler import column
from cs_connector.language.executor import sql
from cs_connector.language.expression import Formula
from cs_connector.language.periods import Calendar
from cs_connector.language.steps import Strict
from cs_connector.measure.calendar import load_calendar
from cs_connector.measure.metrics import BASE, Metrics, load_metrics
from cs_connector.measure.retirements import Retirement, load_retirements
from cs_connector.model import NUMBER

Driver = Literal["Usage", "Goals", "Support", "Survey", "Billing", "Relationship", "Onboarding", "Notice"]
GROUPS: tuple[str, ...] = get_args(Driver)
TWICE, WEIGHTLESS = "a measure is listed twice", "no measure has a weight above 0"


class Measure(Strict):
    """A metric through a curve. `phrase` says what it costs; without `lever` nobody is told to move it.

    `group` is one of GROUPS, with any groups below it after a /: `Usage / Adoption / Depth`.

    An optional one that was never set is left out of the mean; without a weight it waits for one, and is no part of anything.
    """

    measure: str
    group: str
    metric: str
    weight: float = Field(ge=0, allow_inf_nan=False)
    curve: Curve
    by_segment: dict[str, Curve] = Field(default_factory=dict)
    optional: bool = False
    phrase: str
    lever: str | None = None
    effort: float = Field(default=1.0, gt=0)

    @field_validator("measure")
    @classmethod
    def _called(cls, value: str) -> str:
        if not value.strip() or {'"', "'"} & set(value):  # it is a column of results
            raise ValueError("a name has no quotes, and is not blank")
        return value

    @field_validator("group")
    @classmethod
    def _below_ours(cls, value: str) -> str:
        names = [name.strip() for name in value.split("/")]
        if names[0] not in GROUPS or not all(names):
            hint = suggest(names[0], GROUPS)
            raise ValueError(
                f"a group is one of {', '.join(GROUPS)}, or below one after a /"
                + (f"; {hint}" if hint else "")
            )
        return " / ".join(names)

    @property
    def driver(self) -> str:
        """The group at the top, which the CRM has a word for."""
        return self.group.partition(" / ")[0]

    @property
    def waits(self) -> bool:
        return self.optional and not self.weight

    def curve_for(self, segment: str | None) -> Curve:
        return self.by_segment.get(segment or "", self.curve)

    def sql(self, side: str) -> str:
        """The score of the column `<side>_<metric>`, by the segment of the account."""
        value, segment = column(f"{side}_{self.metric}"), column("account_segment")
        whens = [
            exp.If(
                this=exp.EQ(this=segment.copy(), expression=exp.convert(name)), true=slopes.tree(curve, value)
            )
            for name, curve in self.by_segment.items()
        ]
        tree = slopes.tree(self.curve, value)
        return f"({sql(exp.Case(ifs=whens, default=tree) if whens else tree)})"


class Scorecard(Strict):
    version: Literal[1] = 1
    title: str
    minimum_coverage: float = Field(default=0.5, ge=0, le=1)
    overrides: Literal["all"] | tuple[str, ...] = ()
    measures: tuple[Measure, ...] = Field(min_length=1)

    @field_validator("measures")
    @classmethod
    def _distinct(cls, value: tuple[Measure, ...]) -> tuple[Measure, ...]:
        names = [m.measure.lower() for m in value]  # engines take those that differ in capitals only for one
        if len(set(names)) != len(names):
            raise ValueError(TWICE)
        if not any(m.weight for m in value):
            raise ValueError(WEIGHTLESS)
        return value


class Override(Strict):
    """A fact that no other measure can outweigh: while `when` holds, the score is at most `cap`.

    `expires` says for how long its evidence counts: `when` holds no longer, `explain` says until when.
    """

    when: str
    cap: int = Field(ge=0, le=100)
    driver: Driver
    reason: str
    fix: str
    expires: Expiry | None = None


class OverrideFile(Strict):
    version: Literal[1] = 1
    overrides: dict[str, Override]

    @field_validator("overrides")
    @classmethod
    def _named(cls, value: dict[str, Override]) -> dict[str, Override]:
        for name in value:
            if not fullmatch(r"[\w-]+", name):  # names are kept one after another, with blanks between
                raise ValueError(f"{name!r} is no name: use letters, digits, _ and -")
        return value


class Assignment(Strict):
    scorecard: str
    when: str | None = None


class AssignFile(Strict):
    """The first that fits is the scorecard in force; those under `also` are scored for everybody."""

    version: Literal[1] = 1
    assign: tuple[Assignment, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cap:
    """An override with its checked formula and texts."""

    name: str
    rule: Override
    when: Formula
    reason: Template
    metrics: frozenset[str]

    @cached_property
    def holds(self) -> str:
        """SQL: whether the cap holds, over known or carried values."""
        return sql(self.when.over({name: column(f"k_{name}") for name in self.metrics}))


@dataclass(frozen=True)
class Card:
    """A scorecard with its caps, lowest first, and the texts of its measures; without those that wait for a weight."""

    name: str
    rule: Scorecard
    caps: tuple[Cap, ...]
    phrases: dict[str, Template]
    levers: dict[str, Template]

    @cached_property
    def curves(self) -> dict[tuple[str, str], str]:
        """SQL of each measure's score, of the known (`m`) and of the carried (`k`) value."""
        return {(m.measure, side): m.sql(side) for m in self.rule.measures for side in ("m", "k")}

    def measure(self, name: str) -> Measure:
        return next(m for m in self.rule.measures if m.measure == name)


@dataclass(frozen=True)
class Definitions:
    """Everything that says what a score is."""

    metrics: Metrics
    cards: dict[str, Card]
    assign: tuple[tuple[str, Formula | None], ...]
    roll_up: RollUp
    also: tuple[str, ...] = field(default=())
    bands: Bands = field(default=DEFAULT)
    retired: tuple[Retirement, ...] = field(default=())
    contradictions: tuple[Detector, ...] = field(default=())

    @cached_property
    def used(self) -> tuple[str, ...]:
        """The metrics that scores and texts need."""
        found: set[str] = set()
        for card in self.cards.values():
            found |= {m.metric for m in card.rule.measures}
            for text in (*card.phrases.values(), *(c.reason for c in card.caps)):
                found |= text.names
            for cap in card.caps:
                found |= cap.when.names | ({cap.rule.expires.age} if cap.rule.expires else set())
        for one in self.contradictions:
            found |= one.when.names | one.text.names
        return tuple(sorted(found & set(self.metrics.by_name)))


def load_definitions(layers: Sequence[Path]) -> Definitions:
    """Read metrics, scorecards, overrides, contradictions, the roll-up and bands; a later layer replaces what has the same name.

    Raises ConfigError with file and line.
    """
    metrics = load_metrics(layers)
    names, calendar = {**BASE, **dict.fromkeys(metrics.by_name, NUMBER)}, load_calendar(layers)
    caps = _caps(_existing(layers, "overrides.yml"), metrics, calendar)
    cards = _cards(layers, metrics, caps, names)
    document = load(_existing(layers, "scorecards/assign.yml")[-1])
    found = load_contradictions(layers, names, metrics.by_name, calendar)
    assigned = _assigned(metrics, cards, document, load_roll_up(layers), calendar)
    retired = load_retirements(layers, metrics.by_name)
    return replace(assigned, contradictions=found, bands=load_bands(layers), retired=retired)


def _existing(layers: Iterable[Path], name: str) -> list[Path]:
    found = [layer / name for layer in layers if (layer / name).exists()]
    if not found:
        raise ConfigError(f"there is no {name}", fix="add the file, or use the shipped mappings")
    return found


def _caps(files: Iterable[Path], metrics: Metrics, calendar: Calendar) -> tuple[Cap, ...]:
    found: dict[str, Cap] = {}
    for path in files:
        document = load(path)
        for name, rule in validate(OverrideFile, document).overrides.items():
            found[name] = _cap(document, name, rule, metrics, calendar)
    return tuple(sorted(found.values(), key=lambda cap: (cap.rule.cap, cap.name)))


def _cap(document: Document, name: str, rule: Override, metrics: Metrics, calendar: Calendar) -> Cap:
    at, names = ("overrides", name), {**BASE, **dict.fromkeys(metrics.by_name, NUMBER)}
    when = condition(document, (*at, "when"), rule.when, names, calendar)
    if rule.expires:
        _must(document, (*at, "expires", "age"), rule.expires.age, metrics.by_name, "metric")
    return Cap(
        name,
        rule,
        when,
        template(document, (*at, "reason"), rule.reason, names),
        when.names & set(metrics.by_name),
    )


def _cards(
    layers: Sequence[Path], metrics: Metrics, caps: tuple[Cap, ...], names: Collection[str]
) -> dict[str, Card]:
    files = card_files(layers).items()
    return {name: _card(name, load(path), metrics, caps, names) for name, path in files}


def card_files(layers: Iterable[Path]) -> dict[str, Path]:
    """The file of every scorecard, by its name; one of a later layer stands in the place of an earlier one."""
    files = {path.stem: path for layer in layers for path in sorted((layer / "scorecards").glob("*.yml"))}
    files.pop("assign", None)
    return dict(sorted(files.items()))


def _card(
    name: str, document: Document, metrics: Metrics, caps: tuple[Cap, ...], names: Collection[str]
) -> Card:
    rule = validate(Scorecard, document)
    phrases, levers = {}, {}
    for index, measure in enumerate(rule.measures):
        at = ("measures", index)
        _must(document, (*at, "metric"), measure.metric, metrics.by_name, "metric")
        phrases[measure.measure] = template(document, (*at, "phrase"), measure.phrase, {*names, "value"})
        if measure.lever is not None:
            levers[measure.measure] = template(document, (*at, "lever"), measure.lever, {"value"})
    counted = {m.measure: m for m in rule.measures if not m.waits}
    phrases = {measure: text for measure, text in phrases.items() if measure in counted}
    in_force = rule.model_copy(update={"measures": tuple(counted.values())})
    return Card(name, in_force, _chosen(document, rule, caps), phrases, levers)


def _chosen(document: Document, rule: Scorecard, caps: tuple[Cap, ...]) -> tuple[Cap, ...]:
    if rule.overrides == "all":
        return caps
    for index, name in enumerate(rule.overrides):
        _must(document, ("overrides", index), name, [c.name for c in caps], "override")
    return tuple(c for c in caps if c.name in rule.overrides)


def _must(
    document: Document, at: tuple[str | int, ...], name: str, known: Collection[str], what: str
) -> None:
    if name not in known:
        hint = suggest(name, known) or f"known: {', '.join(sorted(known))}"
        raise document.error(at, f"there is no {what} {name!r}", fix=hint)


def _assigned(
    metrics: Metrics, cards: dict[str, Card], document: Document, roll_up: RollUp, calendar: Calendar
) -> Definitions:
    rule = validate(AssignFile, document)
    chosen: list[tuple[str, Formula | None]] = []
    for index, item in enumerate(rule.assign):
        at = ("assign", index)
        _must(document, (*at, "scorecard"), item.scorecard, cards, "scorecard")
        place = (*at, "when")
        when = None if item.when is None else condition(document, place, item.when, BASE, calendar)
        chosen.append((item.scorecard, when))
    for index, name in enumerate(rule.also):
        _must(document, ("also", index), name, cards, "scorecard")
    return Definitions(metrics, cards, tuple(chosen), roll_up, rule.also)
