"""Lookups to records that the same plan makes: their ids are not known yet, so they are named by our key."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from cs_connector.act.plan import LISTED
from cs_connector.unify.mapping import LOOKUP, WriteRule
from cs_connector.unify.source import Source
from cs_connector.unify.sql import literal


def name(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Give new records in `plan_change` the key of the relationship that they belong to, where that is new as well.

    Expects what is kept out of the plan to be out of it: a record that is not made cannot be named.
    """
    for connection, rule in (
        (source.connection, rule) for source in sources for rule in source.mapping.write
    ):
        for lookup, how in rule.fields.items():
            if how.by_key:
                _name(con, connection, rule, lookup, how.by_key)


def _name(con: duckdb.DuckDBPyConnection, connection: str, rule: WriteRule, lookup: str, by_key: str) -> None:
    told = f"{{'f': {literal(by_key)}, 'c': {literal(LOOKUP)}, 'a': CAST(NULL AS VARCHAR), 'b': w.relationship_key}}"
    con.execute(
        f"UPDATE plan_change SET fields = to_json(list_append(from_json(fields, '{LISTED}'), {told})) "
        f"FROM wanted_{rule.source} w WHERE plan_change.connection = $connection AND plan_change.object = $object "
        "AND plan_change.source = $source AND plan_change.key = w.key AND plan_change.record_id IS NULL "
        f"AND NOT list_contains([x.f FOR x IN from_json(fields, '{LISTED}')], $lookup) "
        "AND w.relationship_key IN (SELECT key FROM plan_change WHERE source = 'relationship' AND record_id IS NULL "
        "AND connection = $connection)",
        {"connection": connection, "object": rule.object, "source": rule.source, "lookup": lookup},
    )
