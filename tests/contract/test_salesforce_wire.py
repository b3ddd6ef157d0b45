"""The simulated Salesforce org over real HTTP: heads, conditions, escapes, and files that are too large."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests
from cs_connector.adapters.salesforce.simulator import SalesforceOrg
from cs_connector.adapters.salesforce.simulator.bulk import bulk_ingest

from cs_connector.sandbox.up import Sandbox

from .salesforce_org import FIELDS


@pytest.fixture(scope="module")
def api():
    """Asks below /services/data/v67.0/ with a session."""
    sandbox = Sandbox([("salesforce", SalesforceOrg)], datetime(2026, 11, 22, 12, tzinfo=UTC))
    sandbox.start()
    sandbox.install("salesforce", FIELDS)
    login = sandbox.document()["salesforce"]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["authorization"] = f"Bearer {login['access_token']}"

        def ask(method, path, **more):
            return session.request(
                method, f"{login['base_url']}/services/data/v67.0/{path}", timeout=30, **more
            )

        yield ask
    sandbox.stop()


def test_a_head_has_everything_but_the_body(api):
    record_id = api("POST", "sobjects/Account/", json={"Name": "A"}).json()["id"]
    read, head = (api(method, f"sobjects/Account/{record_id}") for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == read.headers["ETag"]
    assert int(head.headers["content-length"]) == len(read.content)
    same = api("GET", f"sobjects/Account/{record_id}", headers={"If-None-Match": read.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert api("HEAD", "sobjects/Account/001Kd0000000999AAA").status_code in {400, 404}


def test_an_external_id_may_hold_anything(api):
    for key in ("a/b", "50% off?", "ä+ö&x=1", "two  blanks"):
        path = f"sobjects/Account/CS_Key__c/{requests.utils.quote(key, safe='')}"
        assert api("PATCH", path, json={"Name": key}).status_code == 201
        assert api("PATCH", path, json={"Phone": "1"}).json()["created"] is False
        assert api("GET", path).json()["CS_Key__c"] == key
    part = {
        "method": "GET",
        "url": "/services/data/v67.0/sobjects/Account/CS_Key__c/a%2Fb",
        "referenceId": "r",
    }
    answer = api("POST", "composite", json={"compositeRequest": [part]}).json()
    assert answer["compositeResponse"][0]["body"]["Name"] == "a/b"


def test_an_answer_is_set_out_in_lines_for_who_asks(api):
    plain, pretty = (api("GET", "sobjects", headers=h) for h in ({}, {"X-PrettyPrint": "1"}))
    assert pretty.json() == plain.json()
    assert (plain.text.count("\n"), pretty.text.splitlines()[0]) == (0, "{")


def test_a_form_is_not_json(api):
    answer = api("POST", "sobjects/Account", data={"Name": "A"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_an_upload_has_a_largest_size(api, monkeypatch):
    monkeypatch.setattr(bulk_ingest, "LARGEST", 4000)
    job = api("POST", "jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    answer = api(
        "PUT",
        job["contentUrl"].partition("v67.0/")[2],
        data=b"Name\n" + b"x" * 3000,
        headers={"Content-Type": "text/csv"},
    )
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (413, "LIMIT_EXCEEDED")


def test_what_is_not_simulated_says_so(api):
    answer = api("GET", "sobjects/Account/describe/layouts")
    assert (answer.status_code, answer.json()[0]["message"]) == (
        501,
        "A layout of an object is not simulated.",
    )
