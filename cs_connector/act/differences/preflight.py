"""What a CRM would not take, known before anything is sent: by its own description, and by what was read of its records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cs_connector.act.plan import LISTED
from cs_connector.config.documents import suggest
from cs_connector.ports import FieldInfo, ObjectInfo
from cs_connector.unify.mapping import WriteField, WriteRule
from cs_connector.unify.source import Latest
from cs_connector.unify.sql import literal

from .current import units

KINDS = {
    "a number": "int|integer|long|double|decimal|currency|percent|number",
    "yes or no": "bool|boolean|checkbox",
    "a date": "date",
    "a time": "datetime|date_time",
    "a choice": "picklist|multipicklist|enumeration|tagger|dropdown|multiselect",
    "a reference": "reference|id|lookup",
}
TAKES = {  # kinds of fields that take what a mapping writes, besides text
    "number": ("a number",), "percent": ("a number",), "date": ("a date", "a time"), "reference": ("a reference", "a choice"),
    "time": ("a time",), "flag": ("yes or no",), "text": ("a choice",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stop:
    """A field, or with an empty name a whole object, that is not written at all."""

    connection: str
    object: str
    field: str
    what: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.object}.{self.field}" if self.field else self.object
        return f"{self.connection} {place} {self.what}: it is not written; {self.fix}"


def kind(type_: str) -> str | None:
    """None for text and for what is not known: any value may be in it."""
    return next((name for name, types in KINDS.items() if re.fullmatch(types, type_.lower())), None)


def fit(connection: str, rule: WriteRule, info: ObjectInfo | None) -> tuple[WriteRule | None, Sequence[Stop]]:
    """The rule as far as the CRM takes it: without fields that it cannot write, with lengths and scales that it has.

    None where nothing can be written: no object, no permission, or no key to find records by.
    """
    if info is None or not info.writable:
        what = "may not be written by this login" if info else "is not an object that this login sees"
        fix = "ask the admin for permission" if info else "install it with: cs-connector provision apply"
        return None, [Stop(connection, rule.object, "", what, fix)]
    known = {field.name: field for field in info.fields}
    stops = list(_stops(connection, rule, known))
    out = {stop.field for stop in stops}
    fields = {n: _limited(how, known[n]) for n, how in rule.fields.items() if n not in out}
    if not fields or (rule.key_field in out):
        return None, stops
    return rule.model_copy(update={"fields": fields}), stops


def _stops(connection: str, rule: WriteRule, known: Mapping[str, FieldInfo]) -> Iterator[Stop]:
    if rule.key_field and rule.key_field not in known:
        yield Stop(
            connection,
            rule.object,
            rule.key_field,
            "is not a field that this login sees, and records are found by it",
            "install it with: cs-connector provision apply",
        )
    for name, how in rule.fields.items():
        wrong = _wrong(name, how, known)
        if wrong:
            yield Stop(connection, rule.object, name, *wrong)


def _wrong(name: str, how: WriteField, known: Mapping[str, FieldInfo]) -> tuple[str, str] | None:
    """What is wrong with a whole field, and what to do about it."""
    field = known.get(name)
    if field is None:
        near = suggest(name, known)
        return "is not a field that this login sees", near or "install it with: cs-connector provision apply"
    if not field.writable:
        return "may not be written by this login", "ask the admin for edit permission"
    found = kind(field.type)
    if found and found not in TAKES[how.type]:
        return (
            f"is {found}, and the mapping writes a {how.type}",
            "change its type in the mapping, or the field",
        )
    return None


def _limited(how: WriteField, field: FieldInfo) -> WriteField:
    """A mapping that cuts texts cuts them to the field; numbers are rounded to the digits that the field has."""
    update: dict[str, int] = {}
    if how.length and field.length and field.length < how.length:
        update["length"] = field.length
    if how.type == "number" and field.scale is not None and field.scale < how.scale:
        update["scale"] = field.scale
    return how.model_copy(update=update) if update else how


def begin(con: duckdb.DuckDBPyConnection) -> None:
    """Make `refusal`, and `planned_value`: one row for each field that a change would fill."""
    con.execute(
        "CREATE OR REPLACE TABLE refusal(connection VARCHAR, object VARCHAR, source VARCHAR, key VARCHAR, record_id VARCHAR, "
        "field VARCHAR, code VARCHAR, reason VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE planned_value AS SELECT * FROM (SELECT connection, object, source, key, record_id, "
        f"unnest(from_json(fields, '{LISTED}'), recursive := true) FROM plan_change WHERE action <> 'delete') WHERE b IS NOT NULL"
    )


def check(
    con: duckdb.DuckDBPyConnection,
    connection: str,
    rule: WriteRule,
    info: ObjectInfo,
    latest: Latest,
    readable: frozenset[str],
) -> None:
    """Note in `refusal` what one record cannot take. `readable` are the objects whose records were read."""
    known = {field.name: field for field in info.fields}
    for name, how in rule.fields.items():
        for code, condition, reason in _conditions(con, connection, name, how, known[name], latest, readable):
            con.execute(
                f"INSERT INTO refusal SELECT connection, object, source, key, record_id, f, ?, {reason} FROM planned_value "
                f"WHERE connection = ? AND object = ? AND source = ? AND f = ? AND ({condition})",
                [code, connection, rule.object, rule.source, name],
            )


def _conditions(
    con: duckdb.DuckDBPyConnection,
    connection: str,
    name: str,
    how: WriteField,
    field: FieldInfo,
    latest: Latest,
    readable: frozenset[str],
) -> Iterator[tuple[str, str, str]]:
    """Code, SQL condition over `b`, and SQL for the reason."""
    number, choice = how.type in ("number", "percent"), kind(field.type) == "a choice"
    if field.length and not how.length and not number and not choice and how.type == "text":
        text = f"{name} holds {field.length} characters, and the mapping does not let its text be cut"
        yield "TOO_LONG", f"{units('b')} > {field.length}", literal(text)
    if number and field.length and field.scale is not None:
        digits = field.length - field.scale
        text = f"{name} holds {digits} digits before the point, and the number has more"
        yield "TOO_LARGE", f"abs(TRY_CAST(b AS DOUBLE)) >= 1e{digits}", literal(text)
    if choice and field.restricted and field.values and how.type == "text":
        yield from _choices(con, connection, name, field)
    if how.type == "reference" and field.choices:
        yield from _unavailable(con, connection, name, field)
    if how.type == "reference":
        yield from _references(connection, name, field, latest, readable)


def _choices(
    con: duckdb.DuckDBPyConnection, connection: str, name: str, field: FieldInfo
) -> Iterator[tuple[str, str, str]]:
    held = {value.lower() for value in field.values}
    for value in _asked(con, connection, name):
        if value.lower() not in held:
            near = suggest(value, field.values) or f"it has {', '.join(field.values[:8])}"
            yield "NO_SUCH_VALUE", f"b = {literal(value)}", literal(f"{name} has no value {value!r}: {near}")


def _asked(con: duckdb.DuckDBPyConnection, connection: str, name: str) -> Iterator[str]:
    query = "SELECT DISTINCT b FROM planned_value WHERE connection = ? AND f = ? ORDER BY 1"
    return (value for (value,) in con.execute(query, [connection, name]).fetchall())


def _unavailable(
    con: duckdb.DuckDBPyConnection, connection: str, name: str, field: FieldInfo
) -> Iterator[tuple[str, str, str]]:
    """Record types and the like that the mapping names and this login may not set."""
    for value in _asked(con, connection, name):
        if value not in field.choices:
            text = literal(f"{name} {value!r} {unavailable(value, field)}")
            yield "NOT_AVAILABLE", f"b = {literal(value)}", text


def unavailable(value: str, field: FieldInfo) -> str:
    """What is wrong with a reference that is none of a field's choices, and what there is instead."""
    near = suggest(value, field.choices) or f"it may set {', '.join(field.choices[:8])}"
    return f"is not there, is not active, or is not available to this login: {near}"


