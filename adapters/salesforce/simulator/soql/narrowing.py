"""Which records a query needs to look at, where an index tells."""

from __future__ import annotations

from ..schema.schema import Field
from ..writing.rows import Rows
from .literals import stored
from .scope import Scope
from .syntax import Among, Both, Column, Compare, Condition, Literal, Query

Equals = tuple[Column, tuple[Literal, ...]]


class Narrowing:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def ids(self, query: Query, scope: Scope, *, every: bool) -> list[str] | None:
        """Ids that hold all matches; None if every record must be looked at. The condition has been compiled."""
        return None if query.where is None else self._narrow(query.where, scope, every=every)

    def _narrow(self, condition: Condition, scope: Scope, *, every: bool) -> list[str] | None:
        if isinstance(condition, Both) and condition.op == "AND":
            found = (self._narrow(c, scope, every=every) for c in condition.of)
            return next((ids for ids in found if ids is not None), None)
        pair = _equals(condition)
        if pair is None:
            return None
        reached = scope.reach(pair[0])
        if reached.parents:
            return None
        if reached.field.name == "Id":
            return list(dict.fromkeys(str(stored(reached.field, v, v.at)) for v in pair[1]))
        return self._indexed(reached.field, scope, pair[1], every=every)

    def _indexed(
        self, field: Field, scope: Scope, values: tuple[Literal, ...], *, every: bool
    ) -> list[str] | None:
        """An index holds living records as they are, not as they were before a commit that is still hidden."""
        table = self._rows.of(scope.object)
        if table.veils or (every and table.gone) or not (field.indexed or field.refers_to):
            return None
        if any(v.kind != "string" or not v.text for v in values):
            return None
        return list(dict.fromkeys(i for v in values for i in table.holding(field, stored(field, v, v.at))))


def _equals(condition: Condition) -> Equals | None:
    """The column and literals of `a = x` or `a IN (x, y)`."""
    if isinstance(condition, Compare) and condition.op == "=" and isinstance(condition.left, Column):
        return condition.left, (condition.right,)
    if isinstance(condition, Among) and condition.op == "IN" and isinstance(condition.left, Column):
        return None if isinstance(condition.right, Query) else (condition.left, condition.right)
    return None
