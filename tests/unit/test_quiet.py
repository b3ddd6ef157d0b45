"""Nothing ticks: what time alone has moved by a few points is not written again, and everything else is."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from cs_connector.act import plan
from cs_connector.act.differences import comparing, quiet
from cs_connector.store import tables
from cs_connector.testing import FixedClock
from cs_connector.unify import Source

from .act_kit import MAPPING, READ, TODAY, Tables
from .test_act import clock, crm, state
from .test_foreign_edits import says, written

__all__ = ["clock", "crm", "state"]

CONFIG = "c0ffee"
LONG_AGO = READ - timedelta(days=3)


@pytest.fixture
def told(crm: Tables, clock: FixedClock) -> Tables:
    """A customer whose score of 70 was written, of whom nothing new has been known since."""
    written(crm, clock)
    says(crm)
    with crm.state.begin() as db:
        runs = db.scalars(sa.select(tables.written.c.run).distinct()).all()
        db.execute(sa.insert(tables.runs), [_run(run) for run in runs])
    known(crm, LONG_AGO)
    return crm


def _run(run: str) -> dict[str, str]:
    return {"id": run, "job": "run", "status": "done", "config_hash": CONFIG}


def known(crm: Tables, since: object) -> None:
    crm.con.execute(
        "CREATE OR REPLACE TABLE account_facts AS SELECT account_id, 1::UBIGINT AS facts, ?::TIMESTAMP AS since "
        "FROM wanted_account",
        [str(since).removesuffix("+00:00")],
    )


def planned(crm: Tables, config: str = CONFIG, **wanted: object) -> dict[str, tuple[str | None, str | None]]:
    for name, value in wanted.items():
        crm.con.execute(f"UPDATE wanted_account SET {name} = ?", [value])
    source = Source("crm", "memory", 0, MAPPING)
    with crm.state.read() as db:
        comparing.compare(crm.con, db, [source], lambda _c, name: f"raw_{name}", "crm", TODAY, config=config)
    return {n: (a, b) for change in plan.changes(crm.con) for n, a, b in change.fields}


def test_a_few_points_with_their_sentence_are_not_written_again(told: Tables) -> None:
    assert planned(told, score=72, reason="fine, too") == {}


@pytest.mark.parametrize("wanted", [{"score": 75}, {"score": 72, "band": "red"}, {"score": None}])
def test_a_large_move_another_band_and_a_score_that_goes_are_written(told: Tables, wanted) -> None:
    assert "Health_Score" in planned(told, **wanted)


@pytest.mark.parametrize(
    ("cap", "written"),
    [("Capped at 60: only 8 % of seats are active", False), ("Capped at 60: an invoice is overdue", True)],
)
def test_another_cap_is_written_and_not_the_figures_of_the_same_one(
    told: Tables, cap: str, written: bool
) -> None:
    told.con.execute("CREATE OR REPLACE TEMP TABLE difference AS SELECT 'k' AS key, 'r1' AS record_id, 'a1' AS account_id, "
        "[{'f': 'Cap', 'c': 'cap_text', 'a': 'Capped at 60: only 9.5 % of seats are active', 'b': $cap}] AS fields", {"cap": cap})  # fmt: skip
    told.con.execute(
        "CREATE OR REPLACE TABLE foreign_edit(connection VARCHAR, object VARCHAR, record_id VARCHAR)"
    )
    rule = next(rule for rule in MAPPING.write if rule.source == "account")
    with told.state.read() as db:
        quiet.still(told.con, db, "crm", rule, CONFIG)
    assert told.con.execute("SELECT len(fields) FROM difference").fetchall() == [(int(written),)]


def test_a_few_points_are_written_as_soon_as_something_new_is_known(told: Tables) -> None:
    known(told, READ)
    assert planned(told, score=72)["Health_Score"] == ("70", "72")


def test_a_few_points_are_written_under_another_configuration(told: Tables) -> None:
    assert planned(told, "decaf", score=72)["Health_Score"] == ("70", "72")


def test_what_somebody_else_changed_by_a_few_points_is_written_over(told: Tables) -> None:
    says(told, Health_Score=72)
    assert planned(told)["Health_Score"] == ("72", "70")
