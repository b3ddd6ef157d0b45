"""Raw records → typed staging tables, one an entity; what cannot be read goes to quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import duckdb

from cs_connector.model import CUSTOM, ENTITIES, MONEY, NUMBER, TEXT, WHOLE, Entity

from . import aliases, passing
from .declared import called, units
from .declared.derived import derived, unseen, worthless
from .declared.ways import followed
from .mapping import KINDS, Condition, FieldRule, ReadRule, Unit, Word
from .source import Latest, Source
from .sql import cast, ident, kind, literal, trimmed, word

ORIGIN = (
    "connection VARCHAR, rank INTEGER, object VARCHAR, record_id VARCHAR, same_ref VARCHAR, adds_ref VARCHAR"
)
_PASSED = ident("passed through")
_ALL = (1 << 63) - 1
# what an adapter says of a row that cannot be read, in the place of a record; looked for only where a payload begins so
_BROKEN = """CASE WHEN starts_with(payload, '{"__error__"') THEN json_extract_string(payload, '$.__error__') END AS broken,
CASE WHEN starts_with(payload, '{"__error__"') THEN json_extract_string(payload, '$.__line__') END AS line"""


def stage(con: duckdb.DuckDBPyConnection, sources: Iterable[Source], latest: Latest) -> None:
    """Fill `stage_<entity>` for every entity, `quarantine`, `seen` (how many records each rule met), and `taken` (which records,
    where another rule makes the same of its object, and fields are lost; `rule` is its place in the mapping).

    Expects `alias`: records that go on as another one are left out.
    """
    con.execute(
        "CREATE OR REPLACE TABLE quarantine(connection VARCHAR, object VARCHAR, record_id VARCHAR, "
        "code VARCHAR, reason VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TABLE seen(connection VARCHAR, object VARCHAR, entity VARCHAR, records BIGINT, "
        "deleted BIGINT, left_out BIGINT, quarantined BIGINT, staged BIGINT)"
    )
    con.execute("CREATE OR REPLACE TABLE taken(connection VARCHAR, rule INTEGER, record_id VARCHAR)")
    for entity in ENTITIES.values():
        columns = ", ".join(f"{ident(c.name)} {c.type}" for c in entity.staged)
        con.execute(f"CREATE OR REPLACE TABLE stage_{entity.name}({ORIGIN}, {columns}, wrong VARCHAR)")
    with _one_thread(con):
        for source in sources:
            for place, rule in enumerate(source.mapping.read):
                _extract(con, source, rule, latest)
                _take(con, source, place, latest)
    for entity in ENTITIES.values():
        con.execute(f"ALTER TABLE stage_{entity.name} DROP COLUMN wrong")


@contextmanager
def _one_thread(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows that several threads insert in their order are copied once more, which is an eighth of the work or more."""
    threads = con.execute("SELECT current_setting('threads')").fetchall()[0][0]
    con.execute("SET threads = 1")
    try:
        yield
    finally:
        con.execute(f"SET threads = {threads}")


def _extract(con: duckdb.DuckDBPyConnection, source: Source, rule: ReadRule, latest: Latest) -> None:
    entity, here = ENTITIES[rule.entity], [source.connection, rule.object]
    view = latest(source.connection, rule.object)
    rows = f"{view} WHERE NOT deleted{aliases.others(con, source, rule.object)}"
    columns = ", ".join(ident(c.name) for c in entity.staged)
    picked = _changed(
        con,
        f"INSERT INTO stage_{entity.name} SELECT {literal(source.connection)}, {source.rank}, "
        f"{literal(rule.object)}, record_id, same_ref, adds_ref, {columns}, wrong FROM ({_typed(source, rule, rows, latest)})",
    )
    quarantined = _changed(
        con,
        "INSERT INTO quarantine SELECT connection, object, record_id, 'VALUE', wrong "
        f"FROM stage_{entity.name} WHERE wrong IS NOT NULL",
    )
    if quarantined:
        con.execute(f"DELETE FROM stage_{entity.name} WHERE wrong IS NOT NULL")
    con.execute(
        "INSERT INTO seen SELECT ?, ?, ?, count(*), count(*) FILTER (deleted), count(*) FILTER (NOT deleted) - ?, ?, ? "
        f"FROM {view}",
        [*here, rule.entity, picked, quarantined, picked - quarantined],
    )


