"""The two clocks of the product: the host's, and that of a sandbox."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from cs_connector.errors import Unavailable

if TYPE_CHECKING:  # the clock of the host, which every command needs, talks to nobody
    from .wire import Http

GONE = (
    "one that was started with --keep FOLDER comes back with: cs-connector sandbox up --keep FOLDER; any other is gone: "
    "start a new one, and make a new project for it with: cs-connector init DIR --sandbox FILE"
)
"""The way out where a sandbox does not answer: its project leads to that very one."""


class SystemClock:
    """The time of the host."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the one place that asks the host

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class _Told(msgspec.Struct):
    now: datetime
    running: bool = True


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

    @cached_property
    def _pool(self) -> Http:
        from urllib3.util import parse_url

        from .wire import Http

        there = parse_url(self._url)
        return Http(there.host or "", there.port)

    def _ask(self, method: str, order: dict[str, str] | None = None) -> tuple[datetime, float | None]:
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError
        from urllib3.util import parse_url

        patience = Timeout(total=10, connect=5, read=10)
        body = msgspec.json.encode(order) if order else b""
        headers = {"Content-Type": "application/json", "Content-Length": len(body)}
        try:
            path = parse_url(self._url).request_uri
            answer = self._pool.urlopen(method, path, body, headers, timeout=patience)
            if answer.status != 200:
                raise self._silent()
            said = msgspec.json.decode(answer.content(), type=_Told)
        except (HTTPError, msgspec.MsgspecError) as error:
            raise self._silent() from error
        self._known = (said.now.astimezone(UTC), time.monotonic() if said.running else None)
        return self._known

    def _silent(self) -> Unavailable:
        return Unavailable(
            "The sandbox does not tell the time",
            why=f"{self._url} gave no usable answer",
            fix=GONE,
        )
