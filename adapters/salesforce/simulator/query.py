"""Runs queries over the committed records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .aggregates import Aggregator, is_aggregate
from .errors import ApiError, malformed, no_object
from .filters import Filters, literal
from .paths import Getter, Paths
from .picture import Picture, Render, own_getter
from .rows import Row, Rows
from .schema import TEXTS, Field, ObjectType, Schema
from .syntax import All, Among, Both, Call, Column, Compare, Condition, Literal, Order, Query

FARTHEST_OFFSET = 2000
WIDEST_ALL = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """The records found, and how to show one; an aggregate's records are shown already."""

    object: ObjectType
    rows: list[Row]
    render: Render | None
    counted: int | None = None


class Engine:
    def __init__(self, schema: Schema, rows: Rows, now: Callable[[], datetime]) -> None:
        self._schema, self._rows, self._now = schema, rows, now
        self.paths = Paths(schema, rows)

    def run(self, query: Query, version: str, *, every: bool = False) -> Answer:
        """`every` includes deleted records. Raises ApiError."""
        obj = self._source(query)
        if query.offset > FARTHEST_OFFSET:
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        if is_aggregate(query):
            found = Aggregator(self.paths, obj, query).run(self._matching(query, obj, every=every))
            return Answer(obj, found, None)
        rows = self._matching(query, obj, every=every)
        if not query.items:
            return Answer(obj, [], None, counted=len(_cut(query, rows)))
        rows = _cut(query, self._ordered(query, obj, rows))
        return Answer(obj, rows, self._render(query, obj, version, rows, every=every))

    def columns(self, query: Query) -> list[tuple[str, Field, Getter]]:
        """The CSV columns of a bulk query. Raises ApiError for what bulk cannot do."""
        obj = self._source(query)
        if is_aggregate(query) or not query.items or query.offset:
            raise ApiError(
                400,
                "API_ERROR",
                "Implementation restriction: aggregate queries and OFFSET are not supported by the Bulk API",
            )
        found = []
        for column in self._columns(query, obj):
            reached = self.paths.reach(obj, column.path, query.alias)
            names = [p.name for p in reached.parents]
            found.append((".".join([*names, reached.field.name]), reached.field, reached.get))
        return found

    def _source(self, query: Query) -> ObjectType:
        obj = self._schema.find(query.source)
        if obj is None:
            raise no_object(query.source)
        return obj

    def _matching(self, query: Query, obj: ObjectType, *, every: bool) -> list[Row]:
        every = every or query.all_rows
        now = self._now()
        filters = Filters(self.paths, now.date(), self._semi_join)
        table = self._rows.of(obj)
        ids = None if query.where is None else self._narrow(query.where, obj, every=every)
        rows = table.scan(now) if ids is None else list(table.pick(ids, now))
        if not every:
            rows = [row for row in rows if not row.get("IsDeleted")]
        if query.where is None:
            return rows
        test = filters.compile(query.where, obj, query.alias)
        return [row for row in rows if test(row)]

    def _semi_join(self, query: Query) -> set[Any]:
        if len(query.items) != 1 or not isinstance(query.items[0], Column):
            raise malformed(query.text, 0, "a semi-join selects one field")
        obj = self._source(query)
        get = self.paths.reach(obj, query.items[0].path, query.alias).get
        return {get(row) for row in self._matching(query, obj, every=False)} - {None}

    def _narrow(self, condition: Condition, obj: ObjectType, *, every: bool) -> list[str] | None:
        """Ids that hold all matches, from an index; None if every record must be looked at."""
        if isinstance(condition, Both) and condition.op == "AND":
            found = (self._narrow(c, obj, every=every) for c in condition.of)
            return next((ids for ids in found if ids is not None), None)
        pair = _equals(condition)
        field = obj.field(pair[0].path[0]) if pair and len(pair[0].path) == 1 else None
        if pair is None or field is None:
            return None
        if field.name == "Id":
            return list(dict.fromkeys(str(literal(field, v)) for v in pair[1]))
        table = self._rows.of(obj)
        if (
            every
            or table.veils
            or not field.indexed
            or any(v.kind != "string" or not v.text for v in pair[1])
        ):
            return None
        return list(dict.fromkeys(i for v in pair[1] for i in table.holding(field, literal(field, v))))

    def _ordered(self, query: Query, obj: ObjectType, rows: list[Row]) -> list[Row]:
        for order in reversed(query.order):
            rows = self._sorted(order, query, obj, rows)
        return rows

    def _sorted(self, order: Order, query: Query, obj: ObjectType, rows: list[Row]) -> list[Row]:
        if isinstance(order.by, Call):
            raise malformed(query.text, order.by.at, "only a grouped query orders by an aggregate")
        reached = self.paths.reach(obj, order.by.path, query.alias)
        get, text = reached.get, reached.field.type in TEXTS
        nulls = [row for row in rows if get(row) is None]
        held = [row for row in rows if get(row) is not None] if nulls else list(rows)

        def key(row: Row) -> Any:
            value = get(row)
            return value.lower() if text else value

        held.sort(key=key, reverse=order.down)
        return [*held, *nulls] if order.nulls_last else [*nulls, *held]

    def _columns(self, query: Query, obj: ObjectType) -> list[Column]:
        found: list[Column] = []
        for item in query.items:
            if isinstance(item, Column):
                found.append(item)
            elif isinstance(item, All):
                found += self._all(item, query, obj)
            else:
                raise ApiError(400, "API_ERROR", "Implementation restriction: not supported by the Bulk API")
        return found

    def _all(self, item: All, query: Query, obj: ObjectType) -> list[Column]:
        if query.limit is None or query.limit > WIDEST_ALL:
            raise malformed(query.text, item.at, "The SOQL FIELDS function must have a LIMIT of at most 200")
        wanted = {"ALL": (True, False), "CUSTOM": (True,), "STANDARD": (False,)}[item.kind]
        return [Column((f.name,), item.at) for f in obj.visible if f.custom in wanted]

    def _render(
        self, query: Query, obj: ObjectType, version: str, rows: Iterable[Row], *, every: bool
    ) -> Render:
        picture = Picture(f"/services/data/v{version}/sobjects")
        seen: set[str] = set()
        for item in query.items:
            if isinstance(item, Query):
                picture.parts.append(self._children(item, obj, version, rows, every=every))
                continue
            if isinstance(item, Call):
                raise malformed(query.text, item.at, f"unexpected function {item.name}")
            for column in [item] if isinstance(item, Column) else self._all(item, query, obj):
                self._show(column, query, obj, picture, seen)
        return picture.renderer(lambda _row: obj.name)

    def _show(self, column: Column, query: Query, obj: ObjectType, picture: Picture, seen: set[str]) -> None:
        reached = self.paths.reach(obj, column.path, query.alias)
        name = ".".join([*(p.name for p in reached.parents), reached.field.name])
        if name in seen:
            raise ApiError(400, "INVALID_FIELD", f"\nduplicate field selected: {column.text}")
        seen.add(name)
        picture.add(reached, own_getter(self.paths, obj, reached))

    def _children(
        self, query: Query, parent: ObjectType, version: str, parents: Iterable[Row], *, every: bool
    ) -> tuple[str, Callable[[Row], Any]]:
        """The key and the drawing of `(SELECT … FROM Contacts)`; the children are found once for all."""
        wanted = query.source.lower()
        children = self._schema.children(parent.name)
        child = next((c for c in children if (c.field.children or "").lower() == wanted), None)
        if child is None:
            raise ApiError(
                400,
                "INVALID_TYPE",
                f"\nDidn't understand relationship '{query.source}' in FROM part of query call.",
            )
        obj = self._schema.objects[child.object.lower()]
        ids = {row["Id"] for row in parents}
        groups: dict[str, list[Row]] = {}
        for row in self._ordered(query, obj, self._matching(query, obj, every=every)):
            if row.get(child.field.name) in ids:
                groups.setdefault(row[child.field.name], []).append(row)
        render = self._render(query, obj, version, [], every=every)

        def draw(row: Row) -> Any:
            held = _cut(query, groups.get(row["Id"], []))
            if not held:
                return None
            return {"totalSize": len(held), "done": True, "records": [render(r) for r in held]}

        return child.field.children or "", draw


def _cut(query: Query, rows: list[Row]) -> list[Row]:
    last = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : last] if query.offset or query.limit is not None else rows


def _equals(condition: Condition) -> tuple[Column, tuple[Literal, ...]] | None:
    """The column and literals of `a = x` or `a IN (x, y)`."""
    if isinstance(condition, Compare) and condition.op == "=" and isinstance(condition.left, Column):
        return condition.left, (condition.right,)
    if isinstance(condition, Among) and condition.op == "IN" and not isinstance(condition.right, Query):
        return condition.left, condition.right
    return None
