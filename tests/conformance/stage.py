"""A sandbox with the demo company, at the real time, for clients that sign or compare with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from cs_connector.demo import sandbox
from cs_connector.sandbox.wire import SeedRow

Entries = Callable[[], list[dict[str, Any]]]
MANY = 2_050  # more than a page of any vendor


class Crms:
    """The sandbox/1 blocks of the three CRMs, and what they did."""

    def __init__(self, running: sandbox.Running) -> None:
        self._sandbox = running.sandbox
        document = running.sandbox.document()
        self.salesforce: dict[str, str] = document["salesforce"]
        self.hubspot: dict[str, str] = document["hubspot"]
        self.zendesk: dict[str, str] = document["zendesk"] | _refreshed(document["zendesk"])
        self.control_url: str = document["control_url"]

    def watch(self, crm: str, name: str) -> Entries:
        """What happens to an object from now on, as (action, after) entries of the ledger."""
        ledger = self._sandbox.world.ledger
        mark = len(ledger)

        def since() -> list[dict[str, Any]]:
            return [e for e in ledger.entries()[mark:] if (e["crm"], e["object"]) == (crm, name)]

        return since

    def wait(self, seconds: float) -> None:
        """Let the sandbox's time pass, for an index or an export that is behind."""
        self._sandbox.world.clock.advance(timedelta(seconds=seconds))


def _refreshed(login: dict[str, str]) -> dict[str, str]:
    """New tokens: the first ones ended when the sandbox's clock was put right."""
    form = {key: login[key] for key in ("client_id", "client_secret", "refresh_token")}
    answer = requests.post(
        login["token_url"],
        json={**form, "grant_type": "refresh_token"},
        timeout=10,
        verify=login.get("ca_file", True),
    )
    answer.raise_for_status()
    found = answer.json()
    return {key: found[key] for key in ("access_token", "refresh_token")}


@contextmanager
def started(tls: Path | None = None) -> Iterator[Crms]:
    """With a folder for `tls`, over https, and the authority's certificate there."""
    now = datetime.now(UTC)  # noqa: TID251 — clients sign their log-in with the real time
    order = sandbox.Order(seed=7, accounts=60, as_of=now.date() - timedelta(days=1), tls=tls)
    running = sandbox.start(order, lambda _: None)
    try:
        clock = running.sandbox.world.clock
        clock.advance(now - clock.now())
        pages = (SeedRow("Account", {"Name": f"Page {n:04}"}) for n in range(MANY))
        running.sandbox.load("salesforce", pages)
        yield Crms(running)
    finally:
        running.stop()
