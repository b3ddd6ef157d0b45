"""Metrics over mail, documents, reviews, mailings, milestones and subscriptions: what they say, and when they say nothing.

Each is measured alone, so that a test takes no longer than its query.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from cs_connector.measure import evaluate
from cs_connector.measure.metrics import Metrics

from .health_tables import AS_OF, SHIPPED, World, definitions, month

pytestmark = [pytest.mark.slow]

ACTIVITY, DOCUMENT, EVENT = (("activity", "mail"), ("document", "folder"), ("lifecycle_event", "service"))


def all_of(world: World, *names: str, on: date = AS_OF) -> tuple[float | None, ...]:
    """Metrics of the first relationship on a day."""
    shipped = definitions().metrics
    alone = Metrics(tuple(source for source in shipped.sources if set(names) & source.study.metrics.keys()))
    con = world.connection()
    evaluate.prepare(con, world.as_of, alone)
    evaluate.evaluate(con, alone, 0, 2**31 - 1)
    listed = ", ".join(f'"m_{name}"' for name in names)
    row = con.execute(f"SELECT {listed} FROM wide WHERE r = 1 AND today = ?", [on]).fetchone()
    con.close()
    return row or (None,) * len(names)


def measured(world: World, name: str, on: date = AS_OF) -> float | None:
    return all_of(world, name, on=on)[0]


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def at(days: int) -> datetime:
    return datetime.combine(ago(days), datetime.min.time())


def world(*feeds: tuple[str, str], complete: bool = True, read: int = 0, **values: Any) -> World:
    """A customer who is linked to these feeds, read up to so many days ago."""
    made = World().customer(**values)
    for entity, connection in feeds:
        made.add("feed", entity=entity, connection=connection, complete=complete, watermark=at(read))
        made.add("link", entity_id="a1", entity="account", connection=connection, object="x", record_id="a1")
    return made


def letter(made: World, days: int, *, two_way: bool = True, kind: str = "email") -> None:
    made.add("activity", account_id="a1", kind=kind, two_way=two_way, at=at(days))


def plan(made: World, worked: int, created: int = 300, kind: str = "success plan") -> None:
    made.add("document", account_id="a1", kind=kind, created_on=ago(created), modified_on=ago(worked))


def event(made: World, kind: str, on: int | None, due: int | None = None, **values: Any) -> None:
    base = {"account_id": "a1", "kind": kind, "on_date": None if on is None else ago(on)}
    made.add("lifecycle_event", **base, due_on=None if due is None else ago(due), **values)


def together(*lost: str) -> World:
    """A customer with all five signs, without the data that are named."""
    made = world(
        ACTIVITY, DOCUMENT, csm_judgement="Good", csm_judgement_on=None if "judgement" in lost else ago(20)
    )
    if "users" not in lost:
        made.users(60, 60)
    if "tickets" not in lost:
        made.tickets(1, days_ago=40)
    if "letters" not in lost:
        letter(made, 12)
    if "plan" not in lost:
        plan(made, 30)
    return made


def test_five_kinds_of_data_are_five_signs_of_working_together() -> None:
    assert measured(together(), "engagement") == 5


@pytest.mark.parametrize("sign", ["tickets", "letters", "plan", "judgement"])
def test_a_sign_that_is_not_there_is_one_sign_less(sign: str) -> None:
    assert measured(together(sign), "engagement") == 4


def test_a_sign_is_of_its_own_kind_and_of_late() -> None:
    made = together("letters", "plan", "tickets")
    letter(made, 2, two_way=False)
    letter(made, 2, kind="meeting")
    letter(made, 31)
    plan(made, 95)
    plan(made, 3, kind="contract")
    made.tickets(3, days_ago=91)
    assert measured(made, "engagement") == 2


@pytest.mark.parametrize("entity", ["ticket", "activity", "document"])
def test_a_feed_that_is_lost_is_no_sign_of_anything(entity: str) -> None:
    for change in ({"complete": False}, {"watermark": at(5)}):
        made = together()
        next(feed for feed in made.rows["feed"] if feed["entity"] == entity).update(change)
        assert measured(made, "engagement") is None


def test_without_the_last_month_of_usage_nothing_is_said_of_working_together() -> None:
    made = together("users")
    made.use("active_users", month(2), 60)
    assert measured(made, "engagement") is None


def test_what_was_done_later_does_not_count_on_an_earlier_day() -> None:
    made, then = together("plan"), date(2026, 10, 31)
    plan(made, 12)
    assert measured(made, "engagement", then) is None, "the plan was touched since, nobody knows when before"
    made = together("plan")
    plan(made, 40)
    assert measured(made, "engagement", then) == 3, "the letter and the judgement came later"


def test_days_since_a_letter_was_answered_and_the_plan_was_worked_on() -> None:
    made = together()
    letter(made, 4, two_way=False)
    assert all_of(made, "letter_age", "plan_age") == (12, 30)
    assert measured(together("letters"), "letter_age") is None
    assert measured(together("plan"), "plan_age") is None


def test_an_answered_letter_is_contact_with_who_decides() -> None:
    made = world(ACTIVITY)
    made.add("person", person_id="p1", account_id="a1", decision_maker=True)
    for days, two_way in ((9, True), (3, False)):
        made.add("activity", account_id="a1", person_id="p1", kind="email", two_way=two_way, at=at(days))
    assert measured(made, "executive_contact") == 9


def test_how_to_tickets_count_against_the_people_who_use_it() -> None:
    made = world().users(50)
    assert measured(made, "self_sufficiency") == 0, "a known zero"
    made.tickets(2, days_ago=80, kind="how-to").tickets(3, kind="problem").tickets(
        1, days_ago=91, kind="how-to"
    )
    assert measured(made, "self_sufficiency") == 4
    made.rows["feed"][0]["complete"] = False
    assert measured(made, "self_sufficiency") is None
    assert measured(world().tickets(2, kind="how-to"), "self_sufficiency") is None, (
        "nobody knows for how many"
    )


def test_satisfaction_and_reviews_are_told_apart() -> None:
    made = world().answer(4, low=1, high=5, kind="csat").answer(3, low=1, high=5, kind="csat")
    made.answer(0, low=0, high=1, kind="csat", days_ago=95).answer(9)
    made.answer(5, low=1, high=5, kind="app_review", days_ago=200).answer(4, low=1, high=5, kind="app_review")
    made.answer(1, low=1, high=5, kind="social_review").answer(
        5, low=1, high=5, kind="social_review", days_ago=366
    )
    assert all_of(made, "csat_90d", "app_reviews", "social_reviews") == (0.5, 8.75, 0)
    silent = world().answer(9)
    assert all_of(silent, "csat_90d", "app_reviews", "social_reviews") == (None, None, None)


def test_reviews_are_no_answers_to_a_survey() -> None:
    made = world().answer(1, low=1, high=5, kind="app_review").answer(9, kind="nps")
    assert all_of(made, "nps", "survey_response") == (9, None)


def test_mailings_that_were_opened() -> None:
    made = world()
    for days, kind in (
        (80, "sent"),
        (50, "sent"),
        (50, "opened"),
        (50, "clicked"),
        (91, "sent"),
        (91, "opened"),
    ):
        letter(made, days, two_way=False, kind=f"mailing {kind}")
    assert measured(made, "outreach_engagement") is None, "two say nothing"
    letter(made, 20, two_way=False, kind="mailing sent")
    assert measured(made, "outreach_engagement") == pytest.approx(1 / 3)


def started(days: int, *events: tuple[Any, ...], **values: Any) -> World:
    made = world(EVENT, start_on=ago(days), **values)
    for one in events:
        event(made, *one)
    return made


BEGUN = ("Onboarding", 95)


@pytest.mark.parametrize(
    ("made", "late", "on_time"),
    [
        (started(100, BEGUN), 40, 0.5),
        (started(100, BEGUN, ("First Value", 35)), 5, 0.5),
        (started(100, BEGUN, ("First Value", 60)), 0, 1),
        (started(100, ("Go-live", None, 80)), 80, 0),
        (started(100, BEGUN, ("Go-live", 45, 50)), 5, 0.5),
        (started(100, BEGUN, ("First Value", 900)), 40, 0.5),
        (started(100, BEGUN, ("Go-live", 70), ("First Value", 20)), 0, 1),
        (started(400, ("Onboarding", 395), ("Go-live", None, 345), ("Go-live", None, -30)), 345, 0.5),
        (started(100, ("Kick-off", 130), ("Go-live", 101)), 0, 1),
        (started(100, ("Kick-off", 130), ("Go-live", 101), previous_end_on=ago(99)), 40, 0),
        (started(10, ("Closed Won", 12)), 0, None),
        (started(100), None, None),
        (started(100, BEGUN, type="Trial"), None, None),
    ],
    ids=["late", "was late", "in time", "by plan", "a little late by plan", "in a former life",
         "what comes first", "the first module", "before the contract begins", "before they came back", "nothing due", "nothing told", "trial"],
)  # fmt: skip
def test_onboarding_is_late_by_its_plan_or_by_sixty_days(
    made: World, late: float | None, on_time: float | None
) -> None:
    assert all_of(made, "onboarding_delay", "onboarding_on_time") == (late, on_time)


def test_what_nobody_told_is_late_only_if_all_is_told() -> None:
    made = started(100, BEGUN)
    made.rows["feed"][-1]["complete"] = False
    assert all_of(made, "onboarding_delay", "onboarding_on_time", "ebr_age") == (None, None, None)


def test_milestones_are_on_time_if_they_were_reached_by_their_day() -> None:
    made = started(100, ("Design", 85, 80), ("Build", 41, 50), ("Test", None, 20), ("Handover", None, -30))
    assert measured(made, "milestones_on_time") == pytest.approx(1 / 3)
    assert measured(started(100, BEGUN), "milestones_on_time") is None


def test_a_milestone_that_was_reached_later_was_late_before() -> None:
    made = started(300, ("Build", 3, 50))
    assert measured(made, "milestones_on_time", date(2026, 10, 31)) == 0


def test_who_came_back_is_not_acquired_for_it_once_was() -> None:
    once = ("Acquired", 300)
    assert measured(started(100, once, previous_end_on=ago(200)), "acquired") == 0
    assert measured(started(400, once), "acquired") == 1


def test_an_acquisition_counts_for_what_the_account_bought_later_in_the_same_life() -> None:
    assert all_of(started(100, ("Acquired", 300)), "acquired", "leaving") == (1, 1)
    assert measured(started(100, ("Acquired", 300), previous_end_on=ago(301)), "acquired") == 1


@pytest.mark.parametrize(
    ("product", "older", "late"),
    [
        (None, {}, 40),
        (None, {"status": "Ended"}, 0),
        ("New", {}, 0),
        ("Old", {}, 40),
        (None, {"start_on": ago(90)}, 0),
    ],
    ids=["of the older one", "the older one is over", "of its own product", "of another product", "of the older of two"],
)  # fmt: skip
def test_a_milestone_before_the_start_is_of_the_relationship_that_was_there(
    product: str | None, older: dict[str, Any], late: float
) -> None:
    made = started(100, BEGUN, product="New").customer("a1", "r2", product="Old", **older)
    event(made, "Go-live", 140, product=product)
    assert measured(made, "onboarding_delay") == late


def test_an_older_relationship_that_ended_later_was_there_on_an_earlier_day() -> None:
    made = started(100, BEGUN).customer("a1", "r2", product="Old", status="Ended", end_on=ago(3))
    event(made, "Go-live", 140)
    assert [measured(made, "onboarding_delay", day) for day in (AS_OF, date(2026, 10, 31))] == [0, 15]


def test_days_since_a_business_review_or_the_start() -> None:
    assert measured(started(400, BEGUN, ("Executive Business Review", 70)), "ebr_age") == 70
    assert measured(started(400, BEGUN), "ebr_age") == 400
    assert measured(started(400, ("Executive Business Review", 900)), "ebr_age") == 400


def test_a_budget_burns_against_its_plan_and_a_lost_month_hides_it() -> None:
    made = world()
    for back, spent in ((0, 900), (1, 110), (2, 130)):
        made.use("budget_planned", month(back), 100)
        made.use("budget_spent", month(back), spent)
    assert measured(made, "budget_burn") == 1.2
    made.use("budget_planned", month(3), 100)
    assert measured(made, "budget_burn") is None
    assert measured(world(), "budget_burn") is None


def sold(*terms: dict[str, Any]) -> World:
    made = world()
    for term in terms:
        base = {
            "account_id": "a1",
            "product": "P",
            "arr": 50_000,
            "seats": 100,
            "currency": "USD",
            "start_on": ago(900),
        }
        made.add("subscription", **(base | term))
    return made


OLD, NEW = {"end_on": ago(190)}, {"start_on": ago(190)}


@pytest.mark.parametrize(
    ("made", "seats", "price", "revenue"),
    [
        (sold(OLD, {**NEW, "arr": 56_000}), 0, 0.12, 0.12),
        (sold(OLD, {**NEW, "arr": 60_000, "seats": 120}), 0.2, 0, 0.2),
        (sold(OLD, {**NEW, "arr": 46_000, "currency": "EUR"}), 0, None, None),
        (sold({}, {"currency": "JPY", "seats": 10, "arr": 9_000_000}), 0, None, None),
        (sold({}, {"seats": 0, "arr": 20_000, **NEW}), 0, 0, 0),
        (sold(NEW), None, None, None),
        (sold(OLD), None, None, None),
        (sold({"currency": None}), 0, 0, 0),
    ],
    ids=[
        "dearer",
        "more seats",
        "other currency",
        "two currencies",
        "a project beside",
        "new",
        "gone",
        "no currency",
    ],
)
def test_price_is_kept_apart_from_volume_and_currency_from_both(
    made: World, seats: float | None, price: float | None, revenue: float | None
) -> None:
    found = all_of(made, "seats_change", "price_change", "revenue_change")
    assert found == tuple(
        value if value is None else pytest.approx(value) for value in (seats, price, revenue)
    )


def test_a_quiet_season_is_compared_with_the_last_one() -> None:
    quiet = [60 if back % 12 < 3 else 150 for back in range(18)]
    assert measured(world().users(*quiet), "usage_trend") == 1
    assert measured(world().users(*quiet[:12]), "usage_trend") == pytest.approx(0.4), (
        "no year to compare with"
    )
    gone = [30 if back < 3 else users for back, users in enumerate(quiet)]
    assert measured(world().users(*gone), "usage_trend") == pytest.approx(0.5), (
        "half of last winter is a loss"
    )


def test_a_quarter_is_of_the_same_segment_and_of_those_of_whom_it_is_known() -> None:
    made = World()
    for number, users in enumerate((10, 20, 30, 40, 50, 60, 70, 80)):
        made.customer(f"a{number}", f"r{number}").users(users, account=f"a{number}")
    made.account("b", segment="Enterprise")
    made.customer("b", "alone").users(5, account="b")
    made.customer("c", "dark")
    shipped = definitions().metrics
    alone = Metrics((shipped.source("peer_quartile"),))
    con = made.connection()
    evaluate.prepare(con, AS_OF, alone)
    evaluate.evaluate(con, alone, 0, 2**31 - 1)
    rows = con.execute(
        "SELECT relationship_id, m_peer_quartile FROM wide WHERE today = ? ORDER BY r", [AS_OF]
    ).fetchall()
    assert rows == [(f"r{n}", 1 + n // 2) for n in range(8)] + [("alone", None), ("dark", None)]


def test_a_project_has_a_scorecard_of_its_own() -> None:
    made = started(100, ("Design", 85, 80), ("Build", 41, 50), type="Services engagement", stage="Onboarding")
    made.add("goal", account_id="a1", status="On track", updated_on=ago(10))
    for metric, value in (("budget_planned", 100), ("budget_spent", 110)):
        made.use(metric, month(1), value)
    scores = made.score()
    row, measures = scores.snapshot(), scores.measures("services_engagement")
    assert (row["scorecard"], row["coverage"]) == ("services_engagement", 0.75)
    assert {n: m["score"] for n, m in measures.items() if m["known"]} == {
        "milestones_on_time": 40, "goals_on_track": 100, "budget_burn": pytest.approx(80),
    }  # fmt: skip
    assert row["uncapped"] == pytest.approx((35 * 40 + 25 * 100 + 15 * 80) / 75)


def test_every_metric_that_ships_is_explained_with_its_unit_and_evidence() -> None:
    table = (
        (SHIPPED.parent / "docs" / "scoring.md")
        .read_text()
        .split("## What ships")[1]
        .split("| scorecard |")[0]
    )
    told = {
        name.strip()
        for line in table.splitlines()
        if line.count("|") == 5
        for name in line.split("|")[1].split(",")
    }
    shipped = definitions().metrics.by_name
    assert shipped.keys() == told - {"metric", "---"}
    assert [name for name, metric in shipped.items() if not metric.title] == []
    assert {name for name, metric in shipped.items() if not metric.unit} == {
        "promoter",
        "notice",
        "leaving",
        "acquired",
        "first_value_open",
    }


def test_letters_and_plans_have_an_age_where_nobody_used_the_product_last_month() -> None:
    made = world(ACTIVITY, DOCUMENT)
    letter(made, 12)
    made.add("document", account_id="a1", kind="success plan", modified_on=ago(30))
    assert all_of(made, "letter_age", "plan_age", "engagement") == (12, 30, None)
