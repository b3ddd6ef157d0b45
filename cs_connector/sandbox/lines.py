"""Sorted keys of many records, in arrays: they take `bisect`, insertions and deletions as lists do.

The numbers of a pack are looked at where they are, until the first change.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from .packed import Key, Pack

Numbers: TypeAlias = "array[int] | memoryview[int]"


class Line(Sequence[tuple[int, Key]]):
    """(when, key) in order, as `bisect` and `insort` take it; half the size of a list of pairs."""

    def __init__(self, when: Numbers, keys: Numbers | Names) -> None:
        self.when, self.keys = when, keys

    def __len__(self) -> int:
        return len(self.when)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return list(zip(self.when[at], self.keys[at], strict=True))
        return self.when[at], self.keys[at]

    def part(self, first: int, last: int) -> Sequence[Key]:
        """The keys from one place up to before another, as they are now."""
        keys = self.keys
        return keys.part(first, last) if isinstance(keys, Names) else keys[first:last]

    def insert(self, at: int, pair: tuple[int, Key]) -> None:
        when, keys = self._own()
        when.insert(at, pair[0])
        keys.insert(at, pair[1])

    def append(self, pair: tuple[int, Key]) -> None:
        self.insert(len(self), pair)

    def pop(self, at: int) -> None:
        when, keys = self._own()
        del when[at]
        del keys[at]

    __delitem__ = pop

    def __copy__(self) -> Line:
        keys = self.keys
        return Line(self.when[:], keys.part(0, len(keys)) if isinstance(keys, Names) else keys[:])

    def _own(self) -> tuple[array[int], array[int] | Names]:
        when, keys = own(self.when), self.keys if isinstance(self.keys, Names) else own(self.keys)
        self.when, self.keys = when, keys
        return when, keys


class Keys(Sequence[int]):
    """Number keys in order. A slice is an array of its own."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __getitem__(self, at: Any) -> Any:
        found: Any = self._numbers[at]
        if not isinstance(found, memoryview):
            return found
        return own(found) if found.contiguous else array("q", found)

    @property
    def numbers(self) -> Numbers:
        """To look at: those of a pack until the first change, an array after it."""
        return self._numbers

    def before(self, key: Any) -> int:
        """How many are smaller, as `bisect_left` finds it, but quicker: most ids follow one another."""
        numbers = self._numbers
        at = key - numbers[0] if numbers else 0
        return at if 0 <= at < len(numbers) and numbers[at] == key else bisect_left(numbers, key)

    def insert(self, at: int, key: int) -> None:
        self._numbers = numbers = own(self._numbers)
        numbers.insert(at, key)

    def append(self, key: int) -> None:
        self.insert(len(self), key)

    def pop(self, at: int) -> None:
        self._numbers = numbers = own(self._numbers)
        del numbers[at]

    __delitem__ = pop

    def __copy__(self) -> Keys:
        numbers = self._numbers
        return Keys(numbers if isinstance(numbers, memoryview) else numbers[:])


class Names(Sequence[str]):
    """Text keys by number: those of a pack by their slots, and others after them. A slice is a list of texts.

    `start` is the place of the first one in the pack's order of time, as long as the others follow in that order.
    """

    def __init__(self, pack: Pack, slots: Numbers, others: list[str], start: int | None = None) -> None:
        self._pack, self._slots, self._others = pack, slots, others
        self.start = start

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self._name(slot) for slot in self._slots[at]]
        return self._name(self._slots[at])

    def __len__(self) -> int:
        return len(self._slots)

    def slots(self, first: int, last: int) -> Numbers:
        return self._slots[first:last]

    def part(self, first: int, last: int) -> Names:
        """A copy of a part."""
        start = None if self.start is None else self.start + first
        return Names(self._pack, self._slots[first:last], self._others, start)

    def insert(self, at: int, name: str) -> None:
        slot = self._pack.find(name)
        if slot < 0:
            slot = len(self._pack) + len(self._others)
            self._others.append(name)
        self._slots = slots = own(self._slots)
        slots.insert(at, slot)
        self.start = None

    def __delitem__(self, at: int) -> None:
        self._slots = slots = own(self._slots)
        del slots[at]
        self.start = None

    def __copy__(self) -> Names:
        return Names(self._pack, self._slots[:], list(self._others), self.start)

    def _name(self, slot: int) -> Any:
        return self._pack.key(slot) if slot < len(self._pack) else self._others[slot - len(self._pack)]


def own(numbers: Numbers) -> array[int]:
    """An array of these numbers, which can be changed."""
    if isinstance(numbers, array):
        return numbers
    made = array(numbers.format)
    made.frombytes(numbers.cast("B"))
    return made
