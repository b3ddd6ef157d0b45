"""The results of a bulk query, packed: a million lines of text would fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

Line = list[str]
BLOCK = 1000  # lines
_decode = msgspec.json.Decoder(list[Line]).decode


class Results:
    """Lines in their order; a block of them is unpacked when it is read."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._blocks: list[bytes] = []
        self._count = 0
        left = iter(lines)
        while block := list(islice(left, BLOCK)):
            self._blocks.append(zlib.compress(msgspec.json.encode(block), level=1))
            self._count += len(block)

    def __len__(self) -> int:
        return self._count

    def part(self, first: int, last: int) -> Iterator[Line]:
        """Lines from one place up to before another."""
        blocks = self._blocks[first // BLOCK : -(-last // BLOCK)]
        lines = (line for block in blocks for line in _decode(zlib.decompress(block)))
        return islice(lines, first % BLOCK, first % BLOCK + max(last - first, 0))
