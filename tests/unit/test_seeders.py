"""Vendor rows of the demo company: complete, consistent, and stamped in the past."""

from __future__ import annotations

import csv
import gzip
import mailbox
from collections import defaultdict
from datetime import UTC, date, datetime
from email.utils import parseaddr
from pathlib import Path

import pytest
from cs_connector.adapters.files import seed as files
from cs_connector.adapters.hubspot import seed as hubspot
from cs_connector.adapters.salesforce import seed as salesforce
from cs_connector.adapters.zendesk import seed as zendesk

from cs_connector.demo import generate
from cs_connector.sandbox.ids import sales_id

AS_OF = date(2026, 11, 25)


@pytest.fixture(scope="module")
def company():
    return generate(7, 60, AS_OF)


def grouped(rows, key="id"):
    found = defaultdict(dict)
    for name, record in rows:
        assert record[key] not in found[name], (name, record[key])
        found[name][record[key]] = record
    return found


@pytest.fixture(scope="module")
def org(company):
    return grouped(salesforce.rows(company), "Id")


@pytest.fixture(scope="module")
def portal(company):
    return grouped(hubspot.rows(company))


@pytest.fixture(scope="module")
def desk(company):
    return grouped(zendesk.rows(company))


@pytest.fixture(scope="module")
def folder(company, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("files")
    files.write(company, root)
    return root


def test_ids_have_the_checksum_of_the_vendor():
    assert sales_id("001", 0) == "0018d0000000000AAA"
    assert sales_id("001", 35)[:15].endswith("Z")
    assert sales_id("001", 35).endswith("AAQ")


def test_salesforce_references_lead_to_records(org):
    links = [
        ("Contact", "AccountId", "Account"), ("AccountContactRelation", "ContactId", "Contact"),
        ("AccountTeamMember", "UserId", "User"), ("Account", "OwnerId", "User"), ("Account", "CS_CSM__c", "User"),
        ("Opportunity", "AccountId", "Account"), ("Subscription__c", "Account__c", "Account"),
        ("Subscription__c", "CSM__c", "User"), ("Event", "WhoId", "Contact"), ("Event", "WhatId", "Account"),
        ("Success_Goal__c", "Account__c", "Account"), ("SurveyInvitation", "ParticipantId", "Contact"),
        ("SurveyResponse", "InvitationId", "SurveyInvitation"), ("SurveyQuestionResponse", "ResponseId", "SurveyResponse"),
        ("SurveyQuestionResponse", "QuestionId", "SurveyQuestion"), ("Lifecycle_Event__c", "Account__c", "Account"),
    ]  # fmt: skip
    for name, column, target in links:
        assert org[name], name
        for record in org[name].values():
            assert record[column] is None or record[column] in org[target], (name, column)


def test_the_broken_references_are_the_planted_ones(org):
    lost = [a for a in org["Account"].values() if a["ParentId"] and a["ParentId"] not in org["Account"]]
    assert [a["Id"] for a in lost] == [sales_id("001", 49)]
    assert len([c for c in org["Case"].values() if c["AccountId"] is None]) == 1


def test_stamps_are_in_order_and_in_the_past(org, portal, desk):
    for records in org.values():
        for r in records.values():
            assert r["CreatedDate"] <= r["SystemModstamp"] < "2026-11-25T00:00:00"
    for records in portal.values():
        for r in records.values():
            assert r["createdAt"] <= r["updatedAt"] < "2026-11-25T00:00:00"
    for records in desk.values():
        for r in records.values():
            assert r["created_at"] <= r["updated_at"] < "2026-11-25T00:00:00"


def test_hubspot_knows_most_salesforce_ids_and_its_own_links(org, portal):
    companies, contacts = portal["companies"], portal["contacts"]
    known = [c["properties"].get("salesforceaccountid") for c in companies.values()]
    assert 0.55 < sum(k is not None for k in known) / len(known) < 0.9
    assert all(k in org["Account"] for k in known if k)
    assert all(c["properties"]["associatedcompanyid"] in companies for c in contacts.values())
    for record in portal["feedback_submissions"].values():
        assert record["properties"]["hs_contact_id"] in contacts
    everything = [r for name, records in portal.items() if name != "owners" for r in records.values()]
    assert all(isinstance(v, str) for r in everything for v in r["properties"].values())
    assert all(link["to_id"] in portal[link["to_object"]] for r in everything for link in r["associations"])


def test_hubspot_has_the_duplicate_the_only_child_and_the_impossible_answer(portal):
    values = [r["properties"]["hs_value"] for r in portal["feedback_submissions"].values()]
    assert values.count("11") == 1
    addresses = [c["properties"].get("domain") for c in portal["companies"].values()]
    assert (
        len([a for a in addresses if a and addresses.count(a) > 1]) == 8
    )  # a duplicate, a shared domain, and Rowan's customers


def test_the_second_portal_is_small_and_reuses_ids(company, portal):
    emea = grouped(hubspot.rows(company, hubspot.EMEA))
    assert 5 <= len(emea["companies"]) <= 12
    assert emea["companies"].keys() <= portal["companies"].keys() | {str(9_104_000_001 + n) for n in range(8)}
    assert emea["companies"].keys() & portal["companies"].keys()
    for key, theirs in emea["companies"].items():
        ours = portal["companies"].get(key)
        assert ours is None or ours["properties"]["name"] != theirs["properties"]["name"]
    assert emea["feedback_submissions"]
    assert emea["contacts"].keys() & portal["contacts"].keys()


def test_zendesk_people_and_tickets_belong_to_organizations(org, desk):
    organizations, users, tickets = desk["organizations"], desk["users"], desk["tickets"]
    assert all(o["external_id"] is None or o["external_id"] in org["Account"] for o in organizations.values())
    assert any(o["external_id"] is None for o in organizations.values())
    assert all(t["organization_id"] in organizations and t["requester_id"] in users for t in tickets.values())
    assert all(r["ticket_id"] in tickets for r in desk["satisfaction_ratings"].values())
    assert {r["score"] for r in desk["satisfaction_ratings"].values()} <= {"good", "bad", "offered"}


def lines(path: Path) -> list[list[str]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return list(csv.reader(text.splitlines()))


def test_usage_files_hold_eighteen_months_and_two_spoiled_lines(folder):
    months = sorted(p for p in (folder / "usage").glob("2*.csv.gz"))
    assert len(months) == 18
    assert months[-1].name == "2026-10.csv.gz"
    rows = [row for path in months for row in lines(path)[1:]]
    assert len([r for r in rows if len(r) == 6]) == 1
    assert len([r for r in rows if len(r) == 7 and not r[6].isdecimal()]) == 1
    assert lines(folder / "usage" / "trials.csv.gz")[1][5] == "day"


def test_iris_has_a_folder_of_its_own_and_the_same_bytes_come_again(company, folder, tmp_path):
    assert {r[0] for r in lines(folder / "iris" / "usage.csv")[1:]} == {"irislabs"}
    assert lines(folder / "iris" / "usage.csv")[-1][4] == "2026-08-01"
    files.write(company, tmp_path)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_a_mailbox_holds_questions_and_answers_and_what_is_in_every_mailbox(company, folder):
    box = mailbox.mbox(folder / "mail" / "2026.mbox", create=False)
    letters = list(box)
    box.close()
    ids = {letter["Message-ID"] for letter in letters}
    assert len(ids) == len(letters) > 100
    answers = [letter for letter in letters if letter["In-Reply-To"]]
    assert answers
    assert all(letter["In-Reply-To"] in ids and "@ourcompany.example" in letter["To"] for letter in answers)
    assert sum(letter["Auto-Submitted"] is not None for letter in letters) == 1
    known = {p.email for a in company.everybody() for p in a.people}
    strange = {parseaddr(letter["From"])[1] for letter in letters} - known
    assert {address for address in strange if not address.endswith("@ourcompany.example")} == {
        "offers@unknown.example"
    }


def test_every_paying_customer_has_a_contract_and_documents_were_touched_when_they_say(company, org, folder):
    held = defaultdict(set)
    for path in sorted((folder / "documents").rglob("*.*")):
        held[path.parent.name].add(path.name.partition("-")[0])
        assert datetime.fromtimestamp(path.stat().st_mtime, UTC).date() < AS_OF
    for account in company.everybody():
        pays = account.kind == "customer" and any(s.status == "Active" for s in account.subscriptions)
        assert not pays or "contract" in held[account.domain.partition(".")[0]], account.name
    assert {path.suffix for path in (folder / "documents").rglob("*.*")} == {".docx", ".pdf"}


def test_reviews_and_mailings_name_salesforce_accounts_and_follow_each_other(org, folder):
    reviews, mailings = (lines(folder / "market" / f"{name}.csv")[1:] for name in ("reviews", "mailings"))
    assert all(row[1] in org["Account"] for row in (*reviews, *mailings))
    assert {row[3] for row in reviews} <= set("12345")
    events = defaultdict(dict)
    for message, _, _, event, at in mailings:
        events[message][event] = at
    assert all(
        list(found) == sorted(found, key=["sent", "opened", "clicked"].index) for found in events.values()
    )
    assert all(list(found.values()) == sorted(found.values()) for found in events.values())


def test_invoices_name_salesforce_accounts(org, folder):
    rows = [row for path in (folder / "invoices").glob("*.csv") for row in lines(path)[1:]]
    assert rows
    assert all(row[1] in org["Account"] for row in rows)
    assert any(row[4] == "" for row in rows)
