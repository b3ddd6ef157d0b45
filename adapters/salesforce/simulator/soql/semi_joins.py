"""What Salesforce allows of IN ( SELECT … ), and the values of such a query."""

from __future__ import annotations

from collections.abc import Iterator

from ..schema.schema import IDS, Field
from .query_error import malformed
from .scope import Scope
from .syntax import Among, Both, Column, Condition, Not, Operand, Query

MOST = 2
ONLY_TOP = "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions."
LEFT = "The left operand field in the where expression for a semi join must be an id or reference field"
SAME_OBJECT = "The inner and outer selects should not be on the same object type"


def check_semi_joins(condition: Condition, source: str) -> None:
    """Raises QueryError MALFORMED_QUERY for sub-selects where Salesforce allows none."""
    found = list(_all(condition))
    if not found:
        return
    if len(found) > MOST:
        raise malformed(f"Maximum {MOST} semi join sub-selects are allowed", found[MOST].left.at)
    if isinstance(condition, Both) and condition.op == "OR" and any(c in found for c in condition.of):
        raise malformed("Semi join sub-selects are not allowed with the 'OR' operator", found[0].left.at)
    if any(join not in _top(condition) for join in found):
        raise malformed(ONLY_TOP, found[0].left.at)
    for join in found:
        assert isinstance(join.right, Query)
        _check_select(join.right, source)


def inner_column(query: Query) -> Column:
    """The one field that a sub-select selects. Raises QueryError."""
    if len(query.items) != 1 or not isinstance(query.items[0], Column):
        raise malformed("A semi join sub-select selects exactly one field", query.at)
    return query.items[0]


def check_sides(outer: Scope, left: Operand, inner: Scope, column: Column) -> None:
    """Both sides are ids of one object. Raises QueryError."""
    reached = outer.reach(left) if isinstance(left, Column) else None
    if reached is None or reached.parents or reached.field.type not in IDS:
        raise malformed(f"{LEFT}: {left.text}", left.at)
    selected = inner.reach(column)
    if selected.parents or selected.field.type not in IDS:
        raise malformed(f"The selected field '{column.text}' must be an id or reference field", column.at)
    if not _targets(reached.field, outer) & _targets(selected.field, inner):
        why = (
            f"The selected field '{column.text}' in the subquery and the left operand field in the where expression "
            f"in the outer query '{left.text}' should point to the same object type"
        )
        raise malformed(why, left.at)


def _targets(field: Field, scope: Scope) -> set[str]:
    return {scope.object.name} if field.type == "id" else set(field.refers_to)


def _all(condition: Condition | None) -> Iterator[Among]:
    if isinstance(condition, Both):
        for part in condition.of:
            yield from _all(part)
    elif isinstance(condition, Not):
        yield from _all(condition.of)
    elif isinstance(condition, Among) and isinstance(condition.right, Query):
        yield condition


def _top(condition: Condition | None) -> tuple[Condition | None, ...]:
    return condition.of if isinstance(condition, Both) and condition.op == "AND" else (condition,)


def _check_select(query: Query, source: str) -> None:
    if query.source.lower() == source.lower():
        raise malformed(SAME_OBJECT, query.at)
    nested = next(_all(query.where), None)
    if nested:
        raise malformed("Nesting of semi join sub-selects is not supported", nested.left.at)
    if query.order or query.limit is not None or query.offset or query.group.by:
        raise malformed("Semi join sub-selects take no ORDER BY, LIMIT, OFFSET or GROUP BY", query.at)
