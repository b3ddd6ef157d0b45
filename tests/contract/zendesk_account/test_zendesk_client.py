from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cs_connector.sandbox.wire import SeedRow

from .house import Api, organization, seed, ticket, user


@pytest.fixture
def zenpy_client(api: Api, monkeypatch: pytest.MonkeyPatch) -> Any:
    zenpy = pytest.importorskip("zenpy")
    monkeypatch.setenv("ZENPY_FORCE_NETLOC", api.login["base_url"].removeprefix("http://"))
    monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")
    return zenpy.Zenpy(
        subdomain="x", oauth_token=api.login["access_token"], session=api.session, disable_cache=True
    )


def test_zenpy_reads_and_writes(api, zenpy_client):
    from zenpy.lib.api_objects import Organization, Ticket

    seed(api, *(organization(number) for number in range(1, 131)))
    seed(api, *(ticket(number, 2000 - number, organization_id=1) for number in range(1, 1201)))
    assert zenpy_client.users.me().role == "admin"
    assert len(list(zenpy_client.organizations())) == 130
    assert len(list(zenpy_client.organizations(cursor_pagination=True))) == 130
    assert len(list(zenpy_client.tickets.incremental(start_time=0, paginate_by_time=False))) == 1200
    found = zenpy_client.organizations(id=7)
    found.organization_fields = {"cs_health_score": 66}
    assert zenpy_client.organizations.update(found).organization_fields["cs_health_score"] == 66
    one = zenpy_client.organizations.create_or_update(Organization(name="New", external_id="x1"))
    assert one.name == "New"
    job = zenpy_client.organizations.update([Organization(id=1, notes="a"), Organization(id=2, name="Org 1")])
    api.get(job.url)
    done = zenpy_client.job_status(id=job.id)
    assert done.status == "completed"
    audit = zenpy_client.tickets.create(Ticket(subject="Call", description="Hello"))
    assert audit.ticket.subject == "Call"
    assert zenpy_client.organization_fields()


@pytest.mark.recorded
def test_shown_users_have_the_columns_that_were_recorded(api):
    folder = os.environ.get("CS_CONNECTOR_DATA")
    if not folder:
        pytest.skip("CS_CONNECTOR_DATA names no recorded exchanges")
    lines = (Path(folder) / "recorded" / "zendesk.jsonl").read_text().splitlines()
    bodies = [json.loads(line)["response_body"] for line in lines]
    users = [body["user"] for body in bodies if isinstance(body, dict) and "user" in body]
    fields = next(body["user_fields"] for body in bodies if isinstance(body, dict) and "user_fields" in body)
    api.sandbox.install("zendesk", {"user_fields": fields})
    for told in users:
        seed(api, SeedRow("users", {"id": told["id"], "name": told["name"]}))
        shown = api.get(f"users/{told['id']}.json")["user"]
        assert told.keys() <= shown.keys() | {"permanently_deleted"}
        assert shown["user_fields"].keys() == told["user_fields"].keys()
    listed = api.get("user_fields.json")["user_fields"]
    for recorded, ours in zip(fields, listed, strict=True):
        assert recorded.keys() <= ours.keys()


def test_zenpy_goes_through_the_rest(api, zenpy_client):
    from zenpy.lib.api_objects import OrganizationMembership, Ticket, User
    from zenpy.lib.exception import APIException, RecordNotFoundException

    seed(api, organization(1), organization(2), user(7, organization_id=1, email="ada@example.test"))
    seed(api, ticket(1, organization_id=1, requester_id=7, description="Help"), user(8))
    client = zenpy_client
    made = client.organization_memberships.create(OrganizationMembership(user_id=7, organization_id=2))
    assert [row.organization_id for row in client.users.organization_memberships(7)] == [1, 2]
    client.organization_memberships.delete(made)
    assert [row.plain_body for row in client.tickets.comments(ticket=1)] == ["Help"]
    assert [found.id for found in client.search(type="ticket", organization=1)] == [1]
    assert [found.id for found in client.search_export(query="help", type="ticket")] == [1]
    assert client.users.identities(id=7)
    assert client.users.merge(source_user=User(id=8), dest_user=User(id=7)).id == 7
    assert client.tickets.metrics(ticket=1).ticket_id == 1
    assert [len(row.events) for row in client.tickets.audits(ticket=1)]
    assert client.tickets.tags(1) is not None
    task = client.tickets.create(Ticket(subject="Call", description="x", type="task"))
    client.tickets.delete(task.ticket)
    assert [row.id for row in client.tickets.deleted()] == [task.ticket.id]
    client.tickets.restore(task.ticket.id)
    assert {row.id for row in client.users.incremental(start_time=0)} == {7}
    assert {row.id for row in client.organizations.incremental(start_time=0)} == {1, 2}
    assert client.groups() and client.brands() and client.ticket_fields()
    with pytest.raises(RecordNotFoundException):
        client.organizations(id=99)
    with pytest.raises(APIException):
        client.triggers()
