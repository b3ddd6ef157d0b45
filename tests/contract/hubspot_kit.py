"""A HubSpot portal with a few hundred companies, for the tests of its adapter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from typing import Any

import requests
from cs_connector.adapters.hubspot import HubSpot
from cs_connector.adapters.hubspot.simulator import HubSpotPortal
from ruamel.yaml import YAML

from cs_connector.ports import Action, Change
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow

from .adapter_kit import START, Around, QuickClock

INSTALL = YAML(typ="safe").load(files("cs_connector.adapters.hubspot").joinpath("install.yml").read_text())
LONG_AGO = "2026-01-02T03:04:05.678Z"
FIELDS = ("name", "domain", "cs_key", "cs_health_score", "cs_health_band", "cs_renewal_date")
OBJECTS = "/crm/objects/2026-03"


def row(kind: str, number: int, **properties: str) -> SeedRow:
    record = {"id": str(number), "properties": properties, "createdAt": LONG_AGO, "updatedAt": LONG_AGO}
    return SeedRow(kind, record)


def rows() -> Iterator[SeedRow]:
    for n in (1, 2):
        yield SeedRow("owners", {"id": str(n), "email": f"o{n}@example.com", "firstName": "O", "lastName": str(n),
                                 "userId": n, "archived": n == 2, "createdAt": LONG_AGO, "updatedAt": LONG_AGO})  # fmt: skip
    for n in range(1, 251):
        yield row("companies", 1000 + n, name=f"Company {n}", domain=f"c{n}.example")
    for n in range(1, 6):
        yield row("contacts", 5000 + n, email=f"p{n}@c1.example", firstname="P", lastname=str(n))


class Portal:
    """A running portal, an adapter on it, and another client that changes things meanwhile."""

    def __init__(self) -> None:
        self.sandbox = Sandbox([("hubspot", HubSpotPortal)], START)
        self.sandbox.install("hubspot", INSTALL)
        self.sandbox.load("hubspot", rows())
        self.sandbox.start()
        self.simulator = self.sandbox.simulators["hubspot"]
        self.login = dict(self.simulator.credentials())
        self.clock = QuickClock(self.sandbox.world.clock)
        self.around = Around("marketing", self.clock)
        self.settings = HubSpot.Settings(**self.login)
        self.adapter = HubSpot(self.settings, self.around.lent)

    def other(self, method: str, path: str, body: Any = None) -> Any:
        with requests.Session() as session:
            grant = {k: self.login[k] for k in ("client_id", "client_secret", "refresh_token")}
            form = {**grant, "grant_type": "refresh_token"}
            token = session.post(self.login["token_url"], data=form).json()["access_token"]
            url, headers = self.login["base_url"] + path, {"Authorization": f"Bearer {token}"}
            answer = session.request(method, url, json=body, headers=headers)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def fault(self, **rule: Any) -> None:
        rules = {"rules": [{"crm": "hubspot", **rule}]}
        requests.post(f"{self.sandbox.control.base_url}/faults", json=rules).raise_for_status()

    def later(self, **time: float) -> None:
        self.sandbox.world.clock.advance(timedelta(**time))

    def written(self, kind: str, action: str) -> list[dict[str, Any]]:
        return [
            e for e in self.sandbox.world.ledger.entries() if (e["object"], e["action"]) == (kind, action)
        ]

    def close(self) -> None:
        self.adapter.close()
        self.sandbox.stop()


def update(record_id: str, **fields: Any) -> Change:
    return Change("marketing", "companies", Action.UPDATE, f"k{record_id}", fields, record_id=record_id)


def task(key: str, *companies: str, **fields: Any) -> Change:
    ends = tuple(("companies", c) for c in companies)
    given = {"hs_task_subject": f"Risk: {key}", "hs_timestamp": "2026-12-01", "hs_task_status": "NOT_STARTED"}
    return Change(
        "marketing", "tasks", Action.UPSERT, key, given | fields, key_field="cs_key", associate=ends
    )
