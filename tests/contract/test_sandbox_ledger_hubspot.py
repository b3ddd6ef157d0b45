"""Every way to change something in the simulated HubSpot leaves its entries in the ledger."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .ledger_kit import Known, Step, drive, missed
from .town import opened

V3, V4 = "/crm/v3/", "/crm/v4/"
READERS = ("search", "batch/read", "oauth/token", "introspect", "access-token-info", "sequential")
LINK, BOAT = "associations/contacts/companies", "2-1"
PROPERTY = {"groupName": "ours", "label": "One", "type": "string", "fieldType": "text"}
SPEC = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
OWN = {"associationCategory": "USER_DEFINED", "associationTypeId": "{label}"}
PAIR = {"from": {"id": "{contact}"}, "to": {"id": "{second}"}}
NAMED = {**PAIR, "type": "contact_to_company_unlabeled"}
SCHEMA = {
    "name": "boat", "labels": {"singular": "Boat", "plural": "Boats"}, "primaryDisplayProperty": "title",
    "requiredProperties": ["title"], "associatedObjects": ["COMPANY"],
    "properties": [{"name": "title", "label": "Title", "type": "string", "fieldType": "text"}],
}  # fmt: skip
IS_KNOWN = {"operationType": "ALL_PROPERTY", "operator": "IS_KNOWN"}
ALL_KNOWN = [{"filterType": "PROPERTY", "property": "name", "operation": IS_KNOWN}]
KNOWN = {"filterBranchType": "OR", "filterBranches": [{"filterBranchType": "AND", "filters": ALL_KNOWN}]}
STAGE = {"label": "First", "displayOrder": 0, "metadata": {"ticketState": "OPEN"}}
LAST = {"label": "Last", "displayOrder": 1, "metadata": {"ticketState": "CLOSED"}}


def row(**properties: str) -> dict[str, Any]:
    return {"properties": properties}


def inputs(*rows: Any) -> dict[str, Any]:
    return {"inputs": list(rows)}


RECORDS = [
    Step("POST", f"{V3}objects/companies", row(name="A"), ("companies", "create"), "company"),
    Step("POST", f"{V3}objects/companies", row(name="B"), ("companies", "create"), "second"),
    Step("POST", f"{V3}objects/contacts", row(email="n@example.com"), ("contacts", "create"), "contact"),
    Step("PATCH", f"{V3}objects/companies/{{company}}", row(name="C"), ("companies", "update")),
    Step("POST", f"{V3}objects/companies/batch/create", inputs(row(name="D"), row(name="E")), ("companies", "create")),
    Step("POST", f"{V3}objects/companies/batch/update", inputs({"id": "{company}", **row(name="F")}), ("companies", "update")),
    Step("POST", f"{V3}objects/contacts/batch/upsert", inputs({"id": "a@example.com", "idProperty": "email", **row(email="a@example.com")}), ("contacts", "create")),
]  # fmt: skip
LINKS = [
    Step("POST", f"{V4}{LINK}/labels", {"name": "friend", "label": "Friend"}, (f"labels/{LINK.partition('/')[2]}", "create")),
    Step("PUT", f"{V4}objects/contacts/{{contact}}/associations/companies/{{company}}", [SPEC], (LINK, "create")),
    Step("DELETE", f"{V4}objects/contacts/{{contact}}/associations/companies/{{company}}", None, (LINK, "delete")),
    Step("PUT", f"{V4}objects/contacts/{{contact}}/associations/default/companies/{{company}}", None, (LINK, "create")),
    Step("POST", f"{V4}{LINK}/batch/create", inputs({**PAIR, "types": [SPEC]}), (LINK, "create")),
    Step("POST", f"{V4}{LINK}/batch/archive", inputs({"from": {"id": "{contact}"}, "to": [{"id": "{second}"}]}), (LINK, "delete")),
    Step("POST", f"{V4}{LINK}/batch/associate/default", inputs(PAIR), (LINK, "create")),
    Step("POST", f"{V4}{LINK}/batch/labels/archive", inputs({**PAIR, "types": [SPEC]}), (LINK, "delete")),
    Step("PUT", f"{V3}objects/contacts/{{contact}}/associations/companies/{{second}}/279", None, (LINK, "create")),
    Step("DELETE", f"{V3}objects/contacts/{{contact}}/associations/companies/{{second}}/279", None, (LINK, "delete")),
    Step("POST", f"{V3}{LINK}/batch/create", inputs(NAMED), (LINK, "create")),
    Step("POST", f"{V3}{LINK}/batch/archive", inputs(NAMED), (LINK, "delete")),
    Step("PUT", f"{V4}{LINK}/labels", {"associationTypeId": "{label}", "label": "Good friend"}, (f"labels/{LINK.partition('/')[2]}", "update")),
    Step("DELETE", f"{V4}{LINK}/labels/{{label}}", None, (f"labels/{LINK.partition('/')[2]}", "delete")),
]  # fmt: skip
OLDER_PAIR = {
    "fromObjectId": "{contact}", "toObjectId": "{second}", "category": "HUBSPOT_DEFINED", "definitionId": 279,
}  # fmt: skip
OLDER_VALUES = {"properties": [{"property": "firstname", "value": "Olga"}]}
OLDER_CONTACT, OLDER_LINKS = "/contacts/v1/contact", "/crm-associations/v1/associations"
OLDER = [
    Step("POST", f"{OLDER_CONTACT}/createOrUpdate/email/old@example.com", {"properties": []}, ("contacts", "create"), "old"),
    Step("POST", f"{OLDER_CONTACT}/email/old@example.com/profile", OLDER_VALUES, ("contacts", "update")),
    Step("DELETE", f"{OLDER_CONTACT}/vid/{{old}}", None, ("contacts", "delete")),
    Step("PUT", OLDER_LINKS, OLDER_PAIR, (LINK, "create")),
    Step("PUT", f"{OLDER_LINKS}/delete", OLDER_PAIR, (LINK, "delete")),
]  # fmt: skip
GONE = [
    Step("POST", f"{V3}objects/companies/merge", {"primaryObjectId": "{company}", "objectIdToMerge": "{second}"}, ("companies", "merge")),
    Step("POST", f"{V3}objects/contacts/batch/archive", inputs({"id": "{contact}"}), ("contacts", "delete")),
    Step("POST", f"{V3}objects/contacts", row(email="m@example.com"), ("contacts", "create"), "contact"),
    Step("DELETE", f"{V3}objects/contacts/{{contact}}", None, ("contacts", "delete")),
    Step("POST", f"{V3}objects/contacts", row(email="o@example.com"), ("contacts", "create"), "contact"),
    Step("POST", f"{V3}objects/contacts/gdpr-delete", {"objectId": "{contact}"}, ("contacts", "delete")),
]  # fmt: skip
SETUP = [
    Step("POST", f"{V3}properties/companies/groups", {"name": "ours", "label": "Ours"}, ("groups/companies", "create")),
    Step("PATCH", f"{V3}properties/companies/groups/ours", {"label": "Our own"}, ("groups/companies", "update")),
    Step("POST", f"{V3}properties/companies", {"name": "one", **PROPERTY}, ("properties/companies", "create")),
    Step("PATCH", f"{V3}properties/companies/one", {"label": "Number one"}, ("properties/companies", "update")),
    Step("DELETE", f"{V3}properties/companies/one", None, ("properties/companies", "delete")),
    Step("POST", f"{V3}properties/companies/batch/create", inputs({"name": "two", **PROPERTY}), ("properties/companies", "create")),
    Step("PUT", f"{V3}property-validations/companies/two/rule-type/MAX_LENGTH", {"ruleArguments": ["20"]}, ("property-validations/companies", "update")),
    Step("POST", f"{V3}properties/companies/batch/archive", inputs({"name": "two"}), ("properties/companies", "delete")),
    Step("DELETE", f"{V3}properties/companies/groups/ours", None, ("groups/companies", "delete")),
    Step("POST", f"{V3}schemas", SCHEMA, ("schemas", "create")),
    Step("PATCH", f"{V3}schemas/{{boat}}", {"description": "A thing that floats"}, ("schemas", "update")),
    Step("POST", f"{V3}schemas/{{boat}}/associations", {"fromObjectTypeId": "{boat}", "toObjectTypeId": "contact", "name": "crew"}, ("schemas/associations", "create"), "joint"),
    Step("DELETE", f"{V3}schemas/{{boat}}/associations/{{joint}}", None, ("schemas/associations", "delete")),
    Step("DELETE", f"{V3}schemas/{{boat}}", None, ("schemas", "delete")),
    Step("POST", f"{V3}pipelines/tickets", {"label": "P", "displayOrder": 1, "stages": [STAGE, LAST]}, ("pipelines/tickets", "create"), "pipeline"),
    Step("PATCH", f"{V3}pipelines/tickets/{{pipeline}}", {"label": "Q"}, ("pipelines/tickets", "update")),
    Step("POST", f"{V3}pipelines/tickets/{{pipeline}}/stages", {**STAGE, "label": "Third"}, ("pipelines/tickets", "create"), "stage"),
    Step("PATCH", f"{V3}pipelines/tickets/{{pipeline}}/stages/{{stage}}", {"label": "4"}, ("pipelines/tickets", "update")),
    Step("PUT", f"{V3}pipelines/tickets/{{pipeline}}/stages/{{stage}}", {**STAGE, "label": "5"}, ("pipelines/tickets", "update")),
    Step("DELETE", f"{V3}pipelines/tickets/{{pipeline}}/stages/{{stage}}", None, ("pipelines/tickets", "delete")),
    Step("PUT", f"{V3}pipelines/tickets/{{pipeline}}", {"label": "R", "displayOrder": 1, "stages": [STAGE, LAST]}, ("pipelines/tickets", "update")),
    Step("DELETE", f"{V3}pipelines/tickets/{{pipeline}}", None, ("pipelines/tickets", "delete")),
    Step("POST", f"{V3}lists", {"name": "L", "objectTypeId": "0-2", "processingType": "MANUAL"}, ("lists", "create"), "list"),
    Step("PUT", f"{V3}lists/{{list}}/update-list-name?listName=M", None, ("lists", "update")),
    Step("PUT", f"{V3}lists/{{list}}/memberships/add", ["{company}"], ("lists", "update")),
    Step("PUT", f"{V3}lists/{{list}}/memberships/remove", ["{company}"], ("lists", "update")),
    Step("PUT", f"{V3}lists/{{list}}/memberships/add-and-remove", {"recordIdsToAdd": ["{company}"]}, ("lists", "update")),
    Step("POST", f"{V3}lists", {"name": "N", "objectTypeId": "0-2", "processingType": "MANUAL"}, ("lists", "create"), "list2"),
    Step("PUT", f"{V3}lists/{{list2}}/memberships/add-from/{{list}}", None, ("lists", "update")),
    Step("DELETE", f"{V3}lists/{{list}}/memberships", None, ("lists", "update")),
    Step("DELETE", f"{V3}lists/{{list}}", None, ("lists", "delete")),
    Step("PUT", f"{V3}lists/{{list}}/restore", None, ("lists", "create")),
    Step("POST", f"{V3}lists", {"name": "F", "objectTypeId": "0-2", "processingType": "DYNAMIC", "filterBranch": KNOWN}, ("lists", "create"), "list3"),
    Step("PUT", f"{V3}lists/{{list3}}/update-list-filters", {"filterBranch": KNOWN}, ("lists", "update")),
]  # fmt: skip
STEPS = [*RECORDS, *SETUP, *LINKS, *OLDER, *GONE]
VERSIONED = re.compile(r"^/(?:crm/v[34]/|([\w-]+/)v1/)")
LOGINS = {
    ("DELETE", "oauth/refresh-tokens/*"),
    ("POST", "oauth/token/revoke"),
}  # no record of the CRM changes


@pytest.fixture(scope="module")
def town():
    with opened() as town:
        yield town


def test_every_change_is_in_the_ledger(town):
    known: Known = {"boat": "2-1"}
    for step in STEPS:
        answer = drive(town, "hubspot", step, known)
        if step.path.endswith("/labels") and step.method == "POST":
            known["label"] = answer["results"][0]["typeId"]
        if step.keep:
            found = answer.get("list", answer)
            known[step.keep] = found.get("listId") or found.get("vid") or found["id"]
        if step.path.endswith("schemas"):
            known["boat"] = answer["objectTypeId"]


def test_every_way_to_change_something_is_driven(town):
    table = town.sandbox.simulators["hubspot"]._routes._routes
    routes = {(r.method, "/".join(r.pattern)) for ways in table.values() for r in ways if r.method != "GET"}
    steps = [step._replace(path=VERSIONED.sub(r"\1", step.path)) for step in STEPS]
    wanted = [
        (m, path) for m, path in routes if not path.endswith(READERS) and not path.startswith("webhooks/")
    ]
    assert set(missed(wanted, steps, "")) <= LOGINS
