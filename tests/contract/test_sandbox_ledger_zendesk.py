"""Every way to change something in the simulated Zendesk leaves its entries in the ledger."""

from __future__ import annotations

import pytest

from .ledger_kit import Known, Step, drive, missed
from .town import opened

API = "/api/v2/"
TICKET = {"subject": "S", "comment": {"body": "B"}}
TICKETS, USERS, ORGS = "tickets", "users", "organizations"
MEMBERS, IDENTITIES = "organization_memberships", "identities"
BOAT = {"key": "boat", "title": "Boat", "title_pluralized": "Boats"}
CHOICE = {"custom_field_option": {"name": "New", "value": "new_one"}}


def create(noun: str, **values: object) -> Step:
    one = noun.removesuffix("es") if noun == "custom_statuses" else noun.removesuffix("s")
    return Step("POST", f"{API}{noun}", {one: values}, (noun, "create"), one)


def many(noun: str, *rows: object) -> Step:
    return Step("POST", f"{API}{noun}/create_many", {noun: list(rows)}, (noun, "create"))


STEPS = [
    create(ORGS, name="First"),
    create(ORGS, name="Second")._replace(keep="second"),
    Step("PUT", f"{API}organizations/{{organization}}", {"organization": {"notes": "N"}}, (ORGS, "update")),
    Step("POST", f"{API}organizations/create_or_update", {"organization": {"external_id": "e", "name": "Key"}}, (ORGS, "create")),
    many(ORGS, {"name": "M1"}, {"name": "M2"}),
    Step("PUT", f"{API}organizations/update_many?ids={{second}}", {"organization": {"notes": "O"}}, (ORGS, "update")),
    Step("POST", f"{API}organizations/create_or_update_many", {"organizations": [{"external_id": "e", "name": "P"}]}, (ORGS, "update")),
    create(USERS, name="U", email="u@example.com"),
    create(USERS, name="O", email="o@example.com")._replace(keep="other"),
    create(USERS, name="T", email="t@example.com")._replace(keep="third"),
    Step("PUT", f"{API}users/{{user}}", {"user": {"notes": "N"}}, (USERS, "update")),
    Step("POST", f"{API}users/create_or_update", {"user": {"email": "u@example.com", "notes": "M"}}, (USERS, "update")),
    many(USERS, {"name": "V", "email": "v@example.com"}),
    Step("PUT", f"{API}users/update_many?ids={{user}}", {"user": {"notes": "O"}}, (USERS, "update")),
    Step("POST", f"{API}users/create_or_update_many", {"users": [{"email": "w@example.com", "name": "W"}]}, (USERS, "create")),
    Step("POST", f"{API}users/{{user}}/identities", {"identity": {"type": "email", "value": "u2@example.com"}}, (IDENTITIES, "create"), "identity"),
    Step("PUT", f"{API}users/{{user}}/identities/{{identity}}", {"identity": {"value": "u3@example.com"}}, (IDENTITIES, "update")),
    Step("PUT", f"{API}users/{{user}}/identities/{{identity}}/verify", {}, (IDENTITIES, "update")),
    Step("PUT", f"{API}users/{{user}}/identities/{{identity}}/make_primary", {}, (IDENTITIES, "update")),
    Step("POST", f"{API}users/{{user}}/identities", {"identity": {"type": "email", "value": "u4@example.com"}}, (IDENTITIES, "create"), "spare"),
    Step("DELETE", f"{API}users/{{user}}/identities/{{spare}}", None, (IDENTITIES, "delete")),
    Step("POST", f"{API}{MEMBERS}", {"organization_membership": {"user_id": "{user}", "organization_id": "{organization}"}}, (MEMBERS, "create"), "membership"),
    Step("POST", f"{API}users/{{user}}/{MEMBERS}", {"organization_membership": {"organization_id": "{second}"}}, (MEMBERS, "create"), "membership2"),
    Step("PUT", f"{API}users/{{user}}/{MEMBERS}/{{membership2}}/make_default", {}, (MEMBERS, "update")),
    Step("PUT", f"{API}users/{{user}}/organizations/{{organization}}/make_default", {}, (MEMBERS, "update")),
    Step("DELETE", f"{API}users/{{user}}/{MEMBERS}/{{membership2}}", None, (MEMBERS, "delete")),
    Step("DELETE", f"{API}users/{{user}}/organizations/{{organization}}", None, (MEMBERS, "delete")),
    Step("POST", f"{API}{MEMBERS}", {"organization_membership": {"user_id": "{user}", "organization_id": "{organization}"}}, (MEMBERS, "create"), "membership"),
    Step("DELETE", f"{API}{MEMBERS}/{{membership}}", None, (MEMBERS, "delete")),
    many(MEMBERS, {"user_id": "{user}", "organization_id": "{organization}"}),
    Step("POST", f"{API}{MEMBERS}", {"organization_membership": {"user_id": "{other}", "organization_id": "{second}"}}, (MEMBERS, "create"), "membership"),
    Step("DELETE", f"{API}{MEMBERS}/destroy_many?ids={{membership}}", None, (MEMBERS, "delete")),
    create(TICKETS, **TICKET, requester_id="{other}"),
    create(TICKETS, **TICKET)._replace(keep="ticket2"),
    create(TICKETS, **TICKET)._replace(keep="ticket3"),
    Step("PUT", f"{API}tickets/{{ticket}}", {"ticket": {"priority": "low"}}, (TICKETS, "update")),
    many(TICKETS, TICKET, TICKET),
    Step("PUT", f"{API}tickets/update_many?ids={{ticket}}", {"ticket": {"priority": "high"}}, (TICKETS, "update")),
    Step("POST", f"{API}tickets/{{ticket}}/tags", {"tags": ["one"]}, (TICKETS, "update")),
    Step("PUT", f"{API}tickets/{{ticket}}/tags", {"tags": ["two"]}, (TICKETS, "update")),
    Step("DELETE", f"{API}tickets/{{ticket}}/tags", {"tags": ["one"]}, (TICKETS, "update")),
    Step("POST", f"{API}users/{{user}}/tags", {"tags": ["one"]}, (USERS, "update")),
    Step("PUT", f"{API}users/{{user}}/tags", {"tags": ["two"]}, (USERS, "update")),
    Step("DELETE", f"{API}users/{{user}}/tags", {"tags": ["one"]}, (USERS, "update")),
    Step("POST", f"{API}organizations/{{second}}/tags", {"tags": ["one"]}, (ORGS, "update")),
    Step("PUT", f"{API}organizations/{{second}}/tags", {"tags": ["two"]}, (ORGS, "update")),
    Step("DELETE", f"{API}organizations/{{second}}/tags", {"tags": ["one"]}, (ORGS, "update")),
    Step("DELETE", f"{API}tickets/{{ticket}}", None, (TICKETS, "delete")),
    Step("PUT", f"{API}deleted_tickets/{{ticket}}/restore", {}, (TICKETS, "update")),
    Step("DELETE", f"{API}tickets/destroy_many?ids={{ticket}}", None, (TICKETS, "delete")),
    Step("PUT", f"{API}deleted_tickets/restore_many?ids={{ticket}}", {}, (TICKETS, "update")),
    Step("DELETE", f"{API}tickets/{{ticket2}}", None, (TICKETS, "delete")),
    Step("DELETE", f"{API}deleted_tickets/{{ticket2}}", None, ("deleted_tickets", "delete")),
    Step("DELETE", f"{API}tickets/{{ticket3}}", None, (TICKETS, "delete")),
    Step("DELETE", f"{API}deleted_tickets/destroy_many?ids={{ticket3}}", None, ("deleted_tickets", "delete")),
    create("groups", name="G"),
    Step("PUT", f"{API}groups/{{group}}", {"group": {"name": "H"}}, ("groups", "update")),
    Step("DELETE", f"{API}groups/{{group}}", None, ("groups", "delete")),
    create("custom_statuses", status_category="open", agent_label="Looking"),
    Step("PUT", f"{API}custom_statuses/{{custom_status}}", {"custom_status": {"agent_label": "Seen"}}, ("custom_statuses", "update")),
    Step("POST", f"{API}custom_objects", {"custom_object": BOAT}, ("custom_objects", "create")),
    Step("PATCH", f"{API}custom_objects/{{boat}}", {"custom_object": {"title": "Ship"}}, ("custom_objects", "update")),
    Step("POST", f"{API}custom_objects/{{boat}}/records", {"custom_object_record": {"name": "Ida", "external_id": "x1"}}, ("custom_object_records", "create"), "record"),
    Step("PATCH", f"{API}custom_objects/{{boat}}/records/{{record}}", {"custom_object_record": {"name": "Ada"}}, ("custom_object_records", "update")),
    Step("PATCH", f"{API}custom_objects/{{boat}}/records?external_id=x1", {"custom_object_record": {"name": "Eda"}}, ("custom_object_records", "update")),
    Step("POST", f"{API}custom_objects/{{boat}}/jobs", {"job": {"action": "create", "items": [{"name": "Oda"}]}}, ("custom_object_records", "create")),
    Step("DELETE", f"{API}custom_objects/{{boat}}/records?external_id=x1", None, ("custom_object_records", "delete")),
    Step("POST", f"{API}custom_objects/{{boat}}/records", {"custom_object_record": {"name": "Una"}}, ("custom_object_records", "create"), "record"),
    Step("DELETE", f"{API}custom_objects/{{boat}}/records/{{record}}", None, ("custom_object_records", "delete")),
    Step("PUT", f"{API}users/{{third}}/merge", {"user": {"id": "{other}"}}, (USERS, "merge")),
    Step("POST", f"{API}organizations/{{organization}}/merge", {"organization_merge": {"winner_id": "{second}"}}, (ORGS, "merge")),
    Step("DELETE", f"{API}users/{{user}}", None, (USERS, "delete")),
    Step("DELETE", f"{API}deleted_users/{{user}}", None, ("deleted_users", "delete")),
    create(USERS, name="X", email="x@example.com")._replace(keep="last"),
    Step("DELETE", f"{API}users/destroy_many?ids={{last}}", None, (USERS, "delete")),
    create(ORGS, name="Third")._replace(keep="org3"),
    Step("DELETE", f"{API}organizations/destroy_many?ids={{org3}}", None, (ORGS, "delete")),
    Step("DELETE", f"{API}organizations/{{second}}", None, (ORGS, "delete")),
]  # fmt: skip
for noun in ("organization_fields", "user_fields", "ticket_fields", "custom_objects/{boat}/fields"):
    one = "custom_object_field" if "{" in noun else noun.removesuffix("s")
    told, kind = noun.format(boat="boat"), "tagger" if noun == "ticket_fields" else "dropdown"
    options = [{"name": "A", "value": f"a_{one}"}]
    field = {"key": "zone", "type": kind, "title": "Zone", "custom_field_options": options}
    STEPS += [
        Step("POST", f"{API}{noun}", {one: field}, (told, "create"), "field"),
        Step(
            "PATCH" if "{" in noun else "PUT",
            f"{API}{noun}/{{field}}",
            {one: {"title": "Area"}},
            (told, "update"),
        ),
        Step("POST", f"{API}{noun}/{{field}}/options", CHOICE, (told, "update"), "option"),
        Step("DELETE", f"{API}{noun}/{{field}}/options/{{option}}", None, (told, "update")),
        Step("DELETE", f"{API}{noun}/{{field}}", None, (told, "delete")),
    ]
STEPS.append(Step("DELETE", f"{API}custom_objects/{{boat}}", None, ("custom_objects", "delete")))
# Of the many ways to say the same: these go by the handlers of those that are driven.
TWINS = {
    ("POST", "tickets/create_or_update_many"),
    ("POST", f"{MEMBERS}/create_or_update_many"),
    ("PUT", f"{MEMBERS}/update_many"),
    ("PUT", "tickets/:id/comments/:comment_id/make_private"),
}


@pytest.fixture(scope="module")
def town():
    with opened() as town:
        yield town


def test_every_change_is_in_the_ledger(town):
    known: Known = {"boat": "boat"}
    for step in STEPS:
        answer = drive(town, "zendesk", step, known)
        if step.keep:
            known[step.keep] = next(part["id"] for part in answer.values() if isinstance(part, dict))


def test_every_way_to_change_something_is_driven(town):
    routes = town.sandbox.simulators["zendesk"]._resources.routes()
    assert set(missed((key for key in routes if key[0] != "GET"), STEPS, API)) <= TWINS
