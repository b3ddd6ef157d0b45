"""A SOQL query as a tree. Every `at` is a place in the text of the whole query, in characters from 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A field, reached over parents: `("Owner", "Name")`."""

    path: Path
    at: int
    alias: str | None = None

    @property
    def text(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its name in upper case: COUNT, CALENDAR_YEAR, TOLABEL …"""

    name: str
    of: Column | Call
    at: int
    alias: str | None = None

    @property
    def text(self) -> str:
        return f"{self.name}({self.of.text})"

    @property
    def column(self) -> Column:
        """The field at the core."""
        return self.of if isinstance(self.of, Column) else self.of.column


Operand: TypeAlias = "Column | Call"


@dataclass(frozen=True, slots=True)
class All:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    kind: str
    at: int


@dataclass(frozen=True, slots=True)
class TypeOf:
    """TYPEOF What WHEN Account THEN Phone ELSE Name END."""

    path: Path
    cases: tuple[tuple[str, tuple[Column, ...]], ...]
    otherwise: tuple[Column, ...]
    at: int


Item: TypeAlias = "Column | Call | All | TypeOf | Query"


@dataclass(frozen=True, slots=True)
class Literal:
    """`kind`: null, boolean, number, currency, string, date, datetime, or period with `text` LAST_N_DAYS:30."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Compare:
    left: Operand
    op: str
    right: Literal


@dataclass(frozen=True, slots=True)
class Among:
    """IN and NOT IN, over literals or a semi-join; INCLUDES and EXCLUDES over literals."""

    left: Operand
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
    by: Operand
    down: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Group:
    """GROUP BY; `kind` is "" or ROLLUP or CUBE."""

    by: tuple[Operand, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """`items` is empty for COUNT(); `source` of a sub-query is a relationship, perhaps after an alias."""

    text: str
    items: tuple[Item, ...]
    source: str
    at: int
    alias: str | None = None
    scope: str | None = None
    where: Condition | None = None
    group: Group = Group()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = False
