"""Contradictions are declared: those that ship, those of a project, and what is wrong with a declaration."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from cs_connector.act.calling.standing import stand
from cs_connector.errors import ConfigError
from cs_connector.health import explain, load_definitions, run
from cs_connector.health.linting.mistakes import wrong
from tests.unit.health_tables import AS_OF, SHIPPED, Scores, World, definitions
from tests.unit.test_scorecard_lint import TYPES

pytestmark = [pytest.mark.slow]

LOUD = """\
version: 1
contradictions:
  silent_but_busy: null
  loud_but_loyal:
    title: Complains, and uses it more and more
    kind: complaint
    when: latest_nps <= 6 and active_share >= 0.5 and account_segment = 'Mid-Market'
    text: "Scored {latest_nps:plain} of 10, yet {active_share:percent} of seats are active until {renewal_on:date}"
"""


def layer(folder: Path, text: str = LOUD) -> Path:
    (folder / "contradictions.yml").write_text(text)
    return folder


def told(scores: Scores, *columns: str) -> list[tuple[Any, ...]]:
    listed = ", ".join(columns or ("contradiction", "text"))
    return [
        tuple(row.values())
        for row in scores.all(f"SELECT {listed} FROM contradiction WHERE on_date = ? ORDER BY place", [AS_OF])
    ]


def test_a_project_declares_its_own_and_takes_one_away(tmp_path: Path) -> None:
    found = load_definitions([SHIPPED, layer(tmp_path)]).contradictions
    assert [one.name for one in found] == ["champion_dark_users", "glowing_champion", "loud_but_loyal"]
    world = World().customer(renewal_on=date(2027, 1, 12)).users(80).answer(4)
    scores = world.score(tmp_path)
    assert told(scores) == [
        ("loud_but_loyal", "Scored 4 of 10, yet 80 % of seats are active until 12 Jan 2027")
    ]
    (shown,) = explain(scores.con, definitions(tmp_path), "a1")["contradictions"]
    assert (shown["name"], shown["kind"], shown["known"], shown["relationship"]) == (
        "loud_but_loyal",
        "complaint",
        True,
        "r1",
    )
    assert explain(scores.con, definitions(tmp_path), "r1")["contradictions"] == [shown]


def test_silence_ends_no_contradiction() -> None:
    """The usage feed is lost: what was last known still stands against what was said, and asks for no praise."""
    world = World().customer().users(*[5.0] * 6).answer(10)
    world.rows["usage"] = [row for row in world.rows["usage"] if row["on_date"] < date(2026, 10, 1)]
    scores = world.score()
    assert told(scores, "contradiction", "known") == [("glowing_champion", False)]
    assert _standing(scores) is None


@pytest.mark.parametrize(("share", "count"), [(5, 1.0), (80, 0.0)])
def test_rules_see_how_many_an_account_has(share: int, count: float) -> None:
    """Also at a relationship of it that has none."""
    world = World().customer(product="A").customer(relationship="r2", product="B").answer(10)
    scores = world.users(*[share] * 6, product="A").users(*[90.0] * 6, product="B").score()
    assert _standing(scores, "r2") == count


def _standing(scores: Scores, relationship: str = "r1") -> float | None:
    metrics = sorted(definitions().metrics.by_name)
    stand(scores.con, metrics, AS_OF)
    row = scores.con.execute(
        "SELECT contradictions FROM standing WHERE relationship_id = ?", [relationship]
    ).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


WRONG = {
    "an unknown metric": ("latest_nps <= 6", "newest_nps <= 6", 7, "'newest_nps' is not known here at column 1"),
    "a condition that is a number": ("latest_nps <= 6 and active_share >= 0.5 and account_segment = 'Mid-Market'", "latest_nps + 1", 7, ""),
    "an unknown kind": ("kind: complaint", "kind: grumble", 6, "contradictions.loud_but_loyal.kind is not valid"),
    "a text that names what is not known": ("{latest_nps:plain}", "{latest:plain}", 8, "'latest' is not known here"),
    "a text that no field holds": ("Scored ", "Scored " + "much " * 20, 8, "contradictions.loud_but_loyal.text is not valid"),
    "no condition": ("    when: latest_nps <= 6 and active_share >= 0.5 and account_segment = 'Mid-Market'\n", "", 4,
                     "contradictions.loud_but_loyal.when is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_file_and_line_by_a_run_and_by_lint(name: str, tmp_path: Path) -> None:
    old, new, line, what = WRONG[name]
    assert old in LOUD
    layers = [SHIPPED, layer(tmp_path, LOUD.replace(old, new))]
    with pytest.raises(ConfigError) as caught:
        load_definitions(layers)
    (found,) = wrong(layers, TYPES)
    for error in (caught.value, found):
        assert error.place is not None
        assert (Path(error.place.path).name, error.place.line) == ("contradictions.yml", line)
        assert error.what.startswith(what)


def test_buckets_and_a_project_without_any_do_not_matter(tmp_path: Path) -> None:
    world = World()
    for number in range(4):
        world.customer(f"a{number}", f"r{number}").users(4, account=f"a{number}").answer(
            10, account_id=f"a{number}"
        )
    con = world.connection()
    run(con, AS_OF, definitions(), bucket=3)
    assert len(told(Scores(con, AS_OF))) == 4
    none = layer(
        tmp_path,
        "version: 1\ncontradictions: {champion_dark_users: null, glowing_champion: null, silent_but_busy: null}\n",
    )
    assert told(world.score(none)) == []


def test_nothing_dated_later_is_seen() -> None:
    world = World().customer().users(*[5.0] * 6).answer(10, days_ago=-1)
    assert told(world.score()) == []
    waiting = {"closed_at": None, "waiting_since": datetime(2026, 11, 1)}
    late = World().customer().users(20, 20, 40, 60).answer(10).tickets(1, days_ago=-1, **waiting)
    assert told(late.score()) == []
