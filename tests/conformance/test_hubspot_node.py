"""@hubspot/api-client of Node, unmodified, with the address of the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .node_child import NodeChild, NodeFailed
from .stage import Crms

CLIENT = "@hubspot/api-client (Node)"
Call = Callable[..., Any]


@pytest.fixture
def call(node: NodeChild, crms: Crms) -> Call:
    return lambda name, /, **args: node.call("hubspot", name, login=crms.hubspot, **args)


def test_log_in_by_refresh_token(call: Call) -> None:
    found = call("refresh")
    assert found["accessToken"]
    assert found["tokenType"] == "bearer"


def test_get_all(call: Call) -> None:
    found = call("getAll", kind="contacts")
    assert len(set(found)) == len(found) > 100


def test_pages_of_a_list(call: Call) -> None:
    first = call("page", kind="companies", limit=15, properties=["name", "city"])
    then = call("page", kind="companies", limit=15, after=first["paging"]["next"]["after"])
    assert not {r["id"] for r in first["results"]} & {r["id"] for r in then["results"]}
    assert {"name", "city"} <= set(first["results"][0]["properties"])


def test_create_get_update_archive(call: Call, crms: Crms) -> None:
    done = crms.watch("hubspot", "companies")
    one = call("create", kind="companies", properties={"name": "Node one"})["id"]
    call("update", kind="companies", id=one, properties={"city": "Oslo"})
    assert call("get", kind="companies", id=one, properties=["city"])["properties"]["city"] == "Oslo"
    call("archive", kind="companies", id=one)
    assert [e["action"] for e in done()] == ["create", "update", "delete"]
    with pytest.raises(NodeFailed, match="404"):
        call("get", kind="companies", id=one)


def test_search(call: Call) -> None:
    known = call("page", kind="companies", limit=1, properties=["name"])["results"][0]["properties"]["name"]
    filters = [{"propertyName": "name", "operator": "EQ", "value": known}]
    search = {
        "filterGroups": [{"filters": filters}],
        "properties": ["name"],
        "limit": 10,
        "sorts": [],
        "after": "0",
    }
    found = call("search", kind="companies", search=search)
    assert {r["properties"]["name"] for r in found["results"]} == {known}


def test_batches(call: Call, crms: Crms) -> None:
    done = crms.watch("hubspot", "contacts")
    inputs = [{"properties": {"email": f"n{n}@node.example"}, "associations": []} for n in range(4)]
    made = call("batchCreate", kind="contacts", inputs=inputs)
    assert made["status"] == "COMPLETE"
    ids = [r["id"] for r in made["results"]]
    updates = [{"id": one, "properties": {"firstname": "N"}} for one in ids]
    assert len(call("batchUpdate", kind="contacts", inputs=updates)["results"]) == 4
    read = call("batchRead", kind="contacts", inputs=[{"id": one} for one in ids], properties=["firstname"])
    assert {r["properties"]["firstname"] for r in read["results"]} == {"N"}
    call("batchArchive", kind="contacts", inputs=[{"id": one} for one in ids])
    assert [e["action"] for e in done()] == ["create"] * 4 + ["update"] * 4 + ["delete"] * 4


def test_a_taken_email(call: Call) -> None:
    inputs = [{"properties": {"email": "taken@node.example"}, "associations": []}]
    call("batchCreate", kind="contacts", inputs=inputs)
    with pytest.raises(NodeFailed, match="409"):
        call("batchCreate", kind="contacts", inputs=inputs)


def test_batch_upsert(call: Call) -> None:
    one = {
        "id": "node-1",
        "idProperty": "cs_key",
        "properties": {"hs_task_subject": "N", "hs_timestamp": "1764150000000"},
    }
    assert [call("batchUpsert", kind="tasks", inputs=[one])["results"][0]["_new"] for _ in range(2)] == [
        True,
        False,
    ]


def test_associations(call: Call) -> None:
    company = call("create", kind="companies", properties={"name": "Node linked"})["id"]
    contact = call("create", kind="contacts", properties={"email": "linked@node.example"})["id"]
    ends = {"from": "contacts", "fromId": contact, "to": "companies", "toId": company}
    assert [str(r["toObjectId"]) for r in call("associate", **ends)["results"]] == [company]
    call("unassociate", **ends)
    assert any(
        r["label"] is None for r in call("labels", **{"from": "contacts", "to": "companies"})["results"]
    )


def test_properties(call: Call) -> None:
    one = {
        "name": "node_note", "label": "Node", "type": "string", "fieldType": "text", "groupName": "companyinformation",
        "hidden": False, "options": [],
    }  # fmt: skip
    assert call("createProperty", kind="companies", property=one)["name"] == "node_note"
    assert "node_note" in call("properties", kind="companies")
    call("archiveProperty", kind="companies", name="node_note")
    assert "node_note" not in call("properties", kind="companies")


def test_owners_pipelines_schemas(call: Call) -> None:
    assert all(o["email"] for o in call("owners")["results"])
    assert call("pipelines", kind="tickets")["results"][0]["stages"]
    assert "results" in call("schemas")


def test_any_path(call: Call, crms: Crms) -> None:
    found = call("raw", path="/account-info/v3/details")
    assert (found["status"], str(found["body"]["portalId"])) == (200, crms.hubspot["portal_id"])


def test_a_dead_token(node: NodeChild, crms: Crms) -> None:
    login = {**crms.hubspot, "access_token": "nobody"}
    with pytest.raises(NodeFailed, match="401"):
        node.call("hubspot", "owners", login=login)
