"""Whatever is asked of whichever endpoint, the portal answers in HubSpot's form and never crashes."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from cs_connector.sandbox.wire import Request

from .house import House, company

PARTS = (*["companies"] * 4, "contacts", "tasks", "deals", "0-2", "2-1", "cats", "quotes", "1", "20", "999", "abc", "²", "",
         "9" * 30, "default", "name", "cs_key", "cs_health", "REGEX", "279", "18221010", "closedwon", "0", "-1")  # fmt: skip
SCALARS: tuple[Any, ...] = (
    "",
    "1",
    "x",
    0,
    -1,
    1.5,
    10**30,
    True,
    None,
    "²",
    "2026-11-01",
    " 1 ",
    "green",
    [],
    {},
    "\u0000",
)
NAMES = (
    "id", "inputs", "properties", "associations", "from", "to", "types", "type", "name", "label", "labels", "idProperty",
    "filterGroups", "filters", "propertyName", "operator", "value", "values", "highValue", "sorts", "limit", "after",
    "objectWriteTraceId", "stages", "metadata", "displayOrder", "options", "fieldType", "groupName", "associationTypeId",
    "associationCategory", "primaryObjectId", "objectIdToMerge", "objectId", "processingType", "objectTypeId", "cs_key",
    "recordIdsToAdd", "ruleArguments", "eventType", "active", "targetUrl", "archived", "query", "singular", "plural",
    "primaryDisplayProperty", "requiredProperties", "associatedObjects", "fromObjectTypeId", "toObjectTypeId", "email",
)  # fmt: skip
WORDS = (
    "EQ",
    "IN",
    "BETWEEN",
    "CONTAINS_TOKEN",
    "string",
    "number",
    "text",
    "HUBSPOT_DEFINED",
    "MANUAL",
    "companies",
    "name",
)
QUERIES = ("", "limit=0", "limit=abc", "after=-1", "archived=true", "properties=name,no", "associations=contacts,cats",
           "idProperty=cs_key", "propertiesWithHistory=name", "listName=", "dataSensitivity=x", "limit=1&after=1")  # fmt: skip

SPEC = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
PAIR = {"from": {"id": "20"}, "to": {"id": "1"}, "types": SPEC, "type": "contact_to_company"}
FILTER = {
    "propertyName": "cs_health_score",
    "operator": "BETWEEN",
    "value": "1",
    "highValue": "5",
    "values": ["1"],
}
STAGE = {"label": "S", "displayOrder": 0, "metadata": {"probability": "0.5", "ticketState": "OPEN"}}
OWN = {"name": "own", "label": "Own", "type": "string", "fieldType": "text", "groupName": "cs_health",
       "options": [{"label": "A", "value": "a", "displayOrder": 0, "hidden": False}]}  # fmt: skip
LIKELY: tuple[dict[str, Any], ...] = (
    {"properties": {"name": "B", "cs_key": "k2", "cs_health_score": "5", "cs_renewal_date": "2026-11-01"},
     "associations": [{"to": {"id": "20"}, "types": SPEC}]},
    {"inputs": [{"id": "1", "properties": {"name": "B", "cs_health_band": "green"}, "objectWriteTraceId": "a"}]},
    {"inputs": [{"id": "k", "idProperty": "cs_key", "properties": {"email": "b@x.test"}}], "properties": ["name"]},
    {"filterGroups": [{"filters": [FILTER]}], "sorts": [{"propertyName": "name", "direction": "ASCENDING"}],
     "properties": ["name"], "limit": 5, "after": "0", "query": "a"},
    {"inputs": [PAIR]},
    {"inputs": [{"from": {"id": "20"}, "to": [{"id": "1"}]}]},
    {"primaryObjectId": "1", "objectIdToMerge": "2"},
    {"objectId": "a@x.test", "idProperty": "email"},
    {"label": "P", "displayOrder": 1, "stages": [STAGE], **STAGE},
    OWN,
    {"inputs": [OWN]},
    {"name": "n", "label": "L", "inverseLabel": "I", "associationTypeId": 279, "displayOrder": 1},
    {"name": "thing", "labels": {"singular": "T", "plural": "Ts"}, "primaryDisplayProperty": "own", "properties": [OWN],
     "requiredProperties": ["own"], "associatedObjects": ["COMPANY"], "objectTypeId": "0-2", "processingType": "MANUAL"},
    {"fromObjectTypeId": "2-1", "toObjectTypeId": "0-1", "name": "x", "ruleArguments": ["5"]},
    {"recordIdsToAdd": ["1", "2"], "recordIdsToRemove": ["1"], "listIds": ["1"], "count": 5},
    {"eventType": "company.creation", "active": True, "targetUrl": "http://127.0.0.1:9/", "throttling": {}},
)  # fmt: skip
# First words of paths that do not stand below /crm.
BARE = {"oauth", "webhooks", "account-info", "integrations", "contacts", "crm-associations"}


def bent(dice: random.Random, value: Any) -> Any:
    """The same with a few of its parts replaced, left out or doubled."""
    if dice.random() < 0.06:
        return dice.choice((*SCALARS, *WORDS))
    if isinstance(value, list):
        return [bent(dice, each) for each in value * dice.choice((0, 1, 1, 1, 2))]
    if isinstance(value, dict):
        return {name: bent(dice, each) for name, each in value.items() if dice.random() > 0.06}
    return value


def sent(dice: random.Random) -> Any:
    """A body: as it should be, or bent, or of no sense at all."""
    kind, likely = dice.random(), dice.choice(LIKELY)
    if kind < 0.4:
        return likely
    return bent(dice, likely) if kind < 0.9 else anything(dice)


def anything(dice: random.Random, depth: int = 0) -> Any:
    """A value of any shape, made of the words that the API uses."""
    kind = dice.random()
    if depth > 4 or kind < 0.3:
        return dice.choice((*SCALARS, *WORDS))
    if kind < 0.45:
        return [anything(dice, depth + 1) for _ in range(dice.randrange(3))]
    return {dice.choice(NAMES): anything(dice, depth + 1) for _ in range(dice.randrange(1, 6))}


@pytest.mark.slow
def test_nothing_makes_the_portal_crash(unlimited: House) -> None:
    unlimited.load("companies", company(1, cs_key="k", name="A"), company(2))
    unlimited.load("contacts", company(20, email="a@x.test", associatedcompanyid="1"))
    dice = random.Random(20261101)
    routes = [each for some in unlimited.portal._routes._routes.values() for each in some]
    assert len(routes) > 100
    statuses = set()
    for route in routes * 300:
        path = "/".join(dice.choice(PARTS) if part == "*" else part for part in route.pattern)
        noun, _, rest = path.partition("/")
        version = dice.choice(sorted(route.versions) or ["v3"])
        crm = noun not in BARE
        address = f"/crm/{version}/{path}" if crm else f"/{noun}/{version}/{rest}"
        body = json.dumps(sent(dice)).encode()
        kind = "application/json" if dice.random() < 0.9 else "application/x-www-form-urlencoded"
        headers = {"authorization": f"Bearer {unlimited.token}", "content-type": kind}
        answer = unlimited.portal.handle(Request(route.method, address, dice.choice(QUERIES), headers, body))
        statuses.add(answer.status)
        if answer.status >= 400:
            told = json.loads(answer.body)
            assert told["message"], address
            assert told["correlationId"] == answer.headers["x-hubspot-correlation-id"]
        assert answer.status != 500
    assert {200, 201, 204, 207, 400, 404, 409, 415, 501} <= statuses
