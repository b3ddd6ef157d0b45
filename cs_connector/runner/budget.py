"""A run that reads years of records may be given a number of calls; the next one goes on from where it stopped."""

from __future__ import annotations

from cs_connector.errors import QuotaExhausted

from .engine import Engine


def check(engine: Engine, connection: str) -> None:
    """Call where everything read is kept and more would come. Raises QuotaExhausted when the calls are used."""
    if engine.budget is None:
        return
    used = engine.adapter(connection).usage().used
    if used >= engine.budget:
        raise QuotaExhausted(
            f"{connection} has used the {engine.budget:,} calls of this run's budget",
            why=f"{used:,} calls were made",
            fix="run again: it goes on after the last page, everything before is kept",
        )
