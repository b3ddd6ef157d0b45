"""A page that was sent before is not sent again once something about it has changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from bench.tickets import DAY, FIRST, rows
from cs_connector import registry
from cs_connector.sandbox.ids import sales_id
from cs_connector.sandbox.pages import Pages
from cs_connector.sandbox.up import Sandbox

SOQL = "/services/data/v67.0/queryAll?q=SELECT Id, Subject FROM Case ORDER BY SystemModstamp, Id"
LISTS = {
    "salesforce": (SOQL, "Case", "Subject"),
    "hubspot": ("/crm/v3/objects/tickets?limit=100&properties=subject", "tickets", "subject"),
    "zendesk": ("/api/v2/tickets.json?page[size]=100", "tickets", "subject"),
}
CHANGES = {
    "salesforce": (
        "PATCH",
        f"/services/data/v67.0/sobjects/Case/{sales_id('500', 1)}",
        {"Subject": "Changed"},
    ),
    "hubspot": (
        "PATCH",
        f"/crm/v3/objects/tickets/{FIRST['tickets']}",
        {"properties": {"subject": "Changed"}},
    ),
    "zendesk": ("PUT", "/api/v2/tickets/1001.json", {"ticket": {"subject": "Changed"}}),
}


class Crm:
    def __init__(self, name):
        self.name = name
        self.sandbox = Sandbox([(name, registry.simulator(name))], DAY, profile="unlimited")
        self.sandbox.world.clock.move(to=DAY + timedelta(minutes=20), running=False)
        self.sandbox.load(name, rows(name, 2))
        self.sandbox.start()
        self.block = self.sandbox.document()[name]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.block['access_token']}"

    def ask(self, method, path, body=None):
        return self.session.request(method, self.block["base_url"] + path, json=body, timeout=30)

    def page(self):
        return self.ask("GET", LISTS[self.name][0]).text

    def order(self, order):
        self.sandbox.simulators[self.name].control(order)


@pytest.fixture(params=sorted(LISTS))
def crm(request):
    made = Crm(request.param)
    yield made
    made.session.close()
    made.sandbox.stop()


def test_a_change_is_in_the_next_page_and_gone_after_a_restore(crm):
    before = crm.page()
    assert crm.page() == before
    crm.sandbox.snapshot()
    assert crm.ask(*CHANGES[crm.name]).ok
    changed = crm.page()
    assert "Changed" in changed
    assert crm.page() == changed
    crm.sandbox.restore()
    assert crm.page() == before
    assert crm.ask(*CHANGES[crm.name]).ok
    assert crm.page() == changed


@pytest.mark.parametrize("what", ["hide", "remove_field"])
def test_what_an_admin_or_sharing_takes_away_is_not_in_the_next_page(crm, what):
    _, noun, name = LISTS[crm.name]
    before = crm.page()
    crm.order({what: {"object": noun, "share": 0.5} if what == "hide" else {"object": noun, "field": name}})
    assert crm.page() != before
    crm.sandbox.simulators[crm.name].calm()
    assert crm.page() == before


@pytest.mark.parametrize("crm", ["salesforce"], indirect=True)
def test_a_changed_record_moves_to_the_end_and_a_deleted_one_out(crm):
    page = "/services/data/v67.0/query?q=SELECT Id FROM Case ORDER BY SystemModstamp, Id"
    ids = [row["Id"] for row in crm.ask("GET", page).json()["records"]]
    crm.ask(*CHANGES["salesforce"])
    crm.ask("DELETE", f"/services/data/v67.0/sobjects/Case/{ids[1]}")
    assert [row["Id"] for row in crm.ask("GET", page).json()["records"]] == [*ids[2:], ids[0]]


def test_pages_are_good_for_one_state_and_stay_within_their_room():
    pages = Pages(most=10)
    pages.keep("a", 1, b"12345")
    assert pages.find("a", 1) == b"12345"
    assert pages.find("a", 2) is None
    pages.keep("b", 1, b"123456")
    assert (pages.find("a", 1), pages.find("b", 1)) == (b"12345", None)
    pages.keep("b", 2, b"123456")
    assert (pages.find("a", 1), pages.find("b", 2)) == (None, b"123456")
    pages.keep("b", 2, b"x" * 11)
    assert pages.find("b", 2) is None
