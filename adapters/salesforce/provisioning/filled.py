"""How many records would lose something with a piece."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cs_connector.errors import NotPermitted, Rejected
from cs_connector.ports import Piece

Query = Callable[[str], Mapping[str, Any]]
_UNCOUNTED = frozenset({"LongTextArea", "Checkbox"})  # not aggregatable; never empty
_AT_ONCE = 50


class Filled:
    """Counts by aggregate queries, one for the fields of an object; `query` answers one page."""

    def __init__(self, query: Query) -> None:
        self._query = query

    def counts(self, pieces: Sequence[Piece]) -> Sequence[int | None]:
        """Records of an object, or with a value in a field; None where that is not to be had."""
        found = self._objects(pieces) | self._fields(pieces)
        return [
            found.get(piece.name) if piece.kind in {"CustomObject", "CustomField"} else None
            for piece in pieces
        ]

    def _objects(self, pieces: Sequence[Piece]) -> dict[str, int]:
        names = [piece.name for piece in pieces if piece.kind == "CustomObject"]
        counted = ((name, self._ask(f"SELECT COUNT(Id) c0 FROM {name}", 1)) for name in names)
        return {name: counts[0] for name, counts in counted if counts}

    def _fields(self, pieces: Sequence[Piece]) -> dict[str, int]:
        found: dict[str, int] = {}
        for owner, names in _by_owner(pieces).items():
            for start in range(0, len(names), _AT_ONCE):
                found |= self._some(owner, names[start : start + _AT_ONCE])
        return found

    def _some(self, owner: str, names: Sequence[str]) -> dict[str, int]:
        wanted = ", ".join(f"COUNT({name}) c{n}" for n, name in enumerate(names))
        source = "Task" if owner == "Activity" else owner
        counts = self._ask(f"SELECT {wanted} FROM {source}", len(names))
        return {f"{owner}.{name}": count for name, count in zip(names, counts, strict=False)}

    def _ask(self, soql: str, width: int) -> Sequence[int]:
        """Nothing where the user of the connection does not see a field."""
        try:
            records = self._query(soql).get("records") or [{}]
        except (NotPermitted, Rejected):
            return ()
        return [int(records[0].get(f"c{n}") or 0) for n in range(width)]


def _by_owner(pieces: Sequence[Piece]) -> dict[str, list[str]]:
    """Fields that people or we fill; formulas fill themselves."""
    found: dict[str, list[str]] = {}
    for piece in pieces:
        if (
            piece.kind == "CustomField"
            and piece.body["type"] not in _UNCOUNTED
            and "formula" not in piece.body
        ):
            owner, _, name = piece.name.partition(".")
            found.setdefault(owner, []).append(name)
    return found
