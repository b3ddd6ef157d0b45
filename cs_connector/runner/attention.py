"""The accounts that need attention first."""

from __future__ import annotations

from typing import Any

from .deciding import standing
from .engine import Engine


def worst(engine: Engine, count: int = 10) -> list[tuple[Any, ...]]:
    """Name, score, band, revenue a year, renewal and reason: red first, then by revenue."""
    with standing(engine) as con:
        return con.execute(
            "SELECT a.name, s.score, s.band, a.arr, a.renewal_on, s.reason FROM snapshot s "
            "JOIN account a ON a.account_id = s.entity_id WHERE s.entity = 'account' AND s.main AND s.on_date = $day "
            "AND s.band IN ('red', 'yellow') ORDER BY s.band = 'red' DESC, a.arr DESC NULLS LAST, a.account_id LIMIT $n",
            {"day": engine.as_of, "n": count},
        ).fetchall()
