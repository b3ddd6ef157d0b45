"""What travels when a system is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple


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
