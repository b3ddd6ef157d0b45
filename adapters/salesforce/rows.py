"""Rows of a bulk result as the REST API would give them: the same names, nesting, numbers and times."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa

from cs_connector.errors import Unavailable
from cs_connector.transport.records import SHAPE, Records, flags, texts

from .cells import Parts, cell, fixed, joined
from .soql import long_id

_STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
BLOCK = 1 << 20  # bytes of CSV that are read at once
SLICE = 10_000  # rows that are made at once where a row does not fit into a block
_LONG = 18  # characters of a full id

Tree = dict[str, Any]  # field name → its parts, or the tree of a parent, which has its columns under no name


@dataclass(frozen=True, slots=True)
class Rows:
    """Turns a page of CSV into records. `types` are those of the fields, as Salesforce describes them."""

    content: bytes
    types: Mapping[str, str]
    told: int | None = None  # how many rows Salesforce says there are

    def records(self) -> Records:
        """The records of the page, made while they are gone through: as text they are twice as large as the page.

        Raises Unavailable for a page that is not whole, at once or when its end is reached.
        """
        if self.told is None:
            return Records(list(self))
        return Records(self, self.told)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        count = 0
        for cells in self._cells():
            count += cells.num_rows
            yield _made(cells, self._header, self.types)
        if self.told not in (None, count):
            raise _cut(f"{count} of {self.told} rows came")

    @property
    def _header(self) -> list[str]:
        first = self.content[: self.content.find(b"\n")] if b"\n" in self.content else self.content
        return next(csv.reader([first.decode().rstrip("\r")]), [])

    def _cells(self) -> Iterator[pa.RecordBatch]:
        columns, done = len(self._header), 0
        if not columns:
            return
        try:
            for batch in _blocks(self.content, columns, BLOCK):
                yield batch
                done += batch.num_rows
        except pa.ArrowInvalid:  # a row may be larger than a block
            yield from self._whole(columns, done)

    def _whole(self, columns: int, done: int) -> Iterator[pa.RecordBatch]:
        """What comes after the first rows, read in one block."""
        try:
            for batch in _blocks(self.content, columns, len(self.content) + 1):
                yield from (batch.slice(at, SLICE) for at in range(done, batch.num_rows, SLICE))
        except pa.ArrowInvalid as error:
            raise _cut("a row has another number of columns") from error


def _blocks(content: bytes, columns: int, block: int) -> Iterator[pa.RecordBatch]:
    """Every cell as it came, block by block; Salesforce writes nothing for null, so an empty one is null."""
    from pyarrow import csv as reader

    names = [f"c{at}" for at in range(columns)]
    cells = reader.open_csv(
        pa.BufferReader(content),
        reader.ReadOptions(use_threads=False, block_size=block, skip_rows=1, column_names=names),
        reader.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        reader.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()), null_values=[""], strings_can_be_null=True
        ),
    )
    yield from (batch for batch in cells if batch.num_rows)


def _made(cells: pa.RecordBatch, header: Sequence[str], types: Mapping[str, str]) -> pa.RecordBatch:
    columns = dict(zip(header, map(_utf8, cells.columns), strict=True))
    stamp = next((columns[name] for name in _STAMPS if name in columns), None)
    record: Tree = {}
    for name, column in columns.items():
        _put(record, name.split("."), column, cell(column, types.get(name, "string")))
    arrays = [
        _full(columns["Id"]),
        pa.nulls(cells.num_rows, pa.string()) if stamp is None else stamp,
        _gone(columns.get("IsDeleted"), cells.num_rows),
        joined(_object(record)).cast(pa.binary()),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=SHAPE)


def _utf8(cells: pa.BinaryArray) -> pa.StringArray:
    """What is not UTF-8 is replaced, so that one bad record cannot stop the others."""
    try:
        return cells.cast(pa.string())
    except pa.ArrowInvalid:
        each = (cell and cell.decode("utf-8", "replace") for cell in cells.to_pylist())
        return pa.array(each, pa.string())


def _full(ids: pa.StringArray) -> pa.StringArray:
    """The long form of every id."""
    from pyarrow import compute

    shortest, longest = compute.min_max(compute.binary_length(ids)).as_py().values()
    return ids if shortest == longest == _LONG else texts([long_id(key) for key in ids.to_pylist()])


def _gone(cells: pa.StringArray | None, count: int) -> pa.BooleanArray:
    from pyarrow import compute

    if cells is None:
        return flags([False] * count)
    return compute.fill_null(compute.equal(cells, fixed("true")), flags([False])[0])


def _put(record: Tree, path: Sequence[str], column: pa.StringArray, parts: Parts) -> None:
    """Put a parent's field where REST has it."""
    for name in path[:-1]:
        record = record.setdefault(name, {})
        record.setdefault("", []).append(column)
    record[path[-1]] = parts


def _object(record: Tree) -> Parts:
    found: Parts = []
    for name, value in record.items():
        if name:
            found += [
                f"{',' if found else '{'}{_name(name)}:",
                *(_parent(value) if isinstance(value, dict) else value),
            ]
    return [*found, "}"]


def _parent(record: Tree) -> Parts:
    """One with nothing in it is null."""
    from pyarrow import compute

    known = compute.is_valid(compute.coalesce(*record[""]))
    if not known.true_count:
        return ["null"]
    return [compute.if_else(known, joined(_object(record)), pa.nulls(1, pa.string())[0])]


def _name(value: str) -> str:
    return msgspec.json.encode(value).decode()


def _cut(why: str) -> Unavailable:
    return Unavailable("Salesforce's bulk results are not whole", why=why)
