"""Which records have a text in a field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from .packed import Key, hashed
from .records import Records

V = TypeVar("V")
Text = Callable[[V], str | None]


class Index(Generic[V]):
    """Follows a mapping of records, of which `text` gives what is looked for; None for what is not found here.

    Of a pack it holds nothing: what is there is found by hash, and looked at again.
    """

    def __init__(self, field: str, text: Text[V], records: Mapping[Key, V]) -> None:
        self._field, self._text, self._records = field, text, records
        self._held: dict[str, list[Key]] = {}
        changed: Mapping[Key, V] = records
        if isinstance(records, Records):
            _index(records, field, text)
            changed = {**records.held.changed, **records.held.added}
        for key, record in changed.items():
            self._add(key, text(record))

    def find(self, text: str) -> list[Key]:
        """Keys of the records with this text, the longest unchanged first."""
        held = self._held.get(text, ())
        return [*self._packed(text), *held] if isinstance(self._records, Records) else list(held)

    def move(self, key: Key, before: V | None, after: V | None) -> None:
        """A record was replaced, came (before None) or went (after None)."""
        old = None if before is None else self._text(before)
        new = None if after is None else self._text(after)
        if old == new and not isinstance(self._records, Records):
            return
        holders = self._held.get(old, []) if old is not None else []
        if key in holders:
            holders.remove(key)
        if not holders and old is not None:
            self._held.pop(old, None)
        self._add(key, new)

    def _add(self, key: Key, text: str | None) -> None:
        if text is not None:
            self._held.setdefault(text, []).append(key)

    def _packed(self, text: str) -> Iterator[Key]:
        assert isinstance(self._records, Records)
        pack = self._records.held.pack
        for slot in pack.hashed(self._field, text):
            key = pack.key(slot)
            if self._records.untouched(key) and self._text(self._records[key]) == text:
                yield key


def _index(records: Records[Any], field: str, text: Text[Any]) -> None:
    """Give a pack the sections of a field, if it has none."""
    pack = records.held.pack
    if pack.has(f"hashes {field}"):
        return
    hashes, slots = hashed(text(records.decode(data)) for data in pack.raws())
    pack.add(f"hashes {field}", memoryview(hashes))
    pack.add(f"hashed {field}", memoryview(slots))
