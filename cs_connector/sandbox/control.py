"""The control server of a sandbox: its ledger, its clock, its snapshots and its faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Protocol

import msgspec

from .faults import Faults, Rules
from .wire import Request, Response, World

DURATION = re.compile(
    r"P(?=.)(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


class Advance(msgspec.Struct, forbid_unknown_fields=True):
    advance: str


class Restore(msgspec.Struct, forbid_unknown_fields=True):
    """Which snapshot; the newest where none is named."""

    snapshot: int | None = None


class Snapshots(Protocol):
    """Whoever can keep the state of all simulators and bring it back."""

    def snapshot(self) -> int: ...

    def restore(self, number: int | None) -> int:
        """Raises LookupError for a snapshot that does not exist."""
        ...


class Refused(Exception):
    """A request that cannot be obeyed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Control:
    """Answers on the control address. `names` are the simulators that a fault rule may name."""

    def __init__(self, world: World, faults: Faults, snapshots: Snapshots, names: Iterable[str]) -> None:
        self._world = world
        self._faults = faults
        self._snapshots = snapshots
        self._names = frozenset(names)
        self._routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "/ledger"): self._ledger,
            ("GET", "/clock"): self._clock,
            ("POST", "/clock"): self._advance,
            ("POST", "/snapshot"): self._snapshot,
            ("POST", "/restore"): self._restore,
            ("POST", "/faults"): self._rules,
        }

    def handle(self, request: Request) -> Response:
        try:
            return _json(200, self._route(request)(request))
        except Refused as refused:
            return _json(refused.status, {"error": refused.message})
        except msgspec.DecodeError as error:
            return _json(400, {"error": f"The body was not understood: {error}"})

    def _route(self, request: Request) -> Callable[[Request], Any]:
        path = request.path.rstrip("/")
        found = self._routes.get((request.method, path))
        if found:
            return found
        known = ", ".join(f"{method} {path}" for method, path in self._routes)
        status = 405 if any(path == other for _, other in self._routes) else 404
        raise Refused(status, f"There is no {request.method} {request.path}. There are: {known}")

    def _ledger(self, request: Request) -> list[dict[str, Any]]:
        after = request.query.get("after", "0")
        if not after.isdecimal():
            raise Refused(400, f"after must be the number of an entry, not {after!r}")
        return self._world.ledger.entries(int(after))

    def _clock(self, _: Request) -> dict[str, str]:
        return {"now": self._world.clock.now().isoformat(timespec="milliseconds")}

    def _advance(self, request: Request) -> dict[str, str]:
        self._world.clock.advance(duration(msgspec.json.decode(request.body, type=Advance).advance))
        return self._clock(request)

    def _snapshot(self, _: Request) -> dict[str, int]:
        return {"snapshot": self._snapshots.snapshot()}

    def _restore(self, request: Request) -> dict[str, int]:
        wanted = msgspec.json.decode(request.body or b"{}", type=Restore).snapshot
        try:
            return {"snapshot": self._snapshots.restore(wanted)}
        except LookupError as error:
            raise Refused(404, "There is no such snapshot: POST /snapshot makes one") from error

    def _rules(self, request: Request) -> dict[str, int]:
        rules = msgspec.json.decode(request.body, type=Rules).rules
        for rule in rules:
            if rule.crm is not None and rule.crm not in self._names:
                known = ", ".join(sorted(self._names))
                raise Refused(400, f"There is no simulator {rule.crm!r} here. There are: {known}")
        try:
            self._faults.replace(rules)
        except ValueError as error:
            raise Refused(400, str(error)) from error
        return {"rules": len(rules)}


def duration(text: str) -> timedelta:
    """An ISO 8601 duration of days, hours, minutes and seconds, such as P1DT2H or PT0.5S."""
    match = DURATION.fullmatch(text)
    if not match:
        raise Refused(400, f"advance must be a duration such as PT1H or P2DT30M, not {text!r}")
    return timedelta(**{unit: float(count) for unit, count in match.groupdict().items() if count})


def _json(status: int, answer: Any) -> Response:
    return Response(status, msgspec.json.encode(answer), {"content-type": "application/json"})
