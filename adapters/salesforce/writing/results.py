"""The result files of an ingest job: rows in any order, each with the columns that were sent.

A file that breaks off gives the rows that are whole; what is not in it is not known.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from ..errors import Fault

ID, CREATED, ERROR = "sf__Id", "sf__Created", "sf__Error"


class Table(NamedTuple):
    """A result file as it came: names of its columns, and its rows."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def cells(content: bytes, *columns: str) -> list[tuple[str, ...]]:
    """Of every row the cells of these columns, whatever their case; nothing where there is no file, or no such column."""
    head = _head(content)
    wanted = [place for name in columns if (place := _place(head, name)) is not None]
    if len(wanted) < len(columns):
        return []
    fast = _columns(content, head, wanted)
    if fast is not None:
        return list(zip(*fast, strict=True))
    return [tuple(row[place] for place in wanted) for row in _rows(content, len(head))]


def table(content: bytes) -> Table:
    """Every cell of the rows that are whole."""
    head = _head(content)
    return Table(head, list(_rows(content, len(head))))


def fault(said: str) -> Fault:
    """The error of a failed row: `CODE:message:fields --`."""
    code, _, rest = said.partition(":")
    message, colon, _ = rest.rpartition(":")
    return Fault(message if colon else rest, status_code=code.strip() or "UNKNOWN_ERROR")


def _head(content: bytes) -> list[str]:
    first = content[: content.find(b"\n") + 1].decode("utf-8-sig", "replace")
    return next(csv.reader([first.rstrip("\r\n")]), []) if first else []


def _place(head: Sequence[str], name: str) -> int | None:
    return next((n for n, each in enumerate(head) if each.lower() == name.lower()), None)


def _columns(content: bytes, head: Sequence[str], wanted: Sequence[int]) -> list[list[str]] | None:
    """Some columns of a file that is whole; None for any other."""
    from pyarrow import csv as reader

    if not content.endswith(b"\n") or content.count(b'"') % 2:  # Arrow takes a text without an end
        return None
    names = [f"c{n}" for n in range(len(head))]
    chosen = [names[n] for n in wanted]
    try:
        found = reader.read_csv(
            pa.BufferReader(content),
            reader.ReadOptions(
                use_threads=False, skip_rows=1, column_names=names, block_size=len(content) + 1
            ),
            reader.ParseOptions(newlines_in_values=True),
            reader.ConvertOptions(
                column_types=dict.fromkeys(chosen, pa.string()), include_columns=list(dict.fromkeys(chosen))
            ),
        )
    except pa.ArrowInvalid:
        return None
    return [found.column(name).to_pylist() for name in chosen]


def _rows(content: bytes, columns: int) -> Iterator[list[str]]:
    """Rows with all their cells; the last only where its end is there."""
    text = content.decode("utf-8-sig", "replace")
    whole = text[: text.rfind("\n") + 1]
    reader: Any = csv.reader(io.StringIO(whole, newline=""), strict=True)
    next(reader, None)
    while True:
        try:
            row = next(reader, None)
        except csv.Error:  # the last row broke off between its quotes
            return
        if row is None:
            return
        if len(row) == columns:
            yield row
