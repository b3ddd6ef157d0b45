"""Talking to a sandbox that is up, by its control address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import requests

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.errors import Unavailable, UsageError
from cs_connector.transport.clock import GONE

WAIT = (5, 600)  # seconds to connect, and for an answer: people at work can have much to do in a month


class Remote:
    """The control server at an address. Raises Unavailable when it is not up, UsageError for what it refuses."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    def ledger(self) -> list[dict[str, Any]]:
        """Every mutation that the simulators accepted."""
        found: list[dict[str, Any]] = self._ask("GET", "/ledger")
        return found

    def clock(self, **move: Any) -> dict[str, Any]:
        """The time there, after moving it: advance (ISO 8601 duration), set (ISO 8601 time), running."""
        return self._look_or_send("/clock", move)

    def life(self, **work: Any) -> dict[str, Any]:
        """How busy the users are, after changing that: rate (edits a day in each CRM), seed."""
        return self._look_or_send("/life", work)

    def faults(self, rules: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rules in force, after replacing them: each with how often it matched and fired."""
        if rules is not None:
            self._ask("POST", "/faults", rules)
        found: list[dict[str, Any]] = self._ask("GET", "/faults")["rules"]
        return found

    def snapshot(self, name: str | None = None) -> int | str:
        """Keep everything: in memory with a number, or on disk by a name; answers which."""
        found: int | str = self._ask("POST", "/snapshot", {} if name is None else {"name": name})["snapshot"]
        return found

    def restore(self, which: int | str | None = None) -> int | str:
        """Bring a snapshot back, the newest in memory where none is named; answers which."""
        wanted = {} if which is None else {"snapshot": which}
        found: int | str = self._ask("POST", "/restore", wanted)["snapshot"]
        return found

    def _look_or_send(self, path: str, changes: dict[str, Any]) -> dict[str, Any]:
        wanted = {name: value for name, value in changes.items() if value is not None}
        found: dict[str, Any] = self._ask("POST" if wanted else "GET", path, wanted or None)
        return found

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.request(method, self._address + path, json=body, timeout=WAIT)
            said = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise Unavailable(
                "the sandbox does not answer",
                why=f"tried {self._address}",
                fix=GONE,
            ) from error
        if answer.status_code in (400, 413):
            why, fix = said.get("why", ""), said.get("fix", "")
            raise UsageError(said["error"], why=why, safe="the sandbox is as it was", fix=fix)
        if not answer.ok:
            raise Unavailable("this is not the control address of a sandbox", why=f"tried {self._address}")
        return said


def rules_in(file: Path) -> dict[str, Any]:
    """A fault plan, as it goes to the sandbox. Raises UsageError for a file that is no JSON object."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(
            f"{file} is not a fault plan", why=str(error), safe="the sandbox is as it was"
        ) from None
    return found


def control_of(root: Path) -> str:
    """The control_url of a sandbox project. Raises UsageError for another kind of project."""
    sandbox = open_project(root.resolve(), registry.shipped()).settings.sandbox
    if sandbox is None:
        raise UsageError("this project has no sandbox", fix="name one with --control URL")
    return sandbox.control_url
