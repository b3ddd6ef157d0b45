"""Whose word and whose money counts, where an account and what belongs to it say different things."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from .health_tables import AS_OF, World
from .test_five_kinds import measured, together

pytestmark = [pytest.mark.slow]
Said = tuple[str | None, int | None]


@pytest.mark.parametrize(
    ("home", "paid_in", "share"),
    [("USD", "USD", 0.2), ("USD", None, 0.2), (None, None, 0.2), ("USD", "EUR", None), (None, "EUR", None)],
)
def test_overdue_money_is_a_share_of_revenue_in_the_same_currency(
    home: str | None, paid_in: str | None, share: float | None
) -> None:
    """Where nobody tells a currency there is one alone; where only the invoice does, nobody knows that it is that of the revenue."""
    world = World().account(currency=home).customer()
    days = {"issued_on": date(2026, 6, 1), "due_on": date(2026, 7, 1)}
    world.add("invoice", account_id="a1", amount=20_000, currency=paid_in, **days)
    assert measured(world, "overdue_share") == share


@pytest.mark.parametrize(
    ("own", "theirs", "value"),
    [
        (("Good", 91), ("At risk", 10), 0),
        (("Good", 90), ("At risk", 10), 100),
        (("Good", 91), ("At risk", 91), None),
        ((None, None), ("Concerned", 10), 50),
        (("Good", -5), ("At risk", 10), 0),
    ],
)
def test_a_judgement_of_the_account_counts_where_that_of_the_relationship_is_too_old(
    own: Said, theirs: Said, value: float | None
) -> None:
    """Each as what is said and how many days ago."""
    (mine, my_day), (its, its_day) = (
        (said, age if age is None else AS_OF - timedelta(days=age)) for said, age in (own, theirs)
    )
    world = World().account(csm_judgement=its, csm_judgement_on=its_day)
    assert measured(world.customer(csm_judgement=mine, csm_judgement_on=my_day), "csm_judgement") == value


def test_working_together_goes_by_the_judgement_that_counts() -> None:
    """An old one of the relationship does not hide a new one of the account."""
    made = together()
    made.rows["relationship"][0].update(csm_judgement_on=AS_OF - timedelta(days=200))
    made.rows["account"][0].update(csm_judgement_on=AS_OF - timedelta(days=10))
    assert measured(made, "engagement") == 5


def test_of_one_person_the_latest_answer_counts_in_whatever_letters_its_kind_is_written() -> None:
    world = World().customer()
    world.add("person", account_id="a1")
    world.answer(10, days_ago=100, kind="nps", person_id="person-1")
    world.answer(0, days_ago=5, kind="NPS", person_id="person-1")
    assert measured(world, "nps") == 0


@pytest.mark.parametrize(("amount", "days"), [(-500, 0), (0, 0), (500, 92), (None, 92)])
def test_a_credit_note_is_no_overdue_invoice(amount: int | None, days: int) -> None:
    world = World().customer()
    world.add(
        "invoice",
        account_id="a1",
        amount=amount,
        issued_on=date(2026, 6, 1),
        due_on=AS_OF - timedelta(days=92),
    )
    assert measured(world, "overdue") == days
