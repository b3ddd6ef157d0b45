"""What a lost field said stays as it was last known where much hangs on it: in the tree of accounts, in who is who, and in what
makes a subscription go on or end. So nobody moves, is joined or comes back to life because a field was hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import duckdb

from cs_connector.model import SUBSCRIPTION
from cs_connector.unify import aliases
from cs_connector.unify.mapping import ReadRule
from cs_connector.unify.source import Source
from cs_connector.unify.sql import ident

from .derived import rests_on

BEFORE = "subscription_before"
"""The view of the subscriptions of the last run; without it, as for an earlier day, they are as they are read."""
KEPT = {
    c.name: c.type
    for c in SUBSCRIPTION.columns
    if c.name in ("subscription_id", "product", "region", "type", "status", "start_on", "end_on", "currency")
}
_REF = "concat_ws('|', s.connection, s.object, s.record_id)"
_HELD = "connection VARCHAR, object VARCHAR, record_id VARCHAR, field VARCHAR, what VARCHAR"

# the parents that were last known, by the record and by what other connections call it
_KNOWN = """CREATE OR REPLACE TEMP TABLE parent_known AS WITH told AS (SELECT ref, connection, parent_ref FROM known_standing WHERE parent_ref IS NOT NULL)
SELECT ref AS name, parent_ref FROM told UNION ALL
SELECT 'crm:' || crm || substr(ref, length(connection) + 1) AS name, min(parent_ref) FROM told JOIN connection_crm USING (connection)
GROUP BY name HAVING count(*) = 1"""


class Silent(NamedTuple):
    """A rule of which attributes rest on lost fields: `lost` has the field of each."""

    source: Source
    rule: ReadRule
    lost: Mapping[str, str]

    @property
    def here(self) -> tuple[str, str]:
        return self.source.connection, self.rule.object


def hold(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Fill what was staged of lost fields with what was last known; make `held` (connection, object, record_id, field, what), what
    was filled, and `unseen` (entity, connection, object, field): objects whose known records are told apart as before.

    Expects what the last run left of identity, and BEFORE. Where there is neither, nothing is held.
    """
    con.execute(f"CREATE OR REPLACE TABLE held({_HELD})")
    con.execute(
        "CREATE OR REPLACE TABLE unseen(entity VARCHAR, connection VARCHAR, object VARCHAR, field VARCHAR)"
    )
    every = list(sources)
    silent = [s for source in every for rule in source.mapping.read if (s := _silent(source, rule)).lost]
    if not silent:
        return
    _identity(con, every, silent)
    _parents(con, [s for s in silent if s.rule.entity == "account" and "parent_id" in s.lost])
    _subscriptions(con, [s for s in silent if s.rule.entity == SUBSCRIPTION.name])
    aliases.follow(con, every)  # who was merged meanwhile goes on as another one


def _silent(source: Source, rule: ReadRule) -> Silent:
    gone = source.unknown.get(rule.object, frozenset())
    lost = {name: field for name in rule.fields if (field := _lost(source, rule, name, gone))}
    return Silent(source, rule, lost)


def _lost(source: Source, rule: ReadRule, name: str, gone: frozenset[str]) -> str | None:
    """The field without which an attribute cannot be read, if one is lost."""
    way = rule.fields[name].through
    led = way is not None and way.field in source.unknown.get(way.object, ())
    found = rests_on(rule, name) & gone if gone else frozenset()
    return min(found, default=way.field if way and led else None)


def _identity(con: duckdb.DuckDBPyConnection, sources: Sequence[Source], silent: Iterable[Silent]) -> None:
    from cs_connector.unify.evidence import KINDS  # what compares names is heavy

    said = {kind.entity: {*kind.said, "parent_id", "account_id"} for kind in KINDS}
    for each in silent:
        for name in sorted(each.lost.keys() & said.get(each.rule.entity, set())):
            for connection, object_ in _about(each, sources):
                row = [each.rule.entity, connection, object_, each.lost[name]]
                con.execute("INSERT INTO unseen VALUES (?, ?, ?, ?)", row)


def _about(silent: Silent, sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """The object whose records a rule tells of, in each connection that it may be of."""
    adds = silent.rule.adds_to
    if adds is None or not adds.object:
        yield silent.here
    elif adds.crm is None:
        yield silent.source.connection, adds.object
    else:
        yield from ((source.connection, adds.object) for source in sources if source.crm == adds.crm)


def _parents(con: duckdb.DuckDBPyConnection, silent: Sequence[Silent]) -> None:
    from cs_connector.unify import layers
    from cs_connector.unify.evidence import KINDS

    if not silent or not {f"before_{table}" for table in layers.kept(KINDS[0])} <= layers.there(con):
        return
    layers.know(con, KINDS[0])
    con.execute(_KNOWN)
    known = f"(SELECT {_REF} AS ref, k.parent_ref AS told FROM stage_account s JOIN parent_known k ON k.name = coalesce(s.adds_ref, {_REF}))"
    for each in silent:
        _fill(con, each, "parent_id", known, "parent")


def _subscriptions(con: duckdb.DuckDBPyConnection, silent: Iterable[Silent]) -> None:
    from cs_connector.unify.layers import there

    if BEFORE not in there(con):
        return
    for each in silent:
        for name in sorted(each.lost.keys() & KEPT.keys()):
            known = (
                f"(SELECT {_REF} AS ref, b.{ident(name)} AS told FROM stage_subscription s JOIN {BEFORE} b "
                f"ON b.subscription_id = 'sub_' || left(md5(coalesce(s.adds_ref, {_REF})), 16))"
            )
            _fill(con, each, name, known, "subscription")


def _fill(con: duckdb.DuckDBPyConnection, silent: Silent, name: str, known: str, what: str) -> None:
    """Give an attribute of the rule's records what is `known` (ref, told) of it."""
    table, column = f"stage_{silent.rule.entity}", ident(name)
    con.execute(
        f"INSERT INTO held SELECT s.connection, s.object, s.record_id, $field, $what FROM {table} s JOIN {known} k ON k.ref = {_REF} "
        f"WHERE (s.connection, s.object) = ($connection, $object) AND s.{column} IS NULL AND k.told IS NOT NULL",
        {"field": silent.lost[name], "what": what, "connection": silent.here[0], "object": silent.here[1]},
    )
    con.execute(
        f"UPDATE {table} AS s SET {column} = k.told FROM {known} k WHERE k.ref = {_REF} AND s.{column} IS NULL "
        "AND (s.connection, s.object) = (?, ?)",
        silent.here,
    )
