"""When we last ran, kept in the CRM for admins and their alerts: one row, at most one write a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb


@dataclass(frozen=True, slots=True)
class Beat:
    """A run, as the CRM is told of it; `at` has a time zone."""

    installation: str
    run: str
    version: str
    at: datetime


def want(con: duckdb.DuckDBPyConnection, beat: Beat | None) -> None:
    """Fill `wanted_heartbeat`; without a beat it has no row, and nothing is written of us."""
    con.execute(
        "CREATE OR REPLACE TABLE wanted_heartbeat(account_id VARCHAR, key VARCHAR, last_run VARCHAR, run VARCHAR, version VARCHAR)"
    )
    if beat:
        con.execute(
            "INSERT INTO wanted_heartbeat VALUES (NULL, ?, ?, ?, ?)",
            [beat.installation, beat.at.isoformat(timespec="seconds"), beat.run, beat.version],
        )


def once_a_day(con: duckdb.DuckDBPyConnection) -> None:
    """Take everything out of `difference` where the CRM has heard of us on this day (UTC), or does not tell when it did."""
    con.execute(
        "UPDATE difference SET fields = [] WHERE record_id IS NOT NULL AND "
        "len(list_filter(fields, lambda x: x.c = 'last_run' AND (x.a IS NULL OR left(x.a, 10) < left(x.b, 10)))) = 0"
    )
