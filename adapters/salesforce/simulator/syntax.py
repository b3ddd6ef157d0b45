"""A SOQL query as a tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A field, reached over parents: `("Owner", "Name")`; `at` is its place in the text."""

    path: Path
    at: int
    alias: str | None = None

    @property
    def text(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Call:
    """A function: COUNT, SUM, CALENDAR_YEAR …; `column` is None for COUNT()."""

    name: str
    column: Column | None
    at: int
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class All:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    kind: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    """`kind`: null, boolean, number, string, date, datetime, or period with `text` LAST_N_DAYS:30."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Compare:
    left: Column | Call
    op: str
    right: Literal


@dataclass(frozen=True, slots=True)
class Among:
    """IN and NOT IN, over literals or a semi-join; INCLUDES and EXCLUDES over literals."""

    left: Column
    op: str
    right: tuple[Literal, ...] | Query


@dataclass(frozen=True, slots=True)
class Not:
    of: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """AND or OR over two conditions or more."""

    op: str
    of: tuple[Condition, ...]


Condition: TypeAlias = "Compare | Among | Not | Both"


@dataclass(frozen=True, slots=True)
class Order:
    by: Column | Call
    down: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """`items` is empty for COUNT()."""

    text: str
    items: tuple[Column | Call | All | Query, ...]
    source: str
    source_at: int
    alias: str | None = None
    where: Condition | None = None
    group: tuple[Column | Call, ...] = ()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = field(default=False)
