"""Clients that nobody here wrote, and recorded real answers, against the simulated Salesforce org."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from cs_connector.adapters.salesforce.simulator import SalesforceOrg
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow

from .salesforce_org import FIELDS, Org


class ToLoopback(HTTPAdapter):
    """Sends whatever is meant for https to the simulator."""

    def __init__(self, base: str) -> None:
        self.base = urlsplit(base)
        super().__init__()

    def send(self, request, **more):
        url = urlsplit(request.url)
        request.url = urlunsplit((self.base.scheme, self.base.netloc, url.path, url.query, ""))
        return super().send(request, **more)


@pytest.fixture(scope="module")
def sandbox():
    now = datetime.now(UTC)  # noqa: TID251 — simple-salesforce signs its log-in with the real time
    sandbox = Sandbox([("salesforce", SalesforceOrg)], now)
    sandbox.start()
    sandbox.install("salesforce", FIELDS)
    sandbox.load("salesforce", [SeedRow("Account", {"Name": f"A{n:04}"}) for n in range(4100)])
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def client(sandbox):
    login = sandbox.document()["salesforce"]
    with requests.Session() as session:
        session.mount("https://", ToLoopback(login["base_url"]))
        yield Salesforce(
            username=login["username"],
            consumer_key=login["client_id"],
            privatekey_file=login["private_key_file"],
            version="67.0",
            session=session,
        )


def test_log_in_limits_and_every_page(client):
    found = client.query_all("SELECT Id, Name FROM Account WHERE Name LIKE 'A%'")
    assert found["totalSize"] == 4100
    assert len({r["Id"] for r in found["records"]}) == 4100
    assert client.limits()["DailyApiRequests"]["Max"] == 150000
    assert client.api_usage["api-usage"].used > 2


def test_describe_and_single_records(client):
    assert "CS_Key__c" in {f["name"] for f in client.Account.describe()["fields"]}
    made = client.Account.create({"Name": "Single"})
    assert client.Account.get(made["id"])["Name"] == "Single"
    assert client.Account.update(made["id"], {"Industry": "Media"}) == 204
    assert client.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        client.Account.create({})


def test_collections_upsert(client):
    rows = [
        {"attributes": {"type": "Account"}, "CS_Key__c": f"rest{n}", "Name": f"Rest {n}"} for n in range(3)
    ]
    body = {"allOrNone": False, "records": rows}
    results = client.restful("composite/sobjects/Account/CS_Key__c", method="PATCH", json=body)
    assert [r["created"] for r in results] == [True] * 3


def test_bulk_upsert_then_bulk_query(client):
    rows = [{"CS_Key__c": f"bulk{n}", "Name": f"Bulk {n}", "Industry": None} for n in range(5)]
    rows.append({"CS_Key__c": "bulk9", "Name": "x" * 300, "Industry": "#N/A"})
    (done,) = client.bulk2.Account.upsert(records=rows, external_id_field="CS_Key__c", wait=0)
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (6, 1)
    failed = list(csv.DictReader(io.StringIO(client.bulk2.Account.get_failed_records(done["job_id"]))))
    assert failed[0]["CS_Key__c"] == "bulk9"
    assert failed[0]["sf__Error"].startswith("STRING_TOO_LONG:")
    good = list(csv.DictReader(io.StringIO(client.bulk2.Account.get_successful_records(done["job_id"]))))
    assert {g["sf__Created"] for g in good} == {"true"}
    query = "SELECT Id, Name, CreatedDate, Owner.Name FROM Account WHERE CS_Key__c LIKE 'bulk%' ORDER BY Name"
    pages = list(client.bulk2.Account.query(query, max_records=2, wait=0))
    assert len(pages) == 3
    read = [row for page in pages for row in csv.DictReader(io.StringIO(page))]
    assert [r["Name"] for r in read] == [f"Bulk {n}" for n in range(5)]
    assert read[0]["CreatedDate"].endswith(".000Z")
    assert read[0]["Owner.Name"] == "CS Connector"


def test_a_session_that_ends_is_renewed_by_the_client(sandbox, client):
    sandbox.simulators["salesforce"].control({"expire_token": True})
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] >= 4100


def recorded() -> list[dict]:
    folder = os.environ.get("CS_CONNECTOR_DATA")
    path = Path(folder) / "recorded" / "salesforce.jsonl" if folder else None
    if path is None or not path.exists():
        pytest.skip("CS_CONNECTOR_DATA names no recorded exchanges")
    return [json.loads(line) for line in path.read_text().splitlines()]


def shape(value):
    """Keys and types; what is null says nothing about its type."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


@pytest.mark.recorded
def test_describe_has_every_key_of_the_real_one():
    real = next(r["response_body"] for r in recorded() if r["path"].endswith("Account/describe"))
    ours = Org().get("GET", "sobjects/Account/describe")
    assert real.keys() <= ours.keys()
    for part in ("fields", "childRelationships", "recordTypeInfos"):
        assert set(real[part][0]) - set(ours[part][0]) == set(), part
    theirs = {f["name"]: f for f in real["fields"]}
    for field in ours["fields"]:
        known = theirs.get(field["name"])
        if known:
            kept = (
                "type",
                "soapType",
                "nillable",
                "createable",
                "updateable",
                "referenceTo",
                "relationshipName",
            )
            assert {k: field[k] for k in kept} == {k: known[k] for k in kept}


@pytest.mark.recorded
def test_records_and_results_have_the_real_shapes():
    org = Org()
    made = org.create("Account", Name="A", CS_Key__c="k")
    ours = org.get("GET", f"sobjects/Account/{made}")
    for exchange in recorded():
        body, path = exchange["response_body"], exchange["path"]
        if (
            path.endswith("/query")
            and body["records"]
            and exchange["query"]["q"].startswith("SELECT Id FROM Account")
        ):
            assert shape(org.soql("SELECT Id FROM Account")) == shape(body)
        if "/sobjects/Account/001" in path and exchange["status"] == 200:
            assert shape(ours["attributes"]) == shape(body["attributes"])
            both = [k for k in ours if body.get(k) is not None and ours[k] is not None]
            assert {k: shape(ours[k]) for k in both} == {k: shape(body[k]) for k in both}
        if exchange["status"] == 404:
            answer = org.get("GET", "sobjects/Account/001000000000000AAA")
            assert answer == body
        if path.endswith("composite/sobjects") and exchange["method"] == "POST" and body[0]["success"]:
            record = {"attributes": {"type": "Account"}, "Name": "B"}
            assert shape(org.get("POST", "composite/sobjects", {"records": [record]})) == [shape(body[0])]
