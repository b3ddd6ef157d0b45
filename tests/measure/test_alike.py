"""Totals that are the same for all relationships of an account are made once, and are those that each would have had alone."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from cs_connector.language.alike import alike
from cs_connector.language.compiler import compile_steps
from cs_connector.language.executor import sql
from cs_connector.language.unattached import unattached
from cs_connector.measure import totals
from tests.measure.kit import COUNT, Steps, steps, town

NEWEST: Steps = [
    {"fetch": "invoice"},
    {"latest": {"by": ["currency"], "order": ["issued_on"], "n": 2}},
    {"aggregate": {"totals": {"n": {"take": "count"}, "owed": {"take": "max", "of": "issued_on"}}}},
]


def study(listed: Steps) -> Any:
    return SimpleNamespace(core=compile_steps(steps(*listed)))


@pytest.mark.parametrize(("listed", "shared"), [
    (NEWEST, True),
    ([{"fetch": "usage"}, COUNT], False),  # rows are about a product
    ([{"fetch": {"entity": "usage", "of": "account"}}, COUNT], True),
    ([{"fetch": {"entity": "usage", "of": "group"}}, COUNT], True),
    ([{"fetch": "relationship"}, COUNT], False),
])  # fmt: skip
def test_which_are_shared(listed: Steps, shared: bool) -> None:
    assert alike(study(listed).core.node, ()) is shared


@pytest.mark.parametrize("attached", [False, True])
def test_each_relationship_has_what_it_would_have_alone(attached: bool) -> None:
    made = town()
    for day in range(1, 6):
        made.add("invoice", account_id=f"a{day % 2 + 1}", issued_on=date(2026, 3, day), currency="EUR")
    made.attached = [("invoice", "invoice-001", "r1")] if attached else []
    con, source = made.connection(), study(NEWEST)
    totals.make(con, [("made", source)])
    con.execute(f"CREATE TABLE alone AS {sql(source.core.query)}")
    found, expected = (
        con.execute(f"SELECT r, today, n, owed FROM {table} ORDER BY ALL").fetchall()
        for table in ("made", "alone")
    )
    assert found == expected
    assert {row[0] for row in found} >= {1, 2}
    one, two = ([row[1:] for row in found if row[0] == r] for r in (1, 2))
    assert (one == two) is not attached


@pytest.mark.parametrize("about", ["invoice", "usage"])
def test_rows_of_a_product_are_each_relationships_own(about: str) -> None:
    made = town()
    for day, product in enumerate(("Core", "Mobile", None, "Core"), 1):
        made.add("usage", account_id="a1", on_date=date(2026, 3, day), product=product)
    made.attached = [(about, f"{about}-001", "r2")]
    con, source = made.connection(), study([{"fetch": "usage"}, COUNT])
    totals.make(con, [("made", source)])
    con.execute(f"CREATE TABLE alone AS {sql(source.core.query)}")
    found, expected = (con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in ("made", "alone"))
    assert found == expected
    assert ("attachment" in sql(unattached(source.core.query, {about}))) is (about == "usage")
