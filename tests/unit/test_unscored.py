"""Who asks about somebody that has no score is told why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cs_connector.errors import UsageError
from cs_connector.health import explain
from tests.unit.health_tables import Scores, World, definitions


@pytest.fixture(scope="module")
def scores() -> Scores:
    world = World().customer("child", "r1")
    world.account("deal", name="Yarrow Foods", customer_status=None, status_reason="has no subscription")
    world.account("top", name="Nimbus", customer_status=None, status_reason="has no subscription")
    for row in world.rows["account"]:
        row["ultimate_parent_id"] = "deal" if row["account_id"] == "deal" else "top"
    world.customer("gone", "r2", status="Ended")
    world.customer("later", "r3", start_on=world.as_of + timedelta(days=1))
    return world.score()


@pytest.mark.parametrize(
    ("asked", "scorecard", "told"),
    [
        ("deal", None, "it is not scored: has no subscription"),
        (
            "gone",
            None,
            "none of its relationships is scored: they have ended, had not begun, or no scorecard in assign.yml fits them",
        ),
        (
            "later",
            None,
            "none of its relationships is scored: they have ended, had not begun, or no scorecard in assign.yml fits them",
        ),
        ("child", "trial", "it is scored by standard, usage_only"),
        ("nobody", None, "the id is not known"),
    ],
)
def test_it_is_said_why_there_is_no_score(
    scores: Scores, asked: str, scorecard: str | None, told: str
) -> None:
    with pytest.raises(UsageError, match="has no score") as caught:
        explain(scores.con, definitions(), asked, scorecard)
    assert caught.value.why == told


def test_a_parent_without_a_score_of_its_own_is_told_of_its_group(scores: Scores) -> None:
    with pytest.raises(UsageError, match="Nimbus has no score") as caught:
        explain(scores.con, definitions(), "top")
    assert caught.value.why.endswith("1 accounts red")
    assert 'relationships "Nimbus"' in caught.value.fix
