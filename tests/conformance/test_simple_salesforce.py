"""simple-salesforce, unmodified but for a session that leads to the simulator."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from .loopback import ToLoopback, session_to
from .stage import MANY, Crms

CLIENT = "simple-salesforce"


@pytest.fixture(scope="module")
def client(crms: Crms) -> Iterator[Salesforce]:
    login = crms.salesforce
    with session_to(login["base_url"]) as session:
        yield Salesforce(
            username=login["username"],
            consumer_key=login["client_id"],
            privatekey_file=login["private_key_file"],
            version="67.0",
            session=session,
        )


def rows(page: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page)))


def test_log_in_by_client_credentials(crms: Crms) -> None:
    login = crms.salesforce
    with session_to(login["base_url"]) as session:
        made = Salesforce(
            consumer_key=login["client_id"],
            consumer_secret=login["client_secret"],
            domain="acme.my",
            version="67.0",
            session=session,
        )
        assert made.query("SELECT COUNT() FROM Account WHERE Name LIKE 'Page %'")["totalSize"] == MANY


def test_describe_global(client: Salesforce) -> None:
    found = {o["name"]: o for o in client.describe()["sobjects"]}
    assert found["Account"]["keyPrefix"] == "001"
    assert found["Subscription__c"]["custom"] is True


def test_describe_object(client: Salesforce) -> None:
    fields = {f["name"]: f for f in client.Account.describe()["fields"]}
    assert fields["Name"]["type"] == "string"
    assert fields["OwnerId"]["referenceTo"] == ["User"]


def test_query_all_pages(client: Salesforce) -> None:
    found = client.query_all("SELECT Id, Name FROM Account WHERE Name LIKE 'Page %'")
    assert (found["totalSize"], found["done"]) == (MANY, True)
    assert len({r["Id"] for r in found["records"]}) == MANY


def test_query_more(client: Salesforce) -> None:
    first = client.query("SELECT Id FROM Account WHERE Name LIKE 'Page %'")
    assert (len(first["records"]), first["done"]) == (2_000, False)
    rest = client.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert (len(rest["records"]), rest["done"]) == (MANY - 2_000, True)


def test_query_with_deleted(client: Salesforce) -> None:
    made = client.Account.create({"Name": "Simple gone"})["id"]
    client.Account.delete(made)
    wanted = f"SELECT Id, IsDeleted FROM Account WHERE Id = '{made}'"
    assert client.query(wanted)["totalSize"] == 0
    assert client.query(wanted, include_deleted=True)["records"][0]["IsDeleted"] is True


def test_create_get_update_delete(crms: Crms, client: Salesforce) -> None:
    done = crms.watch("salesforce", "Account")
    made = client.Account.create({"Name": "Simple"})["id"]
    assert client.Account.get(made)["Name"] == "Simple"
    assert client.Account.update(made, {"Industry": "Media"}) == 204
    assert client.Account.delete(made) == 204
    assert [(e["action"], e["id"]) for e in done()] == [("create", made), ("update", made), ("delete", made)]
    with pytest.raises(SalesforceResourceNotFound):
        client.Account.get(made)


def test_a_refusal_names_the_field(client: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.Account.create({"Industry": "Media"})
    assert refused.value.content[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert refused.value.content[0]["fields"] == ["Name"]


def test_upsert_by_external_id(crms: Crms, client: Salesforce) -> None:
    done = crms.watch("salesforce", "Task")
    assert client.Task.upsert("CS_Key__c/simple-1", {"Subject": "One", "Status": "Open"}) == 201
    assert client.Task.upsert("CS_Key__c/simple-1", {"Subject": "Two"}) in (200, 204)
    assert [e["action"] for e in done()] == ["create", "update"]
    assert client.Task.get_by_custom_id("CS_Key__c", "simple-1")["Subject"] == "Two"


def test_updated_and_deleted_lists(client: Salesforce) -> None:
    made = client.Account.create({"Name": "Simple listed"})["id"]
    gone = client.Account.create({"Name": "Simple listed, gone"})["id"]
    client.Account.delete(gone)
    now = datetime.now(UTC)  # noqa: TID251
    span = now - timedelta(hours=1), now + timedelta(minutes=2)
    assert made in client.Account.updated(*span)["ids"]
    assert gone in {r["id"] for r in client.Account.deleted(*span)["deletedRecords"]}


def test_limits_and_usage(client: Salesforce) -> None:
    left = client.limits()["DailyApiRequests"]
    assert left["Max"] == 150_000
    assert left["Remaining"] < left["Max"]
    assert client.api_usage["api-usage"].total == 150_000


def test_composite(crms: Crms, client: Salesforce) -> None:
    done = crms.watch("salesforce", "Contact")
    parts = [
        {
            "method": "POST",
            "url": "/services/data/v67.0/sobjects/Account",
            "referenceId": "a",
            "body": {"Name": "Simple C"},
        },
        {
            "method": "POST",
            "url": "/services/data/v67.0/sobjects/Contact",
            "referenceId": "c",
            "body": {"LastName": "Simple", "AccountId": "@{a.id}"},
        },
    ]
    found = client.restful("composite", method="POST", json={"allOrNone": True, "compositeRequest": parts})
    assert [p["httpStatusCode"] for p in found["compositeResponse"]] == [201, 201]
    assert done()[0]["after"]["AccountId"] == found["compositeResponse"][0]["body"]["id"]


def test_collections_with_one_bad_record(client: Salesforce) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("Simple 1", "x" * 300)]
    body = {"allOrNone": False, "records": records}
    good, bad = client.restful("composite/sobjects", method="POST", json=body)
    assert (good["success"], bad["success"]) == (True, False)
    assert bad["errors"][0]["statusCode"] == "STRING_TOO_LONG"


def test_bulk_upsert(crms: Crms, client: Salesforce) -> None:
    done = crms.watch("salesforce", "Task")
    records: list[dict[str, Any]] = [{"CS_Key__c": f"simple-b{n}", "Subject": f"Bulk {n}"} for n in range(5)]
    records.append({"CS_Key__c": "simple-b9", "Subject": "x" * 300})
    (job,) = client.bulk2.Task.upsert(records=records, external_id_field="CS_Key__c", wait=0)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (6, 1)
    (failed,) = rows(client.bulk2.Task.get_failed_records(job["job_id"]))
    assert failed["sf__Error"].startswith("STRING_TOO_LONG:")
    assert {r["sf__Created"] for r in rows(client.bulk2.Task.get_successful_records(job["job_id"]))} == {
        "true"
    }
    assert rows(client.bulk2.Task.get_unprocessed_records(job["job_id"])) == []
    assert len(done()) == 5


def test_bulk_query_pages(client: Salesforce) -> None:
    wanted = "SELECT Id, Name, Owner.Name FROM Account WHERE Name LIKE 'Page 00%'"
    pages = list(client.bulk2.Account.query(wanted, max_records=40, wait=0))
    assert [len(rows(page)) for page in pages] == [40, 40, 20]


@pytest.mark.slow
def test_metadata_of_a_field(crms: Crms, client: Salesforce) -> None:
    api = client.mdapi
    # This part of the client makes a session of its own.
    api._client.transport.session.mount("https://", ToLoopback(crms.salesforce["base_url"]))
    kind = api.CustomField
    kind.create([kind(fullName="Account.Simple_Note__c", label="Simple note", type="Text", length=40)])
    assert kind.read(["Account.Simple_Note__c"])["label"] == "Simple note"
    kind.delete(["Account.Simple_Note__c"])
    assert "Simple_Note__c" not in {f["name"] for f in client.Account.describe()["fields"]}
