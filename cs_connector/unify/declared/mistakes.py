"""What is wrong with a mapping by itself, whatever the CRM has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from cs_connector.config.documents import Path_, suggest
from cs_connector.errors import FormulaError
from cs_connector.model import CUSTOM, DATE, ENTITIES, FLAG, MONEY, NUMBER, TEXT, TIME, WHOLE, Column
from cs_connector.unify.mapping import KINDS, FieldRule, MappingFile, ReadRule, WriteRule
from cs_connector.unify.sql import kind

from . import claims, units

RESERVED = frozenset(
    {"record_id", "same_ref", "adds_ref", "broken", "line", "wrong"}
)  # columns beside attributes
_REFERENCES = "key account_ref owner_ref person_ref"
_HEALTH = "score band trend change_3m reason driver next_step cap_text coverage band_since changed_on renewal_on arr stage"
_EXTRAS = "red_relationships relationship_summary group_health contradiction latest_nps open_calls details"
WANTED = {
    source: frozenset(f"{_REFERENCES} {columns}".split())
    for source, columns in {
        "account": f"{_HEALTH} customer_status arr_at_risk csm_name {_EXTRAS}",
        "relationship": f"{_HEALTH} name type status product region start_on end_on seats scorecard",
        "call": "subject description due_on priority status type rule relationship_name",
        "snapshot": "as_of score band previous_band driver cap_text coverage arr scorecard usage_score goals_score "
        "support_score survey_score billing_score relationship_score relationship_ref config_changed",
        "heartbeat": "last_run run version",
    }.items()
}
"""What can be written of an account, a relationship, a call, a month's end or ourselves."""
_COUNTED = (NUMBER, WHOLE, MONEY)


@dataclass(frozen=True, slots=True)
class Mistake:
    """`where` are the keys that lead to it; `error` says where in a formula."""

    where: Path_
    what: str
    fix: str
    why: str = ""
    error: FormulaError | None = None


def found(mapping: MappingFile) -> list[Mistake]:
    """Every mistake, in the order of the rules."""
    told = [
        mistake
        for index, rule in enumerate(mapping.read)
        for mistake in _read(mapping, rule, ("read", index))
    ]
    told += [m for index, rule in enumerate(mapping.write) for m in _written(rule, ("write", index))]
    document = mapping.document
    clashes = [Mistake(c.where, c.what, c.fix, c.why(document)) for c in claims.found(mapping)]
    return [*told, *clashes]


def _read(mapping: MappingFile, rule: ReadRule, where: Path_) -> Iterator[Mistake]:
    entity = ENTITIES.get(rule.entity)
    if entity is None:
        hint = suggest(rule.entity, ENTITIES) or f"known: {', '.join(sorted(ENTITIES))}"
        yield Mistake((*where, "entity"), f"{rule.entity} is not an entity", hint)
        return
    if rule.entity == "relationship" and "key" not in rule.fields:
        yield Mistake((*where, "fields"), "a relationship is found by its key, which is not read", "add key")
    columns = {c.name: c for c in entity.staged if c.name != CUSTOM}
    for name, how in rule.fields.items():
        if name in columns:
            yield from _attribute((*where, "fields", name), rule, columns[name], how)
        else:
            hint = suggest(name, columns) or f"known: {', '.join(columns)}"
            yield Mistake((*where, "fields", name), f"{rule.entity}.{name} is not an attribute", hint)
    wrong = list(_formulas(where, rule))
    yield from chain(
        wrong,
        _inputs(where, rule, columns),
        () if wrong else _unused(where, rule),  # a slip in a formula is told once
        _ranges(where, rule),
        _links(where, rule),
        _conversion(mapping, (*where, "convert"), rule, columns),
    )


def _attribute(where: Path_, rule: ReadRule, column: Column, how: FieldRule) -> Iterator[Mistake]:
    if how.reached and column.type not in (DATE, TIME):
        fix = "use reached: for a date or a time"
        yield Mistake((*where, "reached"), f"{rule.entity}.{column.name} is no date", fix)
    yield from _told(where, f"{rule.entity}.{column.name}", how, column.type)


