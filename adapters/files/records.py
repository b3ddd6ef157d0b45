"""Rows as records: good ones as they are, bad ones as records that say what is wrong with them."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from cs_connector.ports import RawRecord

from .shape import Shape

BAD = b'{"__error__"'  # how the payload of a bad record begins
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # in JSON, where a text may also tell of one
_SHOWN = 40  # characters of a text that is no date
_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=4096)
def day(text: str) -> date | None:
    """The day that a text names by ISO 8601; None for a text that names none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class Maker:
    """Makes the records of one file; `name` is its path below the root.

    `odd`: line and header of each that is not of its character set, in messages that count all the same. `undated`: how many
    rows count although their `modified` is no date, and the line and the text of the first. `ruined`: whether a part of the
    file that nobody can count is not read.
    """

    def __init__(self, name: str, shape: Shape) -> None:
        self.name, self.shape = name, shape
        self.odd: list[tuple[int, str]] = []
        self.undated: tuple[int, int, str] | None = None
        self.ruined = False

    def good(self, row: dict[str, Any], payload: bytes | None, line: int) -> RawRecord:
        """A record of a row; a bad one when its key is not complete, it cannot be written as JSON or holds a NUL."""
        columns = self.shape.columns_of_key
        key = [row.get(name) for name in columns]
        if any(part is None or part == "" or part != part for part in key):  # noqa: PLR0124 - as NaN alone is
            return self.bad(f"the key ({', '.join(columns)}) is not complete", line)
        modified = row.get(self.shape.modified) if self.shape.modified else None
        try:
            payload = payload or _encode(row)
        except UnicodeEncodeError:
            return self.bad("not UTF-8: save the file as UTF-8, or mend the row", line)
        if b"\\u0000" in payload and _NUL.search(payload):
            return self.bad(
                "a NUL character stands in it, which no text has: was the file damaged, or cut?", line
            )
        at = str(modified) if modified else None
        if at and day(at[:10]) is None:
            count, first, text = self.undated or (0, line, at[:_SHOWN])
            self.undated = (count + 1, first, text)
        return RawRecord("|".join(map(str, key)), at, False, payload)

    def ruin(self, why: str, line: int) -> RawRecord:
        """A record that says why no more of the file can be read, whatever there is."""
        self.ruined = True
        return self.bad(why, line)

    def bad(self, why: str, line: int) -> RawRecord:
        said = {"__error__": why, "__file__": self.name, "__line__": line}
        return RawRecord(f"{self.name}:{line}", None, False, _encode(said))
