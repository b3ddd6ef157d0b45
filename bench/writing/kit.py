"""What the measurements of writing share: a CRM in a process of its own, what is written, and the bare loop.

Each CRM has a module here of its name with `rows(count)`, the seed rows that its simulator begins with.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from bench.bed import Bed, serving
from bench.cost import Broken
from cs_connector.ports import Surroundings, Value
from cs_connector.transport import SandboxTime, Transport

AREA = "write-back"
TWICE = 2.0
BESIDES = 2  # calls beside the vendor's minimum
BANDS = ("green", "yellow", "red")
TRENDS = ("improving", "steady", "declining")
DRIVERS = ("usage", "support", "survey", "billing")
DROPPED = frozenset({"authorization", "content-length", "host", "connection"})


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it went out; `target` is path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Tokens:
    """Logins in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any]] = {}

    def load(self, connection: str) -> dict[str, Any] | None:
        return self._kept.get(connection)

    def save(self, connection: str, token: Mapping[str, Any]) -> None:
        self._kept[connection] = dict(token)

    @contextmanager
    def lock(self, connection: str) -> Iterator[None]:  # noqa: ARG002
        yield


@contextmanager
def simulator(folder: Path, crm: str, count: int) -> Iterator[Bed]:
    """One simulated CRM, profile unlimited, with what its module seeds; on the same core as this process."""
    free = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(free)})
    try:
        with serving(folder, [sys.executable, "-m", "bench.writing.serve", crm, str(count)]) as bed:
            yield bed
    finally:
        os.sched_setaffinity(0, free)


def around(bed: Bed, connection: str) -> Surroundings:
    """What an adapter needs: the clock of the sandbox, and a place for logins."""
    return Surroundings(connection, SandboxTime(bed.document["control_url"]), Tokens())


def health(number: int, turn: int) -> dict[str, Value]:
    """What is written of an account, by names that are no CRM's; every `turn` all of it is new, and some is cleared."""
    at = number + turn
    score = (at * 37) % 101
    return {
        "status": "customer",
        "score": score,
        "band": BANDS[at % 3],
        "trend": TRENDS[at % 3],
        "change_3m": at % 41 - 20,
        "reason": f"{score}: a decision maker scored {at % 11} of 10 (3 Nov); renews {1 + at % 28} Jan 2027.",
        "driver": DRIVERS[at % 4],
        "next_step": f"Bring active users from {at % 90} to {at % 90 + 10} of 100 by month end.",
        "cap": None if at % 5 else "No login for 30 days",
        "coverage": at % 11 * 10,
        "band_since": f"2026-{1 + at % 12:02}-{1 + at % 28:02}",
        "changed_on": f"2026-11-{1 + at % 28:02}",
        "renewal_date": f"2027-{1 + at % 12:02}-{1 + at % 28:02}",
        "arr": at % 5000 * 12.5,
    }


@contextmanager
def watched(session: Transport) -> Iterator[list[Sent]]:
    """Every request that a session sends in this block."""
    sent: list[Sent] = []
    plain = session._exchange  # noqa: SLF001 — where every request of ours goes out

    def exchange(request: requests.PreparedRequest, kwargs: dict[str, Any], budget: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        kept = {name: value for name, value in request.headers.items() if name.lower() not in DROPPED}
        sent.append(Sent(str(request.method), str(target), kept, body))
        return plain(request, kwargs, budget)

    session._exchange = exchange  # type: ignore[method-assign]  # noqa: SLF001
    try:
        yield sent
    finally:
        del session._exchange  # noqa: SLF001


@contextmanager
def loop(base_url: str, token: str) -> Iterator[Callable[[Sent], requests.Response]]:
    """The bare loop: `requests` and bytes that are ready. Raises Broken for an answer that is not of success."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {token}"

        def ask(sent: Sent) -> requests.Response:
            answer = session.request(
                sent.method, base_url + sent.target, data=sent.body, headers=dict(sent.headers), timeout=300
            )
            if not answer.ok:
                raise Broken(f"{sent.method} {sent.target}: {answer.status_code} {answer.text[:300]}")
            return answer

        yield ask


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process that a work takes; what the CRM spends is its own."""
    began = time.process_time()
    work()
    return time.process_time() - began


def least(times: int, *works: Callable[[int], object]) -> list[float]:
    """CPU seconds of each work's cheapest run, in turns so that noise meets all; the first turn only warms up.

    A work gets the number of the turn, so that it can write something new.
    """
    gc.collect()
    gc.freeze()  # what was made beforehand for all turns is no work of any
    try:
        turns = [[cpu(lambda: work(turn)) for work in works] for turn in range(times + 1)]  # noqa: B023
    finally:
        gc.unfreeze()
    return [min(costs) for costs in zip(*turns[1:], strict=True)]


def done(verdicts: Sequence[str], count: int) -> None:
    """Raises Broken unless all of them say that it is written."""
    fine = sum(verdict in ("created", "updated", "deleted") for verdict in verdicts)
    if fine != count:
        raise Broken(f"{fine:,} of {count:,} changes were confirmed")
