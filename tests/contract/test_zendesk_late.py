"""A change that shows late may stand, in the order of the export, before the place where the last reading ended."""

from __future__ import annotations

import json

from .adapter_kit import read_all
from .zendesk_kit import Account

PATH = "/api/v2/tickets"


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
