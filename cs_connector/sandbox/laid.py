"""Rows of a pack as one selection shows them, laid side by side in a file: those who ask the same again are sent them."""

from __future__ import annotations

import mmap
import os
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cs_connector.errors import UsageError

from .blocks import Blocks
from .layout import Column, Layout, Part, side_by_side

MARK = b"CSROWS1\n"
TAIL = 16  # the length of the head in 8 bytes, and the mark
TOGETHER = 2000  # rows that are drawn at once
MOST_SEEN = 100_000  # rows, after which the memory of what was looked at is given back


class Head(msgspec.Struct):
    """What the rows show, and where the numbers are: (start, length)."""

    parts: list[bytes | Column]
    ends: tuple[int, int]
    places: tuple[int, int]


class Laid:
    """One file, open for reading. Every row ends with a comma; rows are in the order in which they are read."""

    def __init__(self, path: Path) -> None:
        """Raises UsageError for a file that is not whole."""
        self.name, self._seen = path.name, 0
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            head = _head(self._map)
        except (ValueError, msgspec.DecodeError) as error:
            raise UsageError(f"{path} does not hold rows of a sandbox", fix="name another folder") from error
        self.parts: tuple[Part, ...] = tuple(head.parts)
        self._ends, self._places = (
            memoryview(self._map)[start : start + length].cast(kind)  # type: ignore[call-overload]
            for (start, length), kind in ((head.ends, "Q"), (head.places, "I"))
        )

    def find(self, slots: Sequence[int]) -> memoryview | None:
        """The rows of some slots, at least one, with a comma after each; None where they do not lie side by side."""
        places = np.asarray(slots)
        found = side_by_side(np.asarray(self._places)[places] if len(self._places) else places)
        if not isinstance(found, slice):
            return None
        return self.part(found.start, found.stop)

    def part(self, first: int, last: int) -> memoryview:
        """The rows from one place up to before another, in the order in which they are read."""
        self._seen += last - first
        if self._seen > MOST_SEEN and sys.platform != "win32":
            self._seen = 0
            self._map.madvise(mmap.MADV_DONTNEED)
        return memoryview(self._map)[self._ends[first] : self._ends[last]]


def lay(path: Path, parts: Sequence[Part], layout: Layout, order: Sequence[int]) -> None:
    """Write the rows of all slots of a pack, in this order, to a new file."""
    blocks, at = Blocks(), len(MARK)
    ends = array("Q", [at])
    with path.open("wb") as file:
        file.write(MARK)
        for first in range(0, len(order), TOGETHER):
            slots = order[first : first + TOGETHER]
            file.write(layout.draw(slots, blocks))
            ends.frombytes((layout.sizes(slots).cumsum() + ends[-1]).astype(np.uint64).tobytes())
        head = Head(list(parts), _put(file, ends), _put(file, _inverse(order)))
        data = msgspec.msgpack.encode(head)
        file.write(data + len(data).to_bytes(8, "little") + MARK)
        file.flush()
        os.fsync(file.fileno())


def _inverse(order: Sequence[int]) -> array[int]:
    """The place of each slot; nothing where slots are in order already."""
    slots, places = np.asarray(order), np.arange(len(order), dtype=np.uint32)
    if (slots == places).all():
        return array("I")
    found = np.empty_like(places)
    found[slots] = places
    return array("I", found.tobytes())


def _put(file: Any, numbers: array[int]) -> tuple[int, int]:
    """Write numbers; says where they are."""
    end: int = file.tell()
    file.write(b"\0" * (-end % 8))
    return end + -end % 8, file.write(numbers.tobytes())


def _head(data: mmap.mmap) -> Head:
    """Raises ValueError or msgspec.DecodeError for a file that was cut or is something else."""
    if data[: len(MARK)] != MARK or data[-len(MARK) :] != MARK:
        raise ValueError("no mark")
    length = int.from_bytes(data[-TAIL : -len(MARK)], "little")
    return msgspec.msgpack.decode(data[-TAIL - length : -TAIL], type=Head)
