"""Which records go on as another one: who refers to a merged record means the one that took it in.

`collect` fills the table `alias` (connection, object, id, "into", "at"): one row a merged record, `into` the record at
the end of its chain of merges, `at` when that was told. `follow` points what was staged at those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb

from cs_connector.model import TIME

from .source import Latest, Source
from .sql import cast, ident, literal

_ALIAS = 'alias(connection VARCHAR, object VARCHAR, id VARCHAR, "into" VARCHAR, "at" TIMESTAMP)'
# Circles have no end, so that nothing in them is an alias.
_ENDS = """INSERT INTO alias
WITH RECURSIVE way(connection, object, id, target) AS (
    SELECT connection, object, id, target FROM told
    UNION SELECT w.connection, w.object, w.id, t.target FROM way w
    JOIN told t ON t.connection = w.connection AND t.object = w.object AND t.id = w.target
), times AS (SELECT connection, object, id, max(stamp) AS stamp FROM told GROUP BY ALL)
SELECT w.connection, w.object, w.id, min(w.target), any_value(times.stamp) FROM way w
JOIN times USING (connection, object, id)
ANTI JOIN told t ON t.connection = w.connection AND t.object = w.object AND t.id = w.target
WHERE w.target <> w.id GROUP BY ALL"""


def collect(con: duckdb.DuckDBPyConnection, sources: Iterable[Source], latest: Latest) -> None:
    """Fill `alias` from what merged records, and those that took them in, say of each other."""
    con.execute(f"CREATE OR REPLACE TABLE {_ALIAS}")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE told(connection VARCHAR, object VARCHAR, id VARCHAR, target VARCHAR, stamp TIMESTAMP)"
    )
    known = list(sources)
    named = _named(known)
    for source in known:
        for name in sorted(named & source.mapping.objects().keys()):
            view = latest(source.connection, name)
            for query in _told(source, view):
                con.execute(
                    f"INSERT INTO told SELECT ?, ?, id, target, {cast('stamp', TIME)} FROM ({query}) "
                    "WHERE id <> '' AND target <> '' AND id <> target",
                    [source.connection, name],
                )
    con.execute(_ENDS)
    con.execute("DROP TABLE told")


def _named(sources: Iterable[Source]) -> set[str]:
    """The objects that anything refers to; merges of others concern nobody."""
    rules = [rule for source in sources for rule in source.mapping.read]
    linked = {how.object for rule in rules for how in rule.fields.values() if how.link and how.object}
    led = {way.object for rule in rules for way in rule.ways}
    return linked | led | {rule.same_as.object for rule in rules if rule.same_as}


def _told(source: Source, view: str) -> Iterator[str]:
    merging = source.merging
    if merging.into:
        into = f"json_extract_string(payload, {literal(_path(merging.into))})"
        yield f"SELECT id, {into} AS target, modified_at AS stamp FROM {view} WHERE deleted"
    if merging.losers:
        listed = f"json_extract_string(payload, {literal(_path(merging.losers))})"
        nothing = literal('"' + merging.losers.rpartition(".")[2] + '":null')
        yield (
            f"SELECT trim(unnest(string_split({listed}, ';'))) AS id, id AS target, modified_at AS stamp "
            f"FROM {view} WHERE NOT deleted AND NOT contains(payload, {nothing})"
        )


def _path(name: str) -> str:
    return "$" + "".join(f'."{part}"' for part in name.split("."))


def others(con: duckdb.DuckDBPyConnection, source: Source, name: str) -> str:
    """A condition that leaves out records that go on as another one; nothing where there are none."""
    here = f"connection = {literal(source.connection)} AND object = {literal(name)}"
    found = con.execute(f"SELECT 1 FROM alias WHERE {here} LIMIT 1").fetchone()
    return f" AND id NOT IN (SELECT id FROM alias WHERE {here})" if found else ""


def named(view: str, source: Source, name: str) -> str:
    """A query for the records of an object that are there (name, payload), by every id that leads to them: each name once."""
    here = f"connection = {literal(source.connection)} AND object = {literal(name)}"
    took = f'(SELECT "into" AS id, list(id) AS others FROM alias WHERE {here} GROUP BY 1)'
    return (
        f"SELECT unnest(list_append(others, id)) AS name, payload FROM {view} LEFT JOIN {took} USING (id) "
        f"WHERE NOT deleted AND id NOT IN (SELECT id FROM alias WHERE {here})"
    )


def follow(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Point every staged reference to a merged record at the record that it goes on as.

    What adds to a merged record is left alone: its successor has such of its own.
    """
    if con.execute("SELECT 1 FROM alias LIMIT 1").fetchone() is None:
        return
    con.execute(
        "CREATE OR REPLACE TEMP TABLE moved AS SELECT connection || '|' || object || '|' || id AS ref, "
        "connection || '|' || object || '|' || \"into\" AS target FROM alias UNION ALL "
        "SELECT 'crm:' || crm || '|' || object || '|' || id, min('crm:' || crm || '|' || object || '|' || \"into\") "
        "FROM alias JOIN connection_crm USING (connection) GROUP BY 1"
    )
    for entity, column in sorted(_referring(sources)):
        con.execute(
            f"UPDATE stage_{entity} SET {ident(column)} = m.target FROM moved m WHERE {ident(column)} = m.ref"
        )
    con.execute("DROP TABLE moved")


def _referring(sources: Iterable[Source]) -> set[tuple[str, str]]:
    """The entities with those of their columns that hold references to records."""
    rules = [rule for source in sources for rule in source.mapping.read]
    links = {(rule.entity, name) for rule in rules for name, how in rule.fields.items() if how.link}
    return links | {(rule.entity, "same_ref") for rule in rules if rule.same_as}
