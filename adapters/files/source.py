"""One file of an object: whether it changed, and its records from the beginning or from where it ended before."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from cs_connector.ports import RawRecord

from . import documents, heading, lines, mail, rows
from .opening import DAMAGED, opened, told
from .records import Maker
from .rows import DELIMITERS
from .shape import Shape

_CHUNK = 1 << 20
_LOOK = 1000  # rows of JSON that are looked at for their keys, of which each may leave out some
_MARK = b"\xef\xbb\xbf"
_OLD_ENDS = (
    "the lines of this file end with a carriage return alone, as old Macs wrote them, so that none is known to be whole and all of them "
    "wait: save it with line feeds (LF or CRLF)"
)


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
        if self._shape.format == "csv":
            return self._heading()
        found = [msgspec.json.decode(record.payload) for record in islice(self.records(None), _LOOK)]
        return list(dict.fromkeys(name for row in found if "__error__" not in row for name in row))

    def having(self, names: set[str]) -> set[str]:
        """Those of the names that a row of JSON has, however far down; all others are in `columns`."""
        if self._shape.format != "jsonl":
            return set()
        left = set(names)
        with suppress(*DAMAGED), opened(self._path) as file:
            for keys in lines.keys(file, names):
                left -= keys
                if not left:
                    break
        return names - left

    @property
    def bytes_are_text(self) -> bool:
        """Whether a column is read as text that an older version of this module read as bytes."""
        if self._shape.format != "parquet":
            return False
        from . import parquet

        return parquet.bytes_are_text(self._path)

    def older_ids(self) -> Iterator[str]:
        """By which an older version of this module knew rows with such a column in their key."""
        from . import parquet

        return parquet.older_ids(self._path, self._shape.columns_of_key)

    def lacking(self, wanted: Sequence[str]) -> list[str]:
        """Those of the wanted columns that a table does not have; nothing for one that is damaged, of which its rows tell."""
        if self._shape.format not in ("csv", "parquet"):
            return []
        names = self.columns()
        whole = names and all(name in names for name in self._shape.needed)
        return [name for name in wanted if name not in names] if whole else []

    def without(self, names: Sequence[str]) -> RawRecord:
        """A record that says of a table that is read which columns it does not have."""
        return self._maker.bad(
            f"there is no column {', '.join(names)}, which the mapping reads and other files have: the rows of this file are read "
            "without it; put the file there again with the column, or take it out of the mapping",
            1 if self._shape.format == "csv" else 0,
        )

    @property
    def odd(self) -> list[tuple[int, str]]:
        """Line and headers of each message read whose headers are not of their character set."""
        return self._maker.odd

    @property
    def undated(self) -> tuple[int, int, str] | None:
        """How many rows read have a `modified` that is no date, and the line and the text of the first."""
        return self._maker.undated

    @property
    def ruined(self) -> bool:
        """Whether a part of what was read could not be, and nobody knows how much."""
        return self._maker.ruined

    @property
    def modified(self) -> str:
        """The column that says when a row changed."""
        return self._shape.modified or ""

    def named(self, why: str, line: int) -> RawRecord:
        """A record that says what is wrong on a line of this file."""
        return self._maker.bad(why, line)

    def unreadable(self, error: OSError) -> RawRecord:
        return self._maker.bad(
            f"the file cannot be opened ({type(error).__name__}): let this user read it, or move it away", 0
        )

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
            yield self._maker.ruin(f"the file is damaged from here on: {told(error)}", line + 1)

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

    def _heading(self) -> Sequence[str]:
        try:
            with opened(self._path) as file, _text(file) as text:
                return lines.columns(text, self._maker)
        except DAMAGED:
            return []

    def _whole(self) -> lines.Numbered:
        with opened(self._path) as file, _text(file) as text:
            if self._shape.format == "csv":
                yield from lines.rows_of_csv(text, self._maker, (), "", 0)
            else:
                yield from lines.rows_of_json(text, self._maker, 0)

    def _grown(self, end: End | None) -> lines.Numbered:
        """What was added since `end`, up to the last line that is whole."""
        begun = end or End(0, 0, "")
        with opened(self._path) as file:
            _skip(file, begun.size)
            whole = _Whole(file, self._marks(begun.mark))
            columns, mark = (end.columns, end.mark) if end else self._head(whole)
            whole.marks = self._marks(mark)
            if self._shape.format == "csv":
                if not columns:  # not even the header is whole
                    yield from self._unended(begun, whole)
                    return
                if wrong := heading.flaw(columns, self._shape.needed):
                    yield 1, self._maker.ruin(wrong, 1)
                    return
                yield from lines.rows_of_csv(whole, self._maker, columns, mark, begun.lines + whole.lines)
            else:
                yield from lines.rows_of_json(whole, self._maker, begun.lines)
        size, count = begun.size + whole.size, begun.lines + whole.lines
        yield from self._unended(begun, whole)
        if whole.open:
            yield count + 1, self._maker.bad(_waiting(whole.open), count + 1)
        with opened(self._path) as file:
            self.end = End(size, count, _digest(file, size), tuple(columns), mark)

    def _unended(self, begun: End, whole: _Whole) -> lines.Numbered:
        """Says so where no line of a file has an end that counts: it would wait for ever."""
        if whole.returns and not begun.lines + whole.lines:
            yield 1, self._maker.ruin(_OLD_ENDS, 1)

    def _marks(self, mark: str) -> str:
        """What may stand before a quoted cell: until the header is read, any delimiter."""
        return (mark or DELIMITERS) if self._shape.format == "csv" else ""

    def _head(self, whole: _Whole) -> tuple[tuple[str, ...], str]:
        if self._shape.format != "csv":
            return (), ""
        first = whole.readline()
        mark = heading.delimiter(first, self._shape)
        names = tuple(heading.columns(first, mark))
        return names or (("",) if first else ()), mark


def _text(file: BinaryIO) -> io.TextIOWrapper:
    """Its lines as text; a byte that is not UTF-8 spoils its row, not the file (surrogateescape)."""
    return io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _waiting(count: int) -> str:
    return (
        f"a quote is opened in this row and not closed yet: {count} line{'' if count == 1 else 's'} to the end of the file wait for "
        "it; if nobody is writing them, close the quote, or double it if it belongs to the text"
    )


class _Whole:
    """The lines of a file that are whole, as text; a line break inside a quoted cell does not end one.

    A cell is quoted when a quote follows one of `marks` or begins the line; without marks none is. `size` and `lines`
    count what was handed out, in bytes and in lines of the file; `open` are the lines at the end of it that a quote holds back,
    `returns` the carriage returns inside a last line without an end.
    """

    def __init__(self, file: BinaryIO, marks: str) -> None:
        self._file, self.marks = file, marks
        self.size = self.lines = self.open = self.returns = 0

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
            if line.endswith(b"\n") and (not inside or size > rows.WIDEST):
                self.size += size
                self.lines += len(held)
                return b"".join(held).removeprefix(_MARK).decode("utf-8", "surrogateescape")
        self.open = sum(line.endswith(b"\n") for line in held) if inside else 0
        self.returns = held[-1][:-1].count(b"\r") if held else 0  # the last one may be half of CRLF
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
