"""SQL over the typed attributes and inputs of a rule: what formulas compute, and amounts in one currency."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from cs_connector.model import ENTITIES, MONEY
from cs_connector.unify.mapping import Conversion, FieldRule, MappingFile, ReadRule
from cs_connector.unify.sql import ident, literal, word

from .rates import Rates


@dataclass(frozen=True, slots=True)
class Layer:
    """A query, and WHEN … THEN … for each way in which its rows can be wrong, the reason as text."""

    query: str
    checks: tuple[str, ...] = ()


def rests_on(rule: ReadRule, name: str) -> frozenset[str]:
    """The fields of the record on which an attribute or an input of a rule rests in the end."""
    how = rule.fields[name] if name in rule.fields else rule.inputs[name]
    if how.formula is None:
        return frozenset({*how.sources, *([how.only_if.field] if how.only_if else [])})
    from . import formulas  # whoever has no formula does without what reads them

    return next(one.rests_on for one in formulas.computed(rule) if one.name == name)


def unseen(how: FieldRule, lost: AbstractSet[str]) -> frozenset[str]:
    """The lost fields for which nothing can be said of an attribute that is no formula, not even its default."""
    told = frozenset(how.sources) if how.sources and lost >= set(how.sources) else frozenset()
    return told | ({how.only_if.field} & lost if how.only_if else frozenset())


def worthless(rule: ReadRule, lost: AbstractSet[str]) -> frozenset[str]:
    """The amounts that cannot be converted now, because their currency, or the day whose rate counts, is lost."""
    if rule.convert is None or not lost:
        return frozenset()
    asked = [rule.convert.told, *(rule.convert.on if isinstance(rule.convert.on, tuple) else ())]
    if not any(rests_on(rule, name) & lost for name in asked):
        return frozenset()
    return frozenset(_amounts(rule))


def _amounts(rule: ReadRule) -> list[str]:
    entity = ENTITIES[rule.entity]
    return [n for n in rule.fields if (c := entity.column(n)) and c.type == MONEY]


def derived(mapping: MappingFile, rule: ReadRule, typed: str, lost: AbstractSet[str]) -> Layer:
    """A rule's rows with what is computed and converted; `typed` has a column for each attribute and input.

    Of a formula with `only_if` it has the condition as `if <attribute>`, and nothing else. `lost` are fields that cannot be
    believed now: what rests on one of them is unknown.
    """
    layer = Layer(typed)
    nothing = worthless(rule, lost)
    if any(how.formula for how in rule.fields.values()):
        layer = _computed(rule, layer, lost, nothing)
    if nothing:  # only now: what formulas make of amounts otherwise, such as a ratio, asks for no currency
        unknown = ", ".join(f"CAST(NULL AS {MONEY}) AS {ident(name)}" for name in sorted(nothing))
        layer = Layer(f"SELECT * REPLACE ({unknown}) FROM ({layer.query})", layer.checks)
    if rule.convert and mapping.rates:
        layer = _converted(rule, rule.convert, mapping.rates, layer)
    return layer


def _computed(rule: ReadRule, layer: Layer, lost: AbstractSet[str], nothing: AbstractSet[str]) -> Layer:
    from . import formulas  # whoever has no formula does without what reads them

    columns, checks = [], []
    for one in formulas.computed(rule):
        how, name, raw = rule.fields[one.name], ident(one.name), ident(f"formula {one.name}")
        if one.rests_on & lost:
            columns.append(f"CAST(NULL AS {one.type}) AS {name}")
            continue
        text = one.sql if how.only_if is None else f"CASE WHEN {ident(f'if {one.name}')} THEN {one.sql} END"
        given = one.fitted(raw)
        if how.default is not None:
            given = f"CASE WHEN {raw} IS NULL THEN CAST({word(how.default, one.type)} AS {one.type}) ELSE {given} END"
        columns += [f"{text} AS {raw}", f"{given} AS {name}"]
        if one.name in nothing:
            continue
        checks.append(
            f"WHEN {raw} IS NOT NULL AND {name} IS NULL THEN "
            f"{literal(f'the formula of {one.name} gives ')} || {raw} || ', which does not fit'"
        )
    return Layer(f"SELECT *, {', '.join(columns)} FROM ({layer.query})", (*layer.checks, *checks))


_CODE, _DAY, _WORTH, _WANTED, _ASKED = map(
    ident, ("its currency", "rate day", "its worth", "wanted worth", "to convert")
)


def _converted(rule: ReadRule, convert: Conversion, rates: Rates, layer: Layer) -> Layer:
    """An amount without a currency, a date or a rate is wrong: it is never taken for one of the wanted currency."""
    entity, wanted = ENTITIES[rule.entity], literal(convert.wanted)
    amounts = [ident(n) for n in _amounts(rule)]
    replaced = [
        f"CASE WHEN {_ASKED} THEN TRY_CAST({n} * {_WORTH} / {_WANTED} AS {MONEY}) ELSE {n} END AS {n}"
        for n in amounts
    ]
    if entity.column("currency"):
        replaced.append(f"CASE WHEN {_CODE} IS NOT NULL THEN {wanted} END AS currency")
    day = f"strftime({_DAY}, '%Y-%m-%d')"
    dates = " or ".join(convert.on) if isinstance(convert.on, tuple) else ""
    missing = literal(f" to {convert.wanted} on ")
    checks = (
        f"WHEN {_ASKED} AND {_CODE} IS NULL THEN 'it has an amount and no currency'",
        f"WHEN {_ASKED} AND {_DAY} IS NULL THEN {literal(f'without {dates} nothing says which rate counts')}",
        f"WHEN {_ASKED} AND {_RATELESS} THEN 'there is no rate from ' || {_CODE} || {missing} || {day}",
        f"WHEN {_ASKED} AND {_TOO_LARGE} THEN 'an amount is too large to convert'",
    )
    before = f"coalesce({', '.join(amounts)}) IS NOT NULL"
    asked = _asked(convert, before, layer.query)
    query = f"SELECT * REPLACE ({', '.join(replaced)}), {before} AS {_FULL} FROM ({_weighed(convert, rates, asked)})"
    large = f"SELECT *, {_FULL} AND coalesce({', '.join(amounts)}) IS NULL AS {_TOO_LARGE} FROM ({query})"
    return Layer(
        large, (*checks, *layer.checks)
    )  # an amount without a rate is NULL, but not for what comes after


_RATELESS = f"({_WORTH} IS NULL OR {_WANTED} IS NULL)"
_FULL, _TOO_LARGE = ident("had an amount"), ident("too large")


def _asked(convert: Conversion, amount: str, query: str) -> str:
    """With the currency and the day of each row, and whether it has an amount of another currency."""
    if isinstance(convert.on, date):
        day = f"DATE '{convert.on.isoformat()}'"
    else:
        day = f"coalesce({', '.join(f'CAST({ident(name)} AS DATE)' for name in convert.on)})"
    code = f"nullif(upper(trim({ident(convert.told)})), '')"
    return (
        f"SELECT *, {code} AS {_CODE}, {day} AS {_DAY}, {amount} AND {code} IS DISTINCT FROM {literal(convert.wanted)} "
        f"AS {_ASKED} FROM ({query})"
    )


def _weighed(convert: Conversion, rates: Rates, query: str) -> str:
    """With what one unit of the currency, and one of the wanted one, is worth on the day."""
    base = literal(rates.base)
    query = (
        f"SELECT q.*, CASE {_CODE} WHEN {base} THEN 1.0::DOUBLE ELSE r.worth END AS {_WORTH} FROM ({query}) q "
        f"ASOF LEFT JOIN ({_listed(rates.rows)}) r ON q.{_CODE} = r.currency AND q.{_DAY} >= r.since"
    )
    if convert.wanted == rates.base:
        return f"SELECT *, 1.0::DOUBLE AS {_WANTED} FROM ({query})"
    own = _listed(row for row in rates.rows if row[0] == convert.wanted)
    return (
        f"SELECT q.*, w.worth AS {_WANTED} FROM (SELECT *, {literal(convert.wanted)} AS {ident('into')} FROM ({query})) q "
        f"ASOF LEFT JOIN ({own}) w ON q.{ident('into')} = w.currency AND q.{_DAY} >= w.since"
    )


def _listed(rows: Iterable[tuple[str, date, float]]) -> str:
    told = ", ".join(f"({literal(c)}, DATE '{day.isoformat()}', {worth!r}::DOUBLE)" for c, day, worth in rows)
    none = "('', DATE '0001-01-01', 1.0::DOUBLE)"
    return f"SELECT * FROM (VALUES {told or none}) AS t(currency, since, worth)"
