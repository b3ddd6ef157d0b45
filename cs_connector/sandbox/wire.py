"""What a simulated CRM sees and answers, and what surrounds it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias
from urllib.parse import parse_qsl, unquote, unquote_plus

import msgspec

from .clock import SandboxClock
from .ledger import Ledger


@dataclass(frozen=True, slots=False)
class Request:
    """An HTTP request as received. `path` is decoded; header names are lower-case."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Query parameters in their order, repeated ones too."""
        return list(_parsed(self.query_string)) if self.query_string else []

    @property
    def query(self) -> dict[str, str]:
        """Query parameters, the last value of each."""
        return dict(_parsed(self.query_string)) if self.query_string else {}

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON. Raises msgspec.DecodeError."""
        return msgspec.json.decode(self.body) if self.body else None

    @property
    def segments(self) -> list[str]:
        parts = self.path.strip("/").split("/")
        return [unquote(part) for part in parts] if "%" in self.path else parts


@lru_cache(maxsize=256)
def _parsed(query_string: str) -> tuple[tuple[str, str], ...]:
    parts = (part.partition("=") for part in query_string.split("&") if part)
    return tuple((_plain(name), _plain(value)) for name, _, value in parts)


@lru_cache(maxsize=1024)
def _plain(text: str) -> str:
    """A name or a value of a query: the same ones come again with every page."""
    return unquote_plus(text)


_plain("%20")  # what it needs is made at the first call; not while a client waits


class Chain:
    """A body in pieces that are sent one after another: what lies in a file is not copied."""

    __slots__ = ("_size", "pieces")

    def __init__(self, *pieces: bytes | memoryview) -> None:
        self.pieces = pieces
        self._size = sum(map(len, pieces))

    def __len__(self) -> int:
        return self._size

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces)


Body: TypeAlias = bytes | bytearray | memoryview | Chain


@dataclass(slots=True)
class Response:
    status: int
    body: Body = b""
    headers: dict[str, str] = field(default_factory=dict)


class SeedRow(NamedTuple):
    """A record to start with: the object's name at the vendor and the record as the vendor would hold it."""

    object: str
    record: Mapping[str, Any]


class BadCell(ValueError):
    """A cell of a table that cannot be part of a record; without a column the object itself is unknown."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column, self.why = column, why


@dataclass(slots=True)
class World:
    """What the simulators of one sandbox share: time, the ledger, and dice with a seed."""

    clock: SandboxClock
    ledger: Ledger
    dice: random.Random
    profile: str = "vendor"


class Simulator(Protocol):
    """One simulated CRM tenant. Built as `Simulator(world, name, base_url)`.

    `orders` are those that `control` knows: what makes no sense for a vendor is not among them.
    """

    crm: ClassVar[str]
    orders: ClassVar[frozenset[str]]

    def handle(self, request: Request) -> Response:
        """Answer a request. Called under one lock per simulator."""
        ...

    def install(self, fields: Mapping[str, Any]) -> None:
        """Add custom fields and objects, in the vendor's own form (an adapter's install.yml)."""
        ...

    def load(self, rows: Iterable[SeedRow]) -> None:
        """Add records that have always been there: they are not mutations and not in the ledger."""
        ...

    def row(self, object_name: str, cells: Mapping[str, str]) -> SeedRow:
        """A record for `load` from a line of a table: texts by API name, an empty one is no value. Raises BadCell."""
        ...

    def credentials(self) -> dict[str, str]:
        """What a client needs to log in: the vendor's block of the sandbox/1 document."""
        ...

    def control(self, order: Mapping[str, Any]) -> None:
        """Obey an order that is not traffic: expire_token, daily_quota_left, commit_lag_s, hide, …"""
        ...

    def objection(self, order: Mapping[str, Any]) -> str | None:
        """Why an order that it knows cannot be obeyed: an object or a field that is not there."""
        ...

    def calm(self) -> None:
        """End what orders began: lags and spent quotas, hidden records, removed and retyped fields."""
        ...

    def live(self, dice: random.Random) -> None:
        """One edit as a user of the CRM makes it, chosen by the dice; nothing where there is nothing to edit."""
        ...

    def snapshot(self) -> object:
        """A copy of the whole state, safe from later changes."""
        ...

    def restore(self, state: object) -> None:
        """Go back to a state that `snapshot` gave; the state stays good for more restores."""
        ...
