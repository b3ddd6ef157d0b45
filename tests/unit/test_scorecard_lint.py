"""scorecard lint: eleven bad scorecards with what is said of each, all mistakes at once, and what is hardly meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cs_connector.config import load
from cs_connector.errors import ConfigError, Place
from cs_connector.health import load_definitions
from cs_connector.health.linting.doubts import Doubt, Signal, doubts
from cs_connector.health.linting.mistakes import Types, wrong
from cs_connector.health.linting.observed import observed, spearman
from cs_connector.language.executor import Connection
from cs_connector.runner.scorecards import linting
from cs_connector.unify.relations.rulebook import load_rulebook
from tests.unit.health_tables import SHIPPED, World

BOOK = SHIPPED / "relationships.yml"
TYPES = Types(load(BOOK), {name: kind.scorecard for name, kind in load_rulebook(BOOK).types.items()})
CARD = """\
version: 1
title: Mine
measures:
  - measure: tickets
    group: Support
    metric: support_requests
    weight: 10
    curve: {half_life: 6}
    phrase: "{value:whole} tickets"
  - measure: nps
    group: Survey
    metric: nps
    weight: 5
    curve: {line: [[0, 0], [8, 70], [10, 100]]}
    phrase: surveys average {value:plain}
"""
OVERRIDE = """\
version: 1
overrides:
  mine:
    when: notice = 1
    cap: 10
    driver: Notice
    reason: notice was given
    fix: call
"""
ASSIGN = """\
version: 1
assign:
  - scorecard: trial
    when: type = 'Trial'
  - scorecard: mine
"""
FILES = {"scorecards/mine.yml": CARD, "overrides.yml": OVERRIDE, "scorecards/assign.yml": ASSIGN}
MINE, OVERRIDES, ASSIGNED = FILES

BAD = {
    "weights that are all zero": (
        MINE, {"weight: 10": "weight: 0", "weight: 5": "weight: 0"},
        ("scorecards/mine.yml:3", "no measure has a weight above 0", "the weights are 0, 0",
         "give at least one measure a weight above 0"),
    ),
    "a weight below zero": (
        MINE, {"weight: 5": "weight: -5"},
        ("scorecards/mine.yml:13:5", "measures.1.weight is not valid", "it should be greater than or equal to 0",
         "correct the value"),
    ),
    "a curve that rises and falls": (
        MINE, {"[8, 70]": "[8, 100], [9, 40]"},
        ("scorecards/mine.yml:14:5", "measures.1.curve is not valid", "a curve only rises or only falls", "correct the value"),
    ),
    "bands of its own": (
        MINE, {"title: Mine": "title: Mine\nbands: [[0, 40, red], [50, 75, yellow], [70, 100, green]]"},
        ("scorecards/mine.yml:3", "a scorecard has no bands of its own",
         "an account is made of relationships with several scorecards, so bands are the same for all",
         "remove bands, and say them in bands.yml"),
    ),
    "a measure with a quote in its name": (
        MINE, {"measure: nps": 'measure: n"ps'},
        ("scorecards/mine.yml:10:5", "measures.1.measure is not valid", "a name has no quotes, and is not blank", "correct the value"),
    ),
    "a metric that nobody declares": (
        MINE, {"metric: support_requests": "metric: suport_requests"},
        ("scorecards/mine.yml:6", "there is no metric 'suport_requests'", "", "did you mean 'support_requests'?"),
    ),
    "an override without a cap": (
        OVERRIDES, {"    cap: 10\n": ""},
        ("overrides.yml:3", "overrides.mine.cap is missing", "",
         "add cap: the highest score while it holds, from 0 to 100"),
    ),
    "an override that speaks of an unknown metric": (
        OVERRIDES, {"notice = 1": "notise = 1"},
        ("overrides.yml:4:11", "'notise' is not known here at column 1", "", "did you mean 'notice'?"),
    ),
    "a scorecard for a type that does not exist": (
        ASSIGNED, {"'Trial'": "'Trail'"},
        ("scorecards/assign.yml:4", "there is no relationship type 'Trail'",
         f"types: of relationships.yml has {', '.join(sorted(TYPES.scorecards))}", "did you mean 'Trial'?"),
    ),
    "two scorecards that claim one type": (
        ASSIGNED, {"  - scorecard: mine": "  - {scorecard: mine, when: \"type in ('Region', 'Trial')\"}"},
        ("scorecards/assign.yml:5", "two scorecards claim the type 'Trial': trial and mine",
         "scorecards/assign.yml:3 takes all of them first", "keep one, or say more in when:"),
    ),
    "a scorecard that is not there": (
        ASSIGNED, {"- scorecard: mine": "- scorecard: mien"},
        ("scorecards/assign.yml:5", "there is no scorecard 'mien'", "", "did you mean 'mine'?"),
    ),
}  # fmt: skip


def project(root: Path, **texts: str) -> list[Path]:
    """The layers of a project whose files are FILES, or other texts under the same names."""
    for name, text in {**FILES, **texts}.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return [SHIPPED, root]


def said(layers: list[Path], types: Types = TYPES) -> list[tuple[str, str, str, str]]:
    home = f"{layers[-1]}/"
    return [
        (str(e.place).removeprefix(home), e.what, e.why.replace(home, ""), e.fix)
        for e in wrong(layers, types)
    ]


BAND = """\
version: 1
bands:
  red: [0, 40]
  yellow: [40, 70]
  green: [70, 100]
