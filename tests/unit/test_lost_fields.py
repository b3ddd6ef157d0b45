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
