"""A snapshot holds everything, for every CRM: records, fields, links, jobs, limits, lags, what is hidden, ledger and dice."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from .town import Town, opened

SF = "/services/data/v67.0/"


@pytest.fixture
def town():
    with opened(profile="vendor") as town:
        town.control("POST", "/clock", {"running": False})
        yield town


def soql(town: Town, query: str) -> list[dict[str, Any]]:
    return list(town.call("salesforce", f"{SF}queryAll", params={"q": query}).json()["records"])


def records(town: Town) -> Any:
    query = "SELECT Id,Name,OwnerId,SystemModstamp,IsDeleted FROM Account ORDER BY Id"
    return soql(town, query), *(town.accounts(crm).json() for crm in ("hubspot", "zendesk"))


def fields(town: Town) -> Any:
    described = town.call("salesforce", f"{SF}sobjects/Account/describe").json()["fields"]
    properties = town.call("hubspot", "/crm/v3/properties/companies").json()["results"]
    return described, properties, town.call("zendesk", "/api/v2/organization_fields.json").json()


def links(town: Town) -> Any:
    (contact, *_) = town.call("hubspot", "/crm/v3/objects/contacts").json()["results"]
    return town.call("hubspot", f"/crm/v4/objects/contacts/{contact['id']}/associations/companies").json()[
        "results"
    ]


def jobs(town: Town) -> Any:
    queries = town.call("salesforce", f"{SF}jobs/query").json()["records"]
    ingests = town.call("salesforce", f"{SF}jobs/ingest").json()["records"]
    return queries, ingests, town.call("zendesk", "/api/v2/job_statuses.json").json()


def spent(town: Town) -> Any:
    """The day's calls that are left, in a form that asking itself does not change."""
    sales = town.call("salesforce", f"{SF}query?q=SELECT+Id+FROM+Profile").headers["sforce-limit-info"]
    day = town.accounts("hubspot").headers["x-hubspot-ratelimit-daily-remaining"]
    return sales, day, town.accounts("zendesk").headers["x-rate-limit-remaining"]


LOOKS: list[Callable[[Town], Any]] = [records, fields, links, jobs]


def meddle(town: Town) -> None:
    """Change something of every kind, in every CRM."""
    account = soql(town, "SELECT Id FROM Account LIMIT 1")[0]["Id"]
    assert town.call("salesforce", f"{SF}sobjects/Account/{account}", "PATCH", json={"Name": "Changed"}).ok
    task = town.call("salesforce", f"{SF}sobjects/Task", "POST", json={"Subject": "New"})
    assert town.call("salesforce", f"{SF}sobjects/Task/{task.json()['id']}", "DELETE").ok
    for kind, asked in (
        ("query", {"operation": "query", "query": "SELECT Id FROM Account"}),
        ("ingest", {"operation": "insert", "object": "Task"}),
    ):
        assert town.call("salesforce", f"{SF}jobs/{kind}", "POST", json=asked).ok
    company, other = (r["id"] for r in town.accounts("hubspot").json()["results"][:2])
    merge = {"primaryObjectId": company, "objectIdToMerge": other}
    assert town.call("hubspot", "/crm/v3/objects/companies/merge", "POST", json=merge).ok
    prop = {
        "name": "extra",
        "label": "E",
        "groupName": "companyinformation",
        "type": "string",
        "fieldType": "text",
    }
    assert town.call("hubspot", "/crm/v3/properties/companies", "POST", json=prop).ok
    contact = town.call("hubspot", "/crm/v3/objects/contacts").json()["results"][0]["id"]
    company = town.accounts("hubspot").json()["results"][-1]["id"]
    path = f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}"
    assert town.call("hubspot", path, "PUT").ok
    field = {"organization_field": {"key": "extra", "type": "text", "title": "E"}}
    assert town.call("zendesk", "/api/v2/organization_fields.json", "POST", json=field).ok
    asked = {"organizations": [{"name": "Many"}]}
    assert town.call("zendesk", "/api/v2/organizations/create_many.json", "POST", json=asked).ok
    assert town.call("salesforce", f"{SF}sobjects/Account", "POST", json={"Name": "Added"}).ok


def snapshot(town: Town) -> int:
    return int(town.control("POST", "/snapshot").json()["snapshot"])


def restore(town: Town, number: int) -> None:
    assert town.control("POST", "/restore", {"snapshot": number}).ok


def test_records_fields_links_jobs_and_ledger_come_back_as_often_as_you_like(town):
    meddle(town)
    before = [look(town) for look in LOOKS]
    ledger, number = town.ledger(), snapshot(town)
    for _ in range(2):
        for crm, path, body in (
            ("salesforce", f"{SF}sobjects/Account", {"Name": "Later"}),
            ("hubspot", "/crm/v3/objects/companies", {"properties": {"name": "Later"}}),
            ("zendesk", "/api/v2/organizations.json", {"organization": {"name": "Later"}}),
        ):
            assert town.call(crm, path, "POST", json=body).ok
        town.order({"crm": "hubspot", "do": {"remove_field": {"object": "companies", "field": "extra"}}})
        assert [look(town) for look in LOOKS] != before
        restore(town, number)
        assert [look(town) for look in LOOKS] == before
        assert town.ledger() == ledger


def test_the_same_requests_after_a_restore_get_the_same_ids(town):
    number = snapshot(town)
    meddle(town)
    first = [{k: v for k, v in e.items() if k != "at"} for e in town.ledger()]
    restore(town, number)
    meddle(town)
    assert [{k: v for k, v in e.items() if k != "at"} for e in town.ledger()] == first


def test_allowances_come_back(town):
    spent(town)
    number = snapshot(town)
    first = spent(town)
    town.order(
        {"crm": "salesforce", "do": {"daily_quota_left": 5}},
        {"crm": "hubspot", "do": {"daily_quota_left": 5}},
    )
    spent(town)
    assert spent(town) != first
    restore(town, number)
    assert spent(town) == first


def test_standing_orders_come_back(town):
    town.order({"crm": "salesforce", "do": {"short_pages": 3}})
    query = f"{SF}query?q=SELECT+Id+FROM+Account"
    assert len(town.call("salesforce", query).json()["records"]) == 3
    number = snapshot(town)
    town.order()
    assert len(town.call("salesforce", query).json()["records"]) > 3
    restore(town, number)
    assert len(town.call("salesforce", query).json()["records"]) == 3
    town.order()
    assert len(town.call("salesforce", query).json()["records"]) > 3


def test_what_was_ongoing_comes_back(town):
    town.order(
        {"crm": "salesforce", "do": {"commit_lag_s": 300}},
        {"crm": "hubspot", "do": {"search_lag_s": 300}},
        {"crm": "zendesk", "do": {"hide": {"object": "organizations", "share": 0.5}}},
    )
    seen = records(town)
    number = snapshot(town)
    town.order()
    assert records(town) != seen
    restore(town, number)
    assert records(town) == seen
    meddle(town)
    assert soql(town, "SELECT Id FROM Account WHERE Name = 'Added'") == []
    town.advance("PT301S")
    assert len(soql(town, "SELECT Id FROM Account WHERE Name = 'Added'")) == 1


def test_a_kept_sandbox_takes_other_ports_where_its_own_are_taken(tmp_path):
    with opened(keep=tmp_path) as first:
        port = first.sandbox.control.port
    with socket.create_server(("127.0.0.1", port)), opened(keep=tmp_path) as second:
        assert second.sandbox.control.port != port
        assert second.accounts("zendesk").ok
