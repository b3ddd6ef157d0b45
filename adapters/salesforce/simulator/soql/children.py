"""Sub-queries: the children of the records that a query found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cs_connector.sandbox.layout import Part

from ..errors import unsimulated
from ..schema.schema import Child, Field, ObjectType, Schema
from ..writing.rows import Row
from .operands import is_aggregate
from .picture import Render
from .query_error import malformed, no_relationship
from .syntax import Query

DEEPEST, SHALLOW, DEEP_SINCE = 5, 2, 58.0


class Shown(Protocol):
    """How the records of a query are shown; `stored` are the fields, if they are all that is shown.

    `parts` keeps how they are drawn out of columns.
    """

    url: str
    render: Render
    long_texts: int
    children: list[Children]
    parts: tuple[Part, ...] | None

    @property
    def stored(self) -> list[Field] | None: ...

    def gather(self, ids: Collection[str]) -> None: ...

    def weight(self, record_id: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Found:
    """The ids that a query found, in order, and how to show a record; `every` keeps deleted ones.

    `source` is the query and the version of the table, where the ids follow from those alone.
    """

    object: ObjectType
    ids: Sequence[str]
    shown: Shown
    every: bool
    source: tuple[str, int] | None = None


Show = Callable[[Found], dict[str, Any]]
Matching = Callable[[Collection[str]], list[Row]]


class Children:
    """`matching` finds the children of some parents in order, `show` makes an answer of them."""

    def __init__(
        self, query: Query, child: Child, matching: Matching, of: Callable[[list[str]], Found], show: Show
    ) -> None:
        self._query, self._link = query, child.field.name
        self._matching, self._of, self._show = matching, of, show
        self._groups: dict[str, list[str]] = {}
        self.key = child.field.children or ""

    def gather(self, ids: Collection[str]) -> None:
        """Find the children of all these parents at once."""
        groups: dict[str, list[str]] = {}
        for row in self._matching(ids):
            groups.setdefault(row[self._link], []).append(row["Id"])
        self._groups = {parent: cut(self._query, held) for parent, held in groups.items()}
        self._of([]).shown.gather([i for held in self._groups.values() for i in held])

    def count(self, parent: str) -> int:
        return len(self._groups.get(parent, ()))

    def draw(self, row: Row) -> Any:
        """An answer of its own inside the parent's record, or null."""
        ids = self._groups.get(row["Id"])
        return self._show(self._of(ids)) if ids else None


def child_of(schema: Schema, parent: ObjectType, query: Query) -> Child:
    """The relationship that a sub-query names, perhaps after an alias. Raises QueryError, ApiError 501."""
    wanted = query.source.rpartition(".")[2].lower()
    for child in schema.children(parent.name):
        visible = child.field.seen and schema.find(child.object)
        if visible and (child.field.children or "").lower() == wanted:
            return child
    if schema.lacks_children(parent, wanted):
        raise unsimulated(f"The relationship {query.source} of {parent.name}")
    raise no_relationship(query.source, "FROM part of query call", query.at)


def check_child_query(query: Query, depth: int, version: str) -> None:
    """`depth` is how many queries are around it. Raises QueryError for what only a root query may do."""
    deepest = DEEPEST if float(version) >= DEEP_SINCE else SHALLOW
    if depth >= deepest:
        why = f"SOQL queries have at most {deepest} levels of parent-to-child relationships"
        raise malformed(why, query.at)
    if is_aggregate(query) or not query.items:
        raise malformed("only root queries support aggregate expressions", query.at)


def cut(query: Query, found: list[Any]) -> list[Any]:
    """What LIMIT and OFFSET leave."""
    last = None if query.limit is None else query.offset + query.limit
    return found[query.offset : last] if query.offset or query.limit is not None else found
