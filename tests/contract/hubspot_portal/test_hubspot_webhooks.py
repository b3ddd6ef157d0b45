"""Webhooks: subscriptions, and events that arrive signed, in any order, some of them twice."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import hubspot
import pytest
from hubspot.utils.signature import Signature
from hubspot.webhooks import SettingsChangeRequest, SubscriptionCreateRequest, SubscriptionPatchRequest

from .house import House, company

APP = 18_221_010
HOOKS = f"/webhooks/v3/{APP}"


class App:
    """An app's server: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        self.status = 200
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                app.got.put(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(app.status)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?from=hubspot"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def events(self, count: int) -> dict[int, dict[str, Any]]:
        """By id, as soon as so many different ones are there."""
        found: dict[int, dict[str, Any]] = {}
        while len(found) < count:
            _, body = self.got.get(timeout=10)
            found |= {event["eventId"]: event for event in json.loads(body)}
        return found


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.server.shutdown()
    app.server.server_close()


def subscribe(house: House, app: App, *types: str, **more: Any) -> None:
    house.call("PUT", f"{HOOKS}/settings", {"targetUrl": app.url})
    for event_type in types:
        house.post(f"{HOOKS}/subscriptions", {"eventType": event_type, "active": True, **more})


def test_the_client_sets_up_webhooks(house: House, app: App) -> None:
    api = hubspot.HubSpot(api_key=house.token, host=house.server.base_url).webhooks
    wanted = SettingsChangeRequest(
        target_url=app.url, throttling={"maxConcurrentRequests": 5, "period": "SECONDLY"}
    )
    assert api.settings_api.configure(APP, wanted).target_url == app.url
    asked = SubscriptionCreateRequest(event_type="company.propertyChange", property_name="name", active=False)
    made = api.subscriptions_api.create(APP, asked)
    assert (made.property_name, made.active) == ("name", False)
    api.subscriptions_api.update(made.id, APP, SubscriptionPatchRequest(active=True))
    assert [(s.id, s.active) for s in api.subscriptions_api.get_all(APP).results] == [(made.id, True)]
    api.subscriptions_api.archive(made.id, APP)
    api.settings_api.clear(APP)
    assert house.call("GET", f"{HOOKS}/settings").status_code == 404


def test_changes_are_told_with_a_signature(house: House, app: App) -> None:
    house.load("companies", company(1, name="Old"))
    subscribe(house, app, "company.propertyChange", propertyName="name")
    house.call("PATCH", "/crm/v3/objects/companies/1", {"properties": {"name": "New", "domain": "a.test"}})
    headers, body = app.got.get(timeout=10)
    secret = house.portal.credentials()["client_secret"]
    signature, at = headers["x-hubspot-signature-v3"], headers["x-hubspot-request-timestamp"]
    assert (
        Signature.get_signature(
            secret, body.decode(), "v3", http_uri=app.url, http_method="POST", timestamp=at
        )
        == signature
    )
    event = json.loads(body)[0]
    told = {
        key: event[key]
        for key in ("subscriptionType", "objectId", "propertyName", "propertyValue", "changeSource")
    }
    assert told == {
        "subscriptionType": "company.propertyChange",
        "objectId": 1,
        "propertyName": "name",
        "propertyValue": "New",
        "changeSource": "INTEGRATION",
    }
    assert str(event["portalId"]) == house.portal.credentials()["portal_id"]


def test_every_kind_of_event_comes(house: House, app: App) -> None:
    house.load("companies", company(1), company(2), company(3))
    house.load("contacts", company(20, email="a@x.test"))
    acts = ("creation", "deletion", "merge", "associationChange")
    subscribe(house, app, *(f"company.{act}" for act in acts), "contact.privacyDeletion")
    house.post("/crm/v3/objects/companies", {"properties": {"name": "A"}})
    house.call("PUT", "/crm/v4/objects/companies/1/associations/default/contacts/20")
    house.call("DELETE", "/crm/v3/objects/companies/3")
    house.post("/crm/v3/objects/companies/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"})
    house.call("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": "20"})
    types = {event["subscriptionType"] for event in app.events(5).values()}
    assert types == {*(f"company.{act}" for act in acts), "contact.privacyDeletion"}


def test_many_events_come_out_of_order_and_some_twice(unlimited: House, app: App) -> None:
    subscribe(unlimited, app, "object.creation", objectTypeId="0-2")
    inputs = [{"properties": {"name": str(n)}} for n in range(100)]
    unlimited.post("/crm/v3/objects/companies/batch/create", {"inputs": inputs})
    _, body = app.got.get(timeout=10)
    events = json.loads(body)
    ids = [event["eventId"] for event in events]
    assert len(set(ids)) == 100
    assert len(ids) > 100
    assert ids != sorted(ids)
    assert {event["objectTypeId"] for event in events} == {"0-2"}


def test_what_was_not_taken_comes_again_later(house: House, app: App) -> None:
    subscribe(house, app, "company.creation")
    app.status, pause = 500, threading.Event()
    house.post("/crm/v3/objects/companies", {"properties": {"name": "A"}})
    (first,) = app.events(1).values()
    app.status = 200
    waits = (house.portal.snapshot().hooks.queue for _ in range(1_000) if not pause.wait(0.01))
    assert any(waits)  # for its next try
    house.clock.advance(timedelta(minutes=1))
    house.call("GET", "/crm/v3/objects/companies")
    (second,) = app.events(1).values()
    assert second == {**first, "attemptNumber": 1}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", f"{HOOKS}/settings", {"targetUrl": "https://example.com/hook"}, 400),
        ("POST", f"{HOOKS}/subscriptions", {"eventType": "company.birthday"}, 400),
        ("POST", f"{HOOKS}/subscriptions", {"eventType": "company.propertyChange"}, 400),
        ("POST", f"{HOOKS}/subscriptions", {"eventType": "object.creation", "objectTypeId": "cats"}, 400),
        ("GET", f"{HOOKS}/subscriptions/7", None, 404),
        ("GET", "/webhooks/v3/1/subscriptions", None, 404),
    ],
)
def test_webhooks_that_cannot_be(house: House, method: str, path: str, body: Any, status: int) -> None:
    assert house.call(method, path, body).status_code == status
