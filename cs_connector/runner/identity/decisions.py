"""Who is who, between runs: what the last run left to the next one, and what people decided."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from typing import NamedTuple

import duckdb
import sqlalchemy as sa

from cs_connector.errors import UsageError
from cs_connector.runner.engine import Engine
from cs_connector.store.tables import decisions as decided

DECISION = ("entity", "action", "left_ref", "right_ref", "reason")
WHO = "unify/identity"  # a dataset for each table of KEPT
_RESOLVED = "('account', 'person', 'user')"
Pair = tuple[str, str]


class Decided(NamedTuple):
    """The `pairs` of records of which it is said, and those of which it is no longer said that they are not the same."""

    pairs: list[Pair]
    withdrawn: list[Pair]


def changed(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables that are not as the last run left them."""
    from cs_connector.unify.identity import left

    return left(con)


def pairs(engine: Engine, con: duckdb.DuckDBPyConnection, view: str) -> None:
    """A view of all pairs that were weighed and still hold."""
    from cs_connector.unify.layers import weighed

    before(engine, con)
    con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {weighed()}")


def before(engine: Engine, con: duckdb.DuckDBPyConnection) -> None:
    """Give the executor what identity.resolve reads: before_<table> of the last run, and `decision`."""
    from cs_connector.unify.identity import KEPT

    for table, columns in KEPT.items():
        engine.store.facts.attach(con, f"{WHO}/{table}", f"before_{table}", columns)
    con.execute(f"CREATE TABLE decision({', '.join(f'{name} VARCHAR' for name in DECISION)})")
    rows = decisions(engine)
    if rows:
        con.executemany(f"INSERT INTO decision VALUES ({', '.join('?' * len(DECISION))})", rows)


def decisions(engine: Engine) -> list[tuple[str | None, ...]]:
    """What people decided, with the columns of DECISION."""
    columns = [decided.c[name] for name in DECISION]
    with engine.store.state.read() as db:
        return [tuple(row) for row in db.execute(sa.select(*columns).order_by(*columns[:4]))]


def decide(engine: Engine, action: str, one: str, other: str, reason: str | None) -> Decided:
    """Record that records are the same (`link`) or not (`unlink`); the last word on a pair counts.

    `one` and `other` are records (an id, or connection/object/id) or entities; an entity stands for its first record
    when it is linked, and for all of its records when something is unlinked from it, or was. Raises UsageError.
    """
    with engine.tables(["link"]) as con:
        entity, left = _found(con, one)
        kind, right = _found(con, other)
    if entity != kind:
        raise UsageError(
            f"{one} is of {entity}, {other} of {kind}",
            safe="nothing was changed",
            fix="name two of the same kind",
        )
    if set(left) == set(right):
        same = "record" if len(left) == 1 else entity
        raise UsageError(
            f"{one} and {other} are the same {same}", safe="nothing was changed", fix="name two records"
        )
    pairs = [(min(a, b), max(a, b)) for a in left for b in right if a != b]
    said = sorted(set(pairs[:1] if action == "link" else pairs))
    with engine.store.state.begin() as db:
        withdrawn = _withdrawn(db, entity, pairs) if action == "link" else []
        for pair in said:
            _say(engine, db, (entity, *pair), action, reason)
    return Decided(said, [pair for pair in withdrawn if pair not in said])


def _withdrawn(db: sa.Connection, entity: str, pairs: Iterable[Pair]) -> list[Pair]:
    """Those of some pairs of which it was said that they are not the same: it is no longer."""
    found = []
    for left, right in sorted(set(pairs)):
        row = {"entity": entity, "left_ref": left, "right_ref": right, "action": "unlink"}
        if db.execute(sa.delete(decided).filter_by(**row)).rowcount:
            found.append((left, right))
    return found


def _say(
    engine: Engine, db: sa.Connection, of: tuple[str, str, str], action: str, reason: str | None
) -> None:
    row = dict(zip(("entity", "left_ref", "right_ref"), of, strict=True))
    db.execute(sa.delete(decided).filter_by(**row))
    said = {"action": action, "reason": reason, "who": getpass.getuser(), "at": engine.clock.now()}
    db.execute(sa.insert(decided).values(**row, **said))


def _found(con: duckdb.DuckDBPyConnection, name: str) -> tuple[str, list[str]]:
    """The kind of entity, and the refs of the records that a name means. Raises UsageError for none, or for several."""
    ref = "connection || '|' || object || '|' || record_id"
    whole = con.execute(
        f"SELECT entity, {ref} FROM link WHERE entity_id = ? AND entity IN {_RESOLVED} AND method NOT IN ('adds to', 'mentioned') "
        "ORDER BY method <> 'itself', 2",
        [name],
    ).fetchall()
    if whole:
        return whole[0][0], [row[1] for row in whole]
    found = con.execute(
        f"SELECT DISTINCT entity, {ref} FROM link WHERE $name IN (record_id, {ref}, concat_ws('/', connection, object, record_id)) "
        f"AND entity IN {_RESOLVED} AND method NOT IN ('adds to', 'mentioned') ORDER BY ALL",
        {"name": name},
    ).fetchall()
    if len(found) == 1:
        return found[0][0], [found[0][1]]
    from cs_connector.unify.sql import typed  # who is understood needs no mapping

    listed = ", ".join(typed(row[1]) for row in found[:5])
    raise UsageError(
        f"{name!r} is {'several records' if found else 'no record of an account, person or user'}",
        safe="nothing was changed",
        fix=f"name one of {listed}" if found else "take an id from: cs-connector unify --report",
    )
