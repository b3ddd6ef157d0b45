"""A small Zendesk account, for the tests of its adapter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from typing import Any

import requests
from cs_connector.adapters.zendesk import Zendesk
from cs_connector.adapters.zendesk.simulator import ZendeskAccount
from ruamel.yaml import YAML

from cs_connector.ports import Action, Change
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow

from .adapter_kit import START, Around, QuickClock

INSTALL = YAML(typ="safe").load(files("cs_connector.adapters.zendesk").joinpath("install.yml").read_text())
LONG_AGO = "2026-01-02T03:04:05Z"


def rows() -> Iterator[SeedRow]:
    for n in range(1, 8):
        yield SeedRow(
            "organizations",
            {
                "id": n,
                "name": f"Org {n}",
                "external_id": f"A{n}",
                "created_at": LONG_AGO,
                "updated_at": LONG_AGO,
            },
        )
        yield SeedRow(
            "users",
            {
                "id": 100 + n,
                "name": f"User {n}",
                "email": f"u{n}@example.com",
                "organization_id": n,
                "role": "end-user",
                "created_at": LONG_AGO,
                "updated_at": LONG_AGO,
            },
        )
        yield SeedRow(
            "tickets",
            {
                "id": 1000 + n,
                "subject": "Help",
                "status": "open",
                "priority": "urgent",
                "organization_id": n,
                "requester_id": 100 + n,
                "created_at": LONG_AGO,
                "updated_at": LONG_AGO,
            },
        )
    yield SeedRow(
        "satisfaction_ratings",
        {
            "id": 1,
            "score": "good",
            "ticket_id": 1001,
            "requester_id": 101,
            "created_at": LONG_AGO,
            "updated_at": LONG_AGO,
        },
    )


class Account:
    """A running account, an adapter on it, and another client that changes things meanwhile."""

    def __init__(self, profile: str) -> None:
        self.sandbox = Sandbox([("zendesk", ZendeskAccount)], START, profile=profile)
        self.sandbox.install("zendesk", INSTALL)
        self.sandbox.load("zendesk", rows())
        self.sandbox.start()
        self.simulator = self.sandbox.simulators["zendesk"]
        self.clock = QuickClock(self.sandbox.world.clock)
        self.around = Around("service", self.clock)
        self.settings = Zendesk.Settings(**{k: v for k, v in self._login().items() if k != "access_token"})
        self.adapter = Zendesk(self.settings, self.around.lent)

    def _login(self) -> dict[str, str]:
        return dict(self.simulator.credentials())

    def other(self, method: str, path: str, body: Any = None) -> Any:
        login = self._login()
        form = {k: login[k] for k in ("client_id", "client_secret")} | {"grant_type": "client_credentials"}
        with requests.Session() as session:
            token = session.post(login["token_url"], data=form).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            answer = session.request(method, login["base_url"] + path, json=body, headers=headers)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def later(self, **time: float) -> None:
        self.sandbox.world.clock.advance(timedelta(**time))

    def close(self) -> None:
        self.adapter.close()
        self.sandbox.stop()


def an_hour_apart(count: int) -> Iterator[SeedRow]:
    """Tickets from 5000 on, each changed an hour after the one before."""
    for n in range(count):
        day = f"2026-02-{1 + n // 24:02}T{n % 24:02}:00:00Z"
        yield SeedRow(
            "tickets", {"id": 5000 + n, "status": "open", "created_at": LONG_AGO, "updated_at": day}
        )


def change(record_id: str, key: str = "", **fields: Any) -> Change:
    return Change(
        "service", "organizations", Action.UPDATE, key or f"k{record_id}", fields, record_id=record_id
    )
