"""The worked examples: every row is something that a customer-success team would be hurt by."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from cs_connector.health import explain, levers_for
from cs_connector.health.curves import Curve
from tests.unit.health_tables import AS_OF, Scores, World, definitions, month

pytestmark = [pytest.mark.slow]


def healthy(**relationship: object) -> World:
    """Everything known and good, except tickets."""
    world = World().customer(**relationship).users(80, 80, 80, 76, 76, 76)
    world.use("key_features_used", month(1), 6)
    world.add("person", person_id="boss", account_id="a1", decision_maker=True, active=True)
    world.add("person", person_id="user", account_id="a1", decision_maker=False, active=True)
    world.add("activity", account_id="a1", person_id="boss", two_way=True, at=datetime(2026, 11, 20))
    world.add("goal", account_id="a1", status="On track", updated_on=date(2026, 11, 1))
    world.add(
        "invoice",
        account_id="a1",
        issued_on=date(2026, 1, 1),
        due_on=date(2026, 2, 1),
        paid_on=date(2026, 2, 1),
    )
    for _ in range(2):
        world.answer(10, person_id="user", invited_on=date(2026, 9, 1))
    return world


def card(folder: Path, text: str, name: str) -> Path:
    (folder / "scorecards").mkdir(exist_ok=True)
    (folder / "scorecards" / f"{name}.yml").write_text(text)
    return folder


def test_a_healthy_customer_is_green_and_says_so() -> None:
    row = healthy().score().snapshot()
    assert row["band"] == "green"
    assert row["score"] >= 85
    assert row["override"] is None
    assert row["coverage"] == pytest.approx(1)  # the CSM's judgement was never set: it is left out


@pytest.mark.slow
def test_the_support_lever() -> None:
    """Total 63 with support at 25 and its weight 4/38: four tickets instead of twelve make it 67."""
    world = healthy().tickets(12)
    scores = world.score()
    support = scores.measures()["support_requests"]
    assert support["score"] == pytest.approx(25, abs=0.005)
    assert support["weight"] == pytest.approx(4 / 38)
    before = scores.snapshot()["uncapped"]
    world.rows["ticket"] = world.rows["ticket"][:4]
    scores = world.score()
    assert scores.measures()["support_requests"]["score"] == pytest.approx(63.00, abs=0.005)
    assert scores.snapshot()["uncapped"] - before == pytest.approx(4, abs=0.01)


def test_a_lever_names_the_tickets_that_are_enough() -> None:
    world = healthy().tickets(12)
    scores = world.score()
    target = scores.snapshot()["uncapped"] + 2  # as from 63 to 65
    answer = levers_for(scores.con, definitions(), "r1", target)
    lever = answer["levers"][0]
    assert answer["reachable"]
    assert lever["measure"] == "support_requests"
    assert lever["score_to"] == pytest.approx(44, abs=0.01)
    assert lever["value_to"] == 7
    assert lever["sentence"] == "7 tickets or fewer in 30 days"


def test_a_dear_customer_may_have_more_tickets() -> None:
    world = healthy().tickets(18)
    world.rows["account"][0]["segment"] = "Enterprise"
    assert world.score().measures()["support_requests"]["score"] == pytest.approx(50)


@pytest.mark.parametrize(
    ("curve", "values"),
    [
        (Curve(percentile="rising"), {-1: 0, 0: 0, 0.25: 25, 1: 100, 2: 100}),
        (Curve(percentile="falling"), {0: 100, 0.25: 75, 1: 0}),
        (Curve(z_score="rising"), {-4: 0.135, -1: 15.866, 0: 50, 1: 84.134, 4: 99.865}),
        (Curve(z_score="falling"), {-1: 84.134, 0: 50, 2: 2.275}),
    ],
)
def test_a_percentile_and_a_z_score_are_read_as_they_are(curve: Curve, values: dict[float, float]) -> None:
    assert {x: round(curve.score(x), 3) for x in values} == values
    assert curve.inverse(50) == (0 if curve.z_score else 0.5)


@pytest.mark.parametrize(("renews_in", "published", "override"), [
    (60, 40, "decision_maker_unhappy_renewal"),
    (90, 40, "decision_maker_unhappy_renewal"),
    (91, 74, "decision_maker_unhappy"),
    (300, 74, "decision_maker_unhappy"),
])  # fmt: skip
def test_high_score_fatal_survey(renews_in: int, published: int, override: str) -> None:
    world = healthy(renewal_on=AS_OF + timedelta(days=renews_in))
    world.answer(2, low=1, high=10, person_id="boss", kind="Relationship", days_ago=22)
    scores = world.score()
    row = scores.snapshot()
    assert row["uncapped"] > 74
    assert (row["score"], row["override"], row["cap"]) == (published, override, published)
    assert row["reason"].startswith(f"{row['band'].capitalize()} {published}")
    assert "a decision maker scored 2 of 10 (3 Nov)" in row["reason"]
    assert scores.snapshot(scorecard="usage_only")["band"] == "green"
    account = scores.snapshot("a1", entity="account")
    assert (account["score"], account["override"]) == (published, override)


def test_two_of_ten_counts_on_its_own_scale() -> None:
    world = healthy().answer(2, low=1, high=5, person_id="boss", kind="CSAT")
    assert world.score().metric("decision_maker_score") == 4  # 2 of 5


def test_an_old_answer_of_the_decision_maker_does_not_count() -> None:
    world = healthy().answer(2, person_id="boss", kind="Relationship", days_ago=400)
    assert world.score().snapshot()["override"] is None


@pytest.mark.slow
def test_tickets_weigh_more_as_renewal_nears() -> None:
    def support(renews_in: int, closed: datetime | None) -> float:
        world = healthy(renewal_on=AS_OF + timedelta(days=renews_in))
        world.tickets(3, priority="P1", closed_at=closed)
        return world.score().measures()["urgent_x_renewal"]["score"]

    assert support(200, None) == pytest.approx(70.71, abs=0.005)
    assert support(30, None) == pytest.approx(35.36, abs=0.005)
    assert support(-10, None) == pytest.approx(35.36, abs=0.005)
    assert support(30, datetime(2026, 11, 24)) == 100


def test_a_glowing_champion_without_logins_is_a_contradiction() -> None:
    world = healthy()
    world.rows["usage"] = []
    scores = world.users(5, 5, 5, 5, 5, 5).score()
    row = scores.snapshot()
    assert row["score"] <= 60
    assert row["override"] == "says_not_does"
    assert contradictions(scores) == ["glowing_champion"]


def contradictions(scores: Scores) -> list[str]:
    found = scores.all(
        "SELECT contradiction FROM contradiction WHERE on_date = ? AND known ORDER BY place", [AS_OF]
    )
    return [row["contradiction"] for row in found]


def test_silent_but_busy() -> None:
    world = healthy()
    world.rows["survey_response"] = []
    for _ in range(3):
        world.add("survey_response", account_id="a1", kind="NPS", invited_on=date(2026, 9, 1))
    scores = world.tickets(4).score()
    row = scores.snapshot()
    assert contradictions(scores) == ["silent_but_busy"]
    assert row["override"] == "silent_but_busy"
    assert row["score"] <= 74
    assert "3 surveys unanswered while 4 tickets came in 90 days" in row["reason"]


def test_champion_glows_users_dark() -> None:
    world = healthy()
    world.rows["usage"] = []
    waiting = {"closed_at": None, "waiting_since": datetime(2026, 11, 1)}
    scores = world.users(20, 20, 40, 60, 60, 60).tickets(2, days_ago=30, **waiting).score()
    row = scores.snapshot()
    assert contradictions(scores) == ["champion_dark_users"]
    assert row["override"] == "champion_dark_users"
    assert row["band"] == "red"
    assert "waited since 1 Nov" in row["reason"]


@pytest.mark.slow
def test_lost_feed(tmp_path: Path) -> None:
    """Two equal measures at 90 and 30; the 30 stops arriving."""
    text = """
