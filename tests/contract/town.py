"""A sandbox with the demo company, asked over plain HTTP as any program would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import requests

from cs_connector.demo import sandbox as demo

DAY = date(2026, 11, 25)
CRMS = ("salesforce", "hubspot", "zendesk")
ACCOUNTS = {
    "salesforce": "/services/data/v67.0/query?q=SELECT+Id,Name,Industry+FROM+Account",
    "hubspot": "/crm/v3/objects/companies?properties=name,industry",
    "zendesk": "/api/v2/organizations.json",
}


class Town:
    """The simulated CRMs of one sandbox and its control address."""

    def __init__(self, running: demo.Running, http: requests.Session) -> None:
        self.sandbox, self.document, self.http = running.sandbox, running.document, http

    def control(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.http.request(method, self.document["control_url"] + path, json=body, timeout=60, **more)

    def order(self, *rules: dict[str, Any]) -> None:
        answer = self.control("POST", "/faults", {"rules": list(rules)})
        assert answer.ok, answer.text

    def advance(self, period: str) -> None:
        assert self.control("POST", "/clock", {"advance": period}).ok

    def ledger(self) -> list[dict[str, Any]]:
        return list(self.control("GET", "/ledger").json())

    def call(self, crm: str, path: str, method: str = "GET", **more: Any) -> requests.Response:
        """A request with the login that the document names; another portal by its own name."""
        block = self.document.get(crm) or self.document["others"][crm]
        headers = {"authorization": f"Bearer {block['access_token']}", **more.pop("headers", {})}
        timeout = more.pop("timeout", 30)
        return self.http.request(method, block["base_url"] + path, headers=headers, timeout=timeout, **more)

    def log_in(self, crm: str) -> None:
        """A new token of the OAuth client takes the place of the document's."""
        block = self.document[crm]
        names = ["client_id", "client_secret"] + ["refresh_token"] * (crm == "hubspot")
        grant = "refresh_token" if crm == "hubspot" else "client_credentials"
        form = {"grant_type": grant} | {name: block[name] for name in names}
        answer = self.http.post(block["token_url"], data=form, timeout=30).json()
        self.document[crm] = block | {"access_token": answer["access_token"]}

    def accounts(self, crm: str, **more: Any) -> requests.Response:
        """Accounts, companies or organizations of a CRM, with their names."""
        return self.call(crm, ACCOUNTS[crm.partition("_")[0]], **more)


@contextmanager
def opened(**order: Any) -> Iterator[Town]:
    """A sandbox of 20 accounts with seed 1, or as `demo.Order` says."""
    wanted = {"seed": 1, "accounts": 20, "as_of": DAY, "profile": "unlimited", **order}
    running = demo.start(demo.Order(**wanted), lambda _: None)
    try:
        with requests.Session() as http:
            http.trust_env = False
            if wanted.get("tls"):
                http.verify = str(Path(wanted["tls"]) / "ca.pem")
            yield Town(running, http)
    finally:
        running.stop()
