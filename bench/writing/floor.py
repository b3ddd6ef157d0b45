"""What durability costs by itself: the bare loop, and plain inserts of the rows that an apply keeps, with as many commits.

No hashing, no reading, no logic: the rows are ready. One row a change into outbox, audit and `written` each, in tables as ours are,
on a store that is opened as ours is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cs_connector.act.outbox import Outbox, parcels
from cs_connector.act.plan import Planned
from cs_connector.store import leases
from cs_connector.store.state import State
from cs_connector.store.store import Store
from cs_connector.transport.clock import SystemClock

Rows = Sequence[tuple[Any, ...]]
Turn = tuple[Rows, Rows, Rows]


def ready(folder: Path, plan: Sequence[Planned], full: State, turns: int) -> list[Turn]:
    """The rows of each turn, for outbox, audit and `written`; `full` is a store in which the plan was applied."""
    planned = _planned(folder, plan)
    with full.read() as db:
        last = "SELECT * FROM audit ORDER BY id DESC LIMIT ?"
        audited = [tuple(row) for row in db.exec_driver_sql(last, (len(plan),))][::-1]
        written = [tuple(row) for row in db.exec_driver_sql("SELECT * FROM written")]
    return [
        (
            [(f"{turn} {row[0]}", *row[1:]) for row in planned],
            [(number, *row[1:]) for number, row in enumerate(audited, turn * len(plan) + 1)],
            written,
        )
        for turn in range(turns)
    ]


def _planned(folder: Path, plan: Sequence[Planned]) -> list[tuple[Any, ...]]:
    with Store(folder, None, SystemClock()) as store:
        Outbox(store.state, leases.take(store.state, "run", "bench", store.state.clock), "R").lay(plan)
        with store.state.begin() as db:
            parcels.unpack(db)
            return [tuple(row) for row in db.exec_driver_sql("SELECT * FROM outbox")]


def work(
    state: State, turns: Sequence[Turn], size: int, bare: Callable[[int], object]
) -> Callable[[int], None]:
    """One turn of it: everything planned in one commit, and for `size` changes one before they are sent and one after."""

    def whole(turn: int) -> None:
        planned, audited, written = turns[turn]
        with state.begin() as db:
            _put(db, "outbox", planned)
        starts = range(0, len(planned), size)
        for start in starts:
            with state.begin() as db:
                db.exec_driver_sql("UPDATE outbox SET state = 'inflight' WHERE key = ?", (planned[start][0],))
        bare(turn)
        for start in starts:
            with state.begin() as db:
                _put(db, "audit", audited[start : start + size])
                _put(db, "written", written[start : start + size])

    return whole


def _put(db: sa.Connection, table: str, rows: Rows) -> None:
    places = ", ".join("?" * len(rows[0]))
    db.exec_driver_sql(f"INSERT OR REPLACE INTO {table} VALUES ({places})", list(rows))
