"""Laws of a score that hold whatever the data."""

from __future__ import annotations

import math
import random
from datetime import date, datetime, timedelta
from typing import Any, get_args

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from cs_connector.health import slopes
from cs_connector.health.curves import Curve, Point, Way
from cs_connector.language.executor import Connection, connect, sql
from cs_connector.language.expression import parse
from cs_connector.language.lowering import lower
from cs_connector.measure import linked as links
from tests.unit.health_tables import AS_OF, Scores, World, definitions, month

BETTER = {"unknown": 0, "red": 0, "yellow": 1, "green": 2}
SLOW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    if draw(st.booleans()):
        way = st.sampled_from(get_args(Way))
        named = (
            st.builds(Curve, half_life=st.floats(0.1, 100)),
            st.builds(Curve, percentile=way),
            st.builds(Curve, z_score=way),
        )
        return draw(st.one_of(*named))
    xs = sorted(draw(st.lists(st.integers(-50, 50), min_size=2, max_size=6, unique=True)))
    ys = sorted(
        draw(st.lists(st.floats(0, 100), min_size=len(xs), max_size=len(xs))), reverse=draw(st.booleans())
    )
    points: tuple[Point, ...] = tuple((float(x), y) for x, y in zip(xs, ys, strict=True))
    return Curve(line=points) if draw(st.booleans()) else Curve(steps=points)


@given(curves(), st.floats(-100, 100), st.floats(-100, 100))
def test_curves_are_monotone_and_bounded(curve: Curve, a: float, b: float) -> None:
    low, high = sorted((a, b))
    first, second = curve.score(low), curve.score(high)
    assert 0 <= min(first, second) <= max(first, second) <= 100 + 1e-9
    assert first >= second - 1e-9 if curve.falling else first <= second + 1e-9


@given(curves(), st.floats(0, 100))
def test_the_inverse_of_a_curve_is_enough(curve: Curve, score: float) -> None:
    value = curve.inverse(score)
    assume(value is not None and math.isfinite(value))
    assert value is not None
    assert curve.score(value) >= score - 1e-6


@settings(max_examples=40, deadline=None)
@given(curves(), st.one_of(st.none(), st.floats(-100, 100)))
def test_a_curve_means_the_same_in_sql(curve: Curve, value: float | None) -> None:
    tree = sql(slopes.tree(curve, exp.column("v")))
    with connect(threads=1) as con:
        found = con.execute(f"SELECT {tree} FROM (SELECT ?::DOUBLE AS v)", [value]).fetchone()
    assert found is not None
    assert found[0] is None if value is None else found[0] == pytest.approx(curve.score(value), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(-10, 10)), min_size=3, max_size=3),
    st.sampled_from(["least", "greatest"]),
)
def test_null_in_least_and_greatest_gives_null(values: list[float | None], function: str) -> None:
    tree = lower(parse(f"{function}(a, b, c)", {"a", "b", "c"}).tree).sql("duckdb")
    with connect(threads=1) as con:
        query = f"SELECT {tree} FROM (SELECT ?::DOUBLE AS a, ?::DOUBLE AS b, ?::DOUBLE AS c)"
        found = con.execute(query, values).fetchone()
    known = [v for v in values if v is not None]
    expected = None if len(known) < len(values) else (min if function == "least" else max)(known)
    assert found == (expected,)


def company(seed: int, accounts: int = 30) -> World:
    """Customers with anything known or not."""
    pick, world = random.Random(seed), World()
    for number in range(accounts):
        _customer(world, pick, f"a{number}", f"r{number}")
    return world


def _customer(world: World, pick: random.Random, account: str, relationship: str) -> None:
    notice = AS_OF - timedelta(days=9) if pick.random() < 0.1 else None
    renewal = AS_OF + timedelta(days=pick.randint(-50, 400))
    world.customer(account, relationship, notice_on=notice, renewal_on=renewal, csm_judgement=pick.choice(["Good", "At risk", None]),
                   csm_judgement_on=AS_OF - timedelta(days=pick.randint(0, 120)))  # fmt: skip
    world.add("person", person_id=f"p{account}", account_id=account, decision_maker=True, active=True)
    if pick.random() < 0.8:
        world.users(*(pick.randint(0, 100) for _ in range(pick.randint(1, 15))), account=account)
        world.use("key_features_used", month(1), pick.randint(0, 10), account)
    for _ in range(pick.randint(0, 4)):
        days, closed = pick.randint(0, 200), pick.choice([None, datetime(2026, 11, 24)])
        world.tickets(
            1, days_ago=days, account=account, priority=pick.choice(["P1", "High", "Low"]), closed_at=closed
        )
    for _ in range(pick.randint(0, 4)):
        days, person = pick.randint(0, 200), pick.choice([f"p{account}", f"q{account}"])
        invited = AS_OF - timedelta(days=days + 2)
        world.answer(
            pick.randint(0, 10), days_ago=days, account_id=account, person_id=person, invited_on=invited
        )
    if pick.random() < 0.7:
        due = AS_OF - timedelta(days=pick.randint(-10, 120))
        world.add(
            "invoice",
            account_id=account,
            issued_on=date(2026, 1, 1),
            due_on=due,
            amount=pick.randint(1, 50_000),
        )


