"""One file of an object: whether it changed, and its records from the beginning or from where it ended before."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from cs_connector.ports import RawRecord

from . import documents, lines, mail
from .opening import DAMAGED, opened
from .records import Maker
from .shape import Shape

_CHUNK = 1 << 20
_LOOK = 1000  # rows of JSON that are looked at for their keys, of which each may leave out some
_MARK = b"\xef\xbb\xbf"


class End(msgspec.Struct, frozen=True):
    """Where a file that is appended to ended: bytes and lines of unpacked content, the digest of those bytes, and
    the columns and delimiter of its header.
    """

    size: int
    lines: int
    digest: str
    columns: tuple[str, ...] = ()
    mark: str = ""


class Source:
    """`name` is the path below the root. `end` is set once an appended file was read to its end."""

    def __init__(self, path: Path, name: str, shape: Shape) -> None:
        self._path, self.name, self._shape = path, name, shape
        self._maker = Maker(name, shape)
        self.end: End | None = None

    @property
    def listed(self) -> bool:
        """Whether its records tell how things are, not when something happened: an old date says nothing of later ones."""
        return self._shape.format == "documents"

    def digest(self) -> str:
        """Changes when the content changes, and only then; a document's with its size and time. Raises OSError."""
        if self._shape.format == "documents":
            return documents.digest(self._path)
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=12)).hexdigest()

    def columns(self) -> Sequence[str]:
        """What records of this file have; nothing for a file that is empty or damaged."""
        if self._shape.format == "mail":
            return mail.COLUMNS
        if self._shape.format == "documents":
            return documents.COLUMNS
        if self._shape.format == "parquet":
            from . import parquet

            return parquet.declared(self._path)
        first = islice(self.records(None), _LOOK if self._shape.format == "jsonl" else 1)
        rows = [msgspec.json.decode(record.payload) for record in first]
        return list(dict.fromkeys(name for row in rows if "__error__" not in row for name in row))

    def unreadable(self, error: OSError) -> RawRecord:
        return self._maker.bad(f"the file cannot be opened ({type(error).__name__})", 0)

    def grew(self, end: End) -> bool:
        """Whether the file still begins with what it was when it ended there."""
        try:
            with opened(self._path) as file:
                return _digest(file, end.size) == end.digest
        except DAMAGED:
            return False

    def records(self, end: End | None) -> Iterator[RawRecord]:
        """The records after `end`, in the order of the file. Never raises for what is in the file."""
        line = end.lines if end else 0
        try:
            for line, record in self._rows(end):  # noqa: B007 - a damaged file is told with its last good line
                yield record
        except DAMAGED as error:
            yield self._maker.bad(f"the file is damaged from here on ({type(error).__name__})", line + 1)

    def _rows(self, end: End | None) -> lines.Numbered:
        match self._shape.format:
            case "parquet":
                from . import parquet  # pyarrow takes long to load

                return parquet.rows(self._path, self._maker)
            case "mail":
                return mail.rows(self._path, self._maker)
            case "documents":
                return documents.row(self._path, self._maker)
        return self._grown(end) if self._shape.appended else self._whole()

    def _whole(self) -> lines.Numbered:
        # surrogateescape: a byte that is not UTF-8 spoils its row, not the file.
        with (
            opened(self._path) as file,
            io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="") as text,
        ):
            if self._shape.format == "csv":
                yield from lines.rows_of_csv(text, self._maker, (), None, 0)
            else:
                yield from lines.rows_of_json(text, self._maker, 0)

    def _grown(self, end: End | None) -> lines.Numbered:
        """What was added since `end`, up to the last line that is whole."""
        with opened(self._path) as file:
            _skip(file, end.size if end else 0)
            whole = _Whole(file, self._marks(end.mark if end else ""))
            columns, mark = (end.columns, end.mark) if end else self._head(whole)
            whole.marks = self._marks(mark)
            if self._shape.format == "csv" and not columns:
                return  # not even the header is whole
            start = (end.lines if end else 0) + whole.lines
            if self._shape.format == "csv":
                yield from lines.rows_of_csv(whole, self._maker, columns, mark, start)
            else:
                yield from lines.rows_of_json(whole, self._maker, start)
        size, count = (end.size if end else 0) + whole.size, (end.lines if end else 0) + whole.lines
        with opened(self._path) as file:
            self.end = End(size, count, _digest(file, size), tuple(columns), mark)

    def _marks(self, mark: str) -> str:
        """What may stand before a quoted cell: until the header is read, any delimiter."""
        return (mark or lines.DELIMITERS) if self._shape.format == "csv" else ""

    def _head(self, whole: _Whole) -> tuple[tuple[str, ...], str]:
        if self._shape.format != "csv":
            return (), ""
        first = whole.readline()
        mark = lines.delimiter(first, self._maker)
        return tuple(lines.header(first, self._maker)), mark


class _Whole:
    """The lines of a file that are whole, as text; a line break inside a quoted cell does not end one.

    A cell is quoted when a quote follows one of `marks` or begins the line; without marks none is. `size` and `lines`
    count what was handed out, in bytes and in lines of the file.
    """

    def __init__(self, file: BinaryIO, marks: str) -> None:
        self._file, self.marks = file, marks
        self.size = self.lines = 0

    def __iter__(self) -> Iterator[str]:
        while text := self.readline():
            yield text

    def readline(self) -> str:
        """The next whole line; nothing at the end, or where the end is not whole. One that is too long counts as whole."""
        held: list[bytes] = []
        size, inside = 0, False
        while line := self._file.readline():
            held.append(line)
            size += len(line)
            inside = bool(self.marks) and _inside(line, self.marks, inside)
            if line.endswith(b"\n") and (not inside or size > lines.WIDEST):
                self.size += size
                self.lines += len(held)
                return b"".join(held).removeprefix(_MARK).decode("utf-8", "surrogateescape")
        return ""


@cache
def _opening(marks: str) -> re.Pattern[bytes]:
    return re.compile(rb'[%s]"' % re.escape(marks.encode()))


def _inside(line: bytes, marks: str, inside: bool) -> bool:
    """Whether a quoted cell is still open at the end of a line, read as the csv module reads it."""
    at = 0
    if not inside:
        start = line.removeprefix(_MARK)
        at, inside = (len(line) - len(start) + 1, True) if start.startswith(b'"') else (0, False)
    while True:
        if inside:
            closing = line.find(b'"', at)
            if closing < 0:
                return True
            doubled = line[closing + 1 : closing + 2] == b'"'
            at, inside = closing + 1 + doubled, doubled
        else:
            found = _opening(marks).search(line, at)
            if found is None:
                return False
            at, inside = found.end(), True


def _digest(file: BinaryIO, size: int) -> str:
    """Of the first `size` bytes; nothing where there are fewer."""
    total, seen = hashlib.blake2b(digest_size=12), 0
    for chunk in _chunks(file, size):
        total.update(chunk)
        seen += len(chunk)
    return total.hexdigest() if seen == size else ""


def _skip(file: BinaryIO, size: int) -> None:
    for _ in _chunks(file, size):
        pass


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The next `size` bytes; not every packed file can jump."""
    while size and (chunk := file.read(min(_CHUNK, size))):
        size -= len(chunk)
        yield chunk
