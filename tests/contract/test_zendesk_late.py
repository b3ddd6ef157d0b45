"""A change that shows late may stand, in the order of the export, before the place where the last reading ended."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cs_connector.ports import Read

from .adapter_kit import read_all
from .zendesk_kit import Account

PATH = "/api/v2/tickets"


@pytest.fixture
def small() -> Iterator[Account]:
    """The same laws with pages of ten."""
    made = Account("small")
    yield made
    made.close()


def test_a_late_change_in_the_second_in_which_the_last_reading_ended_is_found(account: Account) -> None:
    account.sandbox.world.clock.move(running=False)
    number = make(account, "first")
    make(account, "second")
    account.simulator.control({"commit_lag_s": 540})
    account.other("PUT", f"{PATH}/{number}.json", {"ticket": {"subject": "changed"}})
    account.later(minutes=5)
    early = read_all(account.adapter, "tickets")
    assert subject(early, number) == "first"
    account.later(minutes=10)
    assert subject(read_all(account.adapter, "tickets", cursor=early.cursor), number) == "changed"


def make(account, name):
    ticket = {"subject": name, "comment": {"body": "Help"}}
    return str(account.other("POST", f"{PATH}.json", {"ticket": ticket})["ticket"]["id"])


def subject(reading, number):
    return json.loads(reading.records[number].payload)["subject"]


def test_a_late_change_is_found_though_the_reading_was_killed_near_it_and_went_on_a_day_later(
    small: Account,
) -> None:
    small.sandbox.world.clock.move(running=False)
    number = make(small, "first")
    small.later(minutes=30)
    small.simulator.control({"commit_lag_s": 540})
    small.other("PUT", f"{PATH}/{number}.json", {"ticket": {"subject": "changed"}})
    small.simulator.control({"commit_lag_s": 0})
    small.later(seconds=5)
    for n in range(25):
        make(small, f"new {n}")
    small.later(minutes=2)
    pages = small.adapter.read(Read("tickets", ()))
    killed = [next(pages), next(pages)][1]
    assert not killed.done
    small.later(days=1)
    rest = read_all(small.adapter, "tickets", cursor=killed.cursor)
    small.later(minutes=30)
    found = read_all(small.adapter, "tickets", cursor=rest.cursor)
    assert "changed" in {subject(each, number) for each in (rest, found) if number in each.records}
