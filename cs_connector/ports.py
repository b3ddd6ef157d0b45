"""What an adapter must offer, and the few things that travel through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol

from pydantic import BaseModel

Value = str | int | float | bool | None


class Clock(Protocol):
    """The one source of time."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; in a sandbox project the sandbox's clock is moved instead."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who and where a connection is, as the CRM itself says."""

    crm: str
    org_id: str
    name: str
    sandbox: bool
    user_id: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """`refers_to` are the objects to whose records it refers, and `called` is the field with the name of such a record."""

    name: str
    type: str
    label: str = ""
    writable: bool = True
    nullable: bool = True
    unique: bool = False
    length: int | None = None
    values: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ()
    called: str = ""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    name: str
    fields: tuple[FieldInfo, ...]
    readable: bool = True
    writable: bool = True
    incremental: bool = True
    label: str = ""


class RawRecord(NamedTuple):
    """One record as the CRM sent it; `payload` is its JSON text, untouched."""

    id: str
    modified_at: str | None
    deleted: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. `cursor` is what to store once this page is safe; `done` ends the object.

    Large pages may give their `records` as `transport.records.Records`, which costs less than a tuple of each.
    `complete_to` is set on the last page: every change up to then has been seen. `expected` is how many records
    the whole read will bring, where the CRM says it.
    """

    records: Sequence[RawRecord]
    cursor: str
    done: bool
    complete_to: datetime | None = None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What to read: an object, the fields that are mapped, and the cursor to go on from.

    Of the fields in `history` the values that they had are read too, where `Capabilities.history` says that it can.
    """

    object: str
    fields: tuple[str, ...]
    cursor: str | None = None
    expected: int | None = None
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a read will bring and cost; None where the CRM does not say beforehand. Without `exact`, `calls` is the least."""

    records: int | None = None
    calls: int | None = None
    exact: bool = True


class Document(NamedTuple):
    """What a system says of itself, as JSON: `path` without an ending, such as describe/Account."""

    path: str
    body: Any


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that changes nothing: a GET, or a search where `body` is given. `path` stands below the vendor's API."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it, refusals too. Header names are lower-case; `body` is JSON, or None."""

    status: int
    headers: Mapping[str, str]
    body: Any = None


class Action(StrEnum):
    UPDATE = "update"
    UPSERT = "upsert"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Change:
    """One record to write.

    `key` is ours and unique in a plan. With UPSERT, `key_field` holds the CRM's unique field and `key` its
    value; with UPDATE, `record_id` says which. A None in `fields` clears the field.
    `associate` names records to link to on creation, as (object, record id).
    """

    connection: str
    object: str
    action: Action
    key: str
    fields: Mapping[str, Value]
    key_field: str | None = None
    record_id: str | None = None
    associate: tuple[tuple[str, str], ...] = ()
    reason: str = ""


