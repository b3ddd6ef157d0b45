"""Wanted less current: what differs becomes `plan_change`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import duckdb
import sqlalchemy as sa

from cs_connector.act.heartbeat import ours
from cs_connector.act.plan import HEALTH, LISTED, SAID
from cs_connector.act.wanted import snapshots
from cs_connector.unify.mapping import WriteRule
from cs_connector.unify.source import Latest, Source
from cs_connector.unify.sql import ident, literal

from . import current, foreign, quiet, sent
from .current import fitted
from .foreign import Policy


def compare(
    con: duckdb.DuckDBPyConnection,
    state: sa.Connection,
    sources: Iterable[Source],
    latest: Latest,
    home: str | None,
    as_of: date,
    policies: Mapping[str, Policy] | None = None,
    config: str = "",
) -> None:
    """Fill `plan_change` for every write rule of every connection that is written to.

    Expects wanted_account, wanted_relationship, wanted_call, wanted_snapshot and wanted_heartbeat; `target` counts the records looked at, `foreign_edit` lists
    values of ours that others have changed. `policies` says of connections what is done about those. `config` is the
    hash of the configuration: with it, what time alone has moved since it was written stays as it is (`account_facts`).
    """
    foreign.begin(con)
    _begin(con)
    for source in sources:
        _relationships(con)
        policy = (policies or {}).get(source.connection, foreign.DEFAULT)
        for rule in sorted(writable(source), key=lambda rule: rule.source != "relationship"):
            if rule.source == "call" and source.connection != home:
                continue
            _current(con, state, source, rule, latest(source.connection, rule.object))
            _wanted(con, source, rule)
            _differ(con, rule)
            foreign.note(con, state, source.connection, rule, rule.foreign or policy)
            _calm(con, state, source, rule, config)
            _plan(con, source, rule, as_of)
            _end(con, source, rule, as_of)


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
        [LISTED],
    )
    stamped = f"x.c NOT IN ({stamps}) OR len(list_filter(kept, lambda y: y.c IN ({said}))) > 0"
    con.execute(
        "DELETE FROM plan_change WHERE source <> 'call'; INSERT INTO plan_change SELECT * EXCLUDE (wanted, kept, vanished, "
        f"listed) REPLACE (to_json(list_filter(kept, lambda x: {stamped})) AS fields) FROM kept "
        f"WHERE len(list_filter(kept, lambda x: x.c NOT IN ({stamps}))) > 0"
    )
    return int(con.execute("SELECT coalesce(sum(wanted - len(kept)), 0) FROM kept").fetchall()[0][0])


def writable(source: Source) -> Iterator[WriteRule]:
    """The write rules without the fields that are gone or changed; none that could not find its record any more."""
    for rule in source.mapping.write:
        lost = source.unknown.get(rule.object, frozenset())
        fields = {name: how for name, how in rule.fields.items() if name not in lost}
        needed = {rule.key_field, rule.closed.field if rule.closed else None}
        if fields and not needed & lost:
            yield rule.model_copy(update={"fields": fields})


def _begin(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE OR REPLACE TABLE plan_change(connection VARCHAR, object VARCHAR, source VARCHAR, key VARCHAR, "
        "action VARCHAR, key_field VARCHAR, record_id VARCHAR, fields VARCHAR, associate VARCHAR, reason VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TABLE target(connection VARCHAR, object VARCHAR, source VARCHAR, records BIGINT, existing BIGINT)"
    )


def _current(
    con: duckdb.DuckDBPyConnection, state: sa.Connection, source: Source, rule: WriteRule, table: str
) -> None:
    """Make `current_record`: what the connection has, with what was sent and not read back yet."""
    current.read(con, source.mapping, rule, table, "current_record")
    if rule.source == "relationship":
        _relationships(con, "SELECT key, min(record_id) FROM current_record GROUP BY 1")
    current.overlay(con, state, source.connection, rule, "current_record")
    if rule.source == "call":
        current.named(con, state, source.connection, rule.object, "current_record")


def _wanted(con: duckdb.DuckDBPyConnection, source: Source, rule: WriteRule) -> None:
    """Make `wanted_record`: key, record_id and one comparable text for each written field."""
    where = literal(source.connection)
    fields = ", ".join(f"{_value(rule, name)} AS {ident(name)}" for name in rule.fields)
    by_record = (
        "JOIN (SELECT entity_id, first(record_id ORDER BY confidence DESC, record_id) AS record_id FROM link "
        f"WHERE entity = 'account' AND connection = {where} AND object = {literal(rule.object)} GROUP BY 1) l "
        "ON l.entity_id = w.account_id JOIN current_record c ON c.record_id = l.record_id"
    )
    written = "w.written, w.closing" if rule.source == "call" else "NULL AS written, FALSE AS closing"
    key = "coalesce(w.key, w.account_id)" if rule.by == "record" else "w.key"  # who is no customer has none
    by_key = "LEFT JOIN (SELECT key, min(record_id) AS record_id FROM current_record WHERE key IS NOT NULL GROUP BY 1) c ON c.key = w.key"
    if rule.source == "snapshot":  # once written it stays as it was said
        by_key += " WHERE c.record_id IS NULL"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE wanted_record AS SELECT {key} AS key, c.record_id, {fields}, {written}, w.account_id, w.account_ref AS account_record, "
        "w.owner_ref AS owner_record, w.person_ref AS person_record "
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
    person = ", NULL AS person_ref"
    if "person_id" in columns:
        person = ", p.record_id AS person_ref"
        join += f" LEFT JOIN ({_standing_for('person', where)}) p ON p.entity_id = w.person_id"
    relationship = ""
    if "relationship_key" in columns:
        relationship = ", r.record_id AS relationship_ref"
        join += " LEFT JOIN relationship_record r ON r.key = w.relationship_key"
    closing = "" if "closing" in columns else ", FALSE AS closing"
    return (
        f"SELECT w.*, a.record_id AS account_ref{owner}{person}{relationship}{closing} FROM {table} w "
        f"LEFT JOIN ({_standing_for('account', where)}) a ON a.entity_id = w.account_id {join}"
    )


def _relationships(con: duckdb.DuckDBPyConnection, known: str = "") -> None:
    """Make `relationship_record`: which record of the connection is which relationship, as far as it was read already."""
    con.execute("CREATE OR REPLACE TEMP TABLE relationship_record(key VARCHAR, record_id VARCHAR)")
    if known:
        con.execute(f"INSERT INTO relationship_record {known}")


def _standing_for(entity: str, where: str) -> str:
    """The one record that stands for each entity in a connection."""
    return (
        "SELECT entity_id, first(record_id ORDER BY confidence DESC, record_id) AS record_id FROM link "
        f"WHERE entity = {literal(entity)} AND connection = {where} AND method <> 'adds to' GROUP BY 1"
    )


def _value(rule: WriteRule, name: str) -> str:
    how = rule.fields[name]
    if how.column in HEALTH:
        return "CAST(NULL AS VARCHAR)"
    text = f"CAST(w.{ident(how.column)} AS VARCHAR)"
    if how.values is not None:
        cases = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for k, v in how.values.items())
        text = f"CASE {text} {cases} END"
    return fitted(text, rule, name)


def _differ(con: duckdb.DuckDBPyConnection, rule: WriteRule) -> None:
    """Make `difference`: the wanted records with the fields that would be written, and the stamps that they have."""
    compared = [n for n, f in rule.fields.items() if f.column not in HEALTH]
    stamps = [n for n, f in rule.fields.items() if f.column in HEALTH]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE difference AS SELECT w.key, w.record_id, w.account_id, w.account_record, "
        "w.owner_record, w.person_record, w.written, list_filter(["
        + ", ".join(_difference(n, rule.fields[n].column, f"c.{ident(n)}", f"w.{ident(n)}") for n in compared)
        + f"], lambda x: {_counts(rule)}){sent.key(rule)} AS fields"
        + "".join(f", c.{ident(n)} AS {ident('was ' + n)}" for n in stamps)
        + " FROM wanted_record w LEFT JOIN current_record c ON c.record_id = w.record_id"
    )


def _calm(
    con: duckdb.DuckDBPyConnection, state: sa.Connection, source: Source, rule: WriteRule, config: str
) -> None:
    """Take out of `difference` what is no reason to write."""
    _still(con)
    if config:
        quiet.still(con, state, source.connection, rule, config)
    if rule.source == "heartbeat":
        ours.once_a_day(con)


def _still(con: duckdb.DuckDBPyConnection) -> None:
    """Another suggestion is no reason to write where health says what it said: its numbers move with the days."""
    said = ", ".join(map(literal, SAID))
    con.execute(
        "UPDATE difference SET fields = list_filter(fields, lambda x: x.c <> 'next_step') WHERE record_id IS NOT NULL "
        f"AND len(list_filter(fields, lambda x: x.c IN ({said}) AND NOT (x.c = 'next_step' AND x.a IS NOT NULL AND x.b IS NOT NULL))) = 0"
    )


def _plan(con: duckdb.DuckDBPyConnection, source: Source, rule: WriteRule, as_of: date) -> None:
    """What differs is planned, stamped with the day where health has changed."""
    to = [source.connection, rule.object, rule.source]
    con.execute(
        f"INSERT INTO plan_change SELECT ?, ?, ?, key, {_way(rule)}, record_id, to_json(fields{_stamped(rule, as_of)}), "
        f"{_associate(rule)}, NULL FROM difference WHERE len(fields) > 0{_placed(rule)}",
        to,
    )
    con.execute("INSERT INTO target SELECT ?, ?, ?, count(*), count(record_id) FROM wanted_record", to)


def _stamped(rule: WriteRule, as_of: date) -> str:
    """SQL to put behind a list of fields: the stamps that get another day, where health has changed."""
    day = literal(as_of.isoformat())
    return "".join(
        f" || CASE WHEN len(list_filter(fields, lambda x: {_health(rule)})) > 0 AND {ident('was ' + n)} IS DISTINCT FROM "
        f"{day} THEN [{_difference(n, f.column, ident('was ' + n), day)}] ELSE [] END"
        for n, f in rule.fields.items()
        if f.column in HEALTH
    )


def _associate(rule: WriteRule) -> str:
    """SQL: the records that a new one is tied to."""
    ends = ((rule.associate, "account_record"), (rule.associate_person, "person_record"))
    pairs = ", ".join(f"[{literal(end)}, {record}]" for end, record in ends if end)
    if not pairs:
        return "NULL"
    return f"CASE WHEN record_id IS NULL THEN to_json(list_filter([{pairs}], lambda x: x[2] IS NOT NULL)) END"


def _placed(rule: WriteRule) -> str:
    """SQL: a condition on what a new record cannot be without."""
    if rule.source == "call":
        # sent once and gone: a person deleted it; without an owner it would fall to ours
        return (
            " AND (record_id IS NOT NULL OR (owner_record IS NOT NULL AND coalesce(written, '{}') = '{}' "
            "AND (account_record IS NOT NULL OR account_id IS NULL)))"
        )
    of_account = rule.by == "key" and rule.source != "heartbeat"
    return " AND (record_id IS NOT NULL OR account_record IS NOT NULL)" if of_account else ""


def _way(rule: WriteRule) -> str:
    """SQL for action and key field. What is there is changed by its id: by key, one that was deleted would be made anew."""
    if rule.by == "record":
        return "'update', NULL"
    new = "record_id IS NULL"
    return (
        f"CASE WHEN {new} THEN 'upsert' ELSE 'update' END, CASE WHEN {new} THEN {literal(rule.key_field)} END"
    )


def _difference(name: str, column: str, was: str, wanted: str) -> str:
    return f"{{'f': {literal(name)}, 'c': {literal(column)}, 'a': {was}, 'b': {wanted}}}"


def _end(con: duckdb.DuckDBPyConnection, source: Source, rule: WriteRule, as_of: date) -> None:
    """Plan what becomes of records of ours that are not wanted any more."""
    if rule.source == "relationship":
        _vanished(con, source, rule)
    if rule.source == "snapshot":
        _expired(con, source, rule, as_of)


def _vanished(con: duckdb.DuckDBPyConnection, source: Source, rule: WriteRule) -> None:
    """Records of ours that nothing stands behind any more: they end, and say nothing of health."""
    ending = {n: "Ended" for n, f in rule.fields.items() if f.column == "status"}
    parts = [
        _difference(n, f.column, f"c.{ident(n)}", literal(ending.get(n)))
        for n, f in rule.fields.items()
        if n in ending or f.column in SAID
    ]
    con.execute(
        "INSERT INTO plan_change SELECT ?, ?, ?, key, 'update', NULL, record_id, to_json(fields), NULL, NULL FROM ("
        f"SELECT c.key, c.record_id, list_filter([{', '.join(parts)}], lambda x: x.a IS DISTINCT FROM x.b) AS fields "
        "FROM current_record c ANTI JOIN wanted_record w ON w.key = c.key WHERE c.key IS NOT NULL) WHERE len(fields) > 0",
        [source.connection, rule.object, rule.source],
    )


def _expired(con: duckdb.DuckDBPyConnection, source: Source, rule: WriteRule, as_of: date) -> None:
    """Snapshots of ours that are older than those that are kept go away."""
    con.execute(
        "INSERT INTO plan_change SELECT ?, ?, ?, key, 'delete', NULL, record_id, "
        f"to_json([{', '.join(_difference(n, f.column, ident(n), 'NULL') for n, f in rule.fields.items())}]), NULL, NULL "
        f"FROM current_record WHERE TRY_CAST(regexp_extract(key, {literal(snapshots.KEY)}, 1) AS DATE) < ?",
        [source.connection, rule.object, rule.source, snapshots.oldest(as_of)],
    )


def _counts(rule: WriteRule) -> str:
    """Which differences are written: no reference is ever cleared; of a sent task only some fields move."""
    required = [n for n, f in rule.fields.items() if f.type == "reference" or f.column in ("name", "subject")]
    listed = ", ".join(literal(n) for n in required) or "''"
    differs = f"x.a IS DISTINCT FROM x.b AND NOT (x.b IS NULL AND x.f IN ({listed}))"
    if rule.source == "call":
        differs += f" AND {sent.moves(rule)}"
    return differs


def _health(rule: WriteRule) -> str:
    """Only a change of what health says moves the date of the last change."""
    listed = ", ".join(literal(n) for n, f in rule.fields.items() if f.column in SAID)
    return f"x.f IN ({listed})" if listed else "FALSE"
