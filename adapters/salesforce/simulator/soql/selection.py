"""SELECT: which fields, functions and children a query shows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from cs_connector.sandbox.layout import Part

from ..schema.schema import Field, ObjectType
from ..writing.rows import Row
from .abilities import COMPOUND, is_long
from .children import Children
from .functions import WRAPPERS
from .paths import Parent
from .picture import Draw, Picture
from .query_error import QueryError, malformed, no_entity
from .scope import Scope
from .syntax import All, Call, Column, Query, TypeOf

WIDEST_ALL = 200
ALIASING = "only aggregate expressions use field aliasing"
KINDS = {"ALL": (True, False), "CUSTOM": (True,), "STANDARD": (False,)}
MakeChildren = Callable[[Query, ObjectType], Children]


class Selection:
    """Compiled once for a query; `gather` finds the children, `render` shows a record."""

    def __init__(self, query: Query, scope: Scope, url: str, make: MakeChildren) -> None:
        """`make` gives the children that a sub-query asks for. Raises QueryError."""
        self._query, self._scope, self._make = query, scope, make
        self.url, self._picture = url, Picture(url)
        self._stored: list[Field] = []
        self._seen: set[str] = set()
        self.children: list[Children] = []
        self.long_texts = 0
        self.parts: tuple[Part, ...] | None = None
        for item in query.items:
            self._add(item)
        name = scope.object.name
        self.render = self._picture.renderer(lambda _row: name)

    @property
    def stored(self) -> list[Field] | None:
        """The fields that are shown as the records hold them, if there is nothing else."""
        return self._stored if len(self._stored) == len(self._picture.parts) else None

    def gather(self, ids: Collection[str]) -> None:
        """Find the children of these records, once for all."""
        for children in self.children:
            children.gather(ids)

    def weight(self, record_id: str) -> int:
        """How many rows a record brings into an answer: itself and its children."""
        return 1 + sum(children.count(record_id) for children in self.children)

    def _add(self, item: Any) -> None:
        match item:
            case Query():
                self._add_children(item)
            case TypeOf():
                self._add_typeof(item)
            case Call():
                self._add_call(item)
            case _:
                self._add_columns(item)

    def _add_columns(self, item: Any) -> None:
        for column in columns_of(item, self._query, self._scope.object):
            self._add_column(column)

    def _add_column(self, column: Column) -> None:
        if column.alias:
            raise malformed(ALIASING, column.at)
        reached = self._scope.reach(column)
        self._once(reached.name, column)
        self._picture.add(reached.parents, reached.field.name, reached.own)
        if not (reached.parents or reached.field.formula or reached.field.type in COMPOUND):
            self._stored.append(reached.field)
        self.long_texts += reached.field.custom and is_long(reached.field)

    def _add_call(self, call: Call) -> None:
        if call.name not in WRAPPERS:
            raise malformed(f"unexpected function {call.name}", call.at)
        reached = self._scope.reach(call.column)
        self._once(call.alias or reached.name, call)
        if call.alias:
            self._picture.add((), call.alias, self._scope.shown(call, reached.field, reached.get))
        else:
            own = self._scope.shown(call, reached.field, reached.own)
            self._picture.add(reached.parents, reached.field.name, own)

    def _once(self, name: str, item: Column | Call) -> None:
        if name.lower() in self._seen:
            raise QueryError("INVALID_FIELD", f"duplicate field selected: {name}", item.at)
        self._seen.add(name.lower())

    def _add_children(self, query: Query) -> None:
        children = self._make(query, self._scope.object)
        self.children.append(children)
        self._picture.parts.append((children.key, children.draw))

    def _add_typeof(self, item: TypeOf) -> None:
        parents = self._scope.paths.climb(self._scope.object, item.path, item.at)
        last = parents[-1]
        if not last.polymorphic:
            raise malformed(f"TYPEOF needs a polymorphic relationship: {'.'.join(item.path)}", item.at)
        self._picture.add(parents[:-1], last.name, self._by_type(item, last))

    def _by_type(self, item: TypeOf, parent: Parent) -> Draw:
        """The fields of the case that fits the parent's object."""
        draws = {}
        for name, columns in item.cases:
            target = next((t for t in parent.targets if t.name.lower() == name.lower()), None)
            if target is None:
                raise no_entity(name, item.at)
            draws[target.prefix] = self._case(target, columns)
        names = Picture(self._picture.url)
        for column in item.otherwise:
            reached = self._scope.reach(Column((*item.path, *column.path), column.at))
            names.parts.append((reached.field.name, reached.own))
        otherwise = names.inside(parent) if item.otherwise else None
        go = parent.go

        def draw(row: Row) -> Any:
            above = go(row)
            case = draws.get(above["Id"][:3]) if above is not None else None
            if case is not None and above is not None:
                return case(above)
            return otherwise(row) if otherwise is not None else None

        return draw

    def _case(self, target: ObjectType, columns: tuple[Column, ...]) -> Draw:
        picture, scope = Picture(self._picture.url), Scope(self._scope.paths, target)
        for column in columns:
            reached = scope.reach(column)
            picture.add(reached.parents, reached.field.name, reached.own)
        name = target.name
        return picture.renderer(lambda _row: name)


def columns_of(item: Column | All, query: Query, obj: ObjectType) -> Iterator[Column]:
    """The column itself, or what FIELDS() stands for. Raises QueryError."""
    if isinstance(item, Column):
        yield item
        return
    if item.kind != "STANDARD" and (query.limit is None or query.limit > WIDEST_ALL):
        raise malformed(f"The SOQL FIELDS function must have a LIMIT of at most {WIDEST_ALL}", item.at)
    for field in obj.visible:
        if field.custom in KINDS[item.kind]:
            yield Column((field.name,), item.at)
