"""Queries in order of SystemModstamp and Id, or of Id: their records are a part of a line that the table keeps."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cs_connector.sandbox.lines import Line, Names

from ..writing.rows import Table, milliseconds
from .filters import Test
from .literals import stored
from .scope import Scope
from .syntax import Both, Column, Compare, Condition, Literal, Operand, Query

Mark = tuple[int, str]
STAMP, ID, DELETED = "SystemModstamp", "Id", "IsDeleted"
ENDLESS = 2**62
EARLIEST, LATEST = (-2, ""), (ENDLESS, "")
LAST = "\x7f"  # after every id
NEXT = "\0"  # makes a text the next one in order
# By operator: the first time that fits and the first one after them, in milliseconds from the literal.
SPANS: dict[str, tuple[int | None, int | None]] = {
    ">=": (0, None), ">": (1, None), "<": (None, 0), "<=": (None, 1), "=": (0, 1),
}  # fmt: skip
MANY = 10_000  # in smaller tables a walk is quick, and keeps the order in which records came


@dataclass(frozen=True, slots=True)
class Window:
    """The records from one place in a line up to before another; `left` are conditions still to be tested.

    `line` is the table's by (time, id), or its ids alone.
    """

    table: Table
    line: Sequence[Any]
    first: int
    last: int
    left: tuple[Condition, ...]

    def exact(self, *, every: bool) -> bool:
        """Whether every record in it is a match."""
        return not self.left and (every or not self.table.gone)

    def ids(self, query: Query | None = None) -> Sequence[str]:
        """All of them in order, or what LIMIT and OFFSET leave; of a table in a file they are read when looked at."""
        first, last = self.first, self.last
        if query is not None:
            first = min(first + query.offset, last)
            last = last if query.limit is None else min(first + query.limit, last)
        if isinstance(self.line, Line | Names):
            return self.line.part(first, last)
        return [place if isinstance(place, str) else place[1] for place in self.line[first:last]]

    def matches(self, test: Test | None, query: Query) -> list[str]:
        """Ids of those that pass, as LIMIT and OFFSET leave them."""
        found = (row["Id"] for row in self.table.stream(self.ids()) if test is None or test(row))
        last = None if query.limit is None else query.offset + query.limit
        return list(islice(found, query.offset, last))


def window(query: Query, scope: Scope, table: Table) -> Window | None:
    """Where the matches of a compiled query are; None where that is not known, or not in the order of the query.

    All of a table in a file come in order of Id where nobody asks for another.
    """
    if table.veils or table.hidden or scope.object.field(STAMP) is None:
        return None
    names = [None if order.down else _name(order.by, scope) for order in query.order]
    if names == [ID] or (not names and query.items and query.where is None and table.in_file):
        return _among_ids(query.where, scope, table)
    return _between(query.where, scope, table) if names == [STAMP, ID] or not query.items else None


def many(query: Query, scope: Scope, table: Table) -> Sequence[str] | None:
    """The same in any order, where that is much less than the whole of a large table."""
    if len(table.rows) < MANY or table.veils or query.where is None or scope.object.field(STAMP) is None:
        return None
    found = _between(query.where, scope, table)
    return found.ids() if (found.last - found.first) * 2 < len(table.rows) else None


def _between(where: Condition | None, scope: Scope, table: Table) -> Window:
    low, high = EARLIEST, LATEST
    left: list[Condition] = []
    for condition in _telling(where, scope, table):
        found = _bounds(condition, scope)
        if found is None:
            left.append(condition)
        else:
            low, high = max(low, found[0]), min(high, found[1])
    line = table.line()
    first = bisect_left(line, low) if low > EARLIEST else 0
    last = bisect_left(line, high) if high < LATEST else len(line)
    return Window(table, line, first, max(first, last), tuple(left))


def _among_ids(where: Condition | None, scope: Scope, table: Table) -> Window:
    low, high = "", LAST
    left: list[Condition] = []
    for condition in _telling(where, scope, table):
        span = _id_bounds(condition, scope)
        if span is None:
            left.append(condition)
        else:
            low, high = max(low, span[0]), min(high, span[1])
    line = table.ids()
    first = bisect_left(line, low)
    return Window(table, line, first, max(first, bisect_left(line, high)), tuple(left))


def _id_bounds(condition: Condition, scope: Scope) -> tuple[str, str] | None:
    """The first id, and the one after the last."""
    if not isinstance(condition, Compare) or _name(condition.left, scope) != ID:
        return None
    if condition.right.kind != "string" or condition.op not in SPANS:
        return None
    field = scope.object.fields[ID.lower()]
    record_id = str(stored(field, condition.right, condition.right.at))
    low, high = (None if by is None else record_id + NEXT * by for by in SPANS[condition.op])
    return low or "", high or LAST


def _telling(where: Condition | None, scope: Scope, table: Table) -> Iterator[Condition]:
    """What is joined by AND, but for `IsDeleted = FALSE` where nothing is deleted: a count of a million looks at none."""
    return (each for each in _all(where) if table.gone or not _living(each, scope))


def _living(condition: Condition, scope: Scope) -> bool:
    if not isinstance(condition, Compare) or _name(condition.left, scope) != DELETED:
        return False
    return (condition.op, condition.right.text.upper()) == ("=", "FALSE")


def _all(condition: Condition | None) -> tuple[Condition, ...]:
    """What is joined by AND."""
    if condition is None:
        return ()
    if isinstance(condition, Both) and condition.op == "AND":
        return tuple(part for each in condition.of for part in _all(each))
    return (condition,)


def _bounds(condition: Condition, scope: Scope) -> tuple[Mark, Mark] | None:
    """The first place, and the place after the last."""
    if isinstance(condition, Both):
        mark = _beyond(condition, scope)
        return None if mark is None else (mark, (ENDLESS, ""))
    if not isinstance(condition, Compare) or _name(condition.left, scope) != STAMP:
        return None
    at = _time(condition.right, condition.left, scope)
    if at is None:
        return None
    span = SPANS.get(condition.op)
    if span is None:
        return None
    low, high = (None if by is None else (at + by, "") for by in span)
    return low or (0, ""), high or (ENDLESS, "")


def _beyond(condition: Both, scope: Scope) -> Mark | None:
    """The place after a record: `SystemModstamp > t OR (SystemModstamp = t AND Id > i)`, in any order."""
    later = [each for each in condition.of if isinstance(each, Compare)]
    same = [part for each in condition.of if isinstance(each, Both) for part in _all(each)]
    pair = {_name(c.left, scope): c for c in same if isinstance(c, Compare)}
    if len(condition.of) != 2 or len(later) != 1 or len(same) != 2 or pair.keys() != {STAMP, ID}:
        return None
    times = [_time(c.right, c.left, scope) for c in (later[0], pair[STAMP])]
    signs = (later[0].op, pair[STAMP].op, pair[ID].op)
    if _name(later[0].left, scope) != STAMP or times[0] != times[1] or times[0] is None:
        return None
    after = {(">", "=", ">"): NEXT, (">", "=", ">="): ""}.get(signs)
    record_id = pair[ID].right
    if after is None or record_id.kind != "string":
        return None
    field = scope.object.fields[ID.lower()]
    return times[0], str(stored(field, record_id, record_id.at)) + after


def _time(literal: Literal, operand: Operand, scope: Scope) -> int | None:
    if literal.kind != "datetime" or not isinstance(operand, Column):
        return None
    return milliseconds(str(stored(scope.reach(operand).field, literal, literal.at)))


def _name(operand: Operand, scope: Scope) -> str | None:
    """The name of the object's own field."""
    if not isinstance(operand, Column):
        return None
    reached = scope.reach(operand)
    return None if reached.parents else reached.field.name
