"""What a list of steps means, as a tree of a few kinds of nodes; a node is a set of rows, and says of what kind.

Rows belong to a relationship (its number `r`), and once they are paired to a date as well (`today`). No node names an engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from sqlglot import exp

from cs_connector.language.periods import Period
from cs_connector.model import DATE, NUMBER

Columns = Mapping[str, str]
Named = tuple[tuple[str, exp.Expr], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of a node are.

    `columns`: name → type, without `r` and `today`. `key`: columns that tell rows of a relationship (and date) apart; () where
    there is one row, None where it is not known. `since`: true of rows that exist on `today`, None where all always do; it
    stands until they are paired. `money_of`: the column that says in which currency the money is, while that is open.
    `summed`: columns that are exact sums or means already, so that nothing in them is too large. `step`: the place in the list of
    the step that left these rows, so that they can be counted.
    """

    columns: Columns
    key: tuple[str, ...] | None
    row: str
    entity: str | None = None
    paired: bool = False
    since: exp.Expr | None = None
    period: Period | None = None
    money_of: str | None = None
    summed: frozenset[str] = frozenset()
    step: int | None = None

    @property
    def cell(self) -> tuple[str, ...]:
        return ("r", "today") if self.paired else ("r",)

    @property
    def names(self) -> Columns:
        """What formulas may name. `today` and `back` pair the rows with dates."""
        back = {"back": NUMBER} if self.period and not self.paired else {}
        return {"today": DATE, **back, **self.columns}

    @property
    def ties(self) -> tuple[str, ...]:
        """What decides between rows that are equal otherwise."""
        return tuple(self.columns) if self.key is None else self.key

    @property
    def single(self) -> bool:
        """One row a relationship (and date)."""
        return self.key == ()

    def adding(self, columns: Columns) -> Shape:
        return replace(self, columns={**self.columns, **columns})


@dataclass(frozen=True, slots=True)
class Scan:
    """The rows of an entity that count for the relationships in `scope`."""

    entity: str
    of: Literal["relationship", "account", "group"]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Lookup:
    """All rows of an entity, of whomever: the other side of a join. They have no `r`."""

    entity: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Given:
    """A table that was computed before: `r`, `today` and columns."""

    table: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Pair:
    """Each row with each date of `grid` on which it exists."""

    rows: Node
    shape: Shape


@dataclass(frozen=True, slots=True)
class Filter:
    rows: Node
    condition: exp.Expr
    shape: Shape


@dataclass(frozen=True, slots=True)
class Project:
    """The rows with more columns."""

    rows: Node
    added: Named
    shape: Shape


@dataclass(frozen=True, slots=True)
class Join:
    """The rows with columns of others; those without a match stay."""

    rows: Node
    other: Node
    on: tuple[tuple[str, str], ...]
    taken: Mapping[str, str]
    found: str | None
    many: bool
    shape: Shape


@dataclass(frozen=True, slots=True)
class Group:
    """A row for each value of `by`: totals over the rows. `by` of a period is computed on the way."""

    rows: Node
    by: Named
    totals: Named
    shape: Shape


@dataclass(frozen=True, slots=True)
class Series:
    """The last `count` full periods before each date, with the totals of `rows` or without; `zero` are 0 where there is no row."""

    rows: Node
    by: tuple[str, ...]
    count: int
    zero: frozenset[str]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Top:
    """The first `n` of the rows that agree in `by`."""

    rows: Node
    by: tuple[exp.Expr, ...]
    order: tuple[exp.Ordered, ...]
    n: int
    shape: Shape


@dataclass(frozen=True, slots=True)
class Union:
    """The rows of several nodes, which have the same columns."""

    parts: tuple[Node, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Cells:
    """A row for every relationship and date on which it had begun, with `base` columns of the relationship and the rows' own."""

    rows: Node
    base: tuple[str, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Peers:
    """Each row with the median `middle` of the rows of the same day and the same `within`."""

    rows: Node
    within: tuple[str, ...]
    of: str
    middle: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows as they are, counted as they pass `place`. For DuckDB alone: a run counts, and runs there."""

    rows: Node
    place: int
    shape: Shape


Node = (
    Scan | Lookup | Given | Pair | Filter | Project | Join | Group | Series | Top | Union | Cells | Peers | Counted
)  # fmt: skip


def below(node: Node) -> Iterator[Node]:
    """The nodes that a node stands on, the rows that it goes on with first."""
    for each in fields(node):
        value = getattr(node, each.name)
        for one in value if each.name == "parts" else (value,):
            if isinstance(one, Node):
                yield one
