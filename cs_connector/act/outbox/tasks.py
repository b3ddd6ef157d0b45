"""What becomes of calls to action whose task was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cs_connector.store.tables import calls

from .line import Line


def became(db: sa.Connection, told: Sequence[tuple[Line, str]]) -> None:
    """Note which record each call became and what it was told: a person's later edit shows by that."""
    for line, record in told:
        keep(db, line.name, record, line.values)


def keep(db: sa.Connection, key: str, record_id: str, values: Mapping[str, Any]) -> None:
    mine = calls.c.key == key
    sent = db.scalar(sa.select(calls.c.sent).where(mine)) or {}
    told = {**sent.get("written", {}), **values}
    db.execute(sa.update(calls).where(mine).values(record_id=record_id, sent={**sent, "written": told}))
