"""Scoring: of a company that was run, of customers by their metrics alone, of a million, and questions about one of them."""

from __future__ import annotations

from datetime import date

AS_OF = date(2026, 11, 15)
