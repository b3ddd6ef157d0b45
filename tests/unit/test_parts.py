"""Scores are made part by part and explained by what was kept: neither changes what anybody sees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cs_connector.errors import UsageError
from cs_connector.health import explain, parts, run
from cs_connector.health.job import PARTS
from cs_connector.health.outline import Kept, outlines
from cs_connector.language.executor import Connection
from cs_connector.measure import evaluate
from tests.unit.health_tables import AS_OF, World, definitions

SEEN = ("snapshot", "measure_score", "metric_value", "scorecard")


def town() -> World:
    """Four customers of one group; the second has three relationships, the third gave notice."""
    world = World()
    for account in ("a1", "a2", "a3", "a4"):
        world.account(account, ultimate_parent_id="a1")
        for number in range(3 if account == "a2" else 1):
            renewal = AS_OF + timedelta(days=30 * (number + 1))
            notice = AS_OF - timedelta(days=5) if account == "a3" else None
            name = f"{account}-{number}"
            world.customer(account, name, renewal_on=renewal, seats=40 + 20 * number, notice_on=notice)
        world.users(80, 60, 40, 30, account=account)
        world.answer(3 if account == "a3" else 9, account_id=account)
    return world


def rows(con: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {name: con.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in SEEN}


@pytest.mark.slow
def test_scores_in_parts_are_the_scores_of_all_groups_included() -> None:
    whole, split = town().connection(), town().connection()
    made = run(whole, AS_OF, definitions()), run(split, AS_OF, definitions(), bucket=2)
    assert made[0] == made[1]
    assert made[0].computed == 4
    assert rows(whole) == rows(split)
    groups = whole.execute("SELECT count(*) FROM snapshot WHERE entity = 'group'").fetchall()
    assert groups[0][0] > 0
    kinds = [kind for name in SEEN for _, kind, *_ in whole.execute(f"DESCRIBE {name}").fetchall()]
    assert not [kind for kind in kinds if kind.startswith("ENUM")], "whoever asks a run reads text"


@pytest.mark.slow
def test_no_account_is_in_two_parts() -> None:
    con = town().connection()
    seen = []
    for _ in parts(con, AS_OF, definitions(), bucket=2):
        found = con.execute(
            "SELECT DISTINCT account_id FROM snapshot WHERE entity = 'account' ORDER BY 1"
        ).fetchall()
        seen.append([row[0] for row in found])
    assert seen == [["a1", "a2"], ["a3", "a4"]]


def test_without_anybody_to_score_there_is_one_part() -> None:
    con = World().connection()
    evaluate.begin(con, AS_OF, definitions().metrics)
    assert evaluate.buckets(con, 10) == [(1, 1)]


@pytest.mark.slow
def test_what_was_kept_explains_as_what_is_declared() -> None:
    scores = town().score()
    assert set(PARTS) > {"outline"}
    told = [explain(scores.con, known, "a3") for known in (definitions(), Kept(scores.con))]
    assert told[0] == told[1]
    assert any(cap["fired"] for cap in told[0]["overrides"])


@pytest.mark.slow
def test_outlines_of_another_version_are_named_and_not_guessed() -> None:
    scores = town().score()
    scores.con.execute("UPDATE outline SET outline = '{}'")
    with pytest.raises(UsageError, match="explains scores of standard cannot be read"):
        explain(scores.con, Kept(scores.con), "a3")
    assert outlines(definitions()).of("no_such_card") is None
