"""Contacts and the accounts that they work with: the one that a contact belongs to is among them by itself."""

from __future__ import annotations

import pytest

from .salesforce_org import Org

RELATIONS = (
    "SELECT Id, AccountId, IsDirect, IsActive FROM AccountContactRelation WHERE ContactId = '{}' ORDER BY Id"
)


@pytest.fixture
def org():
    return Org()


@pytest.fixture
def accounts(org):
    return [org.create("Account", Name=name) for name in ("Aurora", "Bluebird")]


def relations(org, contact):
    found = org.soql(RELATIONS.format(contact))["records"]
    return [(row["AccountId"], row["IsDirect"], row["IsActive"]) for row in found]


def test_a_new_contact_has_a_direct_relation_with_its_account(org, accounts):
    contact = org.create("Contact", LastName="Kim", AccountId=accounts[0])
    assert relations(org, contact) == [(accounts[0], True, True)]
    private = org.create("Contact", LastName="Lee")
    assert relations(org, private) == []
    assert [e["object"] for e in org.ledger.entries()] == ["Account", "Account", "Contact", "Contact"]


def test_a_contact_that_moves_keeps_its_old_account_as_an_indirect_one(org, accounts):
    contact = org.create("Contact", LastName="Kim", AccountId=accounts[0])
    org.call("PATCH", f"sobjects/Contact/{contact}", {"AccountId": accounts[1]})
    assert relations(org, contact) == [(accounts[0], False, True), (accounts[1], True, True)]
    org.call("PATCH", f"sobjects/Contact/{contact}", {"AccountId": accounts[0]})
    assert relations(org, contact) == [(accounts[0], True, True), (accounts[1], False, True)]


def test_a_contact_and_an_account_are_related_once(org, accounts):
    contact = org.create("Contact", LastName="Kim", AccountId=accounts[0])
    twice = {"ContactId": contact, "AccountId": accounts[0]}
    assert org.error("POST", "sobjects/AccountContactRelation", twice) == (
        400, "DUPLICATE_VALUE", "This contact already has a relationship with this account.",
    )  # fmt: skip
    other = org.create("AccountContactRelation", ContactId=contact, AccountId=accounts[1], IsActive=True)
    assert relations(org, contact) == [(accounts[0], True, True), (accounts[1], False, True)]
    answer = org.call("PATCH", f"sobjects/AccountContactRelation/{other}", {"Roles": "Champion"})
    assert answer.status == 204


def test_relations_go_with_their_contact_and_come_back_with_it(org, accounts):
    contact = org.create("Contact", LastName="Kim", AccountId=accounts[0])
    org.call("DELETE", f"sobjects/Contact/{contact}")
    assert relations(org, contact) == []
    org.sim._state.writer.undelete(contact)
    org.sim._state.writer.commit()
    assert relations(org, contact) == [(accounts[0], True, True)]


def test_a_refused_contact_leaves_no_relation(org, accounts):
    records = [
        {"attributes": {"type": "Contact"}, "LastName": "Kim", "AccountId": accounts[0]},
        {"attributes": {"type": "Contact"}},
    ]
    org.get("POST", "composite/sobjects", {"allOrNone": True, "records": records})
    assert org.names("", "Id", "AccountContactRelation") == []


def test_merged_accounts_hand_over_their_contacts_and_relations(org, accounts):
    contact = org.create("Contact", LastName="Kim", AccountId=accounts[1])
    org.sim._state.writer.merge("Account", accounts[0], [accounts[1]], {})
    org.sim._state.writer.commit()
    assert relations(org, contact) == [(accounts[0], True, True)]


@pytest.mark.parametrize("kind", ["Account", "Contact"])
def test_merged_records_share_one_relation(org, accounts, kind):
    """What would be there twice is there once, and the direct one stays."""
    if kind == "Contact":
        kept, lost = (org.create("Contact", LastName=name, AccountId=accounts[0]) for name in ("Kim", "Kimm"))
        contact = kept
    else:
        kept, lost = accounts
        contact = org.create("Contact", LastName="Kim", AccountId=lost)
        org.create("AccountContactRelation", ContactId=contact, AccountId=kept, IsActive=True)
    org.sim._state.writer.merge(kind, kept, [lost], {})
    org.sim._state.writer.commit()
    assert relations(org, contact) == [(accounts[0], True, True)]


def test_a_loaded_relation_without_a_contact_can_be_changed(org, accounts):
    org.load("AccountContactRelation", {"Id": "07k000000000001AAA", "AccountId": accounts[0]})
    answer = org.call("PATCH", "sobjects/AccountContactRelation/07k000000000001AAA", {"Roles": "Champion"})
    assert answer.status == 204


def test_a_contact_of_a_bulk_job_is_related_as_well(org, accounts):
    job = org.get("POST", "jobs/ingest", {"object": "Contact", "operation": "insert"})
    rows = f"LastName,AccountId\nKim,{accounts[0]}\nLee,\n".encode()
    org.call("PUT", f"jobs/ingest/{job['id']}/batches", rows, {"content-type": "text/csv"})
    org.call("PATCH", f"jobs/ingest/{job['id']}", {"state": "UploadComplete"})
    org.pass_time(minutes=5)
    assert org.names("", "LastName", "Contact") == ["Kim", "Lee"]
    assert org.names("", "AccountId", "AccountContactRelation") == [accounts[0]]
