"""Rows as records: good ones as they are, bad ones as records that say what is wrong with them."""

from __future__ import annotations

from typing import Any

import msgspec

from cs_connector.ports import RawRecord

from .shape import Shape

BAD = b'{"__error__"'  # how the payload of a bad record begins
_encode = msgspec.json.Encoder().encode


class Maker:
    """Makes the records of one file; `name` is its path below the root."""

    def __init__(self, name: str, shape: Shape) -> None:
        self.name, self.shape = name, shape

    def good(self, row: dict[str, Any], payload: bytes | None, line: int) -> RawRecord:
        """A record of a row; a bad one when its key is not complete or it cannot be written as JSON."""
        columns = self.shape.columns_of_key
        key = [row.get(name) for name in columns]
        if any(part is None or part == "" for part in key):
            return self.bad(f"the key ({', '.join(columns)}) is not complete", line)
        modified = row.get(self.shape.modified) if self.shape.modified else None
        try:
            payload = payload or _encode(row)
        except UnicodeEncodeError:
            return self.bad("not UTF-8", line)
        return RawRecord("|".join(map(str, key)), str(modified) if modified else None, False, payload)

    def bad(self, why: str, line: int) -> RawRecord:
        said = {"__error__": why, "__file__": self.name, "__line__": line}
        return RawRecord(f"{self.name}:{line}", None, False, _encode(said))