"""
ROLL_UP = """\
version: 1
accounts:
  take: worst
  types:
    Region: {take: mean}
groups: {take: weighted}
"""
SOUND = "let each band begin where the one below it ends, from 0 to 100, as in red: [0, 50], yellow: [50, 75], green: [75, 100]"
KNOWN = f"types: of relationships.yml has {', '.join(sorted(TYPES.scorecards))}"
BESIDE = {
    "bands that overlap": (
        {"[40, 70]": "[35, 70]"}, {},
        ("bands.yml:4", "red and yellow overlap", "red ends at 40, and yellow begins at 35", SOUND),
    ),
    "bands with a gap": (
        {"[70, 100]": "[75, 100]"}, {},
        ("bands.yml:5", "there is a gap between yellow and green", "yellow ends at 70, and green begins at 75", SOUND),
    ),
    "a band that nobody knows": (
        {"  green: [70, 100]": "  green: [70, 100]\n  amber: [60, 70]"}, {},
        ("bands.yml:6:3", "bands.amber is not a known key", "", "known keys: green, red, yellow"),
    ),
    "a roll-up of a type that does not exist": (
        {}, {"Region": "Regoin"},
        ("rollup.yml:5", "there is no relationship type 'Regoin'", KNOWN, "did you mean 'Region'?"),
    ),
    "a mean that leaves out small ones": (
        {}, {"{take: mean}": "{take: mean, small: {below: 0.1, floor: 74}}"},
        ("rollup.yml:5:5", "accounts.types.Region is not valid",
         "only the worst can leave out small ones: remove small, or take the worst", "correct the value"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_bad_bands_and_roll_ups(tmp_path: Path, name: str) -> None:
    bands, rolled, expected = BESIDE[name]
    texts = {"bands.yml": swapped(BAND, bands), "rollup.yml": swapped(ROLL_UP, rolled)}
    assert said(project(tmp_path, **texts)) == [expected]


def test_own_bands_and_roll_ups_have_no_mistake(tmp_path: Path) -> None:
    assert said(project(tmp_path, **{"bands.yml": BAND, "rollup.yml": ROLL_UP})) == []


def swapped(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", BAD)
def test_ten_bad_scorecards(name: str, tmp_path: Path) -> None:
    file, changes, expected = BAD[name]
    assert said(project(tmp_path, **{file: swapped(FILES[file], changes)})) == [expected]


def test_there_are_eleven_and_the_good_one_has_no_mistake(tmp_path: Path) -> None:
    assert len(BAD) == 11
    assert said(project(tmp_path)) == []
    assert said([SHIPPED]) == []


@pytest.mark.parametrize(
    ("file", "changes", "told"),
    [
        (OVERRIDES, {"  mine:": "  my own:"}, "'my own' is no name: use letters, digits, _ and -"),
        (MINE, {"measure: nps": "measure: Tickets"}, "Tickets is listed twice"),
    ],
)
def test_names_that_an_engine_would_take_for_others_are_refused(
    tmp_path: Path, file: str, changes: dict[str, str], told: str
) -> None:
    """Of two measures that differ in capitals only one would count for both; a blank tells one override from the next."""
    layers = project(tmp_path, **FILES | {file: swapped(FILES[file], changes)})
    ((_, what, why, _),) = said(layers)
    assert told in (what, why)
    with pytest.raises(ConfigError):
        load_definitions(layers)


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    """Eight of the ten together, in three files: the other two change what these change."""
    apart = ("weights that are all zero", "two scorecards that claim one type")
    together = [case for name, case in BAD.items() if name not in apart]
    texts = dict(FILES)
    for file, changes, _ in together:
        texts[file] = swapped(texts[file], changes)
    found = said(project(tmp_path, **texts))
    assert sorted(what for _, what, _, _ in found) == sorted(expected[1] for _, _, expected in together)


def test_a_loader_stops_at_what_lint_names(tmp_path: Path) -> None:
    """What lint calls an error of one file is one for a run, too: type names and order are not looked at there."""
    for name in list(BAD)[:7]:
        file, changes, expected = BAD[name]
        layers = project(tmp_path, **{file: swapped(FILES[file], changes)})
        with pytest.raises(ConfigError) as caught:
            load_definitions(layers)
        place = str(caught.value.place).removeprefix(f"{tmp_path}/")
        assert f"{place}:".startswith(f"{expected[0]}:"), name


def test_a_type_that_carries_a_scorecard_is_claimed_by_it(tmp_path: Path) -> None:
    types = replace(TYPES, scorecards={**TYPES.scorecards, "Trial": "mine"})
    (found,) = said(project(tmp_path), types)
    assert found[1] == "two scorecards claim the type 'Trial': mine and trial"
    assert found[2].startswith(f"{BOOK}:")


def test_a_scorecard_after_one_that_takes_all_is_never_in_force(tmp_path: Path) -> None:
    text = ASSIGN + "  - scorecard: standard\n"
    (found,) = said(project(tmp_path, **{ASSIGNED: text}))
    assert found[:3] == (
        "scorecards/assign.yml:6",
        "standard is never in force",
        "mine in line 5 has no when:, so it takes all that are left",
    )


def test_a_text_with_a_brace_that_is_not_closed_is_named(tmp_path: Path) -> None:
    text = CARD.replace('"{value:whole} tickets"', '"{value:whole tickets"')
    assert [row[:2] for row in said(project(tmp_path, **{MINE: text}))] == [
        ("scorecards/mine.yml:9", "this text cannot be read")
    ]


def doubted(root: Path, *signals: Signal, **texts: str) -> list[str]:
    layers = project(root, **texts)
    found = doubts(load_definitions(layers), layers, signals, ())
    return [d.what for d in found if d.place.path.startswith(str(root))]


def test_what_ships_is_doubted_only_for_usage_alone() -> None:
    found = doubts(load_definitions([SHIPPED]), [SHIPPED], (), ())
    assert [d.what for d in found] == ["trial looks at usage only", "usage_only looks at usage only"]


def test_a_good_scorecard_has_no_warning(tmp_path: Path) -> None:
    assert doubted(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"weight: 5": "weight: 0"}, "nps cannot matter"),
        ({"weight: 5": "weight: 0.1"}, "nps cannot matter"),
        ({"[[0, 0], [8, 70], [10, 100]]": "[[0, 60], [10, 60]]"}, "nps cannot matter"),
        ({"curve: {half_life: 6}": "curve: {line: [[0, 60], [10, 0]]}"}, "green cannot be reached by mine"),
        ({"metric: nps": "metric: support_requests"}, "tickets and nps are the same thing"),
        ({"group: Support": "group: Usage", "group: Survey": "group: Usage"}, "mine looks at usage only"),
    ],
)
def test_what_is_hardly_meant(tmp_path: Path, changes: dict[str, str], warning: str) -> None:
    assert doubted(tmp_path, **{MINE: swapped(CARD, changes)}) == [warning]


def test_an_optional_measure_that_waits_for_a_weight_is_meant(tmp_path: Path) -> None:
    assert doubted(tmp_path, **{MINE: swapped(CARD, {"weight: 5": "weight: 0\n    optional: true"})}) == []


def test_a_band_of_the_project_that_nobody_reaches_is_named(tmp_path: Path) -> None:
    texts = {MINE: swapped(CARD, {"[10, 100]": "[10, 80]"})}
    assert doubted(tmp_path, **texts) == []
    high = swapped(BAND, {"[40, 70]": "[40, 95]", "[70, 100]": "[95, 100]"})
    assert doubted(tmp_path, **texts, **{"bands.yml": high}) == ["green cannot be reached by mine"]


def test_a_band_that_only_an_override_reaches_is_reached(tmp_path: Path) -> None:
    high = swapped(CARD, {"{half_life: 6}": "{line: [[0, 100], [10, 80]]}", "[[0, 0], ": "[[0, 80], "})
    high = high.replace("[8, 70]", "[8, 85]")
    assert doubted(tmp_path, **{MINE: high}) == [
        "red cannot be reached by mine",
        "yellow cannot be reached by mine",
    ]
    assert doubted(tmp_path, **{MINE: high + "overrides: [mine]\n"}) == []


def test_a_rule_whose_signal_the_scorecard_does_not_see(tmp_path: Path) -> None:
    seen, unseen = (
        Signal(name, frozenset({metric}), Place("rule.yml", 5))
        for name, metric in (("seen", "nps"), ("unseen", "overdue"))
    )
    assert doubted(tmp_path, seen, unseen) == ["the rule unseen looks at what mine does not see: overdue"]


@pytest.mark.parametrize("kind", ["Advocacy", "Expansion", "Feedback", "Trial"])
def test_a_rule_that_praises_or_is_about_trials_is_no_alarm_about_a_scorecard_of_customers(
    tmp_path: Path, kind: str
) -> None:
    assert doubted(tmp_path, Signal("unseen", frozenset({"overdue"}), Place("rule.yml", 5), kind)) == []


def test_a_scorecard_of_trials_meets_no_rule_but_those_of_trials(tmp_path: Path) -> None:
    assign = swapped(ASSIGN, {"- scorecard: mine": "- scorecard: standard"})
    assigned = {ASSIGNED: swapped(assign, {"scorecard: trial": "scorecard: mine"})}
    risk, trial = (
        Signal(kind, frozenset({"overdue"}), Place("rule.yml", 5), kind) for kind in ("Risk", "Trial")
    )
    assert doubted(tmp_path, risk, trial, **assigned) == [
        "the rule Trial looks at what mine does not see: overdue"
    ]


@pytest.mark.parametrize(
    ("when", "signals"),
    [
        ("overdue > 30 AND leaving = 0", {"overdue"}),
        ("overdue > 30 AND (notice = 0 OR leaving = 1)", {"overdue", "notice", "leaving"}),
        ("support_requests = 0 AND leaving = 0", {"support_requests"}),
        ("notice = 1", {"notice"}),
    ],
)
def test_what_only_keeps_a_rule_quiet_is_no_signal(tmp_path: Path, when: str, signals: set[str]) -> None:
    rule = (SHIPPED / "rules" / "overdue_30.yml").read_text()
    (tmp_path / "mine.yml").write_text(rule.replace("overdue > 30 AND leaving = 0", when))
    (found,) = linting._signals([tmp_path / "mine.yml"], load_definitions([SHIPPED]).metrics)
    assert found.metrics == signals


SHARE = """\
  - measure: share
    group: Usage
    metric: active_share
    weight: 5
    curve: {line: [[0, 0], [1, 100]]}
    phrase: "{value:percent} of seats"
