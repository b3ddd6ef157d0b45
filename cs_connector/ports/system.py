"""What a system says of itself, and what an adapter can do with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


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
    """`refers_to` are the objects to whose records it refers, and `called` is the field with the name of such a record.

    `length` counts characters, or the digits of a number, of which `scale` stand after the point. A `restricted` choice
    takes no value that is not in `values`. `about` is what it says of itself to people. `choices` are the only records
    that this login may name in a reference, where the CRM says which.
    """

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
    scale: int | None = None
    restricted: bool = False
    about: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    name: str
    fields: tuple[FieldInfo, ...]
    readable: bool = True
    writable: bool = True
    incremental: bool = True
    label: str = ""


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
class Release:
    """The version of an API that we speak, the oldest and the newest that its vendor takes, and whether ours is `taken`.

    `ends` is the day from which it may be gone, where the vendor has named one.
    """

    pinned: str
    oldest: str
    newest: str
    ends: date | None = None
    taken: bool = True


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
    batch: int = 200  # how many changes `write` likes to get at once
    seen: int = 100  # how many records one call of `resume` looks at by their ids
    owners: frozenset[str] = frozenset()  # codes of refusals that are about the owner whom a record would get
    settling: float = 60.0  # seconds after which whatever was sent shows, or never will


@dataclass(frozen=True, slots=True)
class Scope:
    """A permission that a login needs, and what for."""

    name: str
    why: str
