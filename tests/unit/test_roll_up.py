"""Roll-ups and bands that a project declares: what an account and a group come to, and what is said of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cs_connector.act.calling.standing import stand
from cs_connector.errors import ConfigError
from cs_connector.health import explain, levers_for, load_definitions
from cs_connector.health.bands import DEFAULT, Bands
from cs_connector.health.differences import differences
from cs_connector.health.rolling.upward import DEFAULT as USUAL
from cs_connector.health.why_changed import End, why_changed
from tests.unit.health_tables import AS_OF, SHIPPED, Scores, World, definitions

pytestmark = [pytest.mark.slow]

CARD = """\
version: 1
title: Tickets
overrides: [notice_given]
measures:
  - {measure: seats, group: Usage, metric: active_share, weight: 1, curve: {line: [[0, 0], [1, 100]]}, phrase: few seats}
"""
LEFT = date(2026, 11, 1)


def layer(root: Path, accounts: str, groups: str = "{take: weighted}", bands: str = "") -> Path:
    """A project that rolls up so, and judges the scorecard `seats` by the share of active seats."""
    (root / "scorecards").mkdir(parents=True)
    (root / "scorecards/seats.yml").write_text(CARD)
    (root / "rollup.yml").write_text(f"version: 1\naccounts: {accounts}\ngroups: {groups}\n")
    if bands:
        (root / "bands.yml").write_text(f"version: 1\nbands: {bands}\n")
    return root


def world(**third: Any) -> World:
    """One account: 90 of 100 with a revenue of 1,000, 30 with 3,000, and a third of the type Region, 60 with 1,000."""
    made = World().customer(product="A", arr=1_000, scorecard="seats").users(*[90.0] * 6, product="A")
    made.customer(relationship="r2", product="B", arr=3_000, scorecard="seats").users(
        *[30.0] * 6, product="B"
    )
    given = {"product": "C", "arr": 1_000, "scorecard": "seats", "type": "Region", **third}
    return made.customer(relationship="r3", **given).users(*[60.0] * 6, product="C")


def account(scores: Scores) -> dict[str, Any]:
    return scores.snapshot("a1", entity="account")


@pytest.mark.parametrize(
    ("accounts", "third", "score", "band", "said"),
    [
        ("{take: worst}", {}, 30, "red", "Red 30:"),
        ("{take: mean}", {}, 60, "yellow", "Yellow 60 on average over 3 relationships; the worst: Red 30"),
        ("{take: weighted}", {}, 48, "red", "Red 48 by revenue over 3 relationships; the worst: Red 30"),
        ("{take: mean, types: {Region: {take: worst}}}", {}, 60, "yellow", "Yellow 60"),
        ("{take: worst, types: {Region: {take: mean}}}", {}, 30, "red", "Red 30:"),
        ("{take: any_fatal}", {}, 48, "red", "Red 48 by revenue over 3 relationships; the worst: Red 30"),
        ("{take: any_fatal}", {"notice_on": LEFT}, 10, "red", "Red 10, was 60"),
        ("{take: mean}", {"notice_on": LEFT}, 43, "red", "Red 43 on average over 3 relationships; the worst: Red 10"),
    ],
)  # fmt: skip
def test_an_account_is_what_its_roll_up_says(
    accounts: str, third: dict[str, Any], score: int, band: str, said: str, tmp_path: Path
) -> None:
    root = layer(tmp_path, accounts)
    scores = world(**third).score(root)
    row = account(scores)
    assert (row["score"], row["known_score"], row["band"]) == (score, score, band)
    assert row["reason"].startswith(said)
    assert row["override"] == ("notice_given" if row["score"] == 10 else None)
    told = explain(scores.con, definitions(root), "a1")
    assert (told["score"], told["relationships"][0]["score"]) == (score, 10 if third else 30)
    exact = min(told["uncapped"], row["cap"] or 100)
    assert abs(told["rounding"]) <= 0.5
    assert told["roll_up"] == pytest.approx(score - exact - told["rounding"])


def test_the_cap_of_a_relationship_goes_first_also_where_the_account_is_a_mean(tmp_path: Path) -> None:
    root = layer(tmp_path, "{take: mean}")
    told = levers_for(world(notice_on=LEFT).score(root).con, definitions(root), "a1", 50)
    assert (told["first"], told["reachable"]) == ("notice was given on 1 Nov 2026", False)


def test_what_is_not_known_counts_in_the_interval_of_a_mean(tmp_path: Path) -> None:
    made = World().customer(product="A", arr=1_000, scorecard="seats").users(*[90.0] * 6, product="A")
    made.customer(relationship="r2", product="B", arr=1_000, scorecard="seats")
    row = account(made.score(layer(tmp_path, "{take: mean}")))
    assert (row["score"], row["low"], row["high"], row["coverage"]) == (90, 45, 95, 0.5)


def test_an_account_without_revenue_shows_the_cap_of_its_relationship() -> None:
    row = account(World().customer(arr=None, notice_on=LEFT).score())
    assert (row["score"], row["cap"], row["override"]) == (10, 10, "notice_given")


def test_a_relationship_of_unknown_revenue_is_no_small_one() -> None:
    """Nobody says what it pays, so nobody knows that it is little; one that is known to pay nothing is small."""
    for arr, score in ((None, 10), (0, 74)):
        made = World().customer(product="A", arr=100_000).users(*[90.0] * 6, product="A")
        row = account(made.customer(relationship="r2", product="B", arr=arr, notice_on=LEFT).score())
        assert (row["score"], row["override"]) == (score, None if arr == 0 else "notice_given")


@pytest.mark.parametrize(
    ("take", "score"), [("worst", 20), ("weighted", 65), ("mean", 50), ("any_fatal", 65)]
)
def test_a_group_is_what_its_roll_up_says(take: str, score: int, tmp_path: Path) -> None:
    made = World().account("a1", ultimate_parent_id="a1").account("a2", ultimate_parent_id="a1")
    made.customer(arr=3_000, scorecard="seats").users(*[80.0] * 6)
    made.customer("a2", "r2", arr=1_000, scorecard="seats").users(*[20.0] * 6, account="a2")
    scores = made.score(layer(tmp_path, "{take: worst}", f"{{take: {take}}}"))
    row = scores.snapshot("a1", entity="group")
    assert (row["score"], row["reason"]) == (score, "1 of 2 accounts red, 25 % of revenue")


def test_a_parent_that_is_a_holding_has_no_score_of_its_group() -> None:
    made = (
        World().account("a1", ultimate_parent_id="a1", kind="Holding").account("a2", ultimate_parent_id="a1")
    )
    made.customer("a2", "r2").customer("a1", "r1")
    query = "SELECT count(*) FROM snapshot WHERE entity = 'group'"
    assert made.score().con.execute(query).fetchone() == (0,)


def test_bands_of_a_project_name_the_scores_of_all(tmp_path: Path) -> None:
    root = layer(tmp_path, "{take: mean}", bands="{red: [0, 20], yellow: [20, 90], green: [90, 100]}")
    scores = world().score(root)
    assert [scores.snapshot(r)["band"] for r in ("r1", "r2", "r3")] == ["green", "yellow", "yellow"]
    assert (account(scores)["band"], account(scores)["reason"][:9]) == ("yellow", "Yellow 60")


@pytest.mark.parametrize(("bands", "red"), [(DEFAULT, 0), (Bands(red=(0, 65), yellow=(65, 75)), 1)])
def test_rules_read_what_health_fell_to_by_the_bands_of_the_project(
    bands: Bands, red: int, tmp_path: Path
) -> None:
    """From 100 to 60 by an answer: red only where red ends above that."""
    root = layer(tmp_path, "{take: worst}")
    (root / "scorecards/seats.yml").write_text(
        CARD.replace("active_share", "latest_nps").replace("[1, 100]", "[10, 100]")
    )
    made = (
        World()
        .customer(scorecard="seats")
        .answer(10, days_ago=60, person_id="p")
        .answer(6, days_ago=5, person_id="p")
    )
    scores = made.score(root)
    stand(scores.con, ["latest_nps"], AS_OF, bands=bands)
    row = scores.con.execute("SELECT was_green, value_score, value_red FROM standing").fetchone()
    assert row == (1, 60, red)
    low = scores.con.execute("SELECT value_red FROM standing_low").fetchone()
    assert low == (red,), "57 is on the same side"


def test_what_ships_is_the_default() -> None:
    shipped = definitions()
    assert shipped.bands == DEFAULT
    assert shipped.roll_up == USUAL
    small = shipped.roll_up.accounts.small
    assert small is not None
    assert (shipped.roll_up.accounts.take, small.below, small.floor) == ("worst", 0.1, 74)
    assert (shipped.roll_up.groups.take, shipped.roll_up.groups.without) == (
        "weighted",
        ("partner", "holding"),
    )


def test_a_change_of_either_is_told(tmp_path: Path) -> None:
    one = definitions(layer(tmp_path / "one", "{take: worst}"))
    two = definitions(
        layer(tmp_path / "two", "{take: mean, types: {Region: {take: worst}}}", "{take: worst}",
              "{red: [0, 40], yellow: [40, 75]}")
    )  # fmt: skip
    assert differences(one, two) == [
        "roll-up of relationships: worst → mean",
        "roll-up of Region: as for all → worst",
        "roll-up of accounts: weighted, minimum coverage 50%, without nobody → worst, minimum coverage 50%, without nobody",
        "band red: 0 to 50 → 0 to 40",
        "band yellow: 50 to 75 → 40 to 75",
    ]


@pytest.mark.parametrize(
    ("bands", "what"),
    [
        ("{red: [0, 55]}", "red and yellow overlap"),
        ("{red: [0, 40]}", "there is a gap between red and yellow"),
        ("{yellow: [75, 50]}", "yellow is empty"),
        ("{red: [10, 50]}", "the bands do not begin at 0"),
        ("{green: [75, 90]}", "the bands do not end at 100"),
        ("{green: [75, 90.5]}", "bands.green.1 is not valid"),
    ],
)
def test_bands_that_leave_a_score_without_one_stop_a_run(bands: str, what: str, tmp_path: Path) -> None:
    root = layer(tmp_path, "{take: worst}", bands=bands)
    with pytest.raises(ConfigError) as caught:
        load_definitions([SHIPPED, root])
    assert caught.value.what == what
    assert str(caught.value.place).rpartition("bands.yml:")[2].startswith("2")


def test_the_next_step_of_an_account_names_the_relationship_that_is_meant() -> None:
    """To lift the worst of two does not lift the account as far, so nobody is to read it as that."""
    world = World().customer(product="A", name="Acme · A")
    world.customer(relationship="r2", product="B", name="Acme · B").customer("a2", "r3")
    for account, product, users in (("a1", "A", 5), ("a1", "B", 50), ("a2", None, 5)):
        world.users(*[users] * 6, account=account, product=product)
    scores = world.score()
    worst = scores.snapshot("r1")["next_step"]
    assert worst
    assert scores.snapshot("a1", entity="account")["next_step"] == f"{worst} (Acme · A)"
    assert scores.snapshot("a2", entity="account")["next_step"] == scores.snapshot("r3")["next_step"]


def test_what_holds_down_one_that_does_not_count_is_not_said_of_the_account() -> None:
    """Both look alike by what is known of the account; the small one has given notice and pulls no lower than 74."""
    made = World().customer("a1", "main", arr=95_000, product="A")
    made.customer("a1", "a-small", arr=5_000, product="B", notice_on=LEFT)
    scores = made.users(*[40] * 6).tickets(6).score()
    told = explain(scores.con, definitions(), "a1")
    assert (told["score"], [o["name"] for o in told["overrides"] if o["fired"]]) == (72, [])
    assert levers_for(scores.con, definitions(), "a1", 75)["first"] is None
    days = (End(date(2026, 10, 31)), End(AS_OF))
    assert why_changed(scores.con, definitions(), "a1", days, "restated")["relationship"] == "main"
