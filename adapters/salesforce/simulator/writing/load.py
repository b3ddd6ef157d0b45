"""Records that have always been there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cs_connector.errors import ConfigError
from cs_connector.sandbox.wire import SeedRow

from ..ids import full_id
from ..schema.schema import Field, ObjectType
from ..state import State
from ..times import stamp, time_text
from .rows import Row, Table

PLAIN = frozenset({str, int, float, bool, type(None)})


class Loader:
    """Adds seed rows. They keep their Id and stamps when they bring any; nothing goes to the ledger."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._now = stamp(state.now())
        self._ways: dict[str, Callable[[Mapping[str, Any]], None]] = {}

    def load(self, rows: Iterable[SeedRow]) -> None:
        """Raises ConfigError for an object or field that the org does not have."""
        ways = self._ways
        for name, record in rows:
            way = ways.get(name)
            if way is None:
                way = ways[name] = self._way(name)
            way(record)

    def _way(self, name: str) -> Callable[[Mapping[str, Any]], None]:
        schema = self._state.schema
        obj = schema.objects.get(name.lower())
        if obj is None:
            raise ConfigError(
                f"A seed row is for the Salesforce object {name}, which this org does not have."
            )
        table = self._state.rows.of(obj)
        names = {f.name for f in obj.fields.values()}
        times = [f.name for f in obj.fields.values() if f.type == "datetime"]
        numbered = next((f for f in obj.fields.values() if f.number_format), None)
        writer, now = self._state.writer, self._now

        def add(record: Mapping[str, Any]) -> None:
            if not record.keys() <= names:
                raise _unknown(obj, set(record) - names)
            row = _plain(record)
            _number(row, numbered, table, writer.number)
            row["Id"] = full_id(row["Id"]) or row["Id"] if row.get("Id") else table.new_id(obj.prefix)
            if row["Id"][:3] != obj.prefix:
                schema.adopt_prefix(obj, row["Id"][:3])
            for time in times:
                if row.get(time):
                    row[time] = time_text(row[time])
            _stamp(row, now)
            writer.complete(obj, row)
            table.put(row["Id"], row)
            if row.get("IsDeleted"):
                writer.bin.adopt(obj.name, row["Id"], row["SystemModstamp"])

        return add


def _number(row: Row, field: Field | None, table: Table, number: Callable[[Table, Field], str]) -> None:
    if field is not None and not row.get(field.name):
        row[field.name] = number(table, field)


def _stamp(row: Row, now: str) -> None:
    created = row.setdefault("CreatedDate", row.get("SystemModstamp") or now)
    changed = row.get("SystemModstamp") or row.get("LastModifiedDate") or created
    row.setdefault("LastModifiedDate", changed)
    row.setdefault("SystemModstamp", changed)


def _plain(record: Mapping[str, Any]) -> Row:
    """The record with JSON values only, without nulls."""
    return {
        name: value if type(value) in PLAIN else _jsonable(value)
        for name, value in record.items()
        if value is not None
    }


def _jsonable(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _unknown(obj: ObjectType, names: set[str]) -> ConfigError:
    return ConfigError(
        f"A seed row of {obj.name} has fields that this org does not have: {', '.join(sorted(names))}.",
        fix="Install the fields first.",
    )
