"""What there is in the CRMs of the records that a run wrote to, and who wrote to them since."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from cs_connector.act.differences import current
from cs_connector.act.differences.comparing import writable
from cs_connector.ports import Value
from cs_connector.store.audit.finding import pages
from cs_connector.store.tables import audit
from cs_connector.unify.mapping import WriteRule
from cs_connector.unify.source import Latest, Source
from cs_connector.unify.sql import ident, literal

Place = tuple[str, str]
Where = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """How an object is written: where its rows come from, its unique field, and which fields there are, with our columns.

    `by_key` says what its lookups are called when they name their record by our key.
    """

    source: str
    key_field: str | None
    columns: Mapping[str, str]
    by_key: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Current:
    """A record as the CRM has it: the fields that we write, each in the form in which plans compare them."""

    values: Mapping[str, Value]
    modified: datetime | None


@dataclass(frozen=True, slots=True)
class World:
    """What there is now. `keys` are the records by their keys; `later` names the last other run that wrote to a record
    after the one that is undone.

    `texts` are values that the store still has of what is on record as a digest only, and `hidden` makes of a value what
    is on record of it. `told` is what records were last told by us in `former` fields: those that no rule writes any more,
    and that the CRM takes. `skew` is by how many seconds the clock of each connection is ahead of ours.
    """

    rules: Mapping[Place, Rule]
    current: Mapping[Where, Current]
    keys: Collection[Where]
    later: Mapping[Where, str]
    texts: Mapping[Where, Mapping[str, Value]]
    skew: Mapping[str, float]
    hidden: Callable[[str, str, str, Value], Value]
    former: Mapping[Place, Collection[str]] = field(default_factory=dict)
    told: Mapping[Where, Mapping[str, Value]] = field(default_factory=dict)


@dataclass(slots=True)
class Seen:
    """What was read, by rule, by record and by key."""

    rules: dict[Place, Rule] = field(default_factory=dict)
    current: dict[Where, Current] = field(default_factory=dict)
    keys: set[Where] = field(default_factory=set)


def look(
    con: duckdb.DuckDBPyConnection,
    state: sa.Connection,
    sources: Iterable[Source],
    latest: Latest,
    wanted: Collection[tuple[Where, str]],
    since: int,
) -> tuple[Seen, dict[Where, str]]:
    """What was last read of the `wanted` records (each with its key), and the last run that wrote to one after row `since`."""
    seen = Seen()
    places = {(connection, name) for (connection, name, _record), _key in wanted}
    _want(con, wanted)
    for source in sources:
        for rule in writable(source):
            if (source.connection, rule.object) in places:
                _see(con, state, source, rule, latest(source.connection, rule.object), seen)
    return seen, _later(state, {where for where, _key in wanted}, since)


def _want(con: duckdb.DuckDBPyConnection, wanted: Collection[tuple[Where, str]]) -> None:
    listed = list(wanted)
    columns = {
        n: [where[i] for where, _ in listed] for i, n in enumerate(("connection", "object", "record_id"))
    }
    con.execute("DROP TABLE IF EXISTS undo_record")
    con.register("undo_rows", pa.table({**columns, "key": [key for _, key in listed]}))
    con.execute("CREATE TEMP TABLE undo_record AS SELECT * FROM undo_rows")
    con.unregister("undo_rows")


def _see(
    con: duckdb.DuckDBPyConnection,
    state: sa.Connection,
    source: Source,
    rule: WriteRule,
    raw: str,
    seen: Seen,
) -> None:
    current.read(con, source.mapping, rule, raw, "current_record")
    current.overlay(con, state, source.connection, rule, "current_record")
    place = source.connection, rule.object
    names = list(rule.fields)
    known = seen.rules.get(place)
    columns = {**(known.columns if known else {}), **{n: how.column for n, how in rule.fields.items()}}
    by_key = {n: how.by_key for n, how in rule.fields.items() if how.by_key}
    key_field = rule.key_field or (known.key_field if known else None)
    seen.rules[place] = Rule(rule.source, key_field, columns, {**(known.by_key if known else {}), **by_key})
    for record, key, modified, values in _rows(con, place, names, raw):
        if key is not None:
            seen.keys.add((*place, key))
        before = seen.current.get((*place, record))
        merged = {**(before.values if before else {}), **dict(zip(names, values, strict=True))}
        seen.current[*place, record] = Current(merged, _moment(modified))


def _rows(
    con: duckdb.DuckDBPyConnection, place: Place, names: list[str], raw: str
) -> Iterator[tuple[str, str | None, str | None, tuple[Value, ...]]]:
    fields = "".join(f", c.{ident(name)}" for name in names)
    here = f"connection = {literal(place[0])} AND object = {literal(place[1])}"
    cursor = con.execute(
        f"SELECT c.record_id, c.key, r.modified_at{fields} FROM current_record c LEFT JOIN (SELECT id, modified_at FROM {raw}) r "
        f"ON r.id = c.record_id WHERE c.record_id IN (SELECT record_id FROM undo_record WHERE {here}) "
        f"OR c.key IN (SELECT key FROM undo_record WHERE {here})"
    )
    while some := cursor.fetchmany(2000):
        yield from ((row[0], row[1], row[2], row[3:]) for row in some)


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _later(state: sa.Connection, wanted: Collection[Where], since: int) -> dict[Where, str]:
    columns = (audit.c.id, audit.c.connection, audit.c.object, audit.c.record_id, audit.c.run)
    found = {}
    for some in pages(state, sa.select(*columns), since):
        found.update({row[1:4]: row.run for row in some if row[1:4] in wanted})
    return found
