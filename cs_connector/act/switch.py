"""The switch that stops all writes, for every process that works with the same store."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from cs_connector.errors import GuardStopped
from cs_connector.store.tables import write_stops


def stopped(db: sa.Connection) -> str | None:
    """Why nothing may be written now, as a whole clause; None when writing is allowed."""
    last = history(db, 1)
    if not last or not last[0].stopped:
        return None
    said = last[0]
    return f"{said.who} stopped all writes on {said.at:%Y-%m-%d %H:%M} UTC: {said.reason}"


def stop(db: sa.Connection, reason: str, who: str, at: datetime) -> None:
    db.execute(sa.insert(write_stops).values(stopped=True, reason=reason, who=who, at=at))


def allow(db: sa.Connection, who: str, at: datetime) -> None:
    db.execute(sa.insert(write_stops).values(stopped=False, who=who, at=at))


def history(db: sa.Connection, count: int) -> list[sa.Row[tuple[int, bool, str | None, str, datetime]]]:
    """The last turns of the switch, newest first."""
    return list(db.execute(sa.select(write_stops).order_by(write_stops.c.id.desc()).limit(count)))


def refusal(why: str, safe: str = "nothing was written to any CRM") -> GuardStopped:
    """What is said to whoever would write all the same."""
    return GuardStopped(
        "all writes are stopped",
        why=why,
        safe=safe,
        fix="see what it is about with: cs-connector writes show; let writes go on with: cs-connector writes allow",
    )
