"""A HubSpot portal on a port, and what a test needs around it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import hubspot
import requests
from cs_connector.adapters.hubspot.simulator import HubSpotPortal

from cs_connector.sandbox.clock import SandboxClock
from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.server import Server
from cs_connector.sandbox.wire import SeedRow, World

START = datetime(2026, 11, 1, 10, tzinfo=UTC)
FIELDS = {
    "companies": {
        "groups": [{"name": "cs_health", "label": "Customer health", "displayOrder": -1}],
        "properties": [
            {
                "name": "cs_key",
                "label": "CS Key",
                "type": "string",
                "fieldType": "text",
                "groupName": "cs_health",
                "hasUniqueValue": True,
            },
            {
                "name": "cs_health_score",
                "label": "Health",
                "type": "number",
                "fieldType": "number",
                "groupName": "cs_health",
            },
            {
                "name": "cs_health_band",
                "label": "Band",
                "type": "enumeration",
                "fieldType": "select",
                "groupName": "cs_health",
                "options": [{"label": "Green", "value": "green"}, {"label": "Red", "value": "red"}],
            },
            {
                "name": "cs_renewal_date",
                "label": "Renewal",
                "type": "date",
                "fieldType": "date",
                "groupName": "cs_health",
            },
        ],
    }
}


class House:
    """A portal on a port, and what a test needs around it."""

    def __init__(self, profile: str = "vendor") -> None:
        self.clock = SandboxClock(START)
        self.world = World(self.clock, Ledger(self.clock), random.Random(7), profile)
        self.server = Server()
        self.portal = HubSpotPortal(self.world, "hubspot", self.server.base_url)
        self.portal.install(FIELDS)
        self.token = self.portal.credentials()["access_token"]
        self.http = requests.Session()

    def client(self) -> hubspot.HubSpot:
        return hubspot.HubSpot(access_token=self.token, host=self.server.base_url)

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> requests.Response:
        headers = {"authorization": f"Bearer {token or self.token}"}
        return self.http.request(method, self.server.base_url + path, json=body, headers=headers, timeout=10)

    def post(self, path: str, body: Any) -> dict[str, Any]:
        response = self.call("POST", path, body)
        assert response.status_code < 300, response.text
        return dict(response.json())

    def search(self, kind: str, *filters: dict[str, Any], **more: Any) -> dict[str, Any]:
        self.clock.advance(timedelta(seconds=4))  # so that the index has caught up
        return self.post(f"/crm/v3/objects/{kind}/search", {"filterGroups": [{"filters": filters}], **more})

    def load(self, kind: str, *records: dict[str, Any]) -> None:
        self.portal.load(SeedRow(kind, record) for record in records)


def company(number: int, day: int = 1, **properties: str) -> dict[str, Any]:
    at = f"2026-10-{day:02d}T08:00:00.000Z"
    return {"id": str(number), "properties": properties, "createdAt": at, "updatedAt": at}
