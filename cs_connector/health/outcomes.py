"""What became of customers whom an override once held down: the evidence that it means something."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from cs_connector.language.executor import Connection

COLUMNS = {"override": "VARCHAR", "held": "BIGINT", "gone": "BIGINT"}
SETTLED = timedelta(days=90)  # who was held down since then may still leave
Z = 1.959963984540054  # of 95 %


def begin(con: Connection) -> None:
    """An empty table `outcome`."""
    listed = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE outcome ({listed})")


def count(con: Connection, days: Iterable[date]) -> None:
    """Fill `outcome`: by override the relationships that it held down on one of the days, and how many of them ended since.

    Needs `relationship`, and the views `snapshot DAY` as they were known on each of the days.
    """
    begin(con)
    kept = [
        f"""SELECT override, entity_id, on_date FROM "snapshot {day}"
        WHERE entity = 'relationship' AND main AND override IS NOT NULL"""
        for day in days
    ]
    if kept:
        con.execute(
            f"""INSERT INTO outcome WITH held AS (SELECT override, entity_id, min(on_date) AS since FROM ({" UNION ALL ".join(kept)})
                GROUP BY ALL)
            SELECT override, count(*), count(*) FILTER (r.status = 'Ended' AND coalesce(r.end_on >= since, TRUE))
            FROM held JOIN relationship AS r ON r.relationship_id = entity_id GROUP BY override ORDER BY override"""
        )


def of(con: Connection, override: str) -> dict[str, Any] | None:
    """How many it held down, how many of them left, and the 95 % interval of that share; None while there are none."""
    row = con.execute("SELECT held, gone FROM outcome WHERE override = ?", [override]).fetchone()
    if row is None or not row[0]:
        return None
    low, high = wilson(row[1], row[0])
    return {"held": row[0], "left": row[1], "low": low, "high": high}


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval of k of n, by Wilson: it never leaves 0 to 1, and says something of 0 of 5, too."""
    centre = (k + Z * Z / 2) / (n + Z * Z)
    half = Z * math.sqrt(k * (n - k) / n + Z * Z / 4) / (n + Z * Z)
    return round(max(0.0, centre - half), 6), round(min(1.0, centre + half), 6)
