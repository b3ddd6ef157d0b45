"""CSV and JSON lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, KeysView, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, BinaryIO, Protocol

import msgspec

from cs_connector.ports import RawRecord

from . import heading
from .records import Maker
from .rows import DELIMITERS, Row, Rows

_BLOCK = 1 << 18
_PLAIN = re.compile(r"[\w .:-]*", re.ASCII)
_CUT = "; the line has no end: if the file was still being written, `appended: true` waits for the rest"


class Lines(Protocol):
    """Lines of text, one after another."""

    def __iter__(self) -> Iterator[str]: ...

    def readline(self) -> str: ...


Numbered = Iterator[tuple[int, RawRecord]]
"""Records with the number of the line that each ended on."""


def rows_of_csv(file: Lines, maker: Maker, columns: Sequence[str], mark: str, line: int) -> Numbered:
    """`columns` and `mark` are those of a file that is read from its middle, `line` the lines before."""
    first = "" if columns else file.readline()
    mark = mark or heading.delimiter(first, maker.shape)
    rows = Rows(chain([first], file) if first else file, mark, line)
    head = None if columns else rows.next()
    columns = columns or (head.cells if head else ())
    wrong = f"the first line names no columns: {head.wrong}" if head and head.wrong else ""
    if wrong := wrong or heading.flaw(columns, maker.shape.needed):
        yield 1, maker.ruin(wrong, 1)
        return
    width = len(columns)
    for row in rows:
        cells, begin, end, wrong = row
        if len(cells) == width and not wrong:
            found = dict(zip(columns, [cell or None for cell in cells], strict=True))
            yield end, maker.good(found, None, begin)
        elif cells or wrong:
            yield end, maker.bad(wrong or _miscounted(rows.refused(row), width, rows), begin)


def columns(file: Lines, maker: Maker) -> Sequence[str]:
    """The columns of a CSV file; nothing for one of which no row can be read, or to the header of which more may come."""
    first = file.readline()
    if maker.shape.appended and not first.endswith("\n"):
        return ()
    head = Rows(chain([first], file), heading.delimiter(first, maker.shape), 0).next()
    if head is None or head.wrong or heading.flaw(head.cells, maker.shape.needed):
        return ()
    return head.cells


def _miscounted(row: Row, wanted: int, rows: Rows) -> str:
    """How many columns there are, and what may be the reason."""
    count = len(row.cells)
    text = f"{count} column{'' if count == 1 else 's'} instead of {wanted}"
    if row.end > row.begin:
        return f"{text}; a quote that is opened in this row holds it together up to line {row.end}"
    others = [m for m in DELIMITERS if count == 1 and len(heading.columns(row.cells[0], m)) == wanted]
    if others and wanted > 1:
        return f"{text}; it would be {wanted} with {others[0]!r} between them: the delimiter changes inside the file"
    return text + (_CUT if rows.cut else "")


def rows_of_json(file: Lines, maker: Maker, line: int) -> Numbered:
    for number, text in enumerate(file, line + 1):
        stripped = text.strip()
        if number == 1 and heading.wide(text):
            yield 1, maker.ruin("the file is UTF-16, not UTF-8: save it as UTF-8", 1)
            return
        if stripped:
            yield number, _object(stripped, maker, number, _CUT if text[-1] not in "\r\n" else "")


def keys(file: BinaryIO, names: Iterable[str]) -> Iterator[KeysView[str]]:
    """Those of each row of JSON that can be read and may have one of the names; few of a large file need to be read for it."""
    decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
    for line in _with({sign for name in names for sign in _signs(name)}, file):
        with suppress(ValueError, RecursionError):
            yield decode(line).keys()


def _signs(name: str) -> Iterator[bytes]:
    """One of which stands in a line that has the name as a key: some programs escape what is no letter of ASCII."""
    yield f'"{name}"'.encode("utf-8", "ignore")
    if not _PLAIN.fullmatch(name):
        yield b"\\"


def _with(signs: Collection[bytes], file: BinaryIO) -> Iterator[bytes]:
    """The lines with one of the signs."""
    while block := file.read(_BLOCK):
        block += file.readline()
        if any(sign in block for sign in signs):
            yield from (line for line in block.splitlines() if any(sign in line for sign in signs))


def _object(text: str, maker: Maker, number: int, cut: str) -> RawRecord:
    try:
        row = msgspec.json.decode(text.encode(), type=dict[str, Any])
    except UnicodeEncodeError:
        return maker.bad("not UTF-8: save the file as UTF-8, or mend the row", number)
    except (msgspec.DecodeError, RecursionError) as error:
        return maker.bad(f"not a JSON object on a line of its own: {error}{cut}", number)
    return maker.good(row, text.encode(), number)
