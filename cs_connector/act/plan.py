"""Wanted less current: the changes of one plan, frozen, with a digest that `apply` computes again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa
from pyarrow.parquet import ParquetFile

from cs_connector.unify.mapping import WriteRule
from cs_connector.unify.source import Latest, Source
from cs_connector.unify.sql import ident, literal

from . import current
from .current import comparable

HEALTH = ("changed_on",)
SAID = (
    "score", "band", "trend", "change_3m", "reason", "driver", "next_step", "cap_text", "coverage", "band_since",
)  # fmt: skip

_LISTED = '[{"f":"VARCHAR","c":"VARCHAR","a":"VARCHAR","b":"VARCHAR"}]'


@dataclass(frozen=True, slots=True)
class Planned:
    """One record to change: `fields` is a list of (name, from, to)."""

    connection: str
    object: str
    source: str
    key: str
    action: str
    key_field: str | None
    record_id: str | None
    fields: tuple[tuple[str, str | None, str | None], ...]
    associate: tuple[tuple[str, str], ...]
    reason: str

    @property
    def values(self) -> dict[str, str | None]:
        return {name: to for name, _from, to in self.fields}


def compare(
    con: duckdb.DuckDBPyConnection,
    state: sa.Connection,
    sources: Iterable[Source],
    latest: Latest,
    home: str | None,
    as_of: date,
) -> None:
    """Fill `plan_change` for every write rule of every connection that is written to.

    Expects wanted_account, wanted_relationship and wanted_call; `target` counts the records looked at.
    """
    con.execute(
        "CREATE OR REPLACE TABLE plan_change(connection VARCHAR, object VARCHAR, source VARCHAR, key VARCHAR, "
        "action VARCHAR, key_field VARCHAR, record_id VARCHAR, fields VARCHAR, associate VARCHAR, reason VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TABLE target(connection VARCHAR, object VARCHAR, source VARCHAR, records BIGINT, existing BIGINT)"
    )
    for source in sources:
        for rule in _writable(source):
            if rule.source == "call" and source.connection != home:
                continue
            current.read(con, source.mapping, rule, latest(source.connection, rule.object), "current_record")
            current.overlay(con, state, source.connection, rule, "current_record")
            _wanted(con, source, rule)
            _differ(con, source, rule, as_of)
            if rule.source == "relationship":
                _vanished(con, source, rule)


def hold(con: duckdb.DuckDBPyConnection) -> int:
    """Take out of `plan_change` what empties a field or makes it 0, or ends a relationship; says how many values stay.

    For a time in which some of what we read is unknown: nothing then tells what is empty from what cannot be seen,
    and a sum over what cannot be seen is 0.
    """
    said, stamps = (", ".join(map(literal, names)) for names in (SAID, HEALTH))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE kept AS SELECT p.*, len(listed) AS wanted, CASE WHEN vanished THEN [] "
        "ELSE list_filter(listed, lambda x: x.b IS NOT NULL AND (x.a IS NULL OR coalesce(TRY_CAST(x.b AS DOUBLE), 1) <> 0)) "
        "END AS kept FROM (SELECT p.*, "
        "p.source = 'relationship' AND NOT EXISTS (FROM wanted_relationship w WHERE w.key = p.key) AS vanished, "
        "from_json(p.fields, ?) AS listed FROM plan_change p WHERE p.source <> 'call') p",
        [_LISTED],
    )
    stamped = f"x.c NOT IN ({stamps}) OR len(list_filter(kept, lambda y: y.c IN ({said}))) > 0"
    con.execute(
        "DELETE FROM plan_change WHERE source <> 'call'; INSERT INTO plan_change SELECT * EXCLUDE (wanted, kept, vanished, "
        f"listed) REPLACE (to_json(list_filter(kept, lambda x: {stamped})) AS fields) FROM kept "
        f"WHERE len(list_filter(kept, lambda x: x.c NOT IN ({stamps}))) > 0"
    )
    return int(con.execute("SELECT coalesce(sum(wanted - len(kept)), 0) FROM kept").fetchall()[0][0])


def _writable(source: Source) -> Iterator[WriteRule]:
    """The write rules without the fields that are gone or changed; none that could not find its record any more."""
    for rule in source.mapping.write:
        lost = source.unknown.get(rule.object, frozenset())
        fields = {name: how for name, how in rule.fields.items() if name not in lost}
        needed = {rule.key_field, rule.closed.field if rule.closed else None}
        if fields and not needed & lost:
            yield rule.model_copy(update={"fields": fields})


def _wanted(con: duckdb.DuckDBPyConnection, source: Source, rule: WriteRule) -> None:
    """Make `wanted_record`: key, record_id and one comparable text for each written field."""
    where = literal(source.connection)
    fields = ", ".join(f"{_value(rule, name)} AS {ident(name)}" for name in rule.fields)
    by_record = (
        "JOIN (SELECT entity_id, first(record_id ORDER BY confidence DESC, record_id) AS record_id FROM link "
        f"WHERE entity = 'account' AND connection = {where} AND object = {literal(rule.object)} GROUP BY 1) l "
        "ON l.entity_id = w.account_id JOIN current_record c ON c.record_id = l.record_id"
    )
    written = "w.written" if rule.source == "call" else "NULL AS written"
    by_key = "LEFT JOIN (SELECT key, min(record_id) AS record_id FROM current_record WHERE key IS NOT NULL GROUP BY 1) c ON c.key = w.key"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE wanted_record AS SELECT w.key, c.record_id, {fields}, {written}, w.account_ref AS account_record, w.owner_ref AS owner_record "
        f"FROM ({_referring(con, rule, where)}) w {by_record if rule.by == 'record' else by_key}"
    )


def _referring(con: duckdb.DuckDBPyConnection, rule: WriteRule, where: str) -> str:
    """The wanted rows with the ids that other entities have in this connection."""
    table = f"wanted_{rule.source}"
    columns = {row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()}
    users = "owner_user_id" in columns
    owner = ", o.record_id AS owner_ref" if users else ", NULL AS owner_ref"
    join = (
        "LEFT JOIN (SELECT entity_id, min(record_id) AS record_id FROM link WHERE entity = 'user' "
        f"AND connection = {where} GROUP BY 1) o ON o.entity_id = w.owner_user_id"
        if users
        else ""
    )
    person = "" if "person_ref" in columns else ", NULL AS person_ref"
    return (
        f"SELECT w.*, a.record_id AS account_ref{owner}{person} FROM {table} w LEFT JOIN (SELECT entity_id, "
        "first(record_id ORDER BY confidence DESC, record_id) AS record_id FROM link WHERE entity = 'account' "
        f"AND connection = {where} AND method <> 'adds to' GROUP BY 1) a ON a.entity_id = w.account_id {join}"
    )


def _value(rule: WriteRule, name: str) -> str:
    how = rule.fields[name]
    if how.column in HEALTH:
        return "CAST(NULL AS VARCHAR)"
    text = f"CAST(w.{ident(how.column)} AS VARCHAR)"
    if how.values is not None:
        cases = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for k, v in how.values.items())
        text = f"CASE {text} {cases} END"
    return comparable(text, rule, name)


def _differ(con: duckdb.DuckDBPyConnection, source: Source, rule: WriteRule, as_of: date) -> None:
    compared = [n for n, f in rule.fields.items() if f.column not in HEALTH]
    stamps = [n for n, f in rule.fields.items() if f.column in HEALTH]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE difference AS SELECT w.key, w.record_id, w.account_record, w.owner_record, w.written, list_filter(["
        + ", ".join(_difference(n, rule.fields[n].column, f"c.{ident(n)}", f"w.{ident(n)}") for n in compared)
        + f"], lambda x: {_counts(rule)}) AS fields"
        + "".join(f", c.{ident(n)} AS {ident('was ' + n)}" for n in stamps)
        + " FROM wanted_record w LEFT JOIN current_record c ON c.record_id = w.record_id"
    )
    stamp = "".join(
        f" || CASE WHEN len(list_filter(fields, lambda x: {_health(rule)})) > 0 AND {ident('was ' + n)} IS DISTINCT FROM "
        f"{literal(as_of.isoformat())} THEN "
        f"[{_difference(n, rule.fields[n].column, ident('was ' + n), literal(as_of.isoformat()))}] ELSE [] END"
        for n in stamps
    )
    action = "update" if rule.by == "record" else "upsert"
    associate = (
        f"CASE WHEN record_id IS NULL THEN to_json([[{literal(rule.associate)}, account_record]]) END"
        if rule.associate
        else "NULL"
    )
    fresh = " AND (record_id IS NOT NULL OR account_record IS NOT NULL)" if rule.by == "key" else ""
    if (
        rule.source == "call"
    ):  # sent once and gone: a person deleted it; without an owner it would fall to ours
        fresh += (
            " AND (record_id IS NOT NULL OR (owner_record IS NOT NULL AND coalesce(written, '{}') = '{}'))"
        )
    con.execute(
        f"INSERT INTO plan_change SELECT ?, ?, ?, key, ?, ?, record_id, to_json(fields{stamp}), {associate}, NULL "
        f"FROM difference WHERE len(fields) > 0{fresh}",
        [source.connection, rule.object, rule.source, action, rule.key_field],
    )
    con.execute(
        "INSERT INTO target SELECT ?, ?, ?, count(*), count(record_id) FROM wanted_record",
        [source.connection, rule.object, rule.source],
    )


def _difference(name: str, column: str, was: str, wanted: str) -> str:
    return f"{{'f': {literal(name)}, 'c': {literal(column)}, 'a': {was}, 'b': {wanted}}}"


def _vanished(con: duckdb.DuckDBPyConnection, source: Source, rule: WriteRule) -> None:
    """Records of ours that nothing stands behind any more: they end, and say nothing of health."""
    ending = {n: "Ended" for n, f in rule.fields.items() if f.column == "status"}
    parts = [
        _difference(n, f.column, f"c.{ident(n)}", literal(ending.get(n)))
        for n, f in rule.fields.items()
        if n in ending or f.column in SAID
    ]
    con.execute(
        "INSERT INTO plan_change SELECT ?, ?, ?, key, 'upsert', ?, record_id, to_json(fields), NULL, NULL FROM ("
        f"SELECT c.key, c.record_id, list_filter([{', '.join(parts)}], lambda x: x.a IS DISTINCT FROM x.b) AS fields "
        "FROM current_record c ANTI JOIN wanted_record w ON w.key = c.key WHERE c.key IS NOT NULL) WHERE len(fields) > 0",
        [source.connection, rule.object, rule.source, rule.key_field],
    )


def _counts(rule: WriteRule) -> str:
    """Which differences are written: no reference is ever cleared; of a sent task only some fields move."""
    required = [n for n, f in rule.fields.items() if f.type == "reference" or f.column in ("name", "subject")]
    listed = ", ".join(literal(n) for n in required) or "''"
    differs = f"x.a IS DISTINCT FROM x.b AND NOT (x.b IS NULL AND x.f IN ({listed}))"
    if rule.source == "call":
        movable = ", ".join([literal(n) for n, f in rule.fields.items() if f.movable] or ["''"])
        untouched = (
            "(x.a IS NOT DISTINCT FROM json_extract_string(w.written, '$.\"' || x.f || '\"') "
            "OR x.a = json_extract_string(w.written, '$.\"maybe\".\"' || x.f || '\"'))"
        )
        differs += f" AND (w.record_id IS NULL OR (NOT coalesce(c.closed, FALSE) AND x.f IN ({movable}) AND {untouched}))"
    return differs


def _health(rule: WriteRule) -> str:
    """Only a change of what health says moves the date of the last change."""
    listed = ", ".join(literal(n) for n, f in rule.fields.items() if f.column in SAID)
    return f"x.f IN ({listed})" if listed else "FALSE"


_ORDERED = (
    "SELECT connection, object, source, key, action, key_field, record_id, fields, associate, reason FROM plan_change "
    "ORDER BY source, connection, object, key"
)


def changes(con: duckdb.DuckDBPyConnection) -> Iterator[Planned]:
    """The planned changes in the order of writing: a stable one."""
    cursor = con.execute(_ORDERED)
    while rows := cursor.fetchmany(5000):
        yield from map(_planned, rows)


def freeze(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Keep the changes in a file, so that writing them needs none of the tables that they came from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    con.execute(
        f"COPY ({_ORDERED}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 5000)"
    )


def thaw(path: Path) -> Iterator[Planned]:
    """The changes of a frozen file, a few at a time."""
    with ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1000):
            yield from (_planned(tuple(row.values())) for row in batch.to_pylist())


def _planned(row: Sequence[Any]) -> Planned:
    fields = tuple((f["f"], f["a"], f["b"]) for f in json.loads(row[7]))
    associate = tuple((str(a), str(b)) for a, b in json.loads(row[8])) if row[8] else ()
    connection, name, source, key, action, key_field, record_id = row[:7]
    reason = row[9] or ""
    return Planned(connection, name, source, key, action, key_field, record_id, fields, associate, reason)


def digest(changes: Iterable[Planned], *judged: object) -> str:
    """A digest of everything that will be sent, and of what the plan is judged by: any JSON values."""
    total = hashlib.sha256()
    for part in (judged, *map(astuple, changes)):
        total.update(json.dumps(part, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    return total.hexdigest()
