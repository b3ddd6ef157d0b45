"""forcepy, unmodified, with an access token.

Its log-ins lead to hosts that are fixed, and its bulk part fails anywhere: it uploads JSON lines, which Bulk API 2.0 has
never taken, and looks for query jobs among those for ingest.
"""

from __future__ import annotations

import pytest

from .stage import MANY, Crms

forcepy = pytest.importorskip("forcepy", reason="forcepy is missing: run `make clients`")
CLIENT = "forcepy"


@pytest.fixture(scope="module")
def client(crms: Crms):
    login = crms.salesforce
    made = forcepy.Salesforce(
        session_id=login["access_token"], instance_url=login["base_url"], version="67.0"
    )
    # Its own log-in sets this; a token that is handed over it forgets.
    made.session.headers["Authorization"] = f"Bearer {login['access_token']}"
    made.session.trust_env = False
    yield made
    made.session.close()


def test_query_pages(client) -> None:
    pages = list(client.iterquery("SELECT Id FROM Account WHERE Name LIKE 'Page %'"))
    assert [len(page) for page in pages] == [2_000, MANY - 2_000]


def test_describe(client) -> None:
    assert "Account" in {o["name"] for o in client.describe_global()}
    assert client.describe("Account").get_field_describe("Name").nameField is True


def test_picklist_values(client) -> None:
    assert {"New", "Closed"} <= {v["value"] for v in client.get_picklist_values("Case", "Status")}


def test_limits(client) -> None:
    assert client.get_limits()["DailyApiRequests"]["Max"] == 150_000


def test_create_update_delete(crms: Crms, client) -> None:
    done = crms.watch("salesforce", "Account")
    made = client.sobjects.Account.post(Name="Forcepy")["id"]
    client.sobjects.Account[made].patch(Industry="Media")
    assert client.sobjects.Account.get(made)["Industry"] == "Media"
    client.sobjects.Account[made].delete()
    assert [e["action"] for e in done()] == ["create", "update", "delete"]


def test_composite(crms: Crms, client) -> None:
    done = crms.watch("salesforce", "Contact")
    request = client.composite(all_or_none=True)
    request.post("/services/data/v67.0/sobjects/Account", "a", {"Name": "Forcepy C"})
    request.post("/services/data/v67.0/sobjects/Contact", "c", {"LastName": "F", "AccountId": "@{a.id}"})
    answer = request.execute()
    assert answer.all_succeeded
    assert done()[0]["after"]["AccountId"] == answer["a"].body["id"]