def relationships(scores: Scores) -> dict[tuple[str, str], dict[str, Any]]:
    rows = scores.all("SELECT * FROM snapshot WHERE entity <> 'group' AND on_date = ?", [scores.as_of])
    return {
        (row["entity_id"], row["scorecard"]): row
        for row in rows
        if row["main"] or row["entity"] == "relationship"
    }


@pytest.mark.slow
@SLOW
@given(st.integers(0, 10_000))
def test_scores_add_up_and_stay_in_bounds(seed: int) -> None:
    scores = company(seed).score()
    for row in scores.all("SELECT * FROM snapshot"):
        assert row["score"] is None or 0 <= row["score"] <= 100
        assert row["cap"] is None or row["score"] is None or row["score"] <= row["cap"]
        assert row["low"] is None or 0 <= row["low"] <= row["high"] + 1e-9 <= 100 + 1e-9
        assert (row["score"] is None) == (row["uncapped"] is None)
        assert row["reason"] is None or len(row["reason"]) <= 255
    for row in scores.all(
        """SELECT s.uncapped, m.total, m.weight FROM snapshot AS s JOIN (SELECT relationship_id, scorecard, on_date,
        sum(contribution) AS total, sum(weight) AS weight FROM measure_score GROUP BY ALL) AS m
        ON m.relationship_id = s.entity_id AND m.scorecard = s.scorecard AND m.on_date = s.on_date
        WHERE s.uncapped IS NOT NULL"""
    ):
        assert row["total"] == pytest.approx(row["uncapped"], abs=1e-9)
        assert row["weight"] == pytest.approx(1)


SILENCES = ["usage", "survey_response", "invoice", "person", "activity", "feed", "link", "csm_judgement"]


@pytest.mark.slow
@SLOW
@example(0, "usage", False)  # an old good judgement must not hide what went dark
@given(st.integers(0, 10_000), st.sampled_from(SILENCES), st.booleans())
def test_silence_never_improves_a_score(seed: int, lost: str, twice: bool) -> None:
    """A whole feed, link, permission or field goes: the score is not higher, nor its lower bound, nor its band."""
    world = company(seed)
    before = world.score()
    first = relationships(before)
    remembered = before.con.sql(
        "SELECT relationship_id, account_id, metric, on_date, value FROM metric_value WHERE known"
    ).to_arrow_table()
    _silence(world, lost)
    if twice:
        _silence(world, "link")
    con = world.connection()
    con.execute(
        "CREATE TABLE metric_before (relationship_id VARCHAR, account_id VARCHAR, metric VARCHAR, on_date DATE, value DOUBLE)"
    )
    con.register("remembered", remembered)
    con.execute("INSERT INTO metric_before SELECT * FROM remembered")
    second = relationships(world.score(con=con))
    for key, row in first.items():
        now = second[key]
        assert now["score"] is None or row["score"] is None or now["score"] <= row["score"], (key, lost)
        assert now["low"] <= row["low"] + 1e-9
        assert BETTER[now["band"]] <= BETTER[row["band"]]


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["feed", "link", "usage"])
def test_what_fell_silent_is_remembered_night_after_night(lost: str) -> None:
    """Each night has only what the night before left: what was known three nights ago counts as much as the night after."""
    world = company(0)
    left = _night(world, None)
    first = relationships(world.score())
    _silence(world, lost)
    for nights in (1, 2, 3):
        world.as_of = AS_OF + timedelta(days=nights)
        con = world.connection()
        left = _night(world, left, con)
        for key, row in relationships(Scores(con, world.as_of)).items():
            was = first[key]
            assert row["score"] is None or was["score"] is None or row["score"] <= was["score"], (nights, key)
            assert (
                row["coverage"] is None
                or was["coverage"] is None
                or row["coverage"] <= was["coverage"] + 1e-9
            )


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["usage", "feed", "link"])
def test_the_month_before_does_not_stand_for_a_bad_one_that_was_heard(lost: str) -> None:
    """In the first days of a month the one before the last may count, but not once the last was there and fell silent."""
    world = World(as_of=date(2026, 12, 4))
    world.customer(csm_judgement="Good", csm_judgement_on=date(2026, 11, 20))
    world.users(10, *[90] * 14)
    left = _night(world, None)
    [heard] = [row for row in relationships(world.score()).values() if row["entity"] == "account"]
    _silence(world, lost)
    con = world.connection()
    _night(world, left, con)
    [silent] = [row for row in relationships(Scores(con, world.as_of)).values() if row["entity"] == "account"]
    assert silent["score"] <= heard["score"]
    assert silent["low"] <= heard["low"]
    assert BETTER[silent["band"]] <= BETTER[heard["band"]]


