"""One file of an object: whether it changed, and its records from the beginning or from where it ended before."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from cs_connector.ports import RawRecord

from . import documents, lines, mail
from .opening import DAMAGED, opened
from .records import Maker
from .shape import Shape

_CHUNK = 1 << 20
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

    def digest(self) -> str:
        """Changes when the content changes, and only then."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=12)).hexdigest()

    def columns(self) -> Sequence[str]:
        """What every record of this file has; nothing for a file that is empty or damaged."""
        if self._shape.format == "mail":
            return mail.COLUMNS
        if self._shape.format == "documents":
            return documents.COLUMNS
        first = next(self.records(None), None)
        row = msgspec.json.decode(first.payload) if first else {}
        return [] if "__error__" in row else list(row)

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
            whole = _Whole(file, quoted=self._shape.format == "csv")
            columns, mark = (end.columns, end.mark) if end else self._head(whole)
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

    def _head(self, whole: _Whole) -> tuple[tuple[str, ...], str]:
        if self._shape.format != "csv":
            return (), ""
        first = whole.readline()
        mark = lines.delimiter(first, self._maker)
        return tuple(lines.header(first, self._maker)), mark


class _Whole:
    """The lines of a file that are whole, as text; a line break inside quotes does not end one.

    `size` and `lines` count what was handed out, in bytes and in lines of the file.
    """

    def __init__(self, file: BinaryIO, *, quoted: bool) -> None:
        self._file, self._quoted = file, quoted
        self.size = self.lines = 0

    def __iter__(self) -> Iterator[str]:
        while text := self.readline():
            yield text

    def readline(self) -> str:
        """The next whole line; nothing at the end, or where the end is not whole."""
        held, count = b"", 0
        while line := self._file.readline():
            held, count = held + line, count + 1
            if line.endswith(b"\n") and not (self._quoted and held.count(b'"') % 2):
                self.size += len(held)
                self.lines += count
                return held.removeprefix(_MARK).decode("utf-8", "surrogateescape")
        return ""


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
