"""Searches in order of ids over a window of modification times: found without looking at the records."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, overload

from cs_connector.sandbox.lines import Line
from cs_connector.sandbox.records import several

from ..times import parsed
from .filters import Filter, Group
from .shelf import Record, Shelf
from .values import text_of

LATEST = 2**62
# By operator: what is added to a value to make the first and the last one that fit.
SPANS: dict[str, tuple[int | None, int | None]] = {
    "EQ": (0, 0), "GTE": (0, None), "GT": (1, None), "LTE": (None, 0), "LT": (None, -1),
}  # fmt: skip
Span = tuple[int, int]


class Found(Sequence[Record]):
    """Records by ascending ids, each read when it is looked at."""

    def __init__(self, shelf: Shelf, ids: Sequence[int]) -> None:
        self._shelf, self._ids = shelf, ids

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, at: int) -> Record: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Record]: ...

    def __getitem__(self, at: int | slice) -> Record | Sequence[Record]:
        if isinstance(at, int):
            return self._shelf.live[self._ids[at]]
        found = several(self._shelf.live, self._ids[at])
        return [record for record in found if record is not None]


class Keyset:
    """Keeps the last window, so that the next page of the same one is a slice."""

    def __init__(self) -> None:
        self._asked: tuple[str, int, Span] | None = None
        self._ids: Sequence[int] = ()

    def forget(self) -> None:
        self._asked, self._ids = None, ()

    def find(self, shelf: Shelf, groups: Sequence[Group]) -> Found | None:
        """What passes one group of filters on id and modification time alone; None for any other question."""
        modified = shelf.kind.modified
        filters = groups[0].filters if len(groups) == 1 else []
        if (
            not filters
            or shelf.hidden
            or {each.propertyName for each in filters} - {"hs_object_id", modified}
        ):
            return None
        spans = [_span(filters, name) for name in (modified, "hs_object_id")]
        if spans[0] is None or spans[1] is None:
            return None
        (since, until), (low, high) = spans[0], spans[1]
        ids = self._within(shelf, (since, until))
        return Found(shelf, ids[bisect_left(ids, low) : bisect_left(ids, high + 1)])

    def _within(self, shelf: Shelf, span: Span) -> Sequence[int]:
        """Ids of what was modified in that time, ascending."""
        if span == (0, LATEST):
            return shelf.ids
        asked = (shelf.kind.type_id, shelf.version, span)
        if asked != self._asked:
            where = shelf.changed(*span)
            log = shelf.log
            ids = log.keys[where] if isinstance(log, Line) else [record_id for _, record_id in log[where]]
            self._asked, self._ids = asked, sorted(ids)
        return self._ids


def walked(shelf: Shelf, records: Iterable[Record], key: Callable[[Record], Any], *, down: bool) -> Found:
    """Records in order of a key, those without one last; equal ones by id. Only keys and ids are held in memory."""
    pairs = sorted(((r.id, key(r)) for r in records), key=lambda pair: pair[0])
    has = [pair for pair in pairs if pair[1] is not None]
    has.sort(key=lambda pair: pair[1], reverse=down)
    return Found(shelf, array("q", [n for n, _ in has] + [n for n, value in pairs if value is None]))


def _span(filters: Sequence[Filter], name: str) -> Span | None:
    """The first and the last value that fit; None where a filter is not about an order, or its value is none."""
    low, high = 0, LATEST
    convert = int if name == "hs_object_id" else parsed
    for each in filters:
        if each.propertyName != name:
            continue
        ends = SPANS.get(each.operator)
        if ends is None or each.value is None:
            return None
        try:
            value = convert(text_of(each.value))
        except ValueError:
            return None
        low = low if ends[0] is None else max(low, value + ends[0])
        high = high if ends[1] is None else min(high, value + ends[1])
    return low, high
