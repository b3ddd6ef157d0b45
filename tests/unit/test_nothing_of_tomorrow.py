"""Whatever is dated after as_of leaves no trace in scores: in every entity, as a new row and as a later date of an old one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from cs_connector.model import DATE, ENTITIES, TIME
from tests.unit.health_tables import AS_OF, Scores, World, month
from tests.unit.test_health_golden import healthy

pytestmark = [pytest.mark.slow]

TOMORROW = AS_OF + timedelta(days=1)
NOON = datetime.combine(TOMORROW, datetime.min.time()) + timedelta(hours=12)
ENDLESS = {
    "account": "what an account says of itself has no history; who is a customer as of a day is decided by unify"
}
TABLES = ("metric_value", "measure_score", "snapshot", "contradiction")

# what would be seen best: the worst of everything, and the best
NEW: dict[str, list[dict[str, Any]]] = {
    "person": [
        {"person_id": "late", "champion": True, "decision_maker": True, "was_champion": True, "was_decision_maker": True, "active": False,
         "left_on": TOMORROW},
    ],
    "subscription": [{"product": None, "seats": 900, "arr": 9_000_000, "currency": "USD", "start_on": TOMORROW, "status": "Active"}],
    "ticket": [
        {"priority": "P1", "kind": "how-to", "opened_at": NOON, "waiting_since": NOON},
        {"priority": "High", "opened_at": NOON, "closed_at": NOON},
    ],
    "survey_response": [
        {"kind": kind, "score": 0, "score_10": 0, "scale_min": 0, "scale_max": 10, "answered_on": TOMORROW, "invited_on": invited,
         "person_id": "boss"}
        for kind in ("NPS", "CSAT", "CES", "app_review", "social_review") for invited in (None, TOMORROW)
    ],
    "usage": [
        {"metric": metric, "grain": grain, "value": value, "on_date": on}
        for metric in ("active_users", "key_features_used", "budget_spent", "budget_planned", "active", "key_actions", "people_invited")
        for grain, on in (("month", month(-1)), ("day", TOMORROW)) for value in (0, 900)
    ],
    "invoice": [{"issued_on": TOMORROW, "due_on": TOMORROW, "amount": 900_000}, {"issued_on": TOMORROW, "due_on": date(2020, 1, 1)}],
    "opportunity": [{"type": "Renewal", "stage": "Closed Lost", "closed": True, "won": False, "close_on": TOMORROW}],
    "activity": [
        {"kind": kind, "two_way": True, "person_id": "boss", "at": NOON}
        for kind in ("meeting", "email", *["mailing sent"] * 3, "mailing opened")
    ],
    "lifecycle_event": [  # one that has a day on which it is due is a plan, and plans are known before
        {"kind": kind, "on_date": TOMORROW}
        for kind in ("Acquired", "Closing down", "Go-live", "First value", "Onboarding", "Executive business review")
    ],
    "goal": [{"status": "Missed", "updated_on": TOMORROW}],
    "document": [{"kind": "success plan", "created_on": TOMORROW, "modified_on": TOMORROW}],
    "task": [{"status": "Open", "due_on": TOMORROW}],
}  # fmt: skip
# what was there before, and got a date after as_of
LATER: dict[str, dict[str, Any]] = {
    "ticket": {"closed_at": NOON},
    "invoice": {"paid_on": TOMORROW},
    "survey_response": {"answered_on": TOMORROW, "score": 0, "score_10": 0},
    "relationship": {"notice_on": TOMORROW, "csm_judgement": "At risk", "csm_judgement_on": TOMORROW},
    "person": {"left_on": TOMORROW},
    "lifecycle_event": {"on_date": TOMORROW},
}


def base() -> World:
    """A customer of whom everything is known, and of each kind something that is not settled yet."""
    world = healthy(features_bought=10)
    for entity in ("activity", "document", "lifecycle_event"):
        world.add("feed", entity=entity, connection="files", complete=True, watermark=datetime(2026, 11, 25))
    world.tickets(2, priority="P1", closed_at=None)
    world.add("invoice", account_id="a1", issued_on=date(2026, 9, 1), due_on=date(2026, 10, 1), amount=100)
    world.add("survey_response", account_id="a1", kind="CSAT", person_id="boss", invited_on=date(2026, 11, 1))
    world.add("lifecycle_event", account_id="a1", kind="Go-live", due_on=date(2026, 10, 1))
    world.add("person", person_id="star", account_id="a1", champion=True, active=True)
    world.add(
        "subscription", account_id="a1", seats=100, arr=100_000, currency="USD", start_on=date(2024, 1, 1)
    )
    world.add(
        "document",
        account_id="a1",
        kind="success plan",
        created_on=date(2026, 1, 1),
        modified_on=date(2026, 11, 1),
    )
    return world


def everything(scores: Scores) -> dict[str, list[dict[str, Any]]]:
    return {name: scores.all(f"SELECT * FROM {name} ORDER BY ALL") for name in TABLES}


@pytest.fixture(scope="module")
def expected() -> dict[str, list[dict[str, Any]]]:
    found = everything(base().score())
    assert all(found[name] for name in ("metric_value", "measure_score", "snapshot"))
    return found


def test_every_entity_that_has_dates_is_planted() -> None:
    dated = {e.name for e in ENTITIES.values() if any(c.type in (DATE, TIME) for c in e.columns)}
    assert dated - NEW.keys() - LATER.keys() - ENDLESS.keys() == set()


def test_rows_of_tomorrow_leave_no_trace(expected: dict[str, list[dict[str, Any]]]) -> None:
    assert everything(planted(base()).score()) == expected


def planted(world: World, days: int = 0) -> World:
    for entity, rows in NEW.items():
        for row in rows:
            world.add(entity, account_id="a1", **{key: earlier(value, days) for key, value in row.items()})
    return world


def earlier(value: Any, days: int) -> Any:
    return value - timedelta(days=days) if isinstance(value, date) else value


def test_what_happens_tomorrow_to_a_row_leaves_no_trace(expected: dict[str, list[dict[str, Any]]]) -> None:
    world = base()
    for entity, values in LATER.items():
        waiting = [row for row in world.rows[entity] if row.get(next(iter(values))) is None]
        assert waiting, entity
        for row in waiting:
            row.update(values)
    assert everything(world.score()) == expected


def test_a_month_earlier_they_would_have_been_seen(expected: dict[str, list[dict[str, Any]]]) -> None:
    """The test before can fail: nearly every metric that has a past moves."""
    seen = everything(planted(base(), 32).score())["metric_value"]
    moved = {new["metric"] for new, old in zip(seen, expected["metric_value"], strict=True) if new != old}
    assert moved >= {
        "support_requests", "open_p1", "nps", "promoter", "csat_90d", "app_reviews", "social_reviews", "decision_maker_score", "overdue",
        "executive_contact", "letter_age", "leaving", "onboarding_delay", "ebr_age", "goals_on_track", "active_share",
        "seats_change", "revenue_change", "self_sufficiency", "outreach_engagement",
    }  # fmt: skip
