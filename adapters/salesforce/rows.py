"""Rows of a bulk result as the REST API would give them: the same names, nesting, numbers and times."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from cs_connector.errors import Unavailable
from cs_connector.transport.records import SHAPE, Records, texts

from .soql import long_id
from .times import rezone

_NUMBERS = frozenset({"double", "currency", "percent"})
_STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
BLOCK = 1 << 20  # bytes of CSV that are read at once
_LONG = 18  # characters of a full id
_WHOLE = "-?(0|[1-9][0-9]{0,17})"  # what is surely a number of 64 bits

Tree = dict[str, Any]  # field name → SQL, or the tree of a parent


class Rows:
    """Turns pages of CSV into records; close it."""

    def __init__(self, types: Mapping[str, str]) -> None:
        """`types` are those of the fields, as Salesforce describes them."""
        self._types = types
        self._con = duckdb.connect()
        self._con.execute("SET threads = 1")

    def close(self) -> None:
        self._con.close()

    def read(self, content: bytes) -> Records:
        """The records of a page. Raises Unavailable for one that is not whole."""
        content = _utf8(content)
        first = content[: content.find(b"\n")] if b"\n" in content else content
        header = next(csv.reader([first.decode().rstrip("\r")]), [])
        if not header:
            return Records([])
        try:
            return self._records(content, header, BLOCK)
        except pa.ArrowInvalid:  # a row may be larger than a block
            return self._whole(content, header)

    def _whole(self, content: bytes, header: Sequence[str]) -> Records:
        try:
            return self._records(content, header, len(content) + 1)
        except pa.ArrowInvalid as error:
            raise Unavailable(
                "Salesforce's bulk results are not whole", why="a row has another number of columns"
            ) from error

    def _records(self, content: bytes, header: Sequence[str], block: int) -> Records:
        return Records([self._made(cells, header) for cells in _cells(content, len(header), block)])

    def _made(self, cells: pa.RecordBatch, header: Sequence[str]) -> pa.RecordBatch:
        self._con.register("page", self._timed(pa.Table.from_batches([cells]), header))
        made: pa.Table = self._con.sql(self._query(header)).to_arrow_table()
        (batch,) = made.cast(SHAPE).combine_chunks().to_batches()
        return _full(batch)

    def _timed(self, table: pa.Table, header: Sequence[str]) -> pa.Table:
        """With times as REST writes them, and the stamp as it came."""
        place = {name: at for at, name in enumerate(header)}
        stamp = next((table.column(place[name]) for name in _STAMPS if name in place), None)
        for name, at in place.items():
            if self._types.get(name) == "datetime":
                table = table.set_column(at, f"c{at}", rezone(table.column(at), "Z", "+0000"))
        return table.append_column("stamp", pa.nulls(len(table), pa.string()) if stamp is None else stamp)

    def _query(self, header: Sequence[str]) -> str:
        place = {name: f"c{at}" for at, name in enumerate(header)}
        gone = f"coalesce({place['IsDeleted']} = 'true', false)" if "IsDeleted" in place else "false"
        record: Tree = {}
        for name, column in place.items():
            _put(record, name.split("."), _value(column, self._types.get(name, "string")), column)
        return (
            f"SELECT {place['Id']} AS id, stamp AS modified_at, {gone} AS deleted, "
            f"to_json({_struct(record)})::VARCHAR AS payload FROM page"
        )


def _cells(content: bytes, columns: int, block: int) -> Iterator[pa.RecordBatch]:
    """Every cell as a text, block by block; Salesforce writes nothing for null, so an empty one is null."""
    from pyarrow import csv as reader

    names = [f"c{at}" for at in range(columns)]
    cells = reader.open_csv(
        pa.BufferReader(content),
        reader.ReadOptions(use_threads=False, block_size=block, skip_rows=1, column_names=names),
        reader.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        reader.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    yield from (batch for batch in cells if batch.num_rows)


def _utf8(content: bytes) -> bytes:
    """What is not UTF-8 is replaced, so that one bad record cannot stop the others."""
    if content.isascii():
        return content
    return content.decode("utf-8", "replace").encode()


def _full(batch: pa.RecordBatch) -> pa.RecordBatch:
    """With the long form of every id."""
    ids = batch.column(0).to_pylist()
    if all(len(key) == _LONG for key in ids):
        return batch
    return batch.set_column(0, SHAPE.field(0), texts(list(map(long_id, ids))))


def _put(record: Tree, path: Sequence[str], value: str, column: str) -> None:
    """Put a parent's field where REST has it."""
    for name in path[:-1]:
        record = record.setdefault(name, {})
        record.setdefault("", []).append(column)
    record[path[-1]] = value


def _struct(record: Tree) -> str:
    """SQL for an object; a parent with nothing in it is null."""
    columns = record.get("", [])
    fields = ((name, _struct(v) if isinstance(v, dict) else v) for name, v in record.items() if name)
    made = "{" + ", ".join(f"{_text(name)}: {value}" for name, value in fields) + "}"
    return f"CASE WHEN coalesce({', '.join(columns)}) IS NOT NULL THEN {made} END" if columns else made


def _value(column: str, type_: str) -> str:
    """SQL for a cell as JSON; what is no number stays as it came, and is named when it is mapped."""
    if type_ == "boolean":
        return f"{column} = 'true'"
    if type_ == "int":
        return (
            f"CASE WHEN regexp_full_match({column}, '{_WHOLE}') "
            f"THEN to_json({column}::BIGINT) ELSE to_json({column}) END"
        )
    if type_ in _NUMBERS:
        number = f"TRY_CAST({column} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) THEN to_json({number}) ELSE to_json({column}) END"
    return column


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