version: 1
title: Two
measures:
  - {measure: good, group: Survey, metric: nps, weight: 1, curve: {line: [[0, 0], [10, 100]]}, phrase: surveys}
  - {measure: bad, group: Support, metric: support_requests, weight: 1, curve: {line: [[0, 100], [10, 0]]}, phrase: tickets}
"""
    layer = card(tmp_path, text, "iris_two")
    world = World().customer(scorecard="iris_two").answer(9, days_ago=60)
    world.tickets(7, days_ago=30).tickets(7, days_ago=3)
    row = world.score(layer).snapshot()
    assert (row["score"], row["coverage"], row["published"]) == (60, 1, "known")
    world.rows["feed"][0]["watermark"] = datetime(2026, 11, 2)  # read last after 31 October
    row = world.score(layer).snapshot()
    assert row["score"] <= 60
    assert row["published"] == "carried"
    assert row["coverage"] == 0.5
    assert (row["low"], row["high"]) == (pytest.approx(45), pytest.approx(95))
    assert row["known_score"] == 90


@pytest.mark.slow
def test_three_relationships_one_red() -> None:
    world = healthy(product="A", owner_user_id="u1")
    world.customer(relationship="r2", product="B", owner_user_id="u2", notice_on=date(2026, 11, 1))
    world.customer(relationship="r3", product="C", owner_user_id="u3")
    scores = world.score()
    assert scores.snapshot("r2")["band"] == "red"
    assert scores.snapshot("r1")["band"] == "green"
    account = scores.snapshot("a1", entity="account")
    assert (account["band"], account["override"], account["driver"]) == ("red", "notice_given", "Notice")
    told = explain(scores.con, definitions(), "a1")
    worst = told["relationships"][0]
    assert (worst["id"], worst["owner"], worst["band"]) == ("r2", "u2", "red")


def test_a_small_relationship_pulls_its_account_no_lower_than_74() -> None:
    world = healthy(product="A").customer(
        relationship="r2", product="B", arr=9_000, notice_on=date(2026, 11, 1)
    )
    account = world.score().snapshot("a1", entity="account")
    assert (account["score"], account["band"], account["override"]) == (74, "yellow", None)
    assert account["reason"].startswith("Yellow 74:")


def test_a_product_counts_only_for_its_relationship() -> None:
    world = World().customer(product="A").customer(relationship="r2", product="B")
    world.users(80, product="A").tickets(2).tickets(1, product="B")
    scores = world.score()
    assert scores.metric("active_share", "r1") == 0.8
    assert scores.metric("active_share", "r2") is None
    assert (scores.metric("support_requests", "r1"), scores.metric("support_requests", "r2")) == (2, 3)


def test_notice_beats_everything() -> None:
    row = healthy(notice_on=date(2026, 11, 2)).score().snapshot()
    assert (row["score"], row["override"], row["driver"]) == (10, "notice_given", "Notice")
    assert "notice was given on 2 Nov 2026" in row["reason"]


def test_a_notice_of_the_future_does_not_count_yet() -> None:
    assert healthy(notice_on=AS_OF + timedelta(days=1)).score().snapshot()["override"] is None


def test_a_season_is_compared_with_the_same_season() -> None:
    world = healthy()
    world.rows["usage"] = []
    scores = world.users(40, 40, 40, 90, 90, 90, 90, 90, 90, 90, 90, 90, 40, 40, 40).score()
    assert scores.metric("usage_trend") == 1


def test_a_ticket_feed_of_somebody_else_is_no_zero() -> None:
    world = World().customer().users(80)
    world.rows["link"] = [row for row in world.rows["link"] if row["connection"] != "service"]
    scores = world.score()
    assert scores.metric("support_requests") is None
    assert scores.metric("open_p1") is None


def test_an_overdue_invoice_of_weight_caps_the_score() -> None:
    world = healthy()
    world.add("invoice", account_id="a1", issued_on=date(2026, 6, 1), due_on=date(2026, 7, 1), amount=20_000)
    row = world.score().snapshot()
    assert (row["score"], row["override"], row["driver"]) == (45, "overdue_90", "Billing")
    assert "overdue since 1 Jul" in row["reason"]
    assert row["next_step"].startswith("First:")


@pytest.mark.slow
def test_a_judgement_expires_and_stays_for_comparison() -> None:
    world = healthy(csm_judgement="At risk", csm_judgement_on=date(2026, 7, 1))
    row = world.score().snapshot()
    assert row["override"] == "csm_at_risk"  # evidence that expired is carried, not forgotten
    fresh = healthy(csm_judgement="Good", csm_judgement_on=date(2026, 11, 1)).score()
    assert fresh.measures()["csm_judgement"]["score"] == 100


def test_a_trial_has_its_own_scorecard() -> None:
    world = World().customer(type="Trial", status="Active", arr=0)
    for age in range(5):
        on = AS_OF - timedelta(days=age)
        for metric, value in (
            ("active", 1),
            ("key_actions", 2),
            ("key_actions_goal", 4),
            ("people_invited", 3),
        ):
            world.add("usage", account_id="a1", metric=metric, on_date=on, grain="day", value=value)
    row = world.score().snapshot()
    assert row["scorecard"] == "trial"
    assert row["uncapped"] == pytest.approx(0.4 * 100 + 0.4 * 50 + 0.2 * 80)


def test_a_new_customer_is_not_judged_by_its_trend() -> None:
    world = World().customer(stage="Onboarding", start_on=AS_OF - timedelta(days=45)).users(50).tickets(0)
    row = world.score().snapshot()
    assert (row["scorecard"], row["trend"]) == ("new_customer", "New")


def test_a_group_says_who_is_red() -> None:
    world = World()
    for number in range(14):
        notice = date(2026, 11, 1) if number < 2 else None
        world.account(f"a{number}", ultimate_parent_id="a0")
        world.customer(f"a{number}", f"r{number}", notice_on=notice, arr=9_000 if number < 2 else 6_833)
        world.users(80, 80, 80, 80, 80, 80, account=f"a{number}")
    row = world.score().snapshot("a0", entity="group")
    assert row["reason"] == "2 of 14 accounts red, 18 % of revenue"
    assert row["band"] == "green"


def test_several_currencies_are_not_added_up() -> None:
    world = (
        World().account("a1", ultimate_parent_id="a1").account("a2", ultimate_parent_id="a1", currency="JPY")
    )
    world.customer("a1", "r1").customer("a2", "r2", arr=90_000_000, notice_on=date(2026, 11, 1))
    world.users(80, 80, 80, 80, 80, 80)
    assert world.score().snapshot("a1", entity="group")["reason"] == "1 of 2 accounts red"


def test_only_customers_are_scored() -> None:
    world = (
        World()
        .customer()
        .account("a2", customer_status=None)
        .customer("a2", "r2")
        .customer(relationship="r3", status="Ended")
    )
    found = (
        world.users(80).score().all("SELECT DISTINCT entity_id FROM snapshot WHERE entity = 'relationship'")
    )
    assert found == [{"entity_id": "r1"}]


def test_too_little_known_is_unknown_and_never_zero() -> None:
    row = World().customer().score().snapshot()
    assert row["band"] == "unknown"
    assert row["reason"].startswith("Unknown: too little is known")
    nothing = World().customer()
    nothing.rows["feed"] = []
    row = nothing.score().snapshot()
    assert (row["score"], row["coverage"], row["low"], row["high"]) == (None, 0, 0, 100)


def test_what_nobody_has_to_tell_is_not_what_is_missing() -> None:
    """A judgement that was never set is left out; the contact with a decision maker is known."""
    made = World().customer()
    made.add("person", person_id="p1", account_id="a1", decision_maker=True, active=True)
    made.add(
        "activity", account_id="a1", person_id="p1", kind="meeting", two_way=True, at=datetime(2026, 11, 3)
    )
    scores = made.score()
    assert scores.metric("executive_contact") == 22
    assert (
        scores.snapshot()["reason"]
        == "Unknown: too little is known: no current data on Usage, Goals, Survey, Billing."
    )


def test_one_month_of_usage_has_no_trend() -> None:
    scores = World().customer().users(80).score()
    assert scores.metric("usage_trend") is None
    assert scores.metric("usage_change") is None


@pytest.mark.slow
def test_dark_is_not_the_same_as_a_broken_feed() -> None:
    dark = World().customer().users(0, 0, 50, 50, 50, 50).score().snapshot()
    assert (dark["override"], dark["score"]) == ("gone_dark", 35)
    broken = healthy()
    broken.rows["usage"] = [row for row in broken.rows["usage"] if row["on_date"] < month(2)]
    assert broken.score().snapshot()["override"] is None


@pytest.mark.slow
@pytest.mark.parametrize(("days", "override"), [(120, None), (121, "gone_dark")])
def test_onboarding_is_over_when_its_scorecard_is(days: int, override: str | None) -> None:
    """Where the first value is never recorded the stage stays Onboarding for ever, and is no excuse for longer than that."""
    start = AS_OF - timedelta(days=days)
    dark = World().customer(stage="Onboarding", start_on=start).users(0, 0, 50, 50, 50, 50).score()
    assert dark.snapshot()["override"] == override


def test_29_february_has_a_month_of_its_own() -> None:
    world = World(as_of=date(2028, 3, 1)).customer(renewal_on=date(2029, 1, 1)).users(80, 40)
    scores = world.score()
    assert scores.metric("active_share") == 0.8
    ends = [row["on_date"] for row in scores.all("SELECT on_date FROM grid ORDER BY on_date DESC")]
    assert ends[:3] == [date(2028, 3, 1), date(2028, 2, 29), date(2028, 1, 31)]


def test_an_account_is_explained_by_another_scorecard() -> None:
    world = healthy(product="A").customer(relationship="r2", product="B").users(8, 8, product="B")
    scores = world.score()
    told = explain(scores.con, definitions(), "a1", "usage_only")
    found = [scores.snapshot(r, scorecard="usage_only")["score"] for r in ("r1", "r2")]
    assert found[0] != found[1]
    assert (told["id"], told["scorecard"], told["score"]) == ("a1", "usage_only", min(found))


@pytest.mark.slow
def test_explain_adds_up_and_leads_to_the_record() -> None:
    world = healthy().tickets(12)
    world.add(
        "link", entity="ticket", entity_id="ticket-1", connection="service", object="tickets", record_id="77"
    )
    scores = world.score()
    told = explain(scores.con, definitions(), "r1")
    assert sum(m["contribution"] for m in told["measures"]) == pytest.approx(told["uncapped"], abs=1e-9)
    assert told["uncapped"] + told["rounding"] == pytest.approx(told["score"])
    support = next(m for m in told["measures"] if m["measure"] == "support_requests")
    assert support["sources"] == [{"connection": "service", "object": "tickets", "id": "77"}]
    assert (support["title"], support["curve"]) == ("Tickets opened in 30 days", {"half_life": 6.0})
    assert {o["name"] for o in told["overrides"]} >= {"notice_given", "gone_dark"}
    assert not any(o["fired"] for o in told["overrides"])


def test_trend_compares_month_ends() -> None:
    world = healthy()
    world.rows["usage"] = []
    row = world.users(30, 30, 30, 80, 80, 80, 80, 80, 80, 80, 80, 80).score().snapshot()
    assert row["trend"] == "Declining"
    assert row["change_3m"] < -5
