"""score --plan: what it says is what two runs would have given, its points add up, and its file can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cs_connector.console.score_plan import markdown
from cs_connector.health import Definitions
from cs_connector.health.bands import Bands
from cs_connector.health.causes import Cause, causes, main_cause
from cs_connector.health.compare import Moved, Standing, compare, moved, stayed, total
from cs_connector.health.differences import differences
from cs_connector.language.executor import Connection
from cs_connector.runner.scorecards import configurations
from cs_connector.runner.scorecards.plans import _document
from tests.unit.engine_kit import engine_of
from tests.unit.health_tables import AS_OF, World, definitions

pytestmark = [pytest.mark.slow]

CARD = """\
version: 1
title: {title}
minimum_coverage: {coverage}
overrides: [{overrides}]
measures:
  - measure: tickets
    group: Support
    metric: support_requests
    weight: {tickets}
    curve: {{half_life: 6}}
    phrase: "{{value:whole}} tickets"
  - measure: active
    group: Usage
    metric: active_share
    weight: {active}
    curve: {{line: [[0, 0], [1, 100]]}}
    phrase: "{{value:percent}} of seats"
"""
ASSIGN = 'version: 1\nassign:\n  - {{scorecard: second, when: "{when}"}}\n  - scorecard: first\n'
USED = "active_users"


def folder(root: Path, when: str, first: dict[str, Any], second: dict[str, Any]) -> Path:
    base = {"title": "Card", "coverage": 0.5, "overrides": "gone", "tickets": 1, "active": 1}
    (root / "scorecards").mkdir(parents=True)
    (root / "scorecards/first.yml").write_text(CARD.format(**base | first))
    (root / "scorecards/second.yml").write_text(CARD.format(**base | second))
    (root / "scorecards/assign.yml").write_text(ASSIGN.format(when=when))
    cap = "when: active_share < 0.05, cap: 30, driver: Usage, reason: nobody is there, fix: call"
    (root / "overrides.yml").write_text(f"version: 1\noverrides:\n  gone: {{{cap}}}\n")
    return root


def base() -> World:
    """Six accounts, one with two relationships; tickets, seats in use and revenue differ; one has no usage."""
    world = World().customer("quiet", "quiet-r", arr=1000).users(80, 80, account="quiet")
    world.customer("busy", "busy-r", arr=2000).users(90, 90, account="busy").tickets(12, account="busy")
    world.customer("dark", "dark-r", arr=3000).users(4, 4, account="dark")
    world.customer("unseen", "unseen-r", arr=4000, type="Region")
    world.account("two")
    world.customer("two", "two-a", arr=5000, product="A").customer("two", "two-b", arr=5000, product="B")
    world.users(70, 70, account="two", product="A").users(20, 20, account="two", product="B")
    world.tickets(3, account="two", product="A")
    return world.customer("region", "region-r", arr=600, type="Region").users(50, 50, account="region")


@dataclass(frozen=True)
class Planned:
    con: Connection
    before: Definitions
    after: Definitions

    def moved(self) -> dict[str, Moved]:
        return {m.account_id: m for m in moved(self.con, self.before, self.after)}


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("plan")
    one = folder(root / "before", "type = 'Trial'", {}, {})
    two = folder(
        root / "after", "type = 'Region'", {"tickets": 3}, {"coverage": 0.9, "active": 2, "overrides": ""}
    )
    text = (two / "overrides.yml").read_text()
    (two / "overrides.yml").write_text(text.replace("cap: 30", "cap: 60"))
    return one, two


@pytest.fixture(scope="module")
def planned(layers: tuple[Path, Path]) -> Iterator[Planned]:
    one, two = (definitions(layer) for layer in layers)
    with base().connection() as con:
        assert compare(con, AS_OF, one, two, bucket=3) == 7
        yield Planned(con, one, two)


@pytest.mark.slow
def test_both_sides_are_what_a_run_gives(planned: Planned, layers: tuple[Path, Path]) -> None:
    names = "entity, entity_id, scorecard, score, band, uncapped, cap, override, coverage, published"
    for side, layer in zip(("before", "after"), layers, strict=True):
        query = f"SELECT {names} FROM {{}} WHERE main AND entity <> 'group' {{}} ORDER BY entity, entity_id"
        run = base().score(layer)
        given = run.con.execute(query.format("snapshot", "AND on_date = ?"), [AS_OF]).fetchall()
        assert planned.con.execute(query.format(f"by_{side}", "")).fetchall() == given
        assert len(given) == 13


def test_points_add_up_to_the_difference(planned: Planned) -> None:
    found = planned.moved()
    assert set(found) >= {"busy", "dark", "unseen"}
    for one in found.values():
        first, second = (account.score for account in one.accounts)
        parts = causes(one, planned.before, planned.after)
        if first is not None and second is not None and None not in (s.uncapped for s in one.relationships):
            assert sum(part.points for part in parts) == pytest.approx(second - first, abs=1e-9)


def test_what_did_it(planned: Planned) -> None:
    found = planned.moved()
    main = {name: main_cause(causes(one, planned.before, planned.after), one) for name, one in found.items()}
    kinds = {name: (cause.kind, cause.name) for name, cause in main.items() if cause}
    assert kinds["busy"] == ("measure", "tickets")  # many tickets weigh more
    assert kinds["dark"] == ("override", "gone")  # its cap is higher
    assert kinds["unseen"] == ("coverage", "")  # what is known is no longer enough


def test_the_totals_are_those_of_the_whole_base(planned: Planned) -> None:
    rows = total(planned.con)
    assert sum(row[3] for row in rows) == 6
    assert sum(row[4] for row in rows) == 20_600
    changed = sum(row[3] for row in rows if row[0] != row[1])
    assert changed == len(planned.moved())
    assert stayed(planned.con)[0] <= 6 - changed


def test_those_with_most_revenue_come_first(planned: Planned) -> None:
    revenue = [one.revenue for one in moved(planned.con, planned.before, planned.after)]
    assert revenue == sorted(revenue, reverse=True)


def test_the_file_is_for_people_and_says_the_same_each_time(planned: Planned) -> None:
    document = _document(planned.con, "run A", planned.before, planned.after) | {"as_of": "2026-11-25"}
    text = markdown(document)
    assert text == markdown(
        _document(planned.con, "run A", planned.before, planned.after) | {"as_of": "2026-11-25"}
    )
    assert "- first: tickets: weight 1 → 3" in text
    assert "- override gone: cap 30 → 60" in text
    line = next(line for line in text.splitlines() if "(dark)" in line)
    assert line == "- **Account dark** (dark) 30 → 60; 3,000 USD; override gone +26.0, tickets +4.0"
    unseen = next(line for line in text.splitlines() if "(unseen)" in line)
    assert "scorecard first → second" in unseen
    assert "known 50% → 33% of the weight" in unseen


def test_nothing_to_say_is_said(layers: tuple[Path, Path]) -> None:
    same = definitions(layers[0])
    with World().customer().connection() as con:
        compare(con, AS_OF, same, same)
        text = markdown(_document(con, "run A", same, same) | {"as_of": "2026-11-25"})
    assert "- nothing that moves a score" in text
    assert "None of 1 account changes band. No other score moves." in text


def test_differences_are_sentences(layers: tuple[Path, Path]) -> None:
    assert differences(*(definitions(layer) for layer in layers)) == [
        "assignment: second when type = 'Trial'; first → second when type = 'Region'; first",
        "first: tickets: weight 1 → 3",
        "second: minimum coverage 50% → 90%",
        "second: active: weight 1 → 2",
        "second: override gone: gone",
        "override gone: cap 30 → 60",
    ]


def test_a_metric_that_is_measured_otherwise_is_named_and_counts(
    tmp_path: Path, layers: tuple[Path, Path]
) -> None:
    """The same scorecard over seats in use that count twice: everything else is alike."""
    from tests.unit.health_tables import SHIPPED

    other = folder(tmp_path / "other", "type = 'Trial'", {}, {})
    (other / "metrics").mkdir()
    text = (SHIPPED / "metrics/usage.yml").read_text()
    assert text.count("value: users_1 / seats") == 1
    (other / "metrics/usage.yml").write_text(
        text.replace("value: users_1 / seats", "value: users_1 / seats / 2")
    )
    one, two = definitions(layers[0]), definitions(other)
    assert differences(one, two) == ["metric active_share: measured otherwise"]
    with World().customer().users(80, 80).connection() as con:
        compare(con, AS_OF, one, two)
        scores = con.execute(
            "SELECT b.score, a.score FROM by_before b JOIN by_after a USING (entity, entity_id)"
        ).fetchall()
    assert set(scores) == {(90, 70)}


def test_a_measure_with_weight_0_does_not_count(tmp_path: Path, layers: tuple[Path, Path]) -> None:
    """80 % of seats and no ticket: 90 by both, 100 by tickets alone; what has no weight is no gap in what is known."""
    one, two = (
        definitions(layers[0]),
        definitions(folder(tmp_path / "other", "type = 'Trial'", {"active": 0}, {})),
    )
    with World().customer().users(80, 80).connection() as con:
        compare(con, AS_OF, one, two)
        query = (
            "SELECT b.score, a.score, a.coverage FROM by_before b JOIN by_after a USING (entity, entity_id)"
        )
        assert set(con.execute(query).fetchall()) == {(90, 100, 1.0)}
        assert [*moved(con, one, two)] == [], "both are green"


def standing(
    score: int, uncapped: float, cap: int | None = None, override: str | None = None, **scores: float
) -> Standing:
    return Standing("first", score, "red", uncapped, 1.0, cap, override, scores)


def test_an_account_that_another_relationship_decides_says_so(layers: tuple[Path, Path]) -> None:
    """The worst rose from 20 to 60, so another one at 50 decides: ten points less than its own rise."""
    worst = (standing(20, 20.0, tickets=0, active=40), standing(60, 60.0, tickets=80, active=40))
    account = (standing(20, 20.0), standing(50, 50.0))
    one = Moved("a", "A", None, "USD", 1.0, None, account, worst)
    same = definitions(layers[0])
    assert causes(one, same, same) == [
        Cause("measure", "tickets", 40.0),
        Cause("roll_up", "", -10.0),
    ]


def test_what_a_cap_hides_is_no_cause(layers: tuple[Path, Path]) -> None:
    """From 50 to 80 under a cap of 70: twenty points show, all of them by tickets."""
    same = definitions(layers[0])
    pair = (
        standing(50, 50.0, 70, "gone", tickets=20, active=80),
        standing(70, 80.0, 70, "gone", tickets=80, active=80),
    )
    found = causes(Moved("a", "A", None, "USD", 1.0, None, pair, pair), same, same)
    assert found == [Cause("measure", "tickets", 20.0)]


def test_a_band_that_changed_with_its_limits_is_no_matter_of_measures(layers: tuple[Path, Path]) -> None:
    """Red ends at 45 and not at 50: 46 is yellow now, though tickets gave a point; 52 would have been yellow before, too."""
    same = definitions(layers[0])
    after = replace(same, bands=Bands(red=(0, 45), yellow=(45, 75)))
    for score, kind in ((46, "bands"), (52, "measure")):
        end = replace(standing(score, float(score), tickets=2 * score - 45, active=45), band="yellow")
        pair = (standing(45, 45.0, tickets=45, active=45), end)
        one = Moved("a", "A", None, "USD", 1.0, None, pair, pair)
        found, main = causes(one, same, after), main_cause(causes(one, same, after), one)
        assert main is not None
        assert (main.kind, found[0].kind) == (kind, kind)
        assert sum(cause.points for cause in found) == pytest.approx(score - 45)


def test_a_cap_and_a_measure_share_what_they_do_together(layers: tuple[Path, Path]) -> None:
    """By hand: measures 52 to 76, cap 30 to 60. Measures alone: 0, or 8 under the new cap; the cap alone: 22, or 30 after."""
    same = definitions(layers[0])
    pair = (
        standing(30, 52.0, 30, "gone", tickets=100, active=4),
        standing(60, 76.0, 60, "gone", tickets=148, active=4),
    )
    found = causes(Moved("a", "A", None, "USD", 1.0, None, pair, pair), same, same)
    assert found == [Cause("override", "gone", 26.0), Cause("measure", "tickets", 4.0)]


def test_the_configuration_of_the_last_run_is_kept(tmp_path: Path, layers: tuple[Path, Path]) -> None:
    from cs_connector.errors import UsageError

    root = folder(tmp_path / "project", "type = 'Trial'", {}, {})
    with engine_of(object(), root) as engine:
        with pytest.raises(UsageError, match="not known"), configurations.last(engine):
            pass
        configurations.keep(engine)
        configurations.keep(engine)
        (root / "scorecards/first.yml").write_text(
            CARD.format(title="", coverage=0.1, overrides="", tickets=9, active=1)
        )
        with configurations.last(engine) as (named, kept):
            assert named == f"those of the last scores, of {engine.as_of}"
            assert differences(definitions(layers[0]), kept) == []
        with pytest.raises(UsageError, match="declares nothing"), configurations.of_folder(engine, tmp_path):
            pass
        assert not list(engine.project.state.glob("configuration-*"))


def test_who_would_have_no_score_any_more_is_counted(tmp_path: Path, layers: tuple[Path, Path]) -> None:
    """A last line of assign.yml that went away takes nobody's band: it takes the whole score."""
    other = folder(tmp_path / "other", "type = 'Region'", {}, {})
    path = other / "scorecards/assign.yml"
    path.write_text(path.read_text().replace("  - scorecard: first\n", ""))
    one, two = definitions(layers[0]), definitions(other)
    with base().connection() as con:
        compare(con, AS_OF, one, two)
        document = _document(con, "run A", one, two) | {"as_of": "2026-11-25"}
    assert document["no_scorecard"]["after"] == {"relationships": 5, "revenue": {"USD": 16_000.0}}
    assert "5 relationships have no score any more: no scorecard in assign.yml fits them." in markdown(
        document
    )