overrides: [mine, never]
"""
NEVER = """\
  never:
    when: notice = 1
    cap: 10
    driver: Notice
    reason: notice was given
    fix: call
"""


def last_run(count: int) -> Connection:
    """Customers of the scorecard `mine` that all pay; none gave notice, and their answers follow their tickets."""
    world = World()
    for n in range(count):
        world.customer(f"a{n:02}", f"r{n:02}")
    con = world.connection()
    con.execute(
        """CREATE TABLE snapshot AS SELECT 'relationship' AS entity, relationship_id AS entity_id, TRUE AS main,
        DATE '2026-11-25' AS on_date, 'mine' AS scorecard, NULL::VARCHAR AS override FROM relationship;
        CREATE TABLE metric_value AS SELECT relationship_id, metric, DATE '2026-11-25' AS on_date, CASE metric
            WHEN 'support_requests' THEN 100 - n WHEN 'nps' THEN n / 10.0 WHEN 'notice' THEN 0 END::DOUBLE AS value
        FROM (SELECT relationship_id, row_number() OVER (ORDER BY relationship_id) AS n FROM relationship)
        CROSS JOIN (SELECT unnest(['support_requests', 'nps', 'notice', 'active_share']) AS metric)"""
    )
    return con


def observe(root: Path, count: int) -> list[Doubt]:
    always = swapped(OVERRIDE, {"when: notice = 1": "when: arr > 0"}) + NEVER
    layers = project(root, **{OVERRIDES: always, MINE: CARD + SHARE})
    with last_run(count) as con:
        return observed(con, load_definitions(layers), layers)


def test_the_data_of_the_last_run_is_looked_at(tmp_path: Path) -> None:
    found = observe(tmp_path, 40)
    assert [(d.place.line, d.what) for d in found] == [
        (3, "mine held everybody down in the last run"),
        (9, "never held nobody down in the last run"),
        (10, "tickets and nps say the same"),
        (18, "nobody judged by mine has share"),
    ]
    assert "all 40 relationships of mine met" in found[0].why
    assert "what it looks at is known of 40" in found[1].why
    assert "-1.00 over 40 relationships" in found[2].why


def test_few_customers_do_not_say_that_two_measures_are_one(tmp_path: Path) -> None:
    assert "tickets and nps say the same" not in [d.what for d in observe(tmp_path, 29)]


def test_a_rank_correlation_by_hand() -> None:
    """Ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4: their correlation is 4.5 / sqrt(4.5 · 5)."""
    nan = float("nan")
    one, other = np.array([1.0, 2, 2, 9, nan]), np.array([10.0, 30, 20, 40, 50])
    assert spearman(one, other) == (4, pytest.approx(4.5 / (4.5 * 5) ** 0.5))
    assert spearman(one, np.array([1.0] * 5)) == (4, 0.0)
    assert spearman(one, np.full(5, nan)) == (0, 0.0)