def alone(source: Source, rule: ReadRule) -> bool:
    """Whether no other rule makes the same of its object."""
    return [(r.object, r.entity) for r in source.mapping.read].count((rule.object, rule.entity)) == 1


def _take(con: duckdb.DuckDBPyConnection, source: Source, place: int, latest: Latest) -> None:
    rule = source.mapping.read[place]
    if alone(source, rule) or not any(source.unknown.values()):
        return
    picked = _picked(source, rule, f"{latest(source.connection, rule.object)} WHERE NOT deleted")
    con.execute(
        f"INSERT INTO taken SELECT ?, ?, record_id FROM ({picked}) WHERE broken IS NULL",
        [source.connection, place],
    )


def _changed(con: duckdb.DuckDBPyConnection, statement: str) -> int:
    """How many rows a statement inserted."""
    return int(con.execute(statement).fetchall()[0][0])


def _picked(source: Source, rule: ReadRule, rows: str) -> str:
    """The texts that the rule needs, one column each, and what is passed through; only records that the rule is about.

    The limit limits nothing: no condition is moved to below it, where each mention of a field would read the payload anew. Each
    text is taken out of the list once, and not at each of the five mentions that trimming makes of it.
    """
    names = sorted(rule.needs)
    types, lost = source.types.get(rule.object, {}), source.unknown.get(rule.object, frozenset())
    passed = [n for n in source.mapping.passed(rule, types) if n not in lost]
    lost -= rule.deciding  # nothing is read without these, so what is there was read with them
    paths = [source.mapping.path(n) for n in (*names, *passed)]
    texts = [f"{_told(i, known=n not in lost)} AS {ident(n)}" for i, n in enumerate(names)]
    custom = passing.gathered({n: _told(i, known=True) for i, n in enumerate(passed, len(names))}, types)
    given = ", ".join([*texts, f"{custom} AS {_PASSED}"])
    each = ", ".join(["record_id, broken, line", *(f"t[{i}] AS t{i}" for i in range(1, len(paths) + 1))])
    where = " AND ".join([_condition(c) for c in rule.where] or ["TRUE"])
    return (
        f"SELECT * FROM (SELECT record_id, broken, line, {given} FROM (SELECT {each} FROM "
        f"(SELECT id AS record_id, {_BROKEN}, {_values(paths)} AS t FROM {rows} LIMIT {_ALL}))) "
        f"WHERE broken IS NOT NULL OR ({where})"
    )


def _values(paths: Sequence[str]) -> str:
    """The texts at some paths of a payload; it is parsed once for all of them."""
    return f"json_extract_string(payload, [{', '.join(literal(path) for path in paths)}]::VARCHAR[])"


def _told(position: int, *, known: bool) -> str:
    return trimmed(f"t{position + 1}") if known else "CAST(NULL AS VARCHAR)"


def _condition(condition: Condition) -> str:
    column, parts = ident(condition.field), []
    if condition.any_of is not None:
        parts.append(f"{column} IN ({', '.join(literal(v) for v in condition.any_of)})")
    if condition.none_of is not None:
        listed = ", ".join(literal(v) for v in condition.none_of)
        parts.append(f"({column} IS NULL OR {column} NOT IN ({listed}))")
    if condition.known is not None:
        parts.append(f"{column} IS {'NOT ' if condition.known else ''}NULL")
    return "(" + " AND ".join(parts or ["TRUE"]) + ")"


