"""Parquet files, row group by row group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cs_connector.ports import RawRecord

from . import heading
from .opening import told
from .records import Maker

ROWS = 10_000
_DAMAGED = (pa.ArrowException, ValueError, OverflowError, OSError)
_BYTES = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
# Texts do have white space, and what is left of Windows-1252.
_CONTROL = r"[\x00-\x08\x0e-\x1f\x7f]"
_UNHELD = (ValueError, OverflowError, LookupError)  # a time that no clock has, a zone that nobody knows


def columns(path: Path) -> list[str]:
    return list(pq.read_schema(path).names)


def declared(path: Path) -> list[str]:
    """The columns; nothing for a file that is no Parquet."""
    try:
        return columns(path)
    except _DAMAGED:
        return []


def bytes_are_text(path: Path) -> bool:
    """Whether a column of bytes is read as text."""
    try:
        return bool(_texts(pq.ParquetFile(path)))
    except _DAMAGED:
        return False


def older_ids(path: Path, key: Sequence[str]) -> Iterator[str]:
    """Of rows with texts in bytes in their key, as they were before those were read as texts."""
    with suppress(*_DAMAGED):
        file = pq.ParquetFile(path)
        if _texts(file).isdisjoint(key):
            return
        for batch in file.iter_batches(ROWS, columns=list(key)):
            keys = [[row.get(name) for name in key] for row in _rows(_coarse(batch)) if isinstance(row, dict)]
            yield from ("|".join(map(str, parts)) for parts in keys if None not in parts)


def rows(path: Path, maker: Maker) -> Iterator[tuple[int, RawRecord]]:
    """Records with the number of their row. A file that is no Parquet is one bad record."""
    number = 0
    try:
        names = columns(path)
        if wrong := _lacking(names, maker) or heading.twice(names):
            yield 1, maker.ruin(wrong, 1)
            return
        file = pq.ParquetFile(path)
        texts = _texts(file)
        for batch in file.iter_batches(ROWS):
            for row in _rows(_read(_coarse(batch), texts)):
                number += 1
                yield number, _record(row, maker, number) if isinstance(row, dict) else maker.bad(row, number)
    except _DAMAGED as error:
        yield number + 1, maker.ruin(f"the file is damaged from here on: {_why(error)}", number + 1)


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | str]:
    """Each row, or why it cannot be held: a date that no clock knows takes no other row with it."""
    try:
        yield from batch.to_pylist()
    except _UNHELD:
        yield from (_row(batch.slice(place, 1)) for place in range(batch.num_rows))


def _row(one: pa.RecordBatch) -> dict[str, Any] | str:
    try:
        row: dict[str, Any] = one.to_pylist()[0]
    except _UNHELD as error:
        return f"a value cannot be held: {error}"
    return row


def _coarse(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Times to the microsecond: pandas and Spark write nanoseconds, which Python's own times cannot hold."""
    for place, field in enumerate(batch.schema):
        if (kind := _coarser(field.type)) is not None:
            batch = batch.set_column(place, field.name, batch.column(place).cast(kind, safe=False))
    return batch


def _read(batch: pa.RecordBatch, texts: set[str]) -> pa.RecordBatch:
    """Bytes as the texts that they are."""
    for place, field in enumerate(batch.schema):
        if field.name in texts:
            batch = batch.set_column(place, field.name, _text(batch.column(place)))
    return batch


def _texts(file: pq.ParquetFile) -> set[str]:
    """The columns of bytes that hold nothing but texts: Impala, Hive and old Sparks do not say of a text that it is one."""
    left = {field.name for field in file.schema_arrow if any(is_(field.type) for is_ in _BYTES)}
    with suppress(*_DAMAGED):  # told when the rows are read
        for batch in file.iter_batches(ROWS, columns=sorted(left)) if left else ():
            values = zip(batch.schema.names, batch.columns, strict=True)
            left -= {name for name, column in values if name in left and not _is_text(column)}
    return left


def _is_text(column: pa.Array) -> bool:
    try:
        controls = pc.match_substring_regex(_text(column), _CONTROL)
    except pa.ArrowInvalid:
        return False
    return not pc.any(controls, min_count=0).as_py()


def _text(column: pa.Array) -> pa.Array:
    """Raises ArrowInvalid."""
    return column.cast(pa.binary()).cast(pa.string())


def _coarser(kind: pa.DataType) -> pa.DataType | None:
    """The kind that holds the same times in microseconds; None for what is no time in nanoseconds."""
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if pa.types.is_duration(kind) and kind.unit == "ns":
        return pa.duration("us")
    return pa.time64("us") if pa.types.is_time64(kind) and kind.unit == "ns" else None


def _lacking(names: list[str], maker: Maker) -> str:
    missing = [name for name in dict.fromkeys(maker.shape.needed) if name not in names]
    return f"there is no column {', '.join(missing)}" if missing else ""


def _why(error: Exception) -> str:
    if isinstance(error, pa.ArrowInvalid):
        return "it is no Parquet, was cut off, or is still being written; put the whole file there again"
    if isinstance(error, OSError):
        return told(error)
    return f"a value cannot be held ({error}); what stands before counts"


def _record(row: dict[str, Any], maker: Maker, number: int) -> RawRecord:
    try:
        return maker.good(row, None, number)
    except TypeError as error:
        return maker.bad(str(error), number)
