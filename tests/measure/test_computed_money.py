"""Money that steps computed may be of any size; that of entities is not."""

from __future__ import annotations

from datetime import date

import pytest

from tests.measure.kit import Steps, Town, cells


@pytest.mark.parametrize("added", [
    [{"derive": {"big": "amount * 1e300"}}],
    [{"derive": {"big": "1e300"}}, {"union": {"steps": [{"fetch": "invoice"}, {"filter": "currency = 'EUR'"}, {"derive": {"big": "2e300"}}]}}],
    [{"aggregate": {"by": ["currency"], "totals": {"big": {"take": "sum", "of": "amount"}}}}, {"union": {"steps": [
        {"fetch": "invoice"}, {"filter": "currency = 'EUR'"},
        {"aggregate": {"by": ["currency"], "totals": {"big": {"take": "max", "of": "amount * 1e300"}}}},
    ]}}],
])  # fmt: skip
def test_money_that_was_computed_beyond_all_measure_stops_no_run(added: Steps) -> None:
    made = Town()
    made.add("invoice", account_id="a2", issued_on=date(2026, 1, 1), currency="EUR", amount=100)
    listed: Steps = [
        {"fetch": "invoice"}, {"filter": "currency = 'EUR'"}, *added,
        {"aggregate": {"totals": {"s": {"take": "sum", "of": "big"}, "n": {"take": "count"}}}},
    ]  # fmt: skip
    found = cells(made.connection(), listed)
    assert found["s"].isna().all()
    assert (found["n"] > 0).all()
