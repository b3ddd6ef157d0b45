"""Metrics over closed months that are kept are those from all facts, whatever came, changed and went; only what changed is read again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector import registry
from cs_connector.measure.metrics import load_metrics
from cs_connector.measure.months import kept
from cs_connector.store.facts import Facts
from cs_connector.store.store import Store
from tests.conftest_store import HandClock
from tests.measure.months_kit import STUDIES, Company, Nights, studies

pytestmark = [pytest.mark.slow]

ACCOUNTS, PRODUCTS = ("a", "b", "c"), (None, "P", "Q")
DAYS = (date(1, 1, 1), *(date(2026, month, day) for month in (1, 2, 3, 4, 5) for day in (1, 15)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store", None, HandClock()) as opened:
        yield opened


def company() -> Company:
    made = Company(relationships={"r1": ("a", "P"), "r2": ("a", "Q"), "r3": ("b", None)})
    for number, day in enumerate(DAYS):
        for account in ("a", "b"):
            made.use(f"{account}{number}", account, day, 1.5 * number)
    return made


def _periods(store: Store) -> dict[str, list[Path]]:
    """The files of what is kept, by period."""
    names = [name for name in store.facts.datasets("months/") if name[-1].isdigit()]
    return {name: store.facts.files(name) for name in names}


def a_day(town: Company, draw: Random) -> None:
    """Anything that can happen between two runs."""
    for _ in range(draw.randrange(1, 4)):
        keys = [f"u{n}" for n in range(6)]
        key, account, product = draw.choice(keys), draw.choice(ACCOUNTS), draw.choice(PRODUCTS)
        what = draw.randrange(7)
        if what <= 2:
            town.use(key, account, draw.choice(DAYS), draw.choice([None, 0.1, 7, -1, 1e30]), product)
        elif what == 3:
            town.rows["usage"].pop(key, None)
        elif what == 4:
            moment = datetime(2026, draw.choice([3, 4, 6]), draw.choice([1, 30]), 16, 30)
            town.rows["ticket"][key] = {"ticket_id": key, "account_id": account, "opened_at": moment}
        elif what == 5:
            town.relationships[draw.choice(["r1", "r2", "r3"])] = (account, product)
            town.relationships.pop(draw.choice(["r2", "r4"]), None)
        else:
            town.attached ^= {(draw.choice(["usage", "ticket"]), key, draw.choice(["r1", "r3"]))}
    town.today = draw.choice([town.today, town.today, date(2026, 6, 2), date(2026, 7, 1), date(2026, 4, 20)])


def agrees(seed: int, least: int, days: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store", None, HandClock()) as store:
        town, draw, nights = company(), Random(seed), Nights(store, studies(Path(folder)), least)
        for _ in range(days):
            whole, over, _ = nights.run(town)
            assert over == whole
            a_day(town, draw)


@pytest.mark.parametrize(("seed", "least"), [(1, 0), (2, 10**6)])
def test_what_is_kept_gives_what_all_facts_give(seed: int, least: int) -> None:
    agrees(seed, least, 5)


@pytest.mark.long
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), least=st.sampled_from([0, 10**6]))
def test_what_is_kept_gives_what_all_facts_give_at_length(seed: int, least: int) -> None:
    agrees(seed, least, 8)


@pytest.fixture
def nights(store: Store, tmp_path: Path) -> Nights:
    return Nights(store, studies(tmp_path, used=STUDIES["used"]))


def test_a_late_row_opens_its_account_and_month_again_and_nothing_else(nights: Nights) -> None:
    town = company()
    nights.run(town)
    town.use("late", "a", date(2026, 2, 20), 100)
    town.use("new", "b", date(2026, 5, 9), 100)  # of the month that is not over
    whole, over, (told,) = nights.run(town)
    assert over == whole
    assert (told.reopened, told.made, told.filled) == (1, 2, False)  # of the two relationships of the account


def test_a_row_in_the_place_of_an_attached_one_counts_for_all(store: Store, tmp_path: Path) -> None:
    """It says the same under another key, and nobody said which relationship it is about."""
    town, nights = company(), Nights(store, studies(tmp_path, asked=STUDIES["asked"]))
    row = {"account_id": "a", "opened_at": datetime(2026, 2, 10)}
    town.rows["ticket"] = {"old": {"ticket_id": "old", **row}}
    town.attached = {("ticket", "old", "r1")}
    nights.run(town)
    town.rows["ticket"], town.attached = {"new": {"ticket_id": "new", **row}}, set()
    whole, over, _ = nights.run(town)
    assert over == whole


def test_a_month_that_is_over_is_added_and_no_other_is_read(nights: Nights) -> None:
    town = company()
    nights.run(town)
    town.today = date(2026, 6, 1)
    whole, over, (told,) = nights.run(town)
    assert over == whole
    assert (told.reopened, told.made) == (2, 3)


def test_a_day_without_news_makes_nothing(nights: Nights) -> None:
    nights.run(company())
    before = _periods(nights.store)
    *_, (told,) = nights.run(company())
    assert (told.reopened, told.made, told.filled) == (0, 0, False)
    assert _periods(nights.store) == before


def test_other_steps_are_filled_from_the_past_and_the_old_ones_are_forgotten(
    nights: Nights, tmp_path: Path
) -> None:
    nights.run(company())
    before = set(nights.store.facts.datasets("months/"))
    changed = studies(tmp_path, used=STUDIES["used"].replace("value * 2", "value * 3"))
    whole, over, (told,) = Nights(nights.store, changed).run(company())
    assert over == whole
    assert told.filled
    assert not before & set(nights.store.facts.datasets("months/"))


def test_a_run_that_is_killed_before_it_is_on_record_leaves_what_was_there(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = company()
    nights.run(town)
    town.use("late", "a", date(2026, 2, 20), 100)
    publish, written = Facts.publish, []

    def killed(self: Facts, run: str, **named: object) -> int:
        if run == "run":
            written.append(named)
            raise KeyboardInterrupt
        return publish(self, run, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Facts, "publish", killed)
        nights.run(town)
    assert written
    whole, over, (told,) = nights.run(town)
    assert over == whole
    assert told.reopened == 1


def test_where_the_files_of_before_are_gone_all_months_are_made(nights: Nights) -> None:
    town, facts = company(), nights.store.facts
    nights.run(town)
    old = facts.files("entity/usage")
    town.rows["usage"].pop("a3")
    with town.tables() as con:
        town.publish(nights.store, con, 0)
    for path in set(old) - set(facts.files("entity/usage")):
        path.unlink()
    whole, over, (told,) = nights.run(town)
    assert over == whole
    assert told.filled


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fetch: usage", "fetch: {entity: usage, of: group}"),
        ("coalesce(value, 0) >= 0", "months(today, on_date) < 20"),
        ("grain: month", "grain: week"),
    ],
)
def test_months_that_other_things_than_a_late_row_can_change_are_not_kept(
    tmp_path: Path, old: str, new: str
) -> None:
    assert [name for name, _ in kept(studies(tmp_path, used=STUDIES["used"]).sources)] == ["used"]
    assert not list(kept(studies(tmp_path, used=STUDIES["used"].replace(old, new)).sources))


def test_months_of_what_ships_are_kept_of_usage() -> None:
    assert {name for name, _ in kept(load_metrics(registry.shipped()).sources)} == {"usage"}
