"""The health of customers at a month's end is kept in the CRM: written once, never again, and taken away when it is old."""

from __future__ import annotations

import calendar
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_connector.act import plan
from cs_connector.act.differences import comparing
from cs_connector.act.plan import Planned
from cs_connector.act.wanted import snapshots
from cs_connector.store.state import State
from cs_connector.testing import FixedClock
from cs_connector.unify import Source
from cs_connector.unify.mapping import MappingFile

DAY, BEFORE, TODAY = date(2026, 10, 31), date(2026, 9, 30), date(2026, 11, 25)
MAPPING = MappingFile.model_validate(
    {
        "version": 1, "crm": "memory", "read": [],
        "write": [
            {
                "object": "Snapshot", "source": "snapshot", "by": "key", "key_field": "Key",
                "fields": {
                    "Account": {"column": "account_ref", "type": "reference"}, "As_Of": {"column": "as_of", "type": "date"},
                    "Score": {"column": "score", "type": "number"}, "Band": "band", "Before": "previous_band",
                    "Usage": {"column": "usage_score", "type": "number"}, "CSM": {"column": "owner_ref", "type": "reference"},
                },
            }
        ],
    }
)  # fmt: skip


class World:
    """Accounts that were scored at two month ends, and the snapshots that the CRM has."""

    def __init__(self, state: State) -> None:
        self.con, self.state = duckdb.connect(), state
        self.con.execute(
            "CREATE TABLE account(account_id VARCHAR, customer_status VARCHAR, arr DECIMAL(18,2), csm_user_id VARCHAR); "
            "CREATE TABLE relationship(relationship_id VARCHAR, account_id VARCHAR, arr DECIMAL(18,2)); "
            "CREATE TABLE \"user\"(user_id VARCHAR, active BOOLEAN); INSERT INTO \"user\" VALUES ('u1', true), ('u2', false); "
            "CREATE TABLE snapshot(entity VARCHAR, entity_id VARCHAR, scorecard VARCHAR, main BOOLEAN, on_date DATE, score BIGINT, "
            "band VARCHAR, driver VARCHAR, cap DOUBLE, override VARCHAR, coverage DOUBLE); "
            "CREATE TABLE measure_score(relationship_id VARCHAR, account_id VARCHAR, scorecard VARCHAR, on_date DATE, "
            "group_name VARCHAR, score DOUBLE, weight DOUBLE); "
            "CREATE TABLE link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR, object VARCHAR, record_id VARCHAR, "
            "method VARCHAR, confidence DOUBLE); "
            "INSERT INTO link VALUES ('u1', 'user', 'crm', 'User', 'U-1', 'id', 1), ('u2', 'user', 'crm', 'User', 'U-2', 'id', 1); "
            "CREATE TABLE raw_Snapshot(id VARCHAR, known_at TIMESTAMP, deleted BOOLEAN, payload VARCHAR)"
        )

    def account(self, name: str = "a1", status: str = "Customer", csm: str = "u1") -> None:
        self.con.execute("INSERT INTO account VALUES (?, ?, 100, ?)", [name, status, csm])
        self.con.execute(
            "INSERT INTO link VALUES (?, 'account', 'crm', 'Account', ?, 'id', 1)", [name, f"r-{name}"]
        )
        for day, score, band in ((BEFORE, 80, "green"), (DAY, 40, "red")):
            row = ["account", name, "standard", True, day, score, band, "Usage", None, None, 0.8]
            self.con.execute("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def relationship(self, name: str, arr: float, usage: float | None) -> None:
        self.con.execute("INSERT INTO relationship VALUES (?, 'a1', ?)", [name, arr])
        row = ["relationship", name, "standard", True, DAY, 1, "red", "Usage", None, None, 1]
        self.con.execute("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.con.execute(
            "INSERT INTO measure_score VALUES (?, 'a1', 'standard', ?, 'Usage', ?, 10)", [name, DAY, usage]
        )

    def there(self, key: str, **fields: Any) -> None:
        """A snapshot that the CRM has."""
        at = datetime(2026, 11, 25, 4)
        self.con.execute(
            "INSERT INTO raw_Snapshot VALUES (?, ?, FALSE, ?)",
            [f"S-{key}", at, json.dumps({"Key": key, **fields})],
        )

    def plan(self) -> dict[str, tuple[str, dict[str, Any]]]:
        snapshots.want(self.con, TODAY)
        with self.state.read() as db:
            source = Source("crm", "memory", 0, MAPPING)
            comparing.compare(self.con, db, [source], lambda _c, name: f"raw_{name}", None, TODAY)
        return {c.key: (c.action, _to(c)) for c in plan.changes(self.con)}


def _to(change: Planned) -> dict[str, Any]:
    return {name: to for name, _, to in change.fields}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    state = State(f"sqlite:///{tmp_path / 'state.db'}", FixedClock())
    made = World(state)
    yield made
    made.con.close()
    state.close()


def test_a_snapshot_says_where_most_points_were_lost(world: World) -> None:
    for name, score in (("a1", 80), ("a2", 95), ("a3", 40)):
        world.account(name)
        world.con.execute("INSERT INTO relationship VALUES (?, ?, 100)", [f"r-{name}", name])
        row = ["relationship", f"r-{name}", "standard", True, DAY, 1, "red", None, None, None, 1]
        world.con.execute("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        for group, points, weight in (("Usage", score, 0.5), ("Survey", 99, 0.2), ("Goals", 99, 0.3)):
            values = [f"r-{name}", name, "standard", DAY, group, points, weight]
            world.con.execute("INSERT INTO measure_score VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    world.con.execute("UPDATE snapshot SET cap = 40, override = 'gone_dark' WHERE entity_id = 'a3'")
    world.con.execute("UPDATE measure_score SET score = 97 WHERE account_id = 'a2'")
    snapshots.want(world.con, TODAY)
    found = dict(world.con.execute("SELECT account_id, driver FROM wanted_snapshot").fetchall())
    assert found == {"a1": "Usage", "a2": "None", "a3": None}


def test_the_last_month_end_of_each_customer_is_written(world: World) -> None:
    world.account()
    world.account("a2", status="Trial")
    world.account("a3", status="Former customer")
    assert world.plan() == {
        "a1 2026-10-31": (
            "upsert",
            {
                "Account": "r-a1",
                "As_Of": "2026-10-31",
                "Score": "40",
                "Band": "red",
                "Before": "green",
                "CSM": "U-1",
            },
        )
    }


def test_groups_weigh_as_their_relationships_do_and_what_is_unknown_weighs_nothing(world: World) -> None:
    world.account()
    world.relationship("big", 900, 90)
    world.relationship("small", 100, 10)
    world.relationship("blind", 5000, None)
    ((_, fields),) = world.plan().values()
    assert fields["Usage"] == "82"


def test_a_csm_who_left_is_not_named(world: World) -> None:
    world.account(csm="u2")
    ((_, fields),) = world.plan().values()
    assert "CSM" not in fields


def test_what_was_written_once_stays_as_it_was_said(world: World) -> None:
    world.account()
    world.there("a1 2026-10-31", Score=75, As_Of="2026-10-31")
    assert world.plan() == {}


def test_what_is_older_than_eighteen_month_ends_goes_away(world: World) -> None:
    oldest = snapshots.oldest(TODAY)
    for day in (oldest, oldest - timedelta(days=31)):
        world.there(f"a1 {day}", As_Of=f"{day}", Score=50)
    world.there("not ours", As_Of="2001-01-31")
    found = world.plan()
    assert {key: action for key, (action, _) in found.items()} == {"a1 2025-04-30": "delete"}
    assert (oldest, snapshots.month_end(TODAY, 1)) == (date(2025, 5, 31), DAY)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(1, 40))
def test_a_month_end_is_one_and_lies_so_many_months_back(day: date, back: int) -> None:
    found = snapshots.month_end(day, back)
    assert found.day == calendar.monthrange(found.year, found.month)[1]
    assert (day.year - found.year) * 12 + day.month - found.month == back
