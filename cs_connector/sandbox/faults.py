"""Faults on order: rules that say what goes wrong with which request, and when."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

Moment = Literal["before", "after"]
ORDERS = (
    "expire_token",
    "daily_quota_left",
    "commit_lag_s",
    "search_lag_s",
    "hide",
    "remove_field",
    "retype_field",
)


class Hide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Make a share (0–1) of an object's records invisible."""

    object: str
    share: float


class RemoveField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    object: str
    field: str


class RetypeField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    object: str
    field: str
    type: str


class Do(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong. The fields of the first part happen on the wire, the rest inside the simulator.

    `before` and `after` are about the simulator: an answer dropped after it means that the request was obeyed.
    `status` answers in the simulator's place; a `body` that is not text is sent as JSON.
    """

    delay_ms: float | None = None
    drop: Moment | None = None
    reset: Moment | None = None
    truncate: int | None = None
    drip_ms: float | None = None
    status: int | None = None
    body: Any = None
    headers: dict[str, str] | None = None
    expire_token: bool | None = None
    daily_quota_left: int | None = None
    commit_lag_s: float | None = None
    search_lag_s: float | None = None
    hide: Hide | None = None
    remove_field: RemoveField | None = None
    retype_field: RetypeField | None = None

    def orders(self) -> list[dict[str, Any]]:
        """What the simulator itself has to do, one order an entry."""
        asked = ((name, getattr(self, name)) for name in ORDERS)
        return [{name: msgspec.to_builtins(value)} for name, value in asked if value is not None]

    def payload(self) -> bytes:
        """The body of the answer given in the simulator's place."""
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else msgspec.json.encode(self.body)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests, and what to do with them.

    `crm` is a simulator's name or its kind; `path` is a regular expression, searched for in the path and in
    the path with its query. The first `after` matches pass, the next `times` are hit; without `times` an
    order to the simulator is given once and everything else goes on for ever.
    """

    do: Do
    crm: str | None = None
    method: str | None = None
    path: str | None = None
    after: int = 0
    times: int | None = None

    @property
    def limit(self) -> float:
        if self.times is not None:
            return self.times
        return 1 if self.do.orders() else float("inf")


class Rules(msgspec.Struct, forbid_unknown_fields=True):
    rules: list[Rule]


class _Counted:
    """A rule and how often it matched."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.pattern = re.compile(rule.path or "")
        self.seen = 0

    def fires(self, names: Iterable[str], method: str, path: str, query: str) -> bool:
        rule = self.rule
        if rule.crm is not None and rule.crm not in names:
            return False
        if rule.method is not None and rule.method.upper() != method:
            return False
        if not (self.pattern.search(path) or self.pattern.search(f"{path}?{query}")):
            return False
        self.seen += 1
        return rule.after < self.seen <= rule.after + rule.limit


class Faults:
    """The rules in force in one sandbox, shared by its servers."""

    def __init__(self) -> None:
        self._rules: list[_Counted] = []
        self._lock = threading.Lock()

    def replace(self, rules: Sequence[Rule]) -> None:
        """Put `rules` in the place of all others. Raises ValueError for a path that is no regular expression."""
        try:
            counted = [_Counted(rule) for rule in rules]
        except re.error as error:
            raise ValueError(f"path is not a regular expression: {error}") from error
        with self._lock:
            self._rules = counted

    def due(self, names: Iterable[str], method: str, path: str, query: str) -> list[Do]:
        """What is to go wrong with this request; counts it."""
        if not self._rules:
            return []
        with self._lock:
            return [c.rule.do for c in self._rules if c.fires(names, method, path, query)]


def together(due: Sequence[Do]) -> Do:
    """Several faults of one request as one; where two set the same thing, the later rule counts."""
    merged: Mapping[str, Any] = {
        name: value for do in due for name, value in msgspec.structs.asdict(do).items() if value is not None
    }
    return Do(**merged)
