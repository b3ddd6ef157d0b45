"""Records of a page, read only by those who look into them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .table import Key, Record, Table


class Rows(Sequence[Record]):
    """Records of a table by their ids, which are there."""

    def __init__(self, table: Table, keys: Sequence[Key]) -> None:
        self.keys = keys
        self._table = table

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return Rows(self._table, self.keys[at])
        return self._table.records[self.keys[at]]

    def __iter__(self) -> Iterator[Record]:
        return (record for record in self._table.several(self.keys) if record is not None)