def _references(
    connection: str, name: str, field: FieldInfo, latest: Latest, readable: frozenset[str]
) -> Iterator[tuple[str, str, str]]:
    seen = [latest(connection, target) for target in field.refers_to if target in readable]
    if not seen:
        return
    every = " UNION ALL ".join(f"SELECT id, deleted FROM {view}" for view in seen)
    yield (
        "RECORD_DELETED",
        f"b IN (SELECT id FROM ({every}) WHERE deleted) AND b NOT IN (SELECT id FROM ({every}) WHERE NOT deleted)",
        literal(f"{name} leads to a record that was deleted or merged into another"),
    )
    if len(seen) == len(field.refers_to):
        text = literal(f"{name} leads to a record that this login does not see")
        yield "RECORD_UNKNOWN", f"b NOT IN (SELECT id FROM ({every}))", text
    inactive = (
        "SELECT l.record_id FROM link l JOIN \"user\" u ON u.user_id = l.entity_id WHERE l.entity = 'user' "
        f"AND l.connection = {literal(connection)} AND u.active = FALSE"
    )
    yield (
        "OWNER_INACTIVE",
        f"b IN ({inactive})",
        literal(f"{name} would be a user who is not active any more"),
    )


def refuse(con: duckdb.DuckDBPyConnection) -> None:
    """Take what `refusal` names out of `plan_change`, whole records."""
    con.execute(
        "DELETE FROM plan_change WHERE EXISTS (FROM refusal r WHERE (r.connection, r.object, r.source) = "
        "(plan_change.connection, plan_change.object, plan_change.source) AND r.key IS NOT DISTINCT FROM plan_change.key)"
    )


def sentences(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What is not written, one sentence a reason."""
    rows = con.execute(
        "SELECT connection, object, reason, count(DISTINCT key) AS n, min(key) FROM refusal GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        f"{connection} {name}: {count:,} not written: {reason}" for connection, name, reason, count, _ in rows
    ]
