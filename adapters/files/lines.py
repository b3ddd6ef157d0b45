"""CSV and JSON lines."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from cs_connector.ports import RawRecord

from .records import Maker

DELIMITERS = ",;\t|"
WIDEST = 16_000_000  # characters of one cell; longer ones are named and left out
csv.field_size_limit(WIDEST)


class Lines(Protocol):
    """Lines of text, one after another."""

    def __iter__(self) -> Iterator[str]: ...

    def readline(self) -> str: ...


Numbered = Iterator[tuple[int, RawRecord]]
"""Records with the number of the line that each ended on."""


def header(text: str, maker: Maker) -> list[str]:
    """The columns, from the first line of a CSV file."""
    return next(csv.reader([text], delimiter=delimiter(text, maker)), [])


def delimiter(first: str, maker: Maker) -> str:
    """The one that was set, or the one by which the first line has the columns that are needed."""
    if maker.shape.delimiter:
        return maker.shape.delimiter
    needed = set(maker.shape.needed)

    def fit(mark: str) -> tuple[int, int]:
        columns = next(csv.reader([first], delimiter=mark), [])
        return len(needed.intersection(columns)), len(columns)

    return max(DELIMITERS, key=fit)


def rows_of_csv(
    file: Lines, maker: Maker, columns: Sequence[str] | None, mark: str | None, line: int
) -> Numbered:
    """`columns` and `mark` are those of a file that is read from its middle, `line` the lines before."""
    first = "" if columns else file.readline()
    mark = mark or delimiter(first, maker)
    reader = csv.reader(_with(first, file), delimiter=mark)
    columns = columns or next(reader, [])
    missing = [name for name in dict.fromkeys(maker.shape.needed) if name not in columns]
    if missing:
        yield line + 1, maker.bad(f"there is no column {', '.join(missing)}", line + 1)
        return
    for cells in _patient(reader):
        number = line + reader.line_num
        if cells != []:
            yield number, _row(cells, columns, maker, number)


def _row(cells: list[str] | str, columns: Sequence[str], maker: Maker, number: int) -> RawRecord:
    if isinstance(cells, str):
        return maker.bad(cells, number)
    if len(cells) != len(columns):
        return maker.bad(f"{len(cells)} columns instead of {len(columns)}", number)
    row = {name: cell or None for name, cell in zip(columns, cells, strict=True)}
    return maker.good(row, None, number)


def rows_of_json(file: Lines, maker: Maker, line: int) -> Numbered:
    for number, text in enumerate(file, line + 1):
        stripped = text.strip()
        if stripped:
            yield number, _object(stripped, maker, number)


def _object(text: str, maker: Maker, number: int) -> RawRecord:
    try:
        row = msgspec.json.decode(text.encode(), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        return maker.bad(f"not a JSON object: {error}", number)
    return maker.good(row, text.encode(), number)


def _with(first: str, file: Iterable[str]) -> Iterator[str]:
    if first:
        yield first
    yield from file


def _patient(reader: Any) -> Iterator[list[str] | str]:
    """Rows; a row that cannot be read is a text that says why, and the next one follows."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield str(error)