def _typed(source: Source, rule: ReadRule, rows: str, latest: Latest) -> str:
    picked, led, entity = _picked(source, rule, rows), followed(source, rule, latest), ENTITIES[rule.entity]
    rule, lost = led.rule, source.unknown.get(rule.object, frozenset()) | led.lost
    source = replace(source, unknown={**source.unknown, rule.object: lost})
    plain = [c for c in entity.staged if c.name not in rule.fields or not rule.fields[c.name].formula]
    columns = [f"{_attribute(source, rule, c.name, c.type)} AS {ident(c.name)}" for c in plain]
    columns += [
        f"{_value(source, rule, how, KINDS[how.type])} AS {ident(n)}" for n, how in rule.inputs.items()
    ]
    columns += [
        f"{_condition(how.only_if)} AS {ident(f'if {n}')}"
        for n, how in rule.fields.items()
        if how.formula and how.only_if
    ]
    inner = ", ".join(["*", f"{_same(rule)} AS same_ref", f"{_adds(source, rule)} AS adds_ref", *led.columns])
    nothing = worthless(rule, lost)
    told = [t for t in _told_of(rule, entity) if not _unseen(source, rule, t[1]) and t[0] not in nothing]
    outer = (
        f"SELECT record_id, same_ref, adds_ref, broken, line, {', '.join(columns)}{_kept(told)} "
        f"FROM (SELECT {inner} FROM ({picked}) q)"
    )
    layer = derived(source.mapping, rule, outer, lost)
    broken = "WHEN broken IS NOT NULL THEN broken || coalesce(' (line ' || line || ')', '')"
    early, late = _checked(rule, told)
    wrong = " ".join([broken, *_homeless(rule), *early, *layer.checks, *late, *_ranges(rule)])
    return f"SELECT * EXCLUDE (broken, line), CASE {wrong} END AS wrong FROM ({layer.query})"


def _homeless(rule: ReadRule) -> list[str]:
    """What adds to a record and names none: it would be one of its own."""
    if rule.adds_to is None:
        return []
    told = f"{' or '.join(rule.adds_to.sources)} does not say to which {rule.entity} it adds"
    return [f"WHEN adds_ref IS NULL THEN {literal(told)}"]


def _checked(rule: ReadRule, told: Iterable[tuple[str, FieldRule, str]]) -> tuple[list[str], list[str]]:
    """What cannot be read. An amount that is converted comes late: without a rate it is unknown, too, and that is said before."""
    early: list[str] = []
    late: list[str] = []
    for name, how, to in told:
        converted = rule.convert is not None and to == MONEY and name in rule.fields
        (late if converted else early).append(_check(how, name, to))
    return early, late


def _ranges(rule: ReadRule) -> list[str]:
    return [
        f"WHEN {ident(r.attribute)} NOT BETWEEN {r.low!r} AND {r.high!r} THEN "
        f"{literal(r.attribute + ' is ')} || {ident(r.attribute)} || "
        f"{literal(f', outside {r.low:g} to {r.high:g}')}"
        for r in rule.ranges
    ]


def _told_of(rule: ReadRule, entity: Entity) -> list[tuple[str, FieldRule, str]]:
    """Every attribute and input, how it is read, and its type."""
    read = [(c.name, rule.fields[c.name], c.type) for c in entity.staged if c.name in rule.fields]
    return [*read, *((name, how, KINDS[how.type]) for name, how in rule.inputs.items())]


def _kept(told: Iterable[tuple[str, FieldRule, str]]) -> str:
    """The texts behind attributes that can fail to be read, to name them in the reason."""
    kept = [
        f", {_raw(how)} AS {ident('raw ' + name)}"
        for name, how, to in told
        if how.reached or _fallible(how, to)
    ]
    return "".join(kept)


def _raw(rule: FieldRule) -> str:
    text = _text(rule)
    return f"CASE WHEN {_condition(rule.only_if)} THEN {text} END" if rule.only_if else text


def _fallible(rule: FieldRule, to: str) -> bool:
    plain = rule.values is None and rule.contains is None and not rule.reached
    return to != TEXT and bool(rule.sources) and plain


def _check(rule: FieldRule, name: str, to: str) -> str:
    raw = ident("raw " + name)
    if rule.reached:
        told = literal(" or ".join(rule.sources) + " is '")
        odd = f"WHEN {raw} IS NOT NULL AND json_type(CASE WHEN json_valid({raw}) THEN {raw} END) IS DISTINCT FROM 'ARRAY'"
        return f"{odd} THEN {told} || left({raw}, 40) || ''', not a list of dated values'"
    if not _fallible(rule, to):
        return ""
    # a default hides what could not be read
    read = ident(name) if rule.default is None else cast(raw, NUMBER if rule.unit else to)
    return (
        f"WHEN {raw} IS NOT NULL AND {read} IS NULL THEN "
        f"{literal(' or '.join(rule.sources) + ' is ')} || {literal(chr(39))} || left({raw}, 40) || "
        f"{literal(chr(39) + f', not {kind(to)}')}"
    )


