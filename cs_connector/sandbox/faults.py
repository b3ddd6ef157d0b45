"""Faults on order: rules that say what goes wrong with which request, and when."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .wire import Response

Moment = Literal["before", "after"]
Count = Annotated[int, Meta(ge=0)]
Wait = Annotated[float, Meta(ge=0)]
Lag = Annotated[
    float, Meta(ge=0, le=3_155_760_000)
]  # seconds: a hundred years, as far as the clock moves at once
HeaderName = Annotated[str, Meta(pattern=r"\A[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")]
HeaderValue = Annotated[str, Meta(pattern=r"\A[\t\x20-\x7e\xa0-\xff]*\Z")]
ORDERS = (
    "expire_token",
    "daily_quota_left",
    "commit_lag_s",
    "search_lag_s",
    "hide",
    "remove_field",
    "retype_field",
    "lock_rows",
    "validation_rule",
    "duplicate_rule",
    "expire_locators",
    "short_pages",
    "long_requests",
)


class Hide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Make a share (0–1) of an object's records invisible."""

    object: str
    share: Annotated[float, Meta(ge=0, le=1)]


class RemoveField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    object: str
    field: str


class RetypeField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    object: str
    field: str
    type: str


class LockRows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody else holds rows of an object: those of `ids`, a `share` (0–1) of all, or at every `nth` write that needs
    the same row. For so many `seconds` of the sandbox's clock, or until rules are replaced; at most `times` refusals.
    """

    object: str
    ids: tuple[str, ...] = ()
    share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    nth: Count = 0
    seconds: Lag | None = None
    times: Count | None = None

    @property
    def locks(self) -> bool:
        """Whether it could refuse anything."""
        return bool(self.ids or self.share or self.nth) and self.times != 0


class ValidationRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An admin made a rule: a record for which the formula is true is refused with the message, at the field if one
    is named.
    """

    object: str
    formula: str
    message: str
    name: str = "Sandbox_Rule"
    field: str | None = None


class DuplicateRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An admin made a rule: records of an object are duplicates when all `fields` are filled and equal, whatever
    their case. `blocks` refuses them always; else a client that wants to save may.
    """

    object: str
    fields: Annotated[tuple[str, ...], Meta(min_length=1)]
    name: str = "Sandbox_Duplicate_Rule"
    blocks: bool = False


class Do(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong. The fields of the first part happen on the wire, the rest inside the simulator.

    `before` and `after` are about the simulator: an answer dropped after it means that the request was obeyed.
    `status` answers in the simulator's place; a `body` that is not text is sent as JSON. `headers` take the place of
    those of the answer, whoever gave it; a body that they call gzip is packed.
    """

    delay_ms: Wait | None = None
    drop: Moment | None = None
    reset: Moment | None = None
    truncate: Count | None = None
    drip_ms: Wait | None = None
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    body: Any = None
    headers: dict[HeaderName, HeaderValue] | None = None
    expire_token: Literal[True] | None = None
    daily_quota_left: Count | None = None
    commit_lag_s: Lag | None = None
    search_lag_s: Lag | None = None
    hide: Hide | None = None
    remove_field: RemoveField | None = None
    retype_field: RetypeField | None = None
    lock_rows: LockRows | None = None
    validation_rule: ValidationRule | None = None
    duplicate_rule: DuplicateRule | None = None
    expire_locators: Literal[True] | None = None
    short_pages: Annotated[int, Meta(ge=1)] | None = None
    long_requests: Count | None = None

    def __post_init__(self) -> None:
        if self.body is not None and self.status is None:
            raise ValueError("a body needs a status: it is an answer in the simulator's place")

    def orders(self) -> list[dict[str, Any]]:
        """What the simulator itself has to do, one order an entry."""
        asked = ((name, getattr(self, name)) for name in ORDERS)
        return [{name: msgspec.to_builtins(value)} for name, value in asked if value is not None]

    def answer(self) -> Response:
        """The answer given in the simulator's place, still without its own headers."""
        if self.body is None:
            return Response(self.status or 200)
        if isinstance(self.body, str):
            return Response(
                self.status or 200, self.body.encode(), {"content-type": "text/plain; charset=utf-8"}
            )
        body = msgspec.json.encode(self.body)
        return Response(self.status or 200, body, {"content-type": "application/json"})


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
    after: Count = 0
    times: Count | None = None

    @property
    def limit(self) -> float:
        if self.times is not None:
            return self.times
        return 1 if self.do.orders() else float("inf")


class Rules(msgspec.Struct, forbid_unknown_fields=True):
    rules: list[Rule]


class Standing(msgspec.Struct, frozen=True):
    """A rule, how many requests matched it, and how many of those it hit."""

    rule: Rule
    matched: int
    fired: int


class _Counted:
    """A rule and how often it matched."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.pattern = re.compile(rule.path or "")
        self.seen = 0
        self.fired = 0

    def fires(self, names: Iterable[str], method: str, path: str, query: str) -> bool:
        rule = self.rule
        if rule.crm is not None and rule.crm not in names:
            return False
        if rule.method is not None and rule.method.upper() != method:
            return False
        if not (self.pattern.search(path) or self.pattern.search(f"{path}?{query}")):
            return False
        self.seen += 1
        fires = rule.after < self.seen <= rule.after + rule.limit
        self.fired += fires
        return fires


class Faults:
    """The rules in force in one sandbox, shared by its servers."""

    def __init__(self) -> None:
        self._rules: list[_Counted] = []
        self._lock = threading.Lock()

    def replace(self, rules: Sequence[Rule]) -> None:
        """Put `rules` in the place of all others; they must have been checked."""
        counted = [_Counted(rule) for rule in rules]
        with self._lock:
            self._rules = counted

    def standing(self) -> list[Standing]:
        """The rules in force, as they were given, with their counts."""
        with self._lock:
            return [Standing(c.rule, c.seen, c.fired) for c in self._rules]

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
