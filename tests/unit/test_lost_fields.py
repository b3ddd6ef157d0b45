"""A fatal fact does not end because nobody tells it any more: a field that is lost is no word of the customer's."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from cs_connector.language.executor import Connection
from tests.unit.health_tables import AS_OF, Scores, World

NOON = datetime.combine(AS_OF, datetime.min.time())


def world(notice: date | None, *, complete: bool = True, read: bool = True) -> World:
    """One who uses the product well; their subscriptions are read from the service, or are not."""
    made = World().customer(notice_on=notice).users(90, 90)
    made.add(
        "feed",
        entity="subscription",
        connection="service",
        complete=complete,
        watermark=NOON if read else None,
    )
    return made


def after(first: Scores, made: World) -> Connection:
    """The tables of a later run, which remembers what the first one measured."""
    rows = first.con.sql(
        "SELECT relationship_id, account_id, metric, on_date, value FROM metric_value WHERE known"
    ).to_arrow_table()
    con = made.connection()
    con.register("remembered", rows)
    con.execute("CREATE TABLE metric_before AS FROM remembered")
    return con


@pytest.mark.slow
def test_a_notice_outlives_the_field_that_told_it() -> None:
    first = world(AS_OF - timedelta(days=9)).score()
    assert first.snapshot()["override"] == "notice_given"
    lost = world(None, complete=False)
    second = lost.score(con=after(first, lost))
    assert second.metric("notice") is None
    assert (second.snapshot()["override"], second.snapshot()["score"]) == ("notice_given", 10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "notice"),
    [
        (world(None), 0),
        (world(None, complete=False), None),
        (world(AS_OF, complete=False), 1),  # what is told is known all the same
        (world(None, complete=False, read=False), 0),  # nothing ever came from there
        (World().customer(), 0),
    ],
)
def test_no_notice_is_known_where_all_subscriptions_were_read(made: World, notice: float | None) -> None:
    assert made.score().metric("notice") == notice


@pytest.mark.slow
def test_an_acquisition_outlives_the_feed_that_told_it() -> None:
    """Calls go on meanwhile: `leaving` is a known 0."""
    told = World().customer().users(90, 90)
    told.add("lifecycle_event", account_id="a1", kind="Acquired", on_date=AS_OF - timedelta(days=9))
    first = told.score()
    assert (first.snapshot()["override"], first.snapshot()["score"]) == ("leaving_uncontrollable", 20)
    lost = World().customer().users(90, 90)
    lost.add("feed", entity="lifecycle_event", connection="service", complete=False, watermark=NOON)
    second = lost.score(con=after(first, lost))
    assert (second.metric("acquired"), second.metric("leaving")) == (None, 0)
    assert (second.snapshot()["override"], second.snapshot()["score"]) == ("leaving_uncontrollable", 20)


@pytest.mark.slow
@pytest.mark.parametrize(("arr", "override"), [(None, "gone_dark"), (0, None)])
def test_revenue_that_nobody_tells_lets_go_of_no_dark_customer(arr: int | None, override: str | None) -> None:
    dark = World().customer(arr=arr).users(0, 0, 50, 50, 50, 50).score().snapshot()
    assert dark["override"] == override


@pytest.mark.slow
def test_a_late_onboarding_outlives_the_day_that_it_began() -> None:
    made = World().customer(start_on=AS_OF - timedelta(days=200)).users(90, 90)
    made.add("feed", entity="lifecycle_event", connection="service", complete=True, watermark=NOON)
    begun = AS_OF - timedelta(days=190)
    made.add("lifecycle_event", account_id="a1", relationship_id="r1", kind="Onboarding", on_date=begun)
    first = made.score()
    made.rows["relationship"][0]["start_on"] = None
    second = made.score(con=after(first, made))
    assert second.metric("first_value_open") is None
    for scores in (first, second):
        assert (scores.snapshot()["override"], scores.snapshot()["score"]) == ("onboarding_late", 60)


@pytest.mark.slow
def test_a_champion_who_left_is_not_back_because_the_field_that_told_it_is_gone() -> None:
    made = World().customer().users(90, 90)
    made.add("feed", entity="person", connection="service", complete=True, watermark=NOON)
    left = {"left_on": AS_OF - timedelta(days=40), "was_champion": True}
    made.add("person", person_id="p1", account_id="a1", champion=True, active=False, **left)
    first = made.score()
    made.rows["person"][0]["left_on"] = None
    made.rows["feed"][-1]["complete"] = False
    second = made.score(con=after(first, made))
    assert [scores.metric("champion_gone_days") for scores in (first, second)] == [40, None]
    for scores in (first, second):
        assert (scores.snapshot()["override"], scores.snapshot()["score"]) == ("champion_left", 70)


@pytest.mark.slow
def test_urgent_tickets_weigh_what_they_did_where_the_renewal_is_lost() -> None:
    made = world(None).tickets(3, priority="P1", status="New", closed_at=None)
    made.rows["relationship"][0]["renewal_on"] = AS_OF + timedelta(days=30)
    first = made.score()
    assert first.metric("urgent_x_renewal") == 9
    made.rows["relationship"][0]["renewal_on"] = None
    assert made.score().metric("urgent_x_renewal") == 6, "nobody ever told it, and all was read"
    made.rows["feed"][-1]["complete"] = False
    second = made.score(con=after(first, made))
    assert second.metric("urgent_x_renewal") is None
    assert second.snapshot()["score"] <= first.snapshot()["score"]


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["decision_maker", "person_id"])
def test_who_decides_counts_twice_or_is_not_known(lost: str) -> None:
    made = World().customer().users(90, 90).answer(2, person_id="p1").answer(10, person_id="p2")
    for entity in ("person", "survey_response"):
        made.add("feed", entity=entity, connection="service", complete=True, watermark=NOON)
    for person, decides in (("p1", True), ("p2", False)):
        made.add("person", person_id=person, account_id="a1", decision_maker=decides, active=True)
    first = made.score()
    assert first.metric("nps") == pytest.approx(14 / 3)
    entity, place = ("person", -2) if lost == "decision_maker" else ("survey_response", -1)
    for row in made.rows[entity]:
        row[lost] = None
    assert made.score().metric("nps") == 6, "nobody is known to decide, and all was read"
    made.rows["feed"][place]["complete"] = False
    second = made.score(con=after(first, made))
    assert second.metric("nps") is None
    assert second.snapshot()["score"] <= first.snapshot()["score"]


@pytest.mark.slow
def test_a_dark_customer_stays_dark_where_the_start_is_lost() -> None:
    made = (
        World().customer(stage="Onboarding", start_on=AS_OF - timedelta(days=400)).users(0, 0, 50, 50, 50, 50)
    )
    first = made.score()
    made.rows["relationship"][0]["start_on"] = None
    second = made.score(con=after(first, made))
    assert [scores.snapshot()["override"] for scores in (first, second)] == ["gone_dark"] * 2
    assert made.score().snapshot()["override"] is None, "of whom nobody ever knew since when, nobody knows"


def before(con: Connection, scores: Scores) -> Connection:
    """With the snapshots of an earlier run."""
    con.register("remembered_scores", scores.con.sql("SELECT * FROM snapshot").to_arrow_table())
    con.execute("CREATE TEMP VIEW snapshot_before AS SELECT * FROM remembered_scores")
    return con


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "stage", "card"),
    [
        (60, "Onboarding", "new_customer"),
        (200, "Onboarding", "standard"),
        (60, "First Value", "standard"),  # what is known decides
    ],
)
def test_a_lost_start_moves_nobody_to_another_scorecard(days: int, stage: str, card: str) -> None:
    made = World().customer(stage="Onboarding", start_on=AS_OF - timedelta(days=days)).users(90, 90)
    first = made.score()
    made.rows["relationship"][0] |= {"start_on": None, "stage": stage}
    made.add("feed", entity="subscription", connection="service", complete=False, watermark=NOON)
    second = made.score(con=before(after(first, made), first))
    assert second.snapshot()["scorecard"] == card


@pytest.mark.slow
def test_a_start_that_somebody_emptied_is_as_if_it_had_never_been() -> None:
    made = World().customer(stage="Onboarding", start_on=AS_OF - timedelta(days=60)).users(90, 90)
    made.add("feed", entity="subscription", connection="service", complete=True, watermark=NOON)
    first = made.score()
    made.rows["relationship"][0] |= {"start_on": None}
    second = made.score(con=before(after(first, made), first))
    assert first.snapshot()["scorecard"] == "new_customer"
    assert second.snapshot()["scorecard"] == made.score().snapshot()["scorecard"] == "standard"
