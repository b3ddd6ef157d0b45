"""Runs queries over the committed records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Any

from ..errors import ApiError, unsimulated
from ..schema.schema import Field, ObjectType, Schema
from ..writing.rows import Row, Rows
from .abilities import sortable
from .aggregates import Aggregator
from .children import Children, Found, Show, check_child_query, child_of, cut
from .compiled import Compiled
from .filters import Filters, Test
from .narrowing import Narrowing
from .operands import is_aggregate
from .ordering import order_by
from .paths import Paths
from .query_error import malformed, no_entity, placed_in
from .scope import Scope, Value
from .selection import Selection
from .semi_joins import check_semi_joins, check_sides, inner_column
from .syntax import Among, Column, Order, Query
from .window import many, window

FARTHEST_OFFSET = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """How a query is asked: the API version, whether for deleted records too, and how to show children."""

    version: str
    every: bool
    show: Show


@dataclass(frozen=True, slots=True)
class Answer:
    """How many records there are; those of an aggregate query are shown, all others found."""

    total: int
    records: list[dict[str, Any]]
    found: Found | None = None


class Engine:
    def __init__(self, schema: Schema, rows: Rows, now: Callable[[], datetime], user_id: str) -> None:
        self._schema, self._rows, self._now, self._user_id = schema, rows, now, user_id
        self.paths = Paths(schema, rows, now)
        self._narrowing = Narrowing(rows)
        self._selections: Compiled[Selection] = Compiled()

    def run(self, query: Query, asked: Asked) -> Answer:
        """Raises ApiError for what Salesforce refuses, 501 for what is not simulated."""
        with placed_in(query.text):
            scope, every = self.scope(query), asked.every or query.all_rows
            _check(query)
            if is_aggregate(query):
                shown = cut(
                    query, self.aggregator(query, scope).run(self.matching(query, scope, every=every))
                )
                return Answer(len(shown), shown)
            if not query.items:
                return Answer(len(self._ids(query, scope, every=every)[0]), [])
            selection = self._select(query, scope, asked, 0)
            ids, source = self._ids(query, scope, every=every)
            selection.gather(ids)
            return Answer(len(ids), [], Found(scope.object, ids, selection, every, source))

    def records(self, query: Query, *, every: bool) -> Iterable[Row]:
        """The records themselves, for those who show them otherwise; many come one by one. Raises ApiError."""
        with placed_in(query.text):
            scope = self.scope(query)
            table = self._rows.of(scope.object)
            if query.order:
                ids, _ = self._ids(query, scope, every=every)
                if not (table.veils or table.hidden):
                    return table.stream(ids)
                return cut(query, self.matching(query, scope, every=every))
            test = self._test(query, scope)
            last = None if query.limit is None else query.offset + query.limit
            found = self._committed(query, scope, every=every)
            return islice(filter(test, found), query.offset, last)

    def scope(self, query: Query) -> Scope:
        """Raises QueryError INVALID_TYPE."""
        obj = self._schema.find(query.source)
        if obj is None:
            raise no_entity(query.source, query.at)
        return Scope(self.paths, obj, query.alias)

    def child_scope(self, query: Query, parent: ObjectType) -> Scope:
        """What a sub-query is about. Raises QueryError."""
        child = child_of(self._schema, parent, query)
        return Scope(self.paths, self._schema.objects[child.object.lower()], query.alias)

    def aggregator(self, query: Query, scope: Scope) -> Aggregator:
        """Raises QueryError."""
        return Aggregator(query, scope, self._now().date())

    def matching(self, query: Query, scope: Scope, *, every: bool) -> list[Row]:
        """The committed records that the query lets through, ordered but for an aggregate. Raises QueryError."""
        test, values = self._test(query, scope), _values(query, scope)
        found = self._committed(query, scope, every=every)
        return order_by(list(found) if test is None else [row for row in found if test(row)], values)

    def _ids(
        self, query: Query, scope: Scope, *, every: bool
    ) -> tuple[Sequence[str], tuple[str, int] | None]:
        """Ids of what `matching` gives, as LIMIT and OFFSET leave them, and what they follow from. Raises QueryError."""
        test, values = self._test(query, scope), _values(query, scope)
        table = self._rows.of(scope.object)
        found = window(query, scope, table)
        if found is None:
            rows = filter(test, self._committed(query, scope, every=every))
            return [line[-1] for line in cut(query, _lean(rows, values))], None
        if self._mine(query, scope) is None and found.exact(every=every):
            return found.ids(query), (query.text, table.version)
        return found.matches(test if every else _living(test), query), None

    def _committed(self, query: Query, scope: Scope, *, every: bool) -> Iterable[Row]:
        now, table = self._now(), self._rows.of(scope.object)
        ids = self._narrowing.ids(query, scope, every=every)
        within = many(query, scope, table) if ids is None else ids
        rows = table.scan(now) if within is None else table.pick(within, now)
        return rows if every else filter(_alive, rows)

    def _below(self, link: Field, parents: Collection[str], scope: Scope, *, every: bool) -> Iterable[Row]:
        """The committed records that may be children of some parents."""
        now, table = self._now(), self._rows.of(scope.object)
        if every:
            return table.scan(now) if table.gone else table.linked(link, parents, now)
        return filter(_alive, table.linked(link, parents, now))

    def _test(self, query: Query, scope: Scope) -> Test | None:
        mine = self._mine(query, scope)
        if query.where is None:
            return mine
        check_semi_joins(query.where, scope.object.name)
        filters = Filters(scope.value, self._now().date(), partial(self._semi_join, scope))
        test = filters.compile(query.where)
        return test if mine is None else lambda row: mine(row) and test(row)

    def _mine(self, query: Query, scope: Scope) -> Test | None:
        """USING SCOPE. Raises ApiError 501 for scopes other than everything and mine."""
        if query.scope in {None, "EVERYTHING"}:
            return None
        if query.scope != "MINE" or not scope.object.field("OwnerId"):
            raise unsimulated(f"USING SCOPE {str(query.scope).lower()}")
        return lambda row: bool(row.get("OwnerId") == self._user_id)

    def _semi_join(self, outer: Scope, join: Among) -> set[Any]:
        """The values that the inner query selects. Raises QueryError."""
        query = join.right
        assert isinstance(query, Query)
        inner, column = self.scope(query), inner_column(query)
        check_sides(outer, join.left, inner, column)
        get = inner.reach(column).get
        return {get(row) for row in self.matching(query, inner, every=False)} - {None}

    def _select(self, query: Query, scope: Scope, asked: Asked, depth: int) -> Selection:
        """One that shows columns of the object alone is the same for every query that selects them."""

        def make() -> tuple[Selection, tuple[()] | None]:
            url = f"/services/data/v{asked.version}/sobjects"
            made = Selection(query, scope, url, partial(self._children, asked, depth + 1))
            return made, () if plain and made.stored is not None else None

        plain = all(isinstance(item, Column) for item in query.items)
        return self._selections.of((asked.version, query.items, query.alias), scope.object, make)

    def _children(self, asked: Asked, depth: int, query: Query, parent: ObjectType) -> Children:
        check_child_query(query, depth, asked.version)
        child, scope = child_of(self._schema, parent, query), self.child_scope(query, parent)
        every, link = asked.every or query.all_rows, child.field.name
        test, values = self._test(query, scope), _values(query, scope)

        def matching(parents: Collection[str]) -> list[Row]:
            wanted = set(parents)
            found = self._below(child.field, parents, scope, every=every)
            rows = [row for row in found if row.get(link) in wanted and (test is None or test(row))]
            return order_by(rows, values)

        selection = self._select(query, scope, asked, depth)
        return Children(
            query, child, matching, lambda ids: Found(scope.object, ids, selection, every), asked.show
        )


def _lean(rows: Iterable[Row], values: list[tuple[Value, Order]]) -> list[tuple[Any, ...]]:
    """What to order by of each record, and its id, in that order: a million records would fill the memory."""
    gets = [value.get for value, _ in values]
    lines = [(*[get(row) for get in gets], row["Id"]) for row in rows]
    orders = [(Value(value.field, itemgetter(n)), order) for n, (value, order) in enumerate(values)]
    return order_by(lines, orders)


def _alive(row: Row) -> bool:
    return not (row.get("IsDeleted") or row.get("IsArchived"))


def _living(test: Test | None) -> Test:
    return _alive if test is None else lambda row: _alive(row) and test(row)


def _check(query: Query) -> None:
    """Raises QueryError, and ApiError for an offset that is too far."""
    if not query.items and (query.group.by or query.order):
        raise malformed("COUNT() is not allowed with GROUP BY or ORDER BY", query.at)
    if query.offset > FARTHEST_OFFSET:
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {FARTHEST_OFFSET}")


def _values(query: Query, scope: Scope) -> list[tuple[Value, Order]]:
    """What to order by; an aggregate query orders its groups instead."""
    if is_aggregate(query):
        return []
    return [(_sortable(order, scope), order) for order in query.order]


def _sortable(order: Order, scope: Scope) -> Value:
    value = scope.value(order.by)
    if not sortable(value.field):
        raise malformed(f"field '{value.field.name}' can not be sorted in a query call", order.by.at)
    return value
