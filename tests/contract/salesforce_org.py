"""An org in memory for the tests of the Salesforce simulator."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cs_connector.adapters.salesforce.simulator import SalesforceOrg

from cs_connector.sandbox.clock import SandboxClock
from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Request, Response, SeedRow, World

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIELDS = {
    "Account": {
        "label": "Account",
        "fields": [
            {
                "name": "CS_Key__c",
                "type": "Text",
                "label": "CS Key",
                "length": 80,
                "unique": True,
                "externalId": True,
            },
            {
                "name": "CS_Health_Score__c",
                "type": "Number",
                "label": "Health Score",
                "precision": 3,
                "scale": 0,
            },
            {
                "name": "CS_Band__c",
                "type": "Picklist",
                "label": "Health",
                "values": ["Green", "Yellow", "Red"],
            },
            {"name": "Code__c", "type": "Text", "label": "Code", "length": 20, "externalId": True},
            {
                "name": "Label__c",
                "type": "Formula",
                "label": "Label",
                "formula": 'IF(ISBLANK(CS_Health_Score__c), "", TEXT(CS_Band__c) & " " & TEXT(CS_Health_Score__c))',
            },
        ],
    },
    "Activity": {
        "fields": [
            {
                "name": "CS_Key__c",
                "type": "Text",
                "label": "CS Key",
                "length": 32,
                "unique": True,
                "externalId": True,
            }
        ]
    },
    "Subscription__c": {
        "label": "Subscription",
        "plural": "Subscriptions",
        "nameField": {"type": "AutoNumber", "label": "Number", "format": "S-{0000}"},
        "fields": [
            {
                "name": "Account__c",
                "type": "Lookup",
                "label": "Account",
                "referenceTo": "Account",
                "relationshipName": "Account__r",
            },
            {"name": "Start__c", "type": "Date", "label": "Start"},
            {"name": "Live__c", "type": "Checkbox", "label": "Live"},
        ],
    },
}


class Org:
    """A simulated org, a session in it, and its clock, which stands still, and ledger."""

    def __init__(
        self, at: datetime = NOON, profile: str = "vendor", base_url: str = "http://127.0.0.1:1"
    ) -> None:
        self.clock = SandboxClock(at - timedelta(hours=1))
        self.clock.move(to=at, running=False)
        self.ledger = Ledger(self.clock)
        self.sim = SalesforceOrg(World(self.clock, self.ledger, random.Random(1), profile), "sales", base_url)
        self.sim.install(FIELDS)
        self.token = self.sim.credentials()["access_token"]

    def load(self, name: str, *records: dict[str, Any]) -> None:
        self.sim.load(SeedRow(name, r) for r in records)

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: str
    ) -> Response:
        """Ask below /services/data/v67.0/."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"authorization": f"Bearer {self.token}", **(headers or {})}
        return self.sim.handle(Request(method, f"/services/data/v67.0/{path}", urlencode(query), sent, data))

    def get(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        answer = self.call(method, path, body, **query)
        return json.loads(answer.body) if answer.body else None

    def soql(self, text: str, name: str = "query") -> Any:
        return self.get("GET", name, q=text)

    def names(self, where: str, column: str = "Name", source: str = "Account") -> list[Any]:
        return [r[column] for r in self.soql(f"SELECT {column} FROM {source} {where}")["records"]]

    def error(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, str, str]:
        answer = self.call(method, path, body, **query)
        found = json.loads(answer.body)[0]
        return answer.status, found["errorCode"], found["message"]

    def create(self, name: str, **fields: Any) -> str:
        answer = self.get("POST", f"sobjects/{name}", fields)
        assert answer["success"], answer
        return str(answer["id"])

    def pass_time(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))
