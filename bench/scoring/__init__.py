"""Scoring: of a company that was run, of customers by their metrics alone, of a million, and questions about one of them."""

from __future__ import annotations

from datetime import date

from bench.results import Row
from bench.size import Yard

AS_OF = date(2026, 11, 15)


def measure(yard: Yard) -> list[Row]:
    from . import company

    return company.measure(yard)
