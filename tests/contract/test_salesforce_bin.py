"""The simulated Salesforce org: the recycle bin, merges, person accounts and record types."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from cs_connector.adapters.salesforce.simulator.schema.schema import RecordType

from cs_connector.sandbox.wire import Request

from .salesforce_org import Org

SPAN = {"start": "2026-11-22T11:00:00Z", "end": "2026-12-20T12:00:00Z"}


@pytest.fixture
def org():
    return Org()


def soap(org, body):
    """The answer of the partner API, its ids in the order of the text."""
    org.token = org.sim.credentials()["access_token"]
    text = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader>'
        f'<sessionId>{org.token}</sessionId></SessionHeader></e:Header><e:Body xmlns="urn:partner.soap.sforce.com">'
        f"{body}</e:Body></e:Envelope>"
    )
    answer = org.sim.handle(
        Request("POST", "/services/Soap/u/66.0", "", {"content-type": "text/xml"}, text.encode())
    )
    return answer.body.decode()


def undelete(org, *ids):
    return soap(org, f"<undelete>{''.join(f'<ids>{i}</ids>' for i in ids)}</undelete>")


def merge(org, kind, master, *losers, **fields):
    values = "".join(f"<{n}>{v}</{n}>" for n, v in fields.items())
    lost = "".join(f"<recordToMergeIds>{i}</recordToMergeIds>" for i in losers)
    record = f"<masterRecord><type>{kind}</type><Id>{master}</Id>{values}</masterRecord>"
    return soap(org, f"<merge><request>{record}{lost}</request></merge>")


def delete(org, kind, record_id):
    answer = org.call("DELETE", f"sobjects/{kind}/{record_id}")
    assert answer.status == 204, answer.body


def read(org, kind, record_id):
    return org.get("GET", f"sobjects/{kind}/{record_id}")


def all_rows(org, kind, where=""):
    found = org.soql(f"SELECT Id, IsDeleted FROM {kind} {where}", "queryAll")["records"]
    return {r["Id"]: r["IsDeleted"] for r in found}


def deleted_ids(org, kind):
    end = (org.clock.now()).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = org.get("GET", f"sobjects/{kind}/deleted", start=SPAN["start"], end=end)
    return [r["id"] for r in found["deletedRecords"]]


@pytest.fixture
def family(org):
    """An account with a contact, who is related to it, a task, a deal and a child account."""
    account = org.create("Account", Name="A", CS_Key__c="k")
    contact = org.create("Contact", LastName="L", AccountId=account)
    return {
        "account": account,
        "contact": contact,
        "relation": org.names("", "Id", "AccountContactRelation")[0],
        "task": org.create("Task", Subject="Call", WhatId=account),
        "deal": org.create(
            "Opportunity", Name="D", AccountId=account, StageName="Prospecting", CloseDate="2026-12-01"
        ),
        "child": org.create("Account", Name="Child", ParentId=account),
        "subscription": org.create("Subscription__c", Account__c=account),
    }


def test_what_hangs_on_an_account_goes_with_it_and_comes_back_with_it(org, family):
    before = len(org.ledger)
    delete(org, "Account", family["account"])
    assert read(org, "Account", family["child"])["ParentId"] is None
    assert read(org, "Subscription__c", family["subscription"])["Account__c"] is None
    entries = org.ledger.entries()[before:]
    assert {(e["object"], e["action"]) for e in entries if e["action"] == "delete"} == {
        ("Account", "delete"), ("Contact", "delete"), ("AccountContactRelation", "delete"), ("Task", "delete"),
        ("Opportunity", "delete"),
    }  # fmt: skip
    assert "<success>true</success>" in undelete(org, family["account"])
    assert org.names("WHERE Parent.Name = 'A'") == ["Child"]
    assert read(org, "Subscription__c", family["subscription"])["Account__c"] == family["account"]
    for kind in ("contact", "task", "deal"):
        name = {"contact": "Contact", "task": "Task", "deal": "Opportunity"}[kind]
        assert read(org, name, family[kind])["IsDeleted"] is False


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("Case", {"Status": "New"}, "associated with the following cases"),
        (
            "Opportunity",
            {"Name": "Big", "StageName": "Closed Won", "CloseDate": "2026-11-01"},
            "were closed won",
        ),
        ("Contract", {"Status": "Activated"}, "associated with the following contracts"),
    ],
)
def test_some_children_keep_an_account_from_being_deleted(org, kind, fields, words):
    account = org.create("Account", Name="A")
    org.create(kind, AccountId=account, **fields)
    before = len(org.ledger)
    status, code, message = org.error("DELETE", f"sobjects/Account/{account}")
    assert (status, code) == (400, "DELETE_FAILED")
    assert message.startswith("Your attempt to delete A could not be completed because")
    assert words in message
    assert len(org.ledger) == before


def test_the_bin_keeps_a_record_for_15_days(org):
    record_id = org.create("Account", Name="A", CS_Key__c="k")
    delete(org, "Account", record_id)
    assert all_rows(org, "Account") == {record_id: True}
    assert org.create("Account", Name="B", CS_Key__c="k")
    assert "DUPLICATE_VALUE" in undelete(org, record_id)
    org.pass_time(days=14)
    org.token = org.sim.credentials()["access_token"]
    assert record_id in all_rows(org, "Account")
    later = org.create("Account", Name="C")
    delete(org, "Account", later)
    org.pass_time(days=2)
    org.token = org.sim.credentials()["access_token"]
    found = all_rows(org, "Account")
    assert (record_id in found, found[later]) == (False, True)
    assert "UNDELETE_FAILED" in undelete(org, record_id)


def test_an_emptied_bin_is_only_known_to_the_list_of_deleted_records(org):
    record_id = org.create("Account", Name="A")
    delete(org, "Account", record_id)
    assert "<success>true</success>" in soap(
        org, f"<emptyRecycleBin><ids>{record_id}</ids></emptyRecycleBin>"
    )
    org.pass_time(minutes=5)
    assert all_rows(org, "Account") == {}
    assert deleted_ids(org, "Account") == [record_id]
    assert org.ledger.entries()[-1]["action"] == "purge"


def test_a_snapshot_brings_the_bin_back(org):
    record_id = org.create("Account", Name="A")
    delete(org, "Account", record_id)
    kept = org.sim.snapshot()
    undelete(org, record_id)
    org.sim.restore(kept)
    assert "<success>true</success>" in undelete(org, record_id)
    assert org.names("") == ["A"]


def test_a_merge_gives_the_master_what_the_losers_had(org, family):
    master = org.create("Account", Name="Master")
    org.pass_time(seconds=60)
    answer = merge(org, "Account", master, family["account"], Phone="55")
    assert "<success>true</success>" in answer
    assert set(re.findall("<updatedRelatedIds>(.*?)<", answer)) == set(family.values()) - {family["account"]}
    moved = read(org, "Contact", family["contact"])
    assert (moved["AccountId"], moved["SystemModstamp"] > moved["LastModifiedDate"]) == (master, True)
    assert (read(org, "Account", master)["Phone"], read(org, "Task", family["task"])["AccountId"]) == (
        "55",
        master,
    )
    assert org.error("GET", f"sobjects/Account/{family['account']}")[0] == 404
    assert org.error("PATCH", f"sobjects/Account/{family['account']}", {"Name": "x"})[:2] == (
        404,
        "ENTITY_IS_DELETED",
    )
    (lost,) = org.soql("SELECT MasterRecordId FROM Account WHERE IsDeleted = true", "queryAll")["records"]
    assert lost["MasterRecordId"] == master
    assert [(e["id"], e["action"]) for e in org.ledger.entries() if e["action"] == "merge"] == [
        (family["account"], "merge")
    ]


@pytest.mark.parametrize(
    ("count", "kind", "words"),
    [
        (3, "Account", "INVALID_ARGUMENT"),
        (1, "Contact", "MALFORMED_ID"),
        (1, "Subscription__c", "MALFORMED_ID"),
    ],
)
def test_a_merge_that_is_none_changes_nothing(org, count, kind, words):
    ids = [org.create("Account", Name=f"A{n}") for n in range(count + 1)]
    before = len(org.ledger)
    assert words in merge(org, kind, *ids)
    assert len(org.ledger) == before


def test_a_merged_record_comes_back_without_what_it_gave_away(org, family):
    master = org.create("Account", Name="Master")
    merge(org, "Account", master, family["account"])
    assert "<success>true</success>" in undelete(org, family["account"])
    assert read(org, "Account", family["account"])["MasterRecordId"] is None
    assert read(org, "Contact", family["contact"])["AccountId"] == master


def test_a_master_below_its_loser_has_no_parent_afterwards(org):
    top = org.create("Account", Name="Top")
    low = org.create("Account", Name="Low", ParentId=top)
    merge(org, "Account", low, top)
    assert read(org, "Account", low)["ParentId"] is None


def test_a_merge_that_would_make_a_circle_is_refused(org):
    top = org.create("Account", Name="Top")
    middle = org.create("Account", Name="Middle", ParentId=top)
    low = org.create("Account", Name="Low", ParentId=middle)
    assert "CIRCULAR_DEPENDENCY" in merge(org, "Account", low, top)
    assert read(org, "Account", middle)["ParentId"] == top


@pytest.fixture
def people(org):
    org.sim.install({"Account": {}, "personAccounts": True})
    return org


def test_a_person_account_is_an_account_and_a_contact(people):
    org = people
    account = org.create("Account", FirstName="Ada", LastName="Lind", PersonEmail="a@x.test")
    row = read(org, "Account", account)
    assert (row["IsPersonAccount"], row["Name"]) == (True, "Ada Lind")
    contact = read(org, "Contact", row["PersonContactId"])
    assert (contact["AccountId"], contact["Email"], contact["IsPersonAccount"]) == (account, "a@x.test", True)
    org.call("PATCH", f"sobjects/Account/{account}", {"LastName": "Berg", "PersonEmail": "b@x.test"})
    assert read(org, "Account", account)["Name"] == "Ada Berg"
    assert read(org, "Contact", row["PersonContactId"])["Email"] == "b@x.test"
    org.call("PATCH", f"sobjects/Contact/{row['PersonContactId']}", {"Email": "c@x.test"})
    assert read(org, "Account", account)["PersonEmail"] == "c@x.test"
    assert [e["object"] for e in org.ledger.entries()] == ["Account", "Account", "Contact"]


@pytest.mark.parametrize("fields", [{"Name": "x", "LastName": "y"}, {"Name": "x", "PersonEmail": "a@x.test"}])
def test_a_person_and_a_company_are_not_mixed(people, fields):
    status, code, message = people.error("POST", "sobjects/Account", fields)
    assert (status, code) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert message.startswith("Account: bad field names on insert/update call: ")


@pytest.fixture
def kinds(org):
    """Accounts of two record types; partners have no bands but Red."""
    account = org.sim._state.schema.objects["account"]
    partner = RecordType("012Kd0000000001IAA", "Partner", "Partner", picklists={"CS_Band__c": ("Red",)})
    default = RecordType("012Kd0000000002IAA", "Customer", "Customer", default=True)
    account.record_types = {
        "Partner": partner,
        "Customer": default,
        "Old": replace(partner, id="012Kd0000000003IAA", active=False),
    }
    return org


def test_a_record_type_limits_the_values_of_a_picklist(kinds):
    org = kinds
    assert (
        read(org, "Account", org.create("Account", Name="C", CS_Band__c="Green"))["RecordTypeId"]
        == "012Kd0000000002IAA"
    )
    partner = {"Name": "P", "RecordTypeId": "012Kd0000000001IAA"}
    assert org.error("POST", "sobjects/Account", partner | {"CS_Band__c": "Green"})[1] == (
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    )
    record_id = org.create("Account", **partner, CS_Band__c="Red")
    assert org.error("PATCH", f"sobjects/Account/{record_id}", {"CS_Band__c": "Green"})[0] == 400
    for wrong in ("012Kd0000000003IAA", "012Kd0000000009IAA"):
        status, code, message = org.error("POST", "sobjects/Account", {"Name": "x", "RecordTypeId": wrong})
        assert (status, code) == (400, "INVALID_CROSS_REFERENCE_KEY")
        assert message.endswith(f"this ID value isn't valid for the user: {wrong}")


def test_a_snapshot_of_the_answer_is_not_the_record(org):
    """What a client got does not change when the record does."""
    record_id = org.create("Account", Name="A")
    first = org.call("GET", f"sobjects/Account/{record_id}")
    org.call("PATCH", f"sobjects/Account/{record_id}", {"Name": "B"})
    assert json.loads(first.body)["Name"] == "A"


def test_a_deletion_that_was_taken_back_is_not_in_the_bin(org):
    record_id = org.create("Account", Name="A")
    base = "/services/data/v67.0/sobjects/Account"
    parts = [
        {"method": "DELETE", "url": f"{base}/{record_id}", "referenceId": "gone"},
        {"method": "POST", "url": base, "referenceId": "bad", "body": {}},
    ]
    org.get("POST", "composite", {"allOrNone": True, "compositeRequest": parts})
    assert org.names("") == ["A"]
    assert "UNDELETE_FAILED" in undelete(org, record_id)
    assert [e["action"] for e in org.ledger.entries()] == ["create"]


LINE = {
    "label": "Line",
    "fields": [
        {"name": "Account__c", "type": "MasterDetail", "referenceTo": "Account"},
        {"name": "Twin__c", "type": "Lookup", "referenceTo": "Account", "deleteConstraint": "Restrict"},
        {"name": "Seats__c", "type": "Number", "precision": 6, "scale": 0},
    ],
}
COUNT = {"summaryForeignKey": "Line__c.Account__c", "summaryOperation": "count"}
SUM = {
    "summaryForeignKey": "Line__c.Account__c",
    "summaryOperation": "sum",
    "summarizedField": "Line__c.Seats__c",
}


@pytest.fixture
def lines(org):
    """Lines hang on accounts, which count them and add up their seats."""
    totals = [
        {"name": "Lines__c", "type": "Summary", **COUNT},
        {"name": "Seats__c", "type": "Summary", **SUM},
    ]
    org.sim.install({"Line__c": LINE, "Account": {"fields": totals}})
    return org


def test_a_roll_up_follows_its_children_and_moves_only_the_systems_stamp(lines):
    org = lines
    account = org.create("Account", Name="A")
    org.pass_time(seconds=60)
    first = org.create("Line__c", Account__c=account, Seats__c=5)
    org.create("Line__c", Account__c=account, Seats__c=7)
    row = read(org, "Account", account)
    assert (row["Lines__c"], row["Seats__c"]) == (2, 12)
    assert row["SystemModstamp"] > row["LastModifiedDate"]
    delete(org, "Line__c", first)
    assert [read(org, "Account", account)[name] for name in ("Lines__c", "Seats__c")] == [1, 7]
    assert {e["object"] for e in org.ledger.entries()[1:]} == {"Line__c"}
    assert (
        org.error("PATCH", f"sobjects/Account/{account}", {"Seats__c": 1})[1]
        == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


def test_a_lookup_can_keep_its_target_and_a_master_takes_its_details_along(lines):
    org = lines
    master, twin = (org.create("Account", Name=n) for n in "AB")
    line = org.create("Line__c", Account__c=master, Twin__c=twin)
    assert org.error("DELETE", f"sobjects/Account/{twin}")[1] == "DELETE_FAILED"
    delete(org, "Account", master)
    assert org.error("GET", f"sobjects/Line__c/{line}")[0] == 404
    assert "UNDELETE_FAILED" in undelete(org, line)
    delete(org, "Account", twin)
