"""How tasks behave towards people: what they say, when they wait, when they end, and whose word counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cs_connector.act.calling import baseline, firing, standing, steady, texts
from cs_connector.act.calling.desk import Desk as Facts
from cs_connector.act.calling.endings import GONE
from cs_connector.act.calling.rules import load_rules
from cs_connector.errors import ConfigError
from cs_connector.store.state import State

from .act_kit import TODAY, Tables, rule, settings
from .test_act import SENT, Desk, clock, crm, desk, later, state

__all__ = ["clock", "crm", "desk", "state"]

# What a task says


@pytest.mark.parametrize("kind", ["Risk", "Onboarding"])
def test_a_subject_has_at_most_80_characters_and_keeps_its_reason(kind: str) -> None:
    text = texts.subject(rule(type=kind, short="s" * 50), "A very long name of a company " * 5, {}, TODAY)
    assert len(text) <= 80
    assert text.startswith(f"{kind}: A very")
    assert text.endswith("… – " + "s" * 50)


def test_a_subject_says_its_figure() -> None:
    found = rule(short="decision maker scored {score_of}/10, renews {renewal_on:date}")
    values = {"score_of": 2.0, "renewal_on": date(2027, 1, 19)}
    assert (
        texts.subject(found, "Acme", values, TODAY)
        == "Risk: Acme – decision maker scored 2/10, renews 19 Jan 2027"
    )


def test_a_description_says_why_what_and_when_in_at_most_1500_characters() -> None:
    said = rule(why="It fell to {now}.", do=("One", "Two"))
    text = texts.description(said, {"now": 31.0}, "usage fell", "Acme main", ["1. logins: 3"], TODAY)
    assert [line.splitlines() for line in text.split("\n\n")] == [
        ["WHY", "It fell to 31.", "usage fell"],
        ["EVIDENCE", "1. logins: 3", "Relationship: Acme main"],
        ["DO NEXT", "1. One", "2. Two"],
        ["CLOSES WHEN", "Health is back."],
        ["Not useful? Set CS Outcome."],
    ]
    long = texts.description(rule(why="w" * 1300), {}, "r", "x", ["e" * 60, "f" * 60], TODAY)
    assert (len(long) <= 1500, "e" * 60 in long, "f" * 60 in long) == (True, True, False)
    assert len(texts.description(rule(why="w" * 2000), {}, "r", "x", [], TODAY)) == 1500


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('short: "fell to {helth}"', "'helth' is not known here"),
        ('why: "open {p1_days:agoo}"', "no format 'agoo'"),
        ('why: "open {p1_days:day|}"', "no format 'day|'"),
        ('why: "open {p1_days"', "cannot be read"),
        ("when: p1_dais > 3", "p1_dais"),
    ],
)
def test_a_text_that_refers_to_nothing_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    whole = {
        "version": "1", "rule": "r", "rank": "1", "type": "Risk", "when": "p1_days > 3", "due_days": "1", "short": "s",
        "why": "w", "do": "[d]", "closes_when": "c",
    }  # fmt: skip
    name, _, value = line.partition(": ")
    path = tmp_path / "r.yml"
    path.write_text("".join(f"{k}: {v}\n" for k, v in (whole | {name: value}).items()))
    with pytest.raises(ConfigError) as caught:
        load_rules([path], ["p1_days"])
    assert said in caught.value.what + caught.value.why
    assert caught.value.place
    assert caught.value.place.line == list(whole).index(name) + 1


# When it waits


class Days:
    """One rule about red, and the score of one relationship day by day."""

    def __init__(self, state: State, when: str = "is_red = 1") -> None:
        self.state, self.con = state, duckdb.connect()
        self.rule = rule(when=when)
        self.con.execute("CREATE TABLE silenced(rule VARCHAR, relationship_id VARCHAR)")

    def day(self, number: int, score: float | None, again: int = 1) -> bool:
        """Whether the rule holds for good after a day that is looked at so many times."""
        for _ in range(again):
            self.con.execute(
                "CREATE OR REPLACE TABLE standing AS SELECT 'r1' AS relationship_id, 'a1' AS account_id, 10.0 AS arr, "
                "FALSE AS lost, $s::DOUBLE AS known_score, ($s < 50)::INT::DOUBLE AS is_red, 0.0 AS is_yellow, 0.0 AS is_green, "
                "$s::DOUBLE AS value_score, 0.0 AS value_change, ($s < 50)::INT::DOUBLE AS value_red",
                {"s": score},
            )
            standing.beside(self.con)
            firing.fire(self.con, [(self.rule, self.rule.when)])
            with self.state.begin() as db:
                steady.settle(self.con, db, later(number))
                steady.keep(self.con, db, later(number))
            firing.choose(self.con, {self.rule.rule: self.rule})
        return bool(self.con.execute("SELECT * FROM candidate").fetchall())


@pytest.fixture
def days(state: State) -> Iterator[Days]:
    made = Days(state)
    yield made
    made.con.close()


@pytest.mark.parametrize("again", [1, 3])
def test_what_hovers_at_an_edge_is_one_episode_however_often_it_is_looked_at(days: Days, again: int) -> None:
    scores = [49, 51, 49, 49, 51, 49, 51, 49, 51, 51, 51]
    held = [days.day(n, score, again) for n, score in enumerate(scores)]
    assert held == [False] * 3 + [True] * 6 + [False] * 2


def test_what_is_far_from_the_edge_counts_at_once(days: Days) -> None:
    assert [days.day(n, score) for n, score in enumerate([80, 46, 52, 53, 46])] == [
        False,
        True,
        True,
        False,
        True,
    ]


def test_days_on_which_nobody_looked_do_not_count(days: Days) -> None:
    assert [days.day(0, 49), days.day(9, 49)] == [False, True]


def test_a_score_that_is_lost_for_a_while_begins_nothing_anew(days: Days) -> None:
    held = [days.day(n, score) for n, score in enumerate([40, None, 49])]
    assert held == [True, False, True]


def test_a_day_in_the_past_is_not_kept(days: Days) -> None:
    assert [days.day(5, 49), days.day(3, 49), days.day(6, 49)] == [False, False, True]


def test_what_is_no_score_waits_for_nothing(state: State) -> None:
    made = Days(state, when="arr >= 10")
    assert made.day(0, None)


# The start


def test_news_comes_before_what_was_there_at_the_start(desk: Desk) -> None:
    desk.facts = {"baseline": frozenset({("big", "Risk")})}
    desk.settings = settings(tasks={"risk_per_week": 1})
    done = desk.round("big", "small")
    assert [c.relationship_id for c in desk.calls] == ["small"]
    assert [(w.relationship_id, w.why) for w in done.waiting] == [("big", "over this week's budget")]


@pytest.mark.parametrize(
    ("days", "since", "live"),
    [(None, later(-99), False), (14, later(-14), True), (14, later(-13), False), (14, None, False)],
)
def test_watching_ends_by_itself_only_where_the_project_says_so(
    days: int | None, since: date | None, live: bool
) -> None:
    watching = settings(go_live="observe", tasks={"observe_days": days})
    assert Facts(watching, "i", "crm", TODAY, {}, since).live is live


def test_the_baseline_is_what_was_there_while_watching_and_has_lasted(desk: Desk) -> None:
    desk.round("old", "gone")
    with desk.state.begin() as db:
        assert baseline.watch(db, TODAY) == baseline.watch(db, later(3)) == TODAY
        baseline.keep(desk.con, db, TODAY, live=False)
    desk.round("old", "new")
    with desk.state.begin() as db:
        baseline.keep(desk.con, db, later(1), live=True)
        assert baseline.known(db) == {("old", "Risk")}


# Whose it is


def test_a_task_goes_to_the_next_whom_the_task_system_knows(desk: Desk) -> None:
    desk.rules["deal"] = rule(rule="deal", type="Expansion", to="sales")
    desk.round("r1:deal", "r2", owner="left")
    assert [(c.relationship_id, c.owner_user_id) for c in desk.calls] == [("r1", "sales")]
    desk.facts = {"fallback": "u2"}
    desk.round("r1:deal", "r2", owner="left")
    assert [(c.relationship_id, c.owner_user_id) for c in desk.calls] == [("r1", "sales"), ("r2", "u2")]


def test_a_new_owner_takes_the_task_that_is_there(desk: Desk) -> None:
    desk.round("r1")
    assert desk.round("r1", day=later(1), owner="u2").updated == 1
    ((key, owner),) = [(c.key, c.owner_user_id) for c in desk.calls]
    assert (owner, desk.round("r1", day=later(2), owner="u2").updated) == ("u2", 0)
    assert desk.calls[0].key == key


def test_a_customer_that_was_merged_away_takes_its_task_along(desk: Desk) -> None:
    desk.round("r1")
    (first,) = desk.calls
    desk.places = {first.key: "a-new"}
    done = desk.round("new", day=later(1))
    assert (done.opened, done.closed) == (0, 0)
    assert [(c.key, c.relationship_id, c.account_id) for c in desk.calls] == [(first.key, "new", "a-new")]


def test_of_two_customers_that_become_one_one_task_stays(desk: Desk) -> None:
    desk.round("r1", "new")
    first, second = sorted(desk.calls, key=lambda c: c.relationship_id == "new")
    desk.places = {first.key: "a-new", second.key: "a-new"}
    desk.round("new", day=later(1))
    assert {c.key: c.state for c in desk.calls} == {first.key: "closed", second.key: "open"}


# How it ends


def test_a_task_without_a_reason_is_closed_with_what_came_of_it(desk: Desk) -> None:
    desk.round("r1")
    desk.round("r1:praise", day=later(3))
    risk = next(c for c in desk.calls if c.type == "Risk")
    assert (risk.state, risk.closed_why, risk.cleared_on) == ("closed", GONE, later(3))
    assert risk.sent["ended"].startswith(
        "Closed on 28 Nov 2026: its reason is gone; health is 40, red.\n\nWHY"
    )
    assert desk.round("r1", day=later(60)).opened == 0, "its task is still open: it is taken up again"
    assert "ended" not in next(c for c in desk.calls if c.type == "Risk").sent


@pytest.mark.parametrize(
    ("said", "days", "opened"),
    [
        ("Not relevant", 179, 0),
        ("Not relevant", 180, 1),
        ("planned_loss", 364, 0),
        ("Planned loss", 365, 1),
        ("Worked", 30, 1),
    ],
)
def test_a_persons_word_keeps_a_rule_quiet(desk: Desk, said: str, days: int, opened: int) -> None:
    desk.round("r1")
    over = {desk.calls[0].key: said}
    assert desk.round("r1", tasks=over).closed == 1
    assert desk.calls[0].outcome == said
    assert desk.round("r1", day=later(days), tasks=over).opened == opened


def test_an_outcome_that_comes_later_is_kept_too(desk: Desk) -> None:
    desk.round("r1")
    key = desk.calls[0].key
    desk.round("r1", day=later(1), tasks={key: ""})
    desk.round("r1", day=later(2), tasks={key: "No effect"})
    assert [(c.state, c.outcome) for c in desk.calls] == [("closed", "No effect")]


def test_a_deleted_task_is_not_made_again_in_its_episode(desk: Desk) -> None:
    desk.round("r1")
    desk.deleted = [desk.calls[0].record_id]
    desk.round("r1", day=later(1))
    assert desk.round("r1", day=later(90)).held == Counter({"its task was deleted": 1})
    desk.round(day=later(91))
    assert desk.round("r1", day=later(92)).opened == 1


# What of a sent task still moves


def test_of_a_task_that_somebody_touched_nothing_moves(crm: Tables) -> None:
    crm.account()
    crm.record("Task", "t1", SENT | {"Key": "K1", "Subject": "Risk: Acme, mine"})
    crm.call(written=SENT, description="call them now")
    assert crm.plan() == []


@pytest.mark.parametrize(
    ("theirs", "closes"), [({}, True), ({"Owner": "U-2"}, False), ({"Description": "notes"}, False)]
)
def test_a_task_is_closed_for_its_owner_only_while_nobody_touched_it(
    crm: Tables, theirs: dict[str, Any], closes: bool
) -> None:
    crm.account()
    crm.record("Task", "t1", SENT | {"Key": "K1"} | theirs)
    crm.call(written=SENT, description="Closed: fine")
    crm.con.execute("ALTER TABLE wanted_call ADD COLUMN closing BOOLEAN DEFAULT TRUE")
    assert [dict(c.values) for c in crm.plan()] == [{"Description": "Closed: fine"}] * closes
