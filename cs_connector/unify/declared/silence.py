"""What a lost field said stays as it was last known where much hangs on it: in the tree of accounts, in who is who, and in what
makes a subscription go on or end. So nobody moves, is joined or comes back to life because a field was hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import duckdb

from cs_connector.model import SUBSCRIPTION
from cs_connector.unify import aliases
from cs_connector.unify.extraction import alone
from cs_connector.unify.mapping import ReadRule
from cs_connector.unify.source import Source
from cs_connector.unify.sql import ident, plain_id

from .derived import rests_on, unseen

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
_KNOWN = """CREATE OR REPLACE TEMP TABLE parent_known AS WITH said AS (SELECT ref, connection, parent_ref FROM known_standing WHERE parent_ref IS NOT NULL)
SELECT ref AS name, ref AS whose, parent_ref AS told FROM said UNION ALL
SELECT {called} AS name, min(ref), min(parent_ref) FROM said JOIN connection_crm USING (connection) GROUP BY name HAVING count(*) = 1"""


class Lost(NamedTuple):
    """A field that is lost, of a connection's object."""

    object: str
    field: str


class Silent(NamedTuple):
    """A rule, by its place in the mapping, of which attributes rest on lost fields: `lost` has the field of each."""

    source: Source
    place: int
    lost: Mapping[str, Lost]

    @property
    def rule(self) -> ReadRule:
        return self.source.mapping.read[self.place]


def hold(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Fill what was staged of lost fields with what was last known; make `held` (connection, object, record_id, field, what), what
    was filled, `frozen` (entity, connection, object), objects whose known records are told apart as before, and `unseen` (entity,
    connection, object, field), for which fields.

    Expects what the last run left of identity, and BEFORE. Where there is neither, nothing is held.
    """
    con.execute(f"CREATE OR REPLACE TABLE held({_HELD})")
    con.execute("CREATE OR REPLACE TABLE frozen(entity VARCHAR, connection VARCHAR, object VARCHAR)")
    con.execute(
        "CREATE OR REPLACE TABLE unseen(entity VARCHAR, connection VARCHAR, object VARCHAR, field VARCHAR)"
    )
    every = list(sources)
    rules = ((source, place) for source in every for place in range(len(source.mapping.read)))
    silent = [Silent(source, place, lost) for source, place in rules if (lost := _lost(source, place))]
    if not silent:
        return
    _identity(con, every, silent)
    _parents(con, [s for s in silent if s.rule.entity == "account" and "parent_id" in s.lost])
    _subscriptions(con, [s for s in silent if s.rule.entity == SUBSCRIPTION.name])
    aliases.follow(con, every)  # who was merged meanwhile goes on as another one


def _lost(source: Source, place: int) -> dict[str, Lost]:
    """For each attribute of a rule that cannot be read, a field that it is without."""
    rule = source.mapping.read[place]
    found = ((name, _without(source, rule, name)) for name in rule.fields)
    return {name: lost for name, lost in found if lost}


def _without(source: Source, rule: ReadRule, name: str) -> Lost | None:
    how, gone = rule.fields[name], source.unknown.get(rule.object, frozenset())
    way = how.through
    if way and way.field in source.unknown.get(way.object, ()):
        return Lost(way.object, way.field)
    found = rests_on(rule, name) & gone if how.formula and gone else unseen(how, gone)
    return Lost(rule.object, min(found)) if found else None


def _identity(con: duckdb.DuckDBPyConnection, sources: Sequence[Source], silent: Iterable[Silent]) -> None:
    from cs_connector.unify.changes import LENT
    from cs_connector.unify.evidence import KINDS  # what compares names is heavy

    said = {kind.entity: {*kind.said, *LENT} for kind in KINDS}
    for each in silent:
        entity = each.rule.entity
        told = each.lost.keys() & said.get(entity, set())
        missed = sorted({each.lost[n] for n in told if not each.rule.adds_to or n in LENT})
        places = sorted(_about(each, sources)) if missed else []
        for place in places:
            con.execute("INSERT INTO frozen VALUES (?, ?, ?)", [entity, *place])
        for lost in missed if places else ():
            con.execute("INSERT INTO unseen VALUES (?, ?, ?, ?)", [entity, each.source.connection, *lost])


def _about(silent: Silent, sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """The object whose records a rule tells of, in each connection that it may be of."""
    adds, here = silent.rule.adds_to, silent.source.connection
    if adds is None:
        yield here, silent.rule.object
    elif adds.object:
        crm = adds.crm
        yield from (
            (s.connection, adds.object) for s in sources if (s.crm == crm if crm else s.connection == here)
        )


def _parents(con: duckdb.DuckDBPyConnection, silent: Sequence[Silent]) -> None:
    from cs_connector.unify import changes, layers
    from cs_connector.unify.evidence import KINDS

    if not silent or not {f"before_{table}" for table in layers.kept(KINDS[0])} <= layers.there(con):
        return
    layers.know(con, KINDS[0])
    con.execute(_KNOWN.format(called=changes.CALLED))
    name = f"coalesce(s.adds_ref, {_REF})"
    con.execute(
        f"DELETE FROM parent_known WHERE whose IN (SELECT k.whose FROM stage_account s JOIN parent_known k ON k.name = {name} "
        "WHERE s.parent_id IS NOT NULL)"
    )
    for each in silent:
        _fill(con, each, "parent_id", f"JOIN parent_known k ON k.name = {name}", "parent")


def _subscriptions(con: duckdb.DuckDBPyConnection, silent: Sequence[Silent]) -> None:
    from cs_connector.unify.layers import there

    if BEFORE not in there(con):
        return
    made = plain_id(SUBSCRIPTION.name, f"coalesce(s.adds_ref, {_REF})")
    for name in sorted(KEPT.keys() & {name for each in silent for name in each.lost}):
        column = ident(name)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE subscription_known AS SELECT subscription_id, {column} AS told FROM {BEFORE} "
            f"ANTI JOIN (SELECT {made} AS subscription_id FROM stage_subscription s WHERE s.{column} IS NOT NULL) USING (subscription_id)"
        )
        known = f"JOIN subscription_known k ON k.subscription_id = {made}"
        for each in (each for each in silent if name in each.lost):
            _fill(con, each, name, known, "subscription")


def _fill(con: duckdb.DuckDBPyConnection, silent: Silent, name: str, known: str, what: str) -> None:
    """Give an attribute of the rule's own records what is `known` (told) of it, unless another record says it still."""
    table, column, rule = f"stage_{silent.rule.entity}", ident(name), silent.rule
    taken = f"SELECT record_id FROM taken WHERE connection = s.connection AND rule = {silent.place}"
    own = "TRUE" if alone(silent.source, rule) else f"s.record_id IN ({taken})"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE filled AS SELECT s.rowid AS place, s.connection, s.object, s.record_id, k.told "
        f"FROM {table} s {known} WHERE (s.connection, s.object) = (?, ?) AND s.{column} IS NULL AND k.told IS NOT NULL AND {own}",
        [silent.source.connection, rule.object],
    )
    con.execute(
        "INSERT INTO held SELECT connection, object, record_id, ?, ? FROM filled",
        [silent.lost[name].field, what],
    )
    con.execute(f"UPDATE {table} AS s SET {column} = f.told FROM filled f WHERE f.place = s.rowid")
