"""The Zendesk adapter against a simulated account, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet
from cs_connector.adapters.zendesk import Zendesk

from cs_connector.ports import Action, Change, Read, Surroundings, Verdict
from cs_connector.sandbox.wire import SeedRow
from cs_connector.vault import Vault

from .adapter_kit import START, read_all
from .zendesk_kit import Account, an_hour_apart, change


@pytest.fixture
def small() -> Iterator[Account]:
    """The same laws with pages of ten."""
    account = Account("small")
    yield account
    account.close()


@pytest.mark.parametrize(
    ("name", "count"), [("organizations", 7), ("users", 7), ("tickets", 7), ("satisfaction_ratings", 1)]
)
def test_everything_is_read_once_and_says_how_far_it_reaches(account: Account, name: str, count: int) -> None:
    reading = read_all(account.adapter, name)
    assert len(reading.records) == count
    assert reading.last.done
    assert reading.last.complete_to is not None
    assert reading.last.complete_to >= START - timedelta(minutes=2)
    assert all(not r.deleted and r.modified_at for r in reading.records.values())


def test_the_payload_is_what_zendesk_sent(account: Account) -> None:
    record = read_all(account.adapter, "organizations").records["1"]
    assert json.loads(record.payload) | {
        "name": "Org 1",
        "external_id": "A1",
        "deleted_at": None,
    } == json.loads(record.payload)


def test_a_deleted_user_is_a_tombstone_and_a_suspended_one_is_not(account: Account) -> None:
    first = read_all(account.adapter, "users")
    account.other("PUT", "/api/v2/users/104.json", {"user": {"suspended": True}})
    account.other("PUT", "/api/v2/tickets/1005.json", {"ticket": {"status": "closed"}})
    account.other("DELETE", "/api/v2/users/105.json")
    account.later(minutes=5)
    second = read_all(account.adapter, "users", cursor=first.cursor)
    assert {k: r.deleted for k, r in second.records.items()} == {"104": False, "105": True}


def test_of_a_first_reading_of_tickets_the_records_are_estimated_and_of_a_later_one_the_least_calls(
    account: Account,
) -> None:
    first = account.adapter.estimate(Read("tickets", ()))
    assert (first.records, first.calls, first.exact) == (7, 1, False)
    assert account.adapter.estimate(Read("organizations", ())).exact
    later = account.adapter.estimate(Read("tickets", (), read_all(account.adapter, "tickets").cursor))
    assert (later.records, later.calls, later.exact) == (None, 1, False)
    users = account.adapter.estimate(Read("users", ()))
    assert users.calls == 2, "their own fields are listed as well"


def test_an_estimate_without_the_permission_to_search_says_nothing(account: Account) -> None:
    rule = {"crm": "zendesk", "path": "/search/count", "do": {"status": 403, "body": "{}"}}
    requests.post(f"{account.sandbox.control.base_url}/faults", json={"rules": [rule]}).raise_for_status()
    assert account.adapter.estimate(Read("tickets", ())).records is None


def test_a_merged_organization_names_the_one_that_goes_on(account: Account) -> None:
    first = read_all(account.adapter, "organizations")
    account.other("POST", "/api/v2/organizations/4/merge.json", {"organization_merge": {"winner_id": 5}})
    account.other("DELETE", "/api/v2/organizations/6.json")
    account.later(minutes=5)
    found = read_all(account.adapter, "organizations", cursor=first.cursor).records
    told = {key: json.loads(found[key].payload).get("mergedInto") for key in "456"}
    assert told == {"4": "5", "5": None, "6": None}
    assert [found[key].deleted for key in "456"] == [True, False, True]


def test_a_merged_user_is_gone_and_the_tickets_belong_to_the_other(account: Account) -> None:
    users, tickets = read_all(account.adapter, "users"), read_all(account.adapter, "tickets")
    account.other("PUT", "/api/v2/users/101/merge.json", {"user": {"id": 102}})
    account.later(minutes=5)
    assert read_all(account.adapter, "users", cursor=users.cursor).records["101"].deleted
    moved = read_all(account.adapter, "tickets", cursor=tickets.cursor).records["1001"]
    assert json.loads(moved.payload)["requester_id"] == 102


def test_tickets_follow_a_user_who_changes_organization(account: Account) -> None:
    users, tickets = read_all(account.adapter, "users"), read_all(account.adapter, "tickets")
    account.other("PUT", "/api/v2/users/101.json", {"user": {"organization_id": 2}})
    account.later(minutes=5)
    changed = read_all(account.adapter, "users", cursor=users.cursor).records
    moved = read_all(account.adapter, "tickets", cursor=tickets.cursor).records
    assert {key: json.loads(r.payload)["organization_id"] for key, r in changed.items()} == {"101": 2}
    assert {key: json.loads(r.payload)["organization_id"] for key, r in moved.items()} == {"1001": 2}


def test_new_memberships_are_read_and_all_of_them_once_a_day(account: Account) -> None:
    name = "organization_memberships"
    first = read_all(account.adapter, name)
    assert (len(first.records), account.adapter.total(name)) == (7, 7)
    body = {"organization_membership": {"user_id": 101, "organization_id": 2}}
    made = account.other("POST", f"/api/v2/{name}.json", body)["organization_membership"]
    second = read_all(account.adapter, name, cursor=first.cursor)
    assert list(second.records) == [str(made["id"])]
    assert read_all(account.adapter, name, cursor=second.cursor).records == {}
    account.other("PUT", f"/api/v2/users/101/{name}/{made['id']}/make_default.json")
    account.other("DELETE", f"/api/v2/users/102/{name}/{5_000_000_000_000 + 102}.json")
    account.later(hours=25)
    third = read_all(account.adapter, name, cursor=second.cursor)
    assert json.loads(third.records[str(made["id"])].payload)["default"] is True
    left = [key for page in account.adapter.ids(name) for key in page]
    assert sorted(left) == sorted(third.records) and len(left) == 7 == account.adapter.total(name)


def test_memberships_go_on_from_any_page(small: Account) -> None:
    whole = read_all(small.adapter, "organization_memberships")
    for page in whole.pages:
        rest = read_all(small.adapter, "organization_memberships", cursor=page.cursor)
        assert not rest.records.keys() - whole.records.keys()
    assert len(whole.pages) == 7


def test_a_later_reading_sees_a_changed_and_a_deleted_ticket(account: Account) -> None:
    first = read_all(account.adapter, "tickets")
    account.other("PUT", "/api/v2/tickets/1002.json", {"ticket": {"status": "solved"}})
    account.other("DELETE", "/api/v2/tickets/1003.json")
    account.later(minutes=5)
    second = read_all(account.adapter, "tickets", cursor=first.cursor)
    assert {k: r.deleted for k, r in second.records.items()} == {"1002": False, "1003": True}
    third = read_all(account.adapter, "tickets", cursor=second.cursor)
    assert third.records == second.records  # the last ten minutes are read again, the same
    account.later(minutes=15)
    fourth = read_all(account.adapter, "tickets", cursor=third.cursor)
    assert read_all(account.adapter, "tickets", cursor=fourth.cursor).records == {}


def test_a_later_reading_sees_a_changed_and_a_deleted_organization(account: Account) -> None:
    first = read_all(account.adapter, "organizations")
    account.other("PUT", "/api/v2/organizations/2.json", {"organization": {"notes": "new"}})
    account.other("DELETE", "/api/v2/organizations/3.json")
    account.later(minutes=5)
    second = read_all(account.adapter, "organizations", cursor=first.cursor)
    assert {k: r.deleted for k, r in second.records.items() if k in "23"} == {"2": False, "3": True}


def test_a_change_of_the_last_minute_is_seen_by_the_next_reading(account: Account) -> None:
    first = read_all(account.adapter, "tickets")
    account.later(minutes=10)
    account.other("PUT", "/api/v2/tickets/1004.json", {"ticket": {"status": "solved"}})
    second = read_all(account.adapter, "tickets", cursor=first.cursor)
    account.later(minutes=2)
    third = read_all(account.adapter, "tickets", cursor=second.cursor)
    assert "1004" in second.records | third.records


def test_reading_goes_on_from_any_page(small: Account) -> None:
    small.simulator.load(an_hour_apart(60))
    whole = read_all(small.adapter, "tickets")
    assert len(whole.pages) > 2
    resumed = read_all(small.adapter, "tickets", cursor=whole.pages[1].cursor)
    before = {r.id for page in whole.pages[:2] for r in page.records}
    assert before | set(resumed.records) == set(whole.records)


def test_the_limit_of_exports_is_waited_for_not_broken(account: Account) -> None:
    cursor = None
    for _ in range(25):
        cursor = read_all(account.adapter, "tickets", cursor=cursor).cursor
    assert account.clock.slept
    assert sum(account.clock.slept) >= 60


def test_what_is_not_on_the_plan_is_an_unavailable_source(account: Account) -> None:
    reading = read_all(account.adapter, "survey_responses")
    assert reading.records == {}
    assert (reading.last.done, reading.last.complete_to) == (True, None)
    assert read_all(account.adapter, "survey_responses", cursor=reading.cursor).last.done


def test_fields_are_written_and_others_left_alone(account: Account) -> None:
    account.adapter.write([change("1", cs_health_score=72, cs_key="K1")])
    receipts = account.adapter.write([change("1", cs_health_score=None, cs_renewal_date="2027-01-12")])
    assert [r.verdict for r in receipts] == [Verdict.UPDATED]
    held = account.other("GET", "/api/v2/organizations/1.json")["organization"]["organization_fields"]
    assert (held["cs_key"], held["cs_health_score"]) == ("K1", None)
    assert held["cs_renewal_date"].startswith("2027-01-12")


def test_every_change_gets_its_own_verdict_in_the_order_of_the_changes(account: Account) -> None:
    changes = [
        change("2", cs_health_score=1),
        change("999999", cs_health_score=2),
        change("4", cs_health_score=3),
    ]
    receipts = account.adapter.write(changes)
    assert [r.key for r in receipts] == ["k2", "k999999", "k4"]
    assert [r.verdict for r in receipts] == [Verdict.UPDATED, Verdict.GONE, Verdict.UPDATED]
    assert receipts[1].code


def test_more_than_a_hundred_and_the_same_one_twice_are_all_answered(account: Account) -> None:
    account.simulator.load(
        SeedRow("organizations", {"id": 2000 + n, "name": f"More {n}"}) for n in range(150)
    )
    changes = [change(str(2000 + n), cs_health_score=n % 100) for n in range(150)]
    changes += [change("2000", "again", cs_health_score=77)]
    receipts = account.adapter.write(changes)
    assert {r.verdict for r in receipts} == {Verdict.UPDATED}
    held = account.other("GET", "/api/v2/organizations/2000.json")["organization"]["organization_fields"]
    assert held["cs_health_score"] == 77


def test_other_objects_are_not_written(account: Account) -> None:
    receipts = account.adapter.write([Change("service", "tickets", Action.CREATE, "t", {"subject": "x"})])
    assert [(r.verdict, r.code) for r in receipts] == [(Verdict.REJECTED, "UNSUPPORTED")]
    assert len(account.sandbox.world.ledger) == 0


def test_organizations_are_found_by_external_id_and_by_our_key(account: Account) -> None:
    account.adapter.write([change("5", cs_key="K5")])
    assert account.adapter.find("organizations", "external_id", ["A2", "A3", "none"]) == {
        "A2": "2",
        "A3": "3",
    }
    assert account.adapter.find("organizations", "cs_key", ["K5", "K6"]) == {"K5": "5"}


def test_a_token_that_ends_in_the_middle_is_replaced(small: Account) -> None:
    small.simulator.load(an_hour_apart(60))
    pages = small.adapter.read(Read("tickets", ()))
    found = {r.id for r in next(pages).records}
    small.simulator.control({"expire_token": True})
    found |= {r.id for page in pages for r in page.records}
    assert len(found) == 67
    assert len(small.around.tokens.saved) == 2


def test_a_login_is_stored_before_it_is_used_and_found_by_the_next_process(account: Account) -> None:
    assert account.adapter.check().org_id == "zendesk"
    kept = account.around.tokens.saved[-1]
    assert kept["refresh_token"] != account.settings.refresh_token.get_secret_value()
    second = Zendesk(account.settings, account.around.lent)
    assert second.check().user_id
    assert len(account.around.tokens.saved) == 1
    second.close()


def test_many_processes_share_one_rotating_login(account: Account, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault", Fernet.generate_key())
    lent = Surroundings("service", account.clock, vault)
    adapters = [Zendesk(account.settings, lent) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(3):
            who = list(pool.map(lambda adapter: adapter.check().user_id, adapters))
            assert len(set(who)) == 1
            account.simulator.control({"expire_token": True})
    for adapter in adapters:
        adapter.close()


def test_describe_gives_our_fields_with_their_values(account: Account) -> None:
    (organizations,) = account.adapter.describe(["organizations", "nothing"])
    by_name = {f.name: f for f in organizations.fields}
    assert by_name["cs_health_band"].writable
    assert "cs_health_red" in by_name["cs_health_band"].values
    assert not by_name["name"].writable
    assert not by_name["organization_fields.cs_health_band"].writable, "as a mapping reads it"


def test_a_lost_answer_is_unknown(account: Account) -> None:
    rule = {"crm": "zendesk", "path": "update_many", "times": 99, "do": {"drop": "after"}}
    requests.post(f"{account.sandbox.control.base_url}/faults", json={"rules": [rule]}).raise_for_status()
    (receipt,) = account.adapter.write([change("1", cs_health_score=5)])
    assert receipt.verdict is Verdict.UNKNOWN