def _attribute(source: Source, rule: ReadRule, name: str, to: str) -> str:
    if name == CUSTOM:
        return _PASSED
    how = rule.fields.get(name)
    return f"CAST(NULL AS {to})" if how is None else _value(source, rule, how, to)


def _value(source: Source, rule: ReadRule, how: FieldRule, to: str) -> str:
    if _unseen(source, rule, how):
        return f"CAST(NULL AS {to})"
    if how.only_if:
        plain = _conversion(source, how, to)
        return f"CASE WHEN {_condition(how.only_if)} THEN {plain} END"
    return _conversion(source, how, to)


def _unseen(source: Source, rule: ReadRule, how: FieldRule) -> bool:
    return bool(unseen(how, source.unknown.get(rule.object, frozenset())))


def _conversion(source: Source, how: FieldRule, to: str) -> str:
    if how.link:
        return _ref(source, how)
    text = _text(how)
    if how.reached:
        return _reached(text, how.reached, to)
    if how.contains is not None:
        return f"list_contains(string_split(coalesce({text}, ''), ';'), {literal(how.contains)})"
    if how.values is not None:
        return _translated(text, how.values, how, to)
    read = _measured(text, how.unit, to) if how.unit else cast(text, to)
    return read if how.default is None else f"coalesce({read}, CAST({word(how.default, to)} AS {to}))"


def _translated(text: str, values: Mapping[str, Word], how: FieldRule, to: str) -> str:
    cases = " ".join(f"WHEN {literal(k)} THEN {word(v, to)}" for k, v in values.items())
    return f"CAST(CASE {text} {cases} ELSE {word(how.default, to)} END AS {to})"


def _measured(text: str, unit: Unit, to: str) -> str:
    """A number in the unit that is wanted."""
    times, by = units.factor(unit.told, unit.wanted)
    number = f"{cast(text, NUMBER)} * {float(times)!r}::DOUBLE / {float(by)!r}::DOUBLE"
    return number if to == NUMBER else f"TRY_CAST({f'round({number})' if to == WHOLE else number} AS {to})"


def _reached(text: str, values: Sequence[str], to: str) -> str:
    """When a text of dated values, which need not be in order, first had one of some."""
    among = ", ".join(map(literal, values))
    times = (
        f'list_transform(list_filter(from_json(CASE WHEN json_valid({text}) THEN {text} END, \'[{{"value":"VARCHAR","timestamp":"VARCHAR"}}]\'), '
        f"lambda x: x.value IN ({among})), lambda x: {cast('x.timestamp', to)})"
    )
    return f"list_min({times})"


def _text(how: FieldRule) -> str:
    if not how.sources:
        return f"CAST({word(how.const, TEXT)} AS VARCHAR)"
    columns = [ident(s) for s in how.sources]
    if how.join:
        return f"nullif(concat_ws(' ', {', '.join(columns)}), '')"
    return columns[0] if len(columns) == 1 else f"coalesce({', '.join(columns)})"


def _ref(source: Source, how: FieldRule) -> str:
    text = _text(how)
    if how.values is not None:
        text = _translated(text, how.values, how, TEXT)
    elif how.default is not None:
        text = f"coalesce({text}, {word(how.default, TEXT)})"
    if how.by:
        return called.reference(how.by, text)
    where = f"crm:{how.crm}" if how.crm else source.connection
    return f"{literal(f'{where}|{how.object}|')} || {text}"


def _same(rule: ReadRule) -> str:
    if rule.same_as is None:
        return "CAST(NULL AS VARCHAR)"
    return f"{literal(f'crm:{rule.same_as.crm}|{rule.same_as.object}|')} || {ident(rule.same_as.field)}"


def _adds(source: Source, rule: ReadRule) -> str:
    return _ref(source, rule.adds_to) if rule.adds_to else "CAST(NULL AS VARCHAR)"
