"""A score that hovers at an edge opens nothing and closes nothing: near it, two days in a row count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import sqlalchemy as sa

from cs_connector.store.tables import readings

_EARLIER = (
    "CREATE OR REPLACE TABLE earlier(rule VARCHAR, relationship_id VARCHAR, held BOOLEAN, settled BOOLEAN)"
)
# near the edge: what held on the day before too begins, and what had begun and held then goes on
_SETTLED = """CREATE OR REPLACE TABLE settled AS SELECT rule, relationship_id FROM reading LEFT JOIN earlier e USING (rule, relationship_id)
WHERE (holds AND surely) OR (holds AND (coalesce(e.held, FALSE) OR coalesce(e.settled, FALSE)))
OR (NOT holds AND coalesce(e.held, FALSE) AND coalesce(e.settled, FALSE))"""
_KEPT = """SELECT r.rule, r.relationship_id, r.holds, s.rule IS NOT NULL FROM reading r LEFT JOIN settled s USING (rule, relationship_id)
WHERE r.holds OR s.rule IS NOT NULL
UNION ALL SELECT e.rule, e.relationship_id, e.held, e.settled FROM earlier e JOIN undecided USING (rule, relationship_id)
ANTI JOIN reading r ON (r.rule, r.relationship_id) = (e.rule, e.relationship_id)"""


def settle(con: duckdb.DuckDBPyConnection, state: sa.Connection, day: date) -> None:
    """Make `settled` (rule, relationship_id) from `reading` and what was read on the last day before.

    Only days count, not runs: the same day again gives the same.
    """
    before = state.scalar(sa.select(sa.func.max(readings.c.on_date)).where(readings.c.on_date < day))
    rows = state.execute(
        sa.select(readings.c.rule, readings.c.relationship_id, readings.c.held, readings.c.settled).where(
            readings.c.on_date == before, readings.c.rule != ""
        )
    )
    con.execute(_EARLIER)
    _fill(con, [tuple(row) for row in rows])
    con.execute(_SETTLED)


def keep(con: duckdb.DuckDBPyConnection, state: sa.Connection, day: date) -> None:
    """Keep what was read on a day, and of the days before the last one only; a day before the newest keeps nothing."""
    newest = state.scalar(sa.select(sa.func.max(readings.c.on_date)))
    if newest and newest > day:
        return
    before = state.scalar(sa.select(sa.func.max(readings.c.on_date)).where(readings.c.on_date < day))
    gone = readings.c.on_date == day
    state.execute(sa.delete(readings).where(gone if before is None else gone | (readings.c.on_date < before)))
    empty = {"on_date": day, "rule": "", "relationship_id": "", "held": False, "settled": False}
    names = ("rule", "relationship_id", "held", "settled")
    rows = [{"on_date": day, **dict(zip(names, row, strict=True))} for row in con.execute(_KEPT).fetchall()]
    state.execute(sa.insert(readings), [empty, *rows])


def _fill(con: duckdb.DuckDBPyConnection, rows: Sequence[tuple[object, ...]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        con.execute("INSERT INTO earlier SELECT unnest(?), unnest(?), unnest(?), unnest(?)", columns)