def _told(where: Path_, name: str, how: FieldRule, type_: str) -> Iterator[Mistake]:
    """What attributes and inputs have in common: constants, translations and units."""
    words = [
        ("default", how.default),
        ("const", how.const),
        *(("values", v) for v in (how.values or {}).values()),
    ]
    for key, word in words:
        if how.contains is None and not _fits(word, type_):
            what = f"{word!r} is not {kind(type_)}, and {name} is"
            yield Mistake((*where, key), what, "correct it")
    if how.values is not None and not how.values:
        yield Mistake(
            (*where, "values"), f"the values of {name} are empty", "list at least one, or remove values"
        )
    elif how.values is not None and "default" not in how.model_fields_set:
        yield Mistake(
            (*where, "values"),
            f"the values of {name} have no default",
            "say what any other value becomes: default: null if it is not known",
        )
    if how.unit is None:
        return
    if type_ not in _COUNTED:
        yield Mistake((*where, "unit"), f"{name} is no number, so it has no unit", "remove unit")
    elif how.values is not None or how.contains is not None:
        yield Mistake(
            (*where, "unit"),
            f"{name} is translated, so it has no unit",
            "remove unit, or translate to numbers of the unit",
        )
    elif wrong := units.mistake(how.unit.told, how.unit.wanted):
        yield Mistake((*where, "unit"), *wrong)


def _fits(word: str | float | bool | None, type_: str) -> bool:
    """Whether a constant can be of a type."""
    if word is None or type_ == TEXT:
        return True
    if type_ == FLAG:
        return isinstance(word, bool)
    if type_ in _COUNTED:
        return isinstance(word, int | float) and not isinstance(word, bool)
    try:
        return bool(datetime.fromisoformat(str(word)))
    except ValueError:
        return False


def _inputs(where: Path_, rule: ReadRule, columns: Mapping[str, Column]) -> Iterator[Mistake]:
    taken = {column.lower(): column for column in columns}  # the engine reads ARR as arr
    for name, how in rule.inputs.items():
        at = (*where, "inputs", name)
        if (other := taken.get(name.lower())) is not None:
            told = (
                f"{name} is an attribute"
                if name == other
                else f"{name} and {other} are one name, of an attribute"
            )
            yield Mistake(at, f"{told} of {rule.entity}", "call the input by another name")
        elif name.lower() in RESERVED or " " in name:
            yield Mistake(
                at, f"{name!r} cannot be the name of an input", "call it by another name, of one word"
            )
        if how.formula or how.link or how.reached:
            what = "formula" if how.formula else "link" if how.link else "reached"
            yield Mistake((*at, what), f"{name} is an input, which has no {what}", f"remove {what}")
        yield from _told(at, name, how, KINDS[how.type])


def _unused(where: Path_, rule: ReadRule) -> Iterator[Mistake]:
    asked = {rule.convert.told} if rule.convert else set()
    asked |= set(rule.convert.on) if rule.convert and isinstance(rule.convert.on, tuple) else set()
    words = {word for how in rule.fields.values() for word in re.findall(r"\w+", how.formula or "")}
    for name in rule.inputs.keys() - asked - words - rule.fields.keys():
        yield Mistake(
            (*where, "inputs", name), f"no formula uses {name}", "remove it, or use it in a formula"
        )


def _formulas(where: Path_, rule: ReadRule) -> Iterator[Mistake]:
    if not any(how.formula for how in rule.fields.values()):
        return
    from . import formulas  # whoever has no formula does without what reads them

    yield from (
        Mistake((*where, "fields", name, "formula"), error.what, error.fix, error.why, error)
        for name, error in formulas.errors(rule)
    )