class Verdict(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    REJECTED = "rejected"
    UNKNOWN = "unknown"  # the answer was lost: look before sending again


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the CRM said of one change."""

    key: str
    verdict: Verdict
    record_id: str | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls made by this process and, where the vendor says so, the allowance and what is left of it.

    `skew` is by how many seconds the vendor's clock was ahead of ours at the last answer.
    """

    used: int
    limit: int | None = None
    left: int | None = None
    skew: float | None = None


@dataclass(frozen=True, slots=True)
class Merging:
    """Where payloads tell of merges, as names with dots between; empty where they do not.

    A deleted record names in `into` the one that goes on in its place; a living one lists in `losers`, with ; between,
    those that were merged into it.
    """

    into: str = "mergedInto"
    losers: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter can do, declared instead of asked by name."""

    incremental: bool = True
    deletes: bool = True
    writes: bool = True
    upsert: frozenset[str] = field(default_factory=frozenset)  # objects with a unique key field
    merging: Merging = Merging()
    history: bool = False  # whether it can read the values that fields had


class TokenStore(Protocol):
    """Keeps what a login gave, encrypted; saved before it is used."""

    def load(self, connection: str) -> dict[str, Any] | None: ...

    def save(self, connection: str, token: Mapping[str, Any]) -> None: ...

    def lock(self, connection: str) -> AbstractContextManager[None]:
        """One process at a time renews a login: load, renew and save inside."""
        ...


class Bucket(Protocol):
    """A number of calls in a time."""

    def take(self) -> None:
        """Use one call, waiting for it if need be."""
        ...


class Meter(Protocol):
    """The calls of one connection, shared by every process that works with the same store."""

    def bucket(self, name: str, rate: float, burst: int) -> Bucket:
        """At most `burst` calls at once and `rate` calls a second over time."""
        ...

    def ready(self) -> None:
        """Wait while the CRM asked for a pause. Raises QuotaExhausted when the rest of the day is kept for people."""
        ...

    def pause(self, seconds: float) -> None:
        """The CRM asked for a pause: nobody calls before it is over."""
        ...

    def heard(self, allowed: int, left: int) -> None:
        """What the CRM said of the day's calls."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the engine lends an adapter; without a meter it paces its calls for itself alone."""

    connection: str
    clock: Clock
    tokens: TokenStore
    meter: Meter | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """A permission that a login needs, and what for."""

    name: str
    why: str


class Adapter(Protocol):
    """One connection to one system. Built as `Adapter(settings, surroundings)`.

    `scopes` are the permissions it needs, no more; `steps` what an admin does in the CRM before it is connected.
    """

    crm: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]
    capabilities: ClassVar[Capabilities]
    scopes: ClassVar[Sequence[Scope]] = ()
    steps: ClassVar[Sequence[str]] = ()

    def consent(self, redirect: str, state: str) -> str | None:  # noqa: ARG002
        """The page on which a person lets us in; None where no person is needed."""
        return None

    def approve(self, code: str, redirect: str) -> None:
        """Turn the code that the page sent back into a login, and keep it. Raises AuthFailed."""

    def check(self) -> Identity:
        """Who and where am I. Raises AuthFailed, NotPermitted, Unavailable."""
        ...

    def describe(self, objects: Sequence[str]) -> Sequence[ObjectInfo]:
        """The named objects that exist and can be seen, with their fields."""
        ...

    def read(self, read: Read) -> Iterator[Page]:
        """Pages from the cursor on; without a cursor everything. Safe to stop after any page."""
        ...

    def estimate(self, read: Read) -> Estimate:  # noqa: ARG002 — an adapter that cannot tell need not override it
        """What this read would bring and cost, from counts and not from records."""
        return Estimate()

    def total(self, object_name: str) -> int | None:  # noqa: ARG002
        """How many records of an object are there, deleted ones aside; None where that is not to be had exactly."""
        return None

    def ids(self, object_name: str) -> Iterator[Sequence[str]]:  # noqa: ARG002
        """The ids of the records that `total` counts, page by page."""
        return iter(())

    def metadata(self, objects: Sequence[str]) -> Iterator[Document]:  # noqa: ARG002
        """The objects and fields of the system as it describes them, all or those named; nobody's records or names."""
        return iter(())

    def shown(self, document: Document) -> ObjectInfo | None:  # noqa: ARG002
        """The object that a document of `metadata` describes, if it does."""
        return None

    def look(self, ask: Ask) -> Answer | None:  # noqa: ARG002
        """The plain answer to a request that changes nothing; None from a system that has no such thing."""
        return None

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        """Exactly one receipt a change, in the order of the changes; one bad change never stops others."""
        ...

    def find(self, object_name: str, key_field: str, keys: Sequence[str]) -> Mapping[str, str]:
        """Record ids by unique key, read from the database of the CRM, never from a search index."""
        ...

    def usage(self) -> Usage:
        """What was used of the CRM's allowance."""
        ...

    def close(self) -> None: ...
