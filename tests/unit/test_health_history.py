"""When a band began, and which bands moved: what the run before said is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import pytest

from cs_connector.health import Outcome, run
from cs_connector.health.history import publish
from cs_connector.language.executor import Connection, connect
from cs_connector.measure.evaluate import grid
from tests.unit.health_tables import World, definitions

Row = tuple[str, str, str, bool, date, str, date, str]
RAW = """entity VARCHAR, entity_id VARCHAR, account_id VARCHAR, scorecard VARCHAR, main BOOLEAN, on_date DATE,
    score INTEGER, band VARCHAR, uncapped DOUBLE, coverage DOUBLE, low DOUBLE, high DOUBLE, published VARCHAR,
    known_score INTEGER, known_band VARCHAR, cap INTEGER, override VARCHAR, cap_unsure VARCHAR"""
WORDS = "relationship_id, name, scorecard, reason, driver, next_step, override_reason"
OTHERS = {
    "words": ", ".join(f"NULL::VARCHAR AS {name}" for name in WORDS.split(", ")),
    "binding": "NULL::VARCHAR AS account_id, NULL::DATE AS on_date, NULL::VARCHAR AS entity_id, NULL::VARCHAR AS note, FALSE AS several",
    "grouped": "NULL::VARCHAR AS parent, NULL::DATE AS on_date, 0 AS accounts, 0 AS reds, FALSE AS one_currency, "
    "0 AS red_weight, 0 AS weight",
}


def remembered(con: Connection) -> list[Row]:
    """What the next run will see of these snapshots."""
    query = "SELECT entity, entity_id, scorecard, main, on_date, band, band_since, account_id FROM snapshot"
    return [tuple(row) for row in con.execute(query).fetchall()]


def remember(con: Connection, rows: Iterable[Row]) -> None:
    con.execute(
        "CREATE TABLE earlier (entity VARCHAR, entity_id VARCHAR, scorecard VARCHAR, main BOOLEAN, on_date DATE, "
        "band VARCHAR, band_since DATE, account_id VARCHAR)"
    )
    for row in rows:
        con.execute("INSERT INTO earlier VALUES (?, ?, ?, ?, ?, ?, ?, ?)", list(row))
    con.execute("CREATE TEMP VIEW snapshot_before AS SELECT * FROM earlier")


def raw(con: Connection, as_of: date = date(2026, 11, 25)) -> None:
    """The tables that a history is made of; no score yet."""
    con.execute(f"CREATE TABLE snapshot_raw ({RAW})")
    con.execute("CREATE TABLE grid (on_date DATE)")
    con.executemany("INSERT INTO grid VALUES (?)", [[day] for day in grid(as_of)])
    for table, columns in OTHERS.items():
        con.execute(f"CREATE TABLE {table} AS SELECT {columns} WHERE FALSE")


def history(
    as_of: date,
    newest_first: str,
    before: Iterable[Row] = (),
    scorecard: str = "standard",
    entity: str = "account",
) -> list[Row]:
    """The snapshots of one account, or relationship, whose bands on the grid are the letters g, y and r."""
    names = {"g": "green", "y": "yellow", "r": "red"}
    with connect("200MB", threads=1) as con:
        raw(con, as_of)
        for day, letter in zip(grid(as_of), newest_first, strict=True):
            con.execute(
                "INSERT INTO snapshot_raw BY NAME SELECT $entity AS entity, 'a1' AS entity_id, 'a1' AS account_id, TRUE AS main, "
                "$card AS scorecard, $day AS on_date, $band AS band",
                {"entity": entity, "card": scorecard, "day": day, "band": names[letter]},
            )
        if before:
            remember(con, before)
        publish(con, last=True)
        return remembered(con)


def since(rows: list[Row]) -> date:
    """The start of the band at the newest date."""
    return max(rows, key=lambda row: row[4])[6]


def test_a_band_that_began_since_the_month_end_keeps_its_date() -> None:
    first = history(date(2026, 11, 25), "ygggggg")
    assert since(first) == date(2026, 11, 25)
    second = history(date(2026, 11, 26), "ygggggg", first)
    assert since(second) == date(2026, 11, 25)
    december = history(date(2026, 12, 1), "yyggggg", second)
    assert [row[6] for row in sorted(december, key=lambda row: row[4])[-2:]] == [date(2026, 11, 25)] * 2


def test_a_band_older_than_the_grid_does_not_jump_at_the_month_end() -> None:
    first = history(date(2026, 11, 25), "ggggggg")
    assert since(first) == date(2026, 5, 31)
    assert since(history(date(2026, 12, 1), "ggggggg", first)) == date(2026, 5, 31)


def test_a_new_band_begins_today() -> None:
    first = history(date(2026, 11, 25), "ygggggg")
    assert since(history(date(2026, 11, 26), "rgggggg", first)) == date(2026, 11, 26)


def test_an_earlier_start_that_was_learned_of_counts() -> None:
    first = history(date(2026, 11, 25), "ygggggg")
    assert since(history(date(2026, 11, 26), "yyygggg", first)) == date(2026, 9, 30)


def test_a_band_that_was_left_and_found_again_between_two_runs_begins_anew() -> None:
    first = history(date(2026, 11, 25), "ggggggg")
    assert since(history(date(2026, 12, 5), "grggggg", first)) == date(2026, 12, 5)


def test_a_scorecard_that_was_tried_and_taken_back_leaves_nothing_behind() -> None:
    day = date(2026, 11, 25)
    first = history(day, "ggrgggg")
    tried = history(day, "ggggggg", first)
    assert since(tried) == date(2026, 5, 31)
    assert since(history(day, "ggrgggg", tried)) == since(first) == date(2026, 10, 31)


def test_another_scorecard_of_a_relationship_says_nothing_of_this_one() -> None:
    first = history(date(2026, 11, 25), "ygggggg", scorecard="usage_only", entity="relationship")
    assert since(history(date(2026, 11, 26), "ygggggg", first, entity="relationship")) == date(2026, 11, 26)


def test_a_run_for_a_later_date_says_nothing_of_an_earlier_one() -> None:
    later = history(date(2026, 11, 26), "ygggggg")
    assert since(history(date(2026, 11, 25), "ygggggg", later)) == date(2026, 11, 25)
    assert since(history(date(2026, 11, 25), "ggggggg", later)) == date(2026, 5, 31)


def scored(as_of: date, tickets: int, before: Iterable[Row] | None = None) -> tuple[Outcome, list[Row]]:
    """One account, scored with so many urgent tickets."""
    world = World(as_of=as_of).customer().users(80, 80, 80, 76, 76, 76).answer(10)
    world.tickets(tickets, priority="Critical", status="New", closed_at=None)
    con = world.connection()
    if before is not None:
        remember(con, before)
    return run(con, as_of, definitions()), remembered(con)


@pytest.fixture(scope="module")
def yesterday() -> tuple[Outcome, list[Row]]:
    return scored(date(2026, 11, 25), 40)


def test_nothing_moved_in_the_first_run(yesterday: tuple[Outcome, list[Row]]) -> None:
    outcome, rows = yesterday
    latest = sorted((row[4], row[5]) for row in rows if row[0] == "account")[-2:]
    assert len({band for _, band in latest}) == 2  # although the last month end had another band
    assert (outcome.computed, outcome.moved_band) == (1, 0)


@pytest.mark.slow
def test_only_what_the_run_before_called_otherwise_moved(yesterday: tuple[Outcome, list[Row]]) -> None:
    _, rows = yesterday
    same, again = scored(date(2026, 11, 26), 40, rows)
    better, _ = scored(date(2026, 11, 27), 0, again)
    assert (same.moved_band, better.moved_band) == (0, 1)


def test_a_run_for_a_later_date_does_not_count_as_moved(yesterday: tuple[Outcome, list[Row]]) -> None:
    _, rows = yesterday
    later = [row for row in rows if row[4] == date(2026, 11, 25)]
    outcome, _ = scored(date(2026, 11, 24), 0, later)
    assert outcome.moved_band == 0


@pytest.mark.parametrize(
    ("newest_first", "trend"),
    [
        ((60, 60, 60, 60, 50, 50, 50), "Improving"),
        ((60, 60, 60, 60), "Steady"),
        ((60, 60, 60), "New"),
        ((60, None, 60, 60, 60, 60, 60), None),
        ((60, 60, 60, None, None, 60, 60), None),
    ],
    ids=["better", "three month ends", "two month ends", "last one unknown", "nothing to compare with"],
)
def test_a_month_end_without_a_score_makes_no_old_customer_new(
    newest_first: Sequence[int | None], trend: str | None
) -> None:
    with connect("200MB", threads=1) as con:
        raw(con)
        for day, score in zip(grid(date(2026, 11, 25)), newest_first, strict=False):
            con.execute(
                "INSERT INTO snapshot_raw BY NAME SELECT 'account' AS entity, 'a1' AS entity_id, 'a1' AS account_id, TRUE AS main, "
                "'standard' AS scorecard, $day AS on_date, $score AS score, 'yellow' AS band",
                {"day": day, "score": score},
            )
        publish(con, last=True)
        assert con.execute("SELECT trend FROM snapshot ORDER BY on_date DESC").fetchone() == (trend,)


def lined(entity: str, ends: Sequence[tuple[str, int | None]]) -> tuple[date, str | None, int | None]:
    """Since when the band lasts, the trend and the change of somebody with these scorecards and scores, the newest first."""
    with connect("200MB", threads=1) as con:
        raw(con)
        for day, (card, score) in zip(grid(date(2026, 11, 25)), ends, strict=False):
            con.execute(
                "INSERT INTO snapshot_raw BY NAME SELECT $entity AS entity, 'a1' AS entity_id, 'a1' AS account_id, TRUE AS main, "
                "$card AS scorecard, $day AS on_date, $score AS score, 'yellow' AS band",
                {"entity": entity, "card": card, "day": day, "score": score},
            )
        publish(con, last=True)
        ((since, trend, change),) = con.execute(
            "SELECT band_since, trend, change_3m FROM snapshot WHERE on_date = DATE '2026-11-25'"
        ).fetchall()
        return since, trend, change


@pytest.mark.parametrize("entity", ["account", "group"])
def test_an_account_goes_on_where_a_relationship_of_another_scorecard_decides(entity: str) -> None:
    decided = [("trial", 60), ("standard", 60), *[("standard", 70)] * 5]
    assert lined(entity, decided) == (date(2026, 5, 31), "Declining", -10)


def test_a_change_over_three_months_is_none_over_two() -> None:
    one = "standard"
    assert lined("account", [(one, 60), (one, 60), (one, 60), (one, 66), (one, None), (one, 70)])[1:] == (
        None,
        None,
    )
    assert lined("account", [(one, 60), (one, 60), (one, 60), (one, 66)])[1:] == ("Declining", -6), (
        "it began then"
    )
