"""The control server of a sandbox: its ledger, its clock, its life, its snapshots and its faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from cs_connector.errors import UsageError

from . import plan
from .faults import Faults
from .life import Life
from .wire import Request, Response, Simulator, World

DURATION = re.compile(
    r"P(?=.)(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
LOCAL = frozenset({"127.0.0.1", "localhost"})
LARGEST = 8 << 20
NO_SNAPSHOT = "make one first: POST /snapshot, or cs-connector sandbox snapshot"
T = TypeVar("T")


class Move(msgspec.Struct, forbid_unknown_fields=True):
    """How the clock is moved: forward by a duration, to a time, and whether it runs from then on."""

    advance: str | None = None
    set: datetime | None = None
    running: bool | None = None


class Work(msgspec.Struct, forbid_unknown_fields=True):
    """How busy the users are: edits a day in every simulator; without a seed, that of before."""

    rate: float
    seed: int | None = None


class Take(msgspec.Struct, forbid_unknown_fields=True):
    """A snapshot with a name goes to disk, one without is in memory."""

    name: str | None = None


class Restore(msgspec.Struct, forbid_unknown_fields=True):
    """Which snapshot, by number or name; the newest in memory where none is named."""

    snapshot: int | str | None = None


class Snapshots(Protocol):
    """Whoever can keep the state of all simulators and bring it back."""

    def snapshot(self, name: str | None) -> int | str:
        """Raises UsageError for a name where nothing is kept on disk."""
        ...

    def restore(self, which: int | str | None) -> int | str:
        """Raises LookupError for a snapshot that does not exist."""
        ...


class Control:
    """Answers on the control address, and only to this machine's own programs."""

    def __init__(
        self,
        world: World,
        faults: Faults,
        snapshots: Snapshots,
        life: Life,
        simulators: Mapping[str, Simulator],
        still: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._world, self._faults, self._snapshots, self._life = world, faults, snapshots, life
        self._simulators, self._still = simulators, still
        self._routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "/ledger"): self._ledger,
            ("GET", "/clock"): self._clock,
            ("POST", "/clock"): self._move,
            ("GET", "/life"): self._living,
            ("POST", "/life"): self._work,
            ("POST", "/snapshot"): self._snapshot,
            ("POST", "/restore"): self._restore,
            ("GET", "/faults"): self._standing,
            ("POST", "/faults"): self._rules,
        }

    def handle(self, request: Request) -> Response:
        refusal = _stranger(request)
        if refusal is not None:
            return refusal
        found = self._routes.get((request.method, request.path.rstrip("/")))
        if found is None:
            return self._unknown(request)
        try:
            return _json(200, found(request))
        except UsageError as error:
            return refused(400, error.what, why=error.why, fix=error.fix)

    def _unknown(self, request: Request) -> Response:
        known = ", ".join(f"{method} {path}" for method, path in self._routes)
        path = request.path.rstrip("/")
        status = 405 if any(path == other for _, other in self._routes) else 404
        return refused(status, f"there is no {request.method} {request.path}", fix=f"there are: {known}")

    def _ledger(self, request: Request) -> list[dict[str, Any]]:
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdigit()):
            raise UsageError(
                f"after is not the number of an entry: {after!r}", fix="give the n of the last entry you have"
            )
        self._life.catch_up()
        return self._world.ledger.entries(int(after))

    def _clock(self, _: Request) -> dict[str, Any]:
        clock = self._world.clock
        return {"now": clock.now().isoformat(timespec="milliseconds"), "running": clock.running}

    def _move(self, request: Request) -> dict[str, Any]:
        move = _body(
            request, Move, '{"advance": "PT1H"}, {"set": "2026-12-01T09:00:00Z"} or {"running": false}'
        )
        if move.advance is not None and move.set is not None:
            raise UsageError("advance and set are two ways to move the clock", fix="send one of them")
        by = timedelta() if move.advance is None else duration(move.advance)
        if move.set is not None and move.set.tzinfo is None:
            raise UsageError(f"set has no time zone: {move.set.isoformat()}", fix="end it with Z for UTC")
        try:
            self._world.clock.move(by, move.set, running=move.running)
        except (ValueError, OverflowError) as error:
            raise UsageError(
                f"the clock cannot be moved there: {error}", fix="ask GET /clock for the time"
            ) from error
        self._life.catch_up()
        return self._clock(request)

    def _living(self, _: Request) -> dict[str, Any]:
        return {"rate": self._life.rate, "seed": self._life.seed, "edits": self._life.edits}

    def _work(self, request: Request) -> dict[str, Any]:
        work = _body(request, Work, '{"rate": 24, "seed": 1}, the edits a day in every CRM')
        self._life.catch_up()
        try:
            self._life.begin(work.rate, self._life.seed if work.seed is None else work.seed)
        except ValueError as error:
            raise UsageError(str(error), fix="24 is one an hour, 0 ends it") from error
        return self._living(request)

    def _snapshot(self, request: Request) -> dict[str, int | str]:
        name = _body(request, Take, '{"name": "before"}, or {} for one in memory').name
        return {"snapshot": self._snapshots.snapshot(name)}

    def _restore(self, request: Request) -> dict[str, int | str]:
        wanted = _body(request, Restore, '{"snapshot": 1}, {"snapshot": "before"} or {}').snapshot
        try:
            return {"snapshot": self._snapshots.restore(wanted)}
        except LookupError:
            raise UsageError("there is no such snapshot", fix=NO_SNAPSHOT) from None

    def _standing(self, _: Request) -> dict[str, Any]:
        return {"rules": self._faults.standing()}

    def _rules(self, request: Request) -> dict[str, int]:
        rules = plan.read(request.body)
        plan.check(rules, self._simulators)
        with self._still():
            for simulator in self._simulators.values():
                simulator.calm()
            self._faults.replace(rules)
        return {"rules": len(rules)}


def duration(text: str) -> timedelta:
    """An ISO 8601 duration of days, hours, minutes and seconds, such as P1DT2H or PT0.5S. Raises UsageError."""
    match = DURATION.fullmatch(text)
    if not match:
        raise UsageError(f"advance is not a duration: {text!r}", fix="write PT1H, P2DT30M or PT0.5S")
    try:
        return timedelta(**{unit: float(count) for unit, count in match.groupdict().items() if count})
    except OverflowError:
        raise UsageError(f"advance is too long: {text!r}", fix="stay below a hundred years") from None


def _body(request: Request, kind: type[T], example: str) -> T:
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise UsageError(f"the body was not understood: {error}", fix=f"send {example}") from error


def _stranger(request: Request) -> Response | None:
    """The answer to a web page that calls from a browser: by a name that leads here, or across sites."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    if host not in LOCAL:
        return refused(
            403,
            f"this address is not called {host}",
            why="a name that leads to this machine is how web pages reach what is not theirs",
            fix="call it by 127.0.0.1",
        )
    origin = request.headers.get("origin")
    if origin is not None and origin != f"http://{request.headers['host']}":
        return refused(
            403,
            "another site's page may not call this",
            why=f"it came from {origin[:100]}",
            fix="use curl or the CLI",
        )
    return None


def refused(status: int, what: str, *, why: str = "", fix: str = "") -> Response:
    """An answer that says what is wrong, why, and how to put it right."""
    said = {"error": what, "why": why, "fix": fix}
    return _json(status, {name: text for name, text in said.items() if text})


def _json(status: int, answer: Any) -> Response:
    return Response(status, msgspec.json.encode(answer), {"content-type": "application/json"})