@pytest.mark.slow
@SLOW
@given(st.integers(0, 10_000))
def test_one_of_two_service_desks_that_falls_silent_improves_no_score(seed: int) -> None:
    """Some accounts lose their link to the second desk, and with it its tickets; the first one goes on, two nights long."""
    heard_all, world, pick = _two_desks(seed), _two_desks(seed), random.Random(seed)
    con = world.connection()
    left, linked = _night(world, None, con), _linked(con, world)
    full = left
    lost = {row["account_id"] for row in world.rows["account"] if pick.random() < 0.5}
    world.rows["link"] = [
        row for row in world.rows["link"] if row["connection"] != "desk" or row["entity_id"] not in lost
    ]
    world.rows["ticket"] = [
        row for row in world.rows.get("ticket", []) if row["account_id"] not in lost or pick.random() < 0.5
    ]
    for night in range(2):
        world.as_of = heard_all.as_of = AS_OF + timedelta(days=night)
        full, every = _heard(heard_all, full, None)
        left, some = _heard(world, left, linked)
        linked = _linked(some, world)
        first = relationships(Scores(every, world.as_of))
        for key, row in relationships(Scores(some, world.as_of)).items():
            was = first[key]
            assert row["score"] is None or was["score"] is None or row["score"] <= was["score"], (night, key)
            assert BETTER[row["band"]] <= BETTER[was["band"]]


def _heard(world: World, left: pa.Table, linked: pa.Table | None) -> tuple[pa.Table, Connection]:
    """A night that knows of the links of before."""
    con = world.connection()
    if linked is not None:
        con.register("links of before", linked)
        con.execute(f'CREATE TABLE {links.BEFORE} AS FROM "links of before"')
    return _night(world, left, con), con


def _two_desks(seed: int) -> World:
    world = company(seed)
    noon = datetime.combine(world.as_of + timedelta(days=9), datetime.min.time())
    for feed in world.rows["feed"]:
        feed["watermark"] = noon
    world.add("feed", entity="ticket", connection="desk", complete=True, watermark=noon)
    for row in world.rows["account"]:
        account = row["account_id"]
        world.add(
            "link", entity_id=account, entity="account", connection="desk", object="x", record_id=account
        )
    return world


def _linked(con: Connection, world: World) -> pa.Table:
    return con.sql(links.left(con, world.as_of)).to_arrow_table()


def _night(world: World, before: pa.Table | None, con: Connection | None = None) -> pa.Table:
    """A run after one that left `before`; gives what it leaves."""
    con = con or world.connection()
    if before is not None:
        con.register("remembered", before)
        con.execute("CREATE TABLE metric_before AS SELECT * FROM remembered")
    world.score(con=con)
    return con.sql("FROM metric_value UNION ALL BY NAME FROM metric_past").to_arrow_table()


def _silence(world: World, lost: str) -> None:
    if lost == "csm_judgement":
        for row in world.rows["relationship"]:
            row["csm_judgement"] = None
    else:
        world.rows[lost] = []


@pytest.mark.slow
@SLOW
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_show(seed: int, order: random.Random) -> None:
    world = company(seed)
    query = "SELECT * FROM snapshot ORDER BY ALL"
    first = world.score().all(query)
    for rows in world.rows.values():
        order.shuffle(rows)
    assert world.score().all(query) == first


@pytest.mark.slow
def test_buckets_do_not_show() -> None:
    from cs_connector.health import run

    world, query = company(7), "SELECT * FROM snapshot ORDER BY ALL"
    whole = world.score().all(query)
    con = world.connection()
    run(con, AS_OF, definitions(), bucket=5)
    assert Scores(con, AS_OF).all(query) == whole
