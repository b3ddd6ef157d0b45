"""Whatever is declared, the revenue of every living record is in exactly one relationship, or the record is set aside."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.unify import relationships
from cs_connector.unify.relations.rulebook import Rulebook
from tests.unit.kin import TODAY, Kin

few = st.sampled_from([None, "x", "y"])
sold = st.lists(
    st.tuples(
        st.sampled_from([None, "a", "b"]), few, few, few, st.sampled_from([None, "Active", "Ended"]), st.integers(0, 99),
        st.none() | st.dates(date(2025, 1, 1), date(2026, 11, 1)),
    ),
    min_size=1, max_size=8,
)  # fmt: skip
rules = st.lists(
    st.fixed_dictionaries(
        {"from": st.just("subscription"), "key": st.lists(st.sampled_from(["product", "region", "type"]), unique=True, max_size=2)},
        optional={"when": st.sampled_from(["region = 'x'", "arr > 50", "known(product)"]), "type": few, "unique": st.booleans()},
    ),
    max_size=3,
)  # fmt: skip
NAMES = ("account_id", "product", "region", "type", "status", "arr", "start_on")


@pytest.fixture(scope="module")
def kin() -> Kin:
    made = Kin().account("a").account("b")
    made.con.execute("SET threads = 1")
    return made


@settings(deadline=None, max_examples=6)
@given(sold, rules)
def test_no_revenue_is_lost_or_counted_twice(
    kin: Kin, rows: list[Any], declared: list[dict[str, Any]]
) -> None:
    kin.con.execute("DELETE FROM subscription; DELETE FROM stage_subscription; DELETE FROM quarantine")
    kin.con.execute(
        "DELETE FROM linked WHERE entity = 'subscription'; DELETE FROM reference WHERE entity = 'subscription'"
    )
    for number, row in enumerate(rows):
        kin.add("subscription", str(number), **dict(zip(NAMES, row, strict=True)))
    book = Rulebook.model_validate({"relationships": [*declared, {"from": "subscription"}]})
    relationships.make(kin.con, book, TODAY)
    aside = {key for (key,) in kin.rows("SELECT record_id FROM quarantine")}
    living = sum(row[5] for n, row in enumerate(rows) if row[4] != "Ended" and str(n) not in aside)
    assert kin.rows("SELECT coalesce(sum(arr), 0)::INT FROM relationship") == [(living,)]
    assert {str(n) for n, row in enumerate(rows) if row[0] is None} <= aside
    assert kin.rows("SELECT count(*) - count(DISTINCT relationship_id) FROM relationship") == [(0,)]
