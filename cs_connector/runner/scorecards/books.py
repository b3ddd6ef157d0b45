"""Everybody's book between two days of the last run."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from cs_connector.errors import UsageError
from cs_connector.health.books import books as read
from cs_connector.runner.deciding import standing
from cs_connector.runner.engine import Engine

SCHEMA = "books/1"


def books(engine: Engine, first: date | None) -> dict[str, Any]:
    """books/1: from `first`, or the last month end, to the newest scores. Raises UsageError for a day without scores."""
    with standing(engine) as con:
        days: list[date] = [
            row[0]
            for row in con.execute("SELECT DISTINCT on_date FROM snapshot ORDER BY on_date DESC").fetchall()
        ]
        earlier = days[1:]
        start = first or (earlier[0] if earlier else None)
        if start is None or start not in earlier:
            raise UsageError(
                f"there are no earlier scores of {start}" if start else "there is only one day with scores",
                safe="nothing was changed",
                fix=f"use one of: {', '.join(map(str, earlier))}" if earlier else "cs-connector run",
            )
        found = read(con, start, days[0])
    return {
        "schema": SCHEMA,
        "from": start.isoformat(),
        "to": days[0].isoformat(),
        "books": [asdict(book) for book in found],
    }
