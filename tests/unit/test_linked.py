"""What a run knows of links that were lost before it: those that nobody undid, for half a year."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from cs_connector.language.executor import Connection
from cs_connector.measure import linked
from cs_connector.runner import Engine
from cs_connector.runner.identity.decisions import decide
from cs_connector.runner.scorecards import earlier
from tests.unit.engine_kit import engine_of

BOTH = [("a1", "crm", "r1"), ("a1", "desk", "d1"), ("a2", "desk", "d2")]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_of(object(), tmp_path) as opened:
        yield opened


@contextmanager
def night(engine: Engine, *links: tuple[str, str, str], day: date) -> Iterator[Connection]:
    """The links of a run, published as unify does, and what it knows of those before it."""
    values = ", ".join(
        f"('{account}', 'account', '{where}', 'x', '{record}')" for account, where, record in links
    )
    named = f"FROM (VALUES {values}) t(entity_id, entity, connection, object, record_id)"
    with engine.tables() as con:
        con.execute(f"CREATE TABLE link AS {named}")
        engine.publish(
            con,
            {"entity/link": "SELECT *, 'explicit id' AS method, 1.0 AS confidence, '' AS evidence FROM link"},
        )
        earlier.attach(engine, con)
        linked.lay(con, day)
        yield con


def silent(con: Connection) -> list[tuple[str, ...]]:
    return con.execute("SELECT account_id, connection FROM linked WHERE silent ORDER BY ALL").fetchall()


def left(engine: Engine, *links: tuple[str, str, str]) -> None:
    with night(engine, *links, day=engine.as_of) as con:
        earlier.keep(engine, con)


@pytest.mark.parametrize(("days", "known"), [(1, True), (180, True), (181, False)])
def test_a_lost_link_is_known_for_half_a_year_night_after_night(
    engine: Engine, days: int, known: bool
) -> None:
    left(engine, *BOTH)
    left(engine, BOTH[0], BOTH[2])
    with night(engine, BOTH[0], BOTH[2], day=engine.as_of + timedelta(days=days)) as con:
        assert silent(con) == [("a1", "desk")] * known


def test_another_record_of_the_same_system_is_no_loss(engine: Engine) -> None:
    left(engine, *BOTH)
    with night(engine, BOTH[0], ("a1", "desk", "merged"), BOTH[2], day=engine.as_of) as con:
        assert silent(con) == []


def test_what_a_person_parted_did_not_fall_silent(engine: Engine) -> None:
    left(engine, *BOTH)
    decide(engine, "unlink", "desk/x/d1", "crm/x/r1", "another company")
    with night(engine, BOTH[0], day=engine.as_of) as con:
        assert silent(con) == [("a2", "desk")]


def test_a_past_that_is_computed_today_leaves_no_links(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "as_of", engine.as_of - timedelta(days=30))
    left(engine, *BOTH)
    assert engine.store.facts.files(earlier.LINKED) == []


def test_a_run_of_a_past_day_keeps_what_earlier_ones_measured_after_it(engine: Engine) -> None:
    day = date(2026, 8, 31)
    rows = [
        ("a", day, 1.0),
        ("a", date(2026, 9, 30), 2.0),
        ("a", date(2026, 10, 31), None),
        ("b", date(2026, 10, 31), 3.0),
    ]
    with engine.tables() as con:
        con.execute(
            "CREATE TABLE metric_before(relationship_id VARCHAR, account_id VARCHAR, metric VARCHAR, on_date DATE, value DOUBLE)"
        )
        con.executemany(
            "INSERT INTO metric_before VALUES (?, ?, 'm', ?, ?)",
            [(who, who, on, value) for who, on, value in rows],
        )
        found = con.execute(f"SELECT account_id, on_date, value FROM ({earlier.later(day)})").fetchall()
    assert found == [rows[1], rows[3]]
