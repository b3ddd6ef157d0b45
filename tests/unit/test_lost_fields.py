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
