"""The two clocks of the product: the host's, and that of a sandbox."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import requests

from cs_connector.errors import Unavailable


class SystemClock:
    """The time of the host."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the one place that asks the host

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class SandboxTime:
    """The time of the sandbox at `control_url`; a wait moves that time forward instead of waiting.

    It is asked once and then carried on with the host's monotonic clock, unless it stands still; after each
    wait it is asked again. Raises Unavailable when the sandbox does not answer.
    """

    def __init__(self, control_url: str) -> None:
        self._url = f"{control_url.rstrip('/')}/clock"
        self._known: tuple[datetime, float | None] | None = None
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            base, seen = self._known or self._ask("GET")
        return base if seen is None else base + timedelta(seconds=time.monotonic() - seen)

    def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        with self._lock:
            self._ask("POST", {"advance": f"PT{seconds:.3f}S"})

    def _ask(self, method: str, order: dict[str, str] | None = None) -> tuple[datetime, float | None]:
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.request(method, self._url, json=order, timeout=(5, 10))
            answer.raise_for_status()
            said = answer.json()
            now = datetime.fromisoformat(said["now"])
        except (requests.RequestException, ValueError, KeyError) as error:
            raise Unavailable(
                "The sandbox does not tell the time",
                why=f"{self._url} gave no usable answer",
                fix="start it with: cs-connector sandbox up",
            ) from error
        self._known = (now.astimezone(UTC), time.monotonic() if said.get("running", True) else None)
        return self._known