def _ranges(where: Path_, rule: ReadRule) -> Iterator[Mistake]:
    columns = {c.name: c.type for c in ENTITIES[rule.entity].staged}
    numbers = [name for name in rule.fields if columns.get(name) in _COUNTED]
    for index, one in enumerate(rule.ranges):
        if one.low > one.high:
            what = f"no {one.attribute} is from {one.low:g} to {one.high:g}"
            yield Mistake((*where, "ranges", index), what, f"low: {one.high:g}, high: {one.low:g}")
        if one.attribute not in numbers:
            fix = suggest(one.attribute, numbers) or f"numbers of this rule: {', '.join(numbers) or 'none'}"
            yield Mistake(
                (*where, "ranges", index), f"{one.attribute} is no number that this rule reads", fix
            )


def _links(where: Path_, rule: ReadRule) -> Iterator[Mistake]:
    """References that lead to another kind of entity than the attribute is."""
    for name, how in rule.fields.items():
        wanted = _meant(rule, name)
        if how.link and wanted and how.link != wanted:
            at = (*where, "fields", name, "link")
            yield Mistake(
                at, f"{rule.entity}.{name} is of a {wanted}, not of a {how.link}", f"use link: {wanted}"
            )
    if rule.adds_to and rule.adds_to.link != rule.entity:
        told = f"to a {rule.adds_to.link}" if rule.adds_to.link else "nowhere"
        fix = f"use link: {rule.entity}"
        yield Mistake((*where, "adds_to"), f"it adds to a {rule.entity}, and leads {told}", fix)


def _meant(rule: ReadRule, name: str) -> str | None:
    """Of which entity an attribute is the id."""
    if name == ENTITIES[rule.entity].key:
        return None
    if name.endswith("_user_id"):
        return "user"
    return {"account_id": "account", "parent_id": "account", "person_id": "person"}.get(name)


def _conversion(
    mapping: MappingFile, where: Path_, rule: ReadRule, columns: Mapping[str, Column]
) -> Iterator[Mistake]:
    convert = rule.convert
    if convert is None:
        return
    if not any(columns[name].type == MONEY for name in rule.fields if name in columns):
        yield Mistake(where, "there is no amount to convert in this rule", "remove convert")
    if mapping.rates is None:
        fix = "make mappings/rates.yml: docs/mapping.md shows one"
        yield Mistake(where, "there are no rates to convert by", fix)
    elif convert.wanted not in (known := sorted({mapping.rates.base, *(c for c, *_ in mapping.rates.rows)})):
        fix = suggest(convert.wanted, known) or f"rates.yml has: {', '.join(known)}"
        yield Mistake((*where, "to"), f"{convert.wanted} has no rate", fix)
    types = {n: columns[n].type for n in rule.fields if n in columns} | {
        n: KINDS[how.type] for n, how in rule.inputs.items()
    }
    if convert.told not in types:
        fix = suggest(convert.told, types) or "read currency, or name an input with from:"
        yield Mistake((*where, "from"), f"{convert.told} is not read by this rule", fix)
    for name in convert.on if isinstance(convert.on, tuple) else ():
        if types.get(name) not in (DATE, TIME):
            dates = [n for n, type_ in types.items() if type_ in (DATE, TIME)]
            fix = suggest(name, dates) or f"dates of this rule: {', '.join(dates) or 'none'}"
            yield Mistake((*where, "on"), f"{name} is no date that this rule reads", fix)


def _written(rule: WriteRule, where: Path_) -> Iterator[Mistake]:
    known = WANTED[rule.source]
    for name, how in rule.fields.items():
        if how.column not in known:
            fix = suggest(how.column, known) or f"known: {', '.join(sorted(known))}"
            told = f"{how.column} is nothing that is written of a {rule.source}"
            yield Mistake((*where, "fields", name), told, fix)
        if how.values is not None and not how.values:
            at = (*where, "fields", name, "values")
            yield Mistake(at, f"the values of {name} are empty", "list at least one, or remove values")
