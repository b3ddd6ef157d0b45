"""Recorded requests sent again: each to a simulator that holds what was recorded up to then."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cs_connector import registry
from cs_connector.sandbox.clock import SandboxClock
from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Request, Response, SeedRow, Simulator, World

from .shapes import Comparison, tree
from .vendors import VENDORS, Exchange, Vendor

AFTER = datetime(2022, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Replayed:
    """A recorded exchange beside the simulator's answer to the like request."""

    endpoint: str
    simulated: bool
    comparison: Comparison


def replay(data: Path, crm: str, scratch: Path) -> Iterator[Replayed]:
    """Every recorded exchange of a vendor, in order."""
    vendor = VENDORS[crm]
    lines = (data / "recorded" / f"{crm}.jsonl").read_text().splitlines()
    past = Past(crm, scratch, lines)
    for line in lines:
        exchange = json.loads(line)
        past.add(line)
        answer = _answer(vendor, past, exchange)
        simulated = answer.status != 501 and not vendor.gone(exchange)
        yield Replayed(vendor.endpoint(exchange), simulated, _compare(vendor, exchange, answer))


class Past:
    """The exchanges up to one, as the folders that a sandbox is filled from: with it and without it.

    `fields` are those of all exchanges.
    """

    def __init__(self, crm: str, scratch: Path, lines: list[str]) -> None:
        self.crm, self._last = crm, ""
        self.now, self.before, whole = (scratch / name for name in ("now", "before", "whole"))
        for folder in (self.now, self.before, whole):
            (folder / "recorded").mkdir(parents=True)
        (whole / "recorded" / f"{crm}.jsonl").write_text("\n".join(lines))
        self.fields = self._recorded(whole)[0]
        self.clock = SandboxClock(AFTER)
        self._tenant = built(crm, self.fields, self.clock)
        self._empty = self._tenant.snapshot()

    def emptied(self) -> Simulator:
        """A simulator with the recorded fields, no records, and nothing used of the limits by the minute."""
        self._tenant.restore(self._empty)
        self.clock.advance(timedelta(seconds=61))
        return self._tenant

    def rows(self, *, with_last: bool) -> list[SeedRow]:
        return list(self._recorded(self.now if with_last else self.before)[1])

    def _recorded(self, folder: Path) -> tuple[dict[str, Any], Iterator[SeedRow]]:
        found: tuple[dict[str, Any], Iterator[SeedRow]] = registry.find("seeders", self.crm).recorded(folder)
        return found

    def add(self, line: str) -> None:
        for folder, text in ((self.before, self._last), (self.now, f"{line}\n")):
            with (folder / "recorded" / f"{self.crm}.jsonl").open("a") as known:
                known.write(text)
        self._last = f"{line}\n"


def _answer(vendor: Vendor, past: Past, exchange: Exchange) -> Response:
    simulator = _tenant(vendor, past, exchange)
    request = _request(vendor, simulator, exchange)
    for _ in range(vendor.burst if exchange["status"] == 429 else 0):
        _handled(simulator, request)
    return _handled(simulator, request)


def _handled(simulator: Simulator, request: Request) -> Response:
    """As a server does: a crash is an answer too."""
    try:
        return simulator.handle(request)
    except Exception as error:  # noqa: BLE001
        return Response(500, f"{type(error).__name__}: {error}".encode())


def _tenant(vendor: Vendor, past: Past, exchange: Exchange) -> Simulator:
    """A simulator with the recorded fields, and with the records that were there when the request came."""
    fields = vendor.fitting(exchange, past.fields)
    simulator = past.emptied() if fields is past.fields else built(past.crm, fields, past.clock)
    alone = vendor.shows_none(exchange) or vendor.shown(exchange) is not None
    rows = [] if alone else past.rows(with_last=not vendor.changes(exchange))
    simulator.load(_with(vendor.implied(exchange), _with(rows, vendor.named(exchange))))
    vendor.prepare(simulator, exchange)
    return simulator


def built(crm: str, fields: Mapping[str, Any], clock: SandboxClock) -> Simulator:
    world = World(clock, Ledger(clock), random.Random(1))
    simulator = registry.simulator(crm)
    made: Simulator = simulator(world, crm, "https://recorded.example")  # type: ignore[call-arg]
    made.install(fields)
    return made


def _with(first: Iterable[SeedRow], then: Iterable[SeedRow]) -> list[SeedRow]:
    """All records of both; what the first say of one is not changed by the others."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for name, record in (*first, *then):
        held = found.setdefault((name, str(record.get("Id") or record["id"])), {})
        held |= {k: v for k, v in record.items() if k not in held}
    return [SeedRow(name, record) for (name, _), record in found.items()]


def _request(vendor: Vendor, simulator: Simulator, exchange: Exchange) -> Request:
    path, query = vendor.address(exchange)
    sent = exchange["request_body"]
    body = b"" if sent is None else (sent if isinstance(sent, str) else json.dumps(sent)).encode()
    kind = "text/xml; charset=UTF-8" if isinstance(sent, str) else "application/json"
    headers = {"authorization": f"Bearer {vendor.token(simulator, exchange)}", "soapaction": '""'}
    return Request(exchange["method"], path, urlencode(query), {**headers, "content-type": kind}, body)


def _compare(vendor: Vendor, exchange: Exchange, answer: Response) -> Comparison:
    found = Comparison()
    if not found.point("status", exchange["status"], answer.status):
        return found
    ours = {name.lower(): value for name, value in answer.headers.items()}
    found.point("content-type", _media(exchange["headers"]), _media(ours))
    theirs = {h for h in exchange["headers"] if vendor.compares(h)}
    for name in sorted(theirs | {h for h in ours if vendor.compares(h) and h not in vendor.newer}):
        found.point(name, *("sent" if name in side else "not sent" for side in (theirs, ours)))
    theirs_read, ours_read = _read(exchange["response_body"]), _read(answer.body.decode())
    found.values("body", vendor.older(theirs_read), vendor.older(ours_read))
    return found


def _media(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").lower().replace(" ", "")


def _read(body: Any) -> Any:
    """A text as the JSON or XML that it holds."""
    if not isinstance(body, str):
        return body
    if body.lstrip().startswith("<"):
        return tree(body)
    try:
        return json.loads(body)
    except ValueError:
        return body
