"""Rows as records: good ones as they are, bad ones as records that say what is wrong with them."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from cs_connector.ports import RawRecord

from .shape import Shape

BAD = b'{"__error__"'  # how the payload of a bad record begins
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # in JSON, where a text may also tell of one
_encode = msgspec.json.Encoder().encode


class Maker:
    """Makes the records of one file; `name` is its path below the root.

    `odd`: line and header of each that is not of its character set, in messages that count all the same.
    """

    def __init__(self, name: str, shape: Shape) -> None:
        self.name, self.shape = name, shape
        self.odd: list[tuple[int, str]] = []

    def good(self, row: dict[str, Any], payload: bytes | None, line: int) -> RawRecord:
        """A record of a row; a bad one when its key is not complete, it cannot be written as JSON or holds a NUL."""
        columns = self.shape.columns_of_key
        key = [row.get(name) for name in columns]
        if any(part is None or part == "" for part in key):
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
        return RawRecord("|".join(map(str, key)), str(modified) if modified else None, False, payload)

    def bad(self, why: str, line: int) -> RawRecord:
        said = {"__error__": why, "__file__": self.name, "__line__": line}
        return RawRecord(f"{self.name}:{line}", None, False, _encode(said))
