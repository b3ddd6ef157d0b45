"""Requests recorded at the real HubSpot, sent to the simulator: the answers must have the same shape."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .house import House

RECORDED = Path(os.environ.get("CS_CONNECTOR_DATA", "-")) / "recorded" / "hubspot.jsonl"
NEWER = {"url"}  # HubSpot added it after the recordings
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not RECORDED.is_file(), reason="CS_CONNECTOR_DATA does not name the recordings"),
]
Exchange = dict[str, Any]


def recorded(path: str, status: int) -> Iterator[Exchange]:
    with RECORDED.open(encoding="utf-8") as lines:
        for line in lines:
            exchange = json.loads(line)
            if re.fullmatch(path, exchange["path"]) and exchange["status"] == status:
                yield exchange


@pytest.fixture
def copy(unlimited: House) -> House:
    """A portal with the recorded custom object and the recorded properties."""
    schema = next(recorded("/crm/v3/schemas", 200))["response_body"]["results"][0]
    keys = ("name", "label", "type", "fieldType", "options")
    own = [{k: p[k] for k in keys} for p in schema["properties"] if not p["name"].startswith("hs_")]
    name = schema["fullyQualifiedName"].partition("_")[2]
    egg = {
        "name": name,
        "labels": schema["labels"],
        "primaryDisplayProperty": schema["primaryDisplayProperty"],
        "requiredProperties": schema["requiredProperties"],
        "properties": [p for p in own if p["name"] not in ("hubspot_owner_id", "hubspot_owner_assigneddate")],
    }
    unlimited.post("/crm/v3/schemas", egg)
    return unlimited


def here(house: House, exchange: Exchange) -> str:
    """The recorded path, with the type id that the custom object has here; unknown properties are made."""
    made = house.call("GET", "/crm/v3/schemas").json()["results"][0]["objectTypeId"]
    path = re.sub(r"2-\d+", made, exchange["path"])
    kind = path.split("/")[4]
    known = {p["name"] for p in house.call("GET", f"/crm/v3/properties/{kind}").json()["results"]}
    group = house.call("GET", f"/crm/v3/properties/{kind}/groups").json()["results"][0]["name"]
    for name in used(exchange["request_body"]) - known:
        egg = {"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": group}
        house.post(f"/crm/v3/properties/{kind}", egg)
    return path


def used(body: Exchange) -> set[str]:
    names = {name for each in body.get("inputs", ()) for name in each.get("properties", ())}
    filters = {f["propertyName"] for g in body.get("filterGroups", ()) for f in g["filters"]}
    return names | filters | set(body.get("properties", ()))


def shape(result: Exchange) -> dict[str, Any]:
    """Member names and types, the properties' names, and how times look."""
    members = {k: type(v).__name__ for k, v in result.items() if k not in NEWER | {"properties"}}
    return {**members, "properties": sorted(result["properties"])}


def test_created_records_have_the_recorded_shape(copy: House) -> None:
    tried = 0
    for exchange in recorded("/crm/v3/objects/.*/batch/create", 201):
        path = here(copy, exchange)
        for each in exchange["request_body"]["inputs"]:
            answer = copy.call("POST", path, {"inputs": [each]})
            if answer.status_code == 409:  # the recordings delete in between
                continue
            assert answer.status_code == 201, answer.text
            body = answer.json()
            theirs = exchange["response_body"]
            assert body.keys() == theirs.keys()
            assert shape(body["results"][0]) in [shape(result) for result in theirs["results"]]
            tried += 1
    assert tried > 10


def test_updated_records_have_the_recorded_shape(copy: House) -> None:
    tried = 0
    for exchange in recorded("/crm/v3/objects/.*/batch/update", 200):
        path = here(copy, exchange)
        stem = path.removesuffix("/batch/update")
        for each, theirs in zip(
            exchange["request_body"]["inputs"], exchange["response_body"]["results"], strict=False
        ):
            if "error" in theirs or len(exchange["request_body"]["inputs"]) > 1:
                continue
            first = {"grouparoo_object_property": "x"} if "/2-" in stem else {}
            made = copy.post(stem, {"properties": first})["id"]
            body = copy.post(path, {"inputs": [{**each, "id": made}]})
            assert shape(body["results"][0]) == shape(theirs)
            copy.call("DELETE", f"{stem}/{made}")
            tried += 1
    assert tried > 5


def test_searches_have_the_recorded_shape(copy: House) -> None:
    tried = 0
    for exchange in recorded("/crm/v3/objects/.*/search", 200):
        body = copy.post(here(copy, exchange), exchange["request_body"])
        assert body.keys() == exchange["response_body"].keys() - {"paging"}
        tried += 1
    assert tried > 100


def test_a_refused_search_has_the_recorded_shape(house: House) -> None:
    theirs = next(recorded("/crm/v3/objects/COMPANY/search", 429))
    for _ in range(6):
        ours = house.call("POST", "/crm/v3/objects/COMPANY/search", {})
    assert ours.status_code == 429
    assert ours.json().keys() == theirs["response_body"].keys()
    assert ours.json()["message"] == theirs["response_body"]["message"]
    names = {h.lower() for h in ours.headers if h.lower().startswith("x-hubspot")}
    assert names == {h for h in theirs["headers"] if h.startswith("x-hubspot")}


def test_archiving_and_the_account_have_the_recorded_shape(house: House) -> None:
    theirs = next(recorded("/crm/v3/objects/COMPANY/batch/archive", 204))
    ours = house.call("POST", "/crm/v3/objects/COMPANY/batch/archive", theirs["request_body"])
    assert (ours.status_code, ours.content) == (204, b"")
    account = next(recorded("/integrations/v1/me", 200))["response_body"]
    assert house.call("GET", "/integrations/v1/me").json().keys() == account.keys()


def test_schemas_have_the_recorded_shape(house: House) -> None:
    theirs = next(recorded("/crm/v3/schemas/CONTACT", 200))["response_body"]
    ours = house.call("GET", "/crm/v3/schemas/CONTACT").json()
    assert ours.keys() >= theirs.keys()
    assert ours["properties"][0].keys() >= theirs["properties"][0].keys()
    mine = {a["id"]: a for a in ours["associations"]}
    company = [a for a in theirs["associations"] if a["toObjectTypeId"] == "0-2" and a["id"] in mine]
    assert company
    for association in company:
        assert mine[association["id"]] == association
