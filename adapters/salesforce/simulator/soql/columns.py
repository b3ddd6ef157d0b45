"""What a query's answer has as columns: for `columns=true`, and for the CSV of a bulk query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import ApiError
from ..schema.schema import NUMBERS, Field
from .abilities import COMPOUND
from .operands import is_aggregate
from .paths import Getter, Reached
from .query import Engine
from .query_error import placed_in
from .scope import Scope
from .selection import columns_of
from .syntax import All, Call, Column, Item, Operand, Query, TypeOf

APEX = {
    "id": "Id", "reference": "Id", "boolean": "Boolean", "int": "Integer", "date": "Date", "datetime": "Datetime",
    "double": "Double", "currency": "Double", "percent": "Double",
}  # fmt: skip
TEXT_TYPES = frozenset({"string", "textarea"})
UNBOUNDED = "The SOQL FIELDS function is not supported with an unbounded set of fields in this API."
IN_CSV = "not supported in Bulk V2 Query with CSV content type"


class BulkColumn(NamedTuple):
    """A column of a bulk query's results: its head, the type of its cells, and how to read one."""

    name: str
    type: str
    get: Getter


def bulk_columns(engine: Engine, query: Query) -> list[BulkColumn]:
    """Raises ApiError for what Bulk 2.0 does not query."""
    with placed_in(query.text):
        scope = engine.scope(query)
        if is_aggregate(query) or not query.items:
            raise _not_in_bulk(f"Aggregate Functions {IN_CSV}")
        if query.offset:
            raise _not_in_bulk("OFFSET clause is not supported in Bulk Query")
        return [column for item in query.items for column in _bulk(item, query, scope)]


def _bulk(item: Item, query: Query, scope: Scope) -> Iterator[BulkColumn]:
    if isinstance(item, Query):
        raise _not_in_bulk(f"Aggregate Relationships {IN_CSV}")
    if isinstance(item, TypeOf):
        raise _not_in_bulk(f"TYPEOF {IN_CSV}")
    if isinstance(item, All) and item.kind != "STANDARD":
        raise ApiError(400, "MALFORMED_QUERY", UNBOUNDED)
    if isinstance(item, Call):
        reached = scope.reach(item.column)
        yield _column(reached, item.alias or reached.name, scope.shown(item, reached.field, reached.get))
        return
    for column in columns_of(item, query, scope.object):
        reached = scope.reach(column)
        if not (isinstance(item, All) and reached.field.type in COMPOUND):
            yield _column(reached, reached.name, reached.get)


def _column(reached: Reached, name: str, get: Getter) -> BulkColumn:
    if reached.field.type in COMPOUND:
        raise ApiError(
            400, "FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query"
        )
    if reached.field.type == "base64":
        raise _not_in_bulk(f"Blob field {IN_CSV}")
    return BulkColumn(name, reached.field.type, get)


def _not_in_bulk(why: str) -> ApiError:
    return ApiError(400, "API_ERROR", why)


@dataclass(frozen=True, slots=True)
class Metadata:
    """The answer to `columns=true`, which the Salesforce CLI reads after the records."""

    engine: Engine

    def of(self, query: Query) -> dict[str, Any]:
        """Raises ApiError for a query that is refused."""
        with placed_in(query.text):
            scope = self.engine.scope(query)
            columns = self._grouped(query, scope) if is_aggregate(query) else self._plain(query, scope)
            return {
                "columnMetadata": columns,
                "entityName": scope.object.name,
                "groupBy": bool(query.group.by),
                "idSelected": any(c["columnName"] == "Id" for c in columns),
                "keyPrefix": scope.object.prefix,
            }

    def _grouped(self, query: Query, scope: Scope) -> list[dict[str, Any]]:
        found = self.engine.aggregator(query, scope).columns()
        return [_entry(field, name, operand) for name, operand, field in found]

    def _plain(self, query: Query, scope: Scope) -> list[dict[str, Any]]:
        """A column for every field; the fields of a parent and of children are inside one of its own."""
        columns: list[dict[str, Any]] = []
        for item in query.items:
            if isinstance(item, Query | TypeOf | Call):
                columns.append(self._column(item, scope))
                continue
            for column in columns_of(item, query, scope.object):
                _put(columns, scope.reach(column), column)
        return columns

    def _column(self, item: Query | TypeOf | Call, scope: Scope) -> dict[str, Any]:
        if isinstance(item, Query):
            return self._children(item, scope)
        if isinstance(item, TypeOf):
            return _joining(item.path[-1])
        reached = scope.reach(item.column)
        return _entry(reached.field, item.alias or reached.field.name, item)

    def _children(self, query: Query, scope: Scope) -> dict[str, Any]:
        inner = self.engine.child_scope(query, scope.object)
        return _joining(query.source.rpartition(".")[2]) | {
            "aggregate": True,
            "joinColumns": self._plain(query, inner),
        }


def _put(columns: list[dict[str, Any]], reached: Reached, column: Column) -> None:
    for parent in reached.parents:
        above = next((c for c in columns if c["columnName"] == parent.name and c["joinColumns"]), None)
        if above is None:
            above = _joining(parent.name) | {"foreignKeyName": parent.field.name}
            columns.append(above)
        columns = above["joinColumns"]
    columns.append(_entry(reached.field, reached.field.name, column))


def _joining(name: str) -> dict[str, Any]:
    return _entry(Field(name, "reference", name, read_only=True), name, Column((name,), 0)) | {
        "apexType": None
    }


def _entry(field: Field, name: str, operand: Operand) -> dict[str, Any]:
    return {
        "aggregate": isinstance(operand, Call),
        "apexType": APEX.get(field.type, "String"),
        "booleanType": field.type == "boolean",
        "columnName": name,
        "custom": field.custom,
        "displayName": operand.text if isinstance(operand, Call) else name,
        "foreignKeyName": None,
        "insertable": field.writable,
        "joinColumns": [],
        "numberType": field.type in NUMBERS,
        "textType": field.type in TEXT_TYPES,
        "updatable": field.writable and not field.create_only,
    }