def test_who_changes_band_because_a_relationship_fits_nowhere_is_listed(
    tmp_path: Path, layers: tuple[Path, Path]
) -> None:
    other = folder(tmp_path / "other", "product = 'A'", {}, {})
    path = other / "scorecards/assign.yml"
    path.write_text(
        path.read_text().replace("- scorecard: first", "- {scorecard: first, when: product is null}")
    )
    one, two, made = definitions(layers[0]), definitions(other), base()
    for row in made.rows["usage"]:
        row["value"] = 2 if row["product"] == "B" else row["value"]
    with made.connection() as con:
        compare(con, AS_OF, one, two)
        found = {m.account_id: m for m in moved(con, one, two)}
        changed = sum(count for old, new, _, count, _ in total(con) if old != new)
    assert (len(found), [*found]) == (changed, ["two"])
    assert {cause.kind for cause in causes(found["two"], one, two)} == {"roll_up"}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "judgements.yml",
            "version: 1\njudgements:\n  - {of: quiet-r, says: At risk, by: Dana, on: 2026-11-20}\n",
            "judgements: 0 lines gone, 1 new",
        ),
        (
            "calendar.yml",
            "version: 1\nfiscal_year_starts: 11\n",
            "calendar: fiscal year from month 1, weeks from monday, UTC → fiscal year from month 11, weeks from monday, UTC",
        ),
    ],
)
def test_what_people_write_and_the_calendar_are_a_change_as_well(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    """Neither is in a file of metrics, and both move what metrics come to."""
    one, two = (folder(tmp_path / side, "type = 'Trial'", {}, {}) for side in ("one", "two"))
    for root in (one, two):
        (root / "overrides.yml").write_text(
            "version: 1\noverrides:\n  gone: {when: csm_judgement = 0 or early = 1, cap: 30, driver: Usage, reason: said, fix: call}\n"
        )
        (root / "metrics").mkdir()
        (root / "metrics/early.yml").write_text(
            "version: 1\nmetrics:\n  early: {title: Early, value: 'if(days(today, fiscal_year_start(today)) < 31, 1, 0)'}\n"
        )
    (two / name).write_text(text)
    sides = definitions(one), definitions(two)
    assert differences(*sides) == [told]
    with base().connection() as con:
        compare(con, AS_OF, *sides)
        found = {m.account_id: [s.override for s in m.relationships] for m in moved(con, *sides)}
    assert found["quiet"] == [None, "gone"]
