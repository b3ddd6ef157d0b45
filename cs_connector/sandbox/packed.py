"""Records in a file that never changes: bytes one after another, and sorted numbers that lead to them."""

from __future__ import annotations

import mmap
import os
import sys
import weakref
from array import array
from binascii import crc32
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from cs_connector.errors import UsageError

if TYPE_CHECKING:
    from .pieces import Columns

Key: TypeAlias = Any  # an int, or a text; the same for all records of a file
MARK = b"CSPACK2\n"
CHUNK = 1 << 20
MOST_SEEN = 64 << 20  # bytes of records
WORTH_MAPPING = 16 << 10
TAIL = 16  # the length of the head in 8 bytes, and the mark


class Head(msgspec.Struct):
    """Where the sections are: name → (start, length, type of number)."""

    count: int
    texts: bool
    width: int
    sections: dict[str, tuple[int, int, str]]


class Pack:
    """One file, open for reading. A slot is a record's number in the file; every record ends with a comma.

    Sections: `ends` (where each record's bytes end), `keys` or `names` with `hashes` and `hashed`, `when` and
    `line` (number keys, or slots of texts, in order of time), for every indexed field its sorted hashes and their
    slots, and those of the columns.
    """

    def __init__(self, path: Path) -> None:
        """Raises UsageError for a file that is not a whole pack."""
        self.path = path
        self._file = os.open(path, os.O_RDONLY)
        self._close = weakref.finalize(self, os.close, self._file)
        try:
            self._map = mmap.mmap(self._file, 0, access=mmap.ACCESS_READ)
            self._head = _head(self._map)
        except (ValueError, msgspec.DecodeError) as error:
            self._close()
            raise UsageError(
                f"{path} does not hold records of a sandbox", fix="name another folder"
            ) from error
        self._seen = 0
        self._sections: dict[str, memoryview[int]] = {}
        self._ends = self.section("ends")
        self._keys = self.section("names" if self._head.texts else "keys")
        if self._head.texts:
            self._hashes, self._hashed = self.section("hashes"), self.section("hashed")

    def __len__(self) -> int:
        return self._head.count

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def numbers(self) -> memoryview[int]:
        """All keys, where they are numbers."""
        return self._keys

    @property
    def texts(self) -> bool:
        """Whether keys are texts."""
        return self._head.texts

    def has(self, name: str) -> bool:
        """Whether there is a section of this name."""
        return name in self._sections or name in self._head.sections

    def section(self, name: str) -> memoryview[int]:
        """The numbers of a section, without copying them."""
        found = self._sections.get(name)
        if found is None:
            start, length, kind = self._head.sections[name]
            found = memoryview(self._map)[start : start + length].cast(kind)  # type: ignore[call-overload]
            self._sections[name] = found
        return found

    def data(self, name: str) -> tuple[memoryview[int], str]:
        """The bytes of a section, and the type of what is in them."""
        start, length, kind = self._head.sections[name]
        return memoryview(self._map)[start : start + length], kind

    def rest(self) -> None:
        """Give back the memory of what was read; it is read again when it is needed."""
        if sys.platform != "win32":
            self._map.madvise(mmap.MADV_DONTNEED)

    def add(self, name: str, numbers: memoryview[int]) -> None:
        """Keep a section in memory that the file does not have."""
        self._sections[name] = numbers

    def key(self, slot: int) -> Key:
        if not self._head.texts:
            return self._keys[slot]
        width = self._head.width
        return bytes(self._keys[slot * width : slot * width + width]).rstrip(b"\0").decode()

    def keys(self) -> Iterator[Key]:
        return map(self.key, range(len(self))) if self._head.texts else iter(self._keys)

    def find(self, key: Key) -> int:
        """The slot of a key, -1 where there is none."""
        if self._head.texts:
            return self._find_text(key) if isinstance(key, str) else -1
        if not isinstance(key, int) or not len(self):
            return -1
        keys = self._keys
        at = key - keys[0]  # most ids follow one another
        if not (0 <= at < len(keys) and keys[at] == key):
            at = bisect_left(keys, key)
        return at if at < len(keys) and keys[at] == key else -1

    def _find_text(self, key: str) -> int:
        hashes, hashed, width = self._hashes, self._hashed, self._head.width
        text = key.encode()
        wanted, text = crc32(text), text.ljust(width, b"\0")
        at = bisect_left(hashes, wanted)
        while at < len(hashes) and hashes[at] == wanted:
            slot = hashed[at]
            if self._keys[slot * width : slot * width + width] == text:
                return slot
            at += 1
        return -1

    def hashed(self, field: str, text: str) -> Sequence[int]:
        """Slots of the records whose text in an indexed field may be this one."""
        hashes, wanted = self.section(f"hashes {field}"), digest(text)
        start = bisect_left(hashes, wanted)
        return self.section(f"hashed {field}")[start : bisect_right(hashes, wanted, start)]

    def raw(self, slot: int) -> bytes:
        """A record's bytes."""
        start = self._ends[slot]
        return os.pread(self._file, self._ends[slot + 1] - 1 - start, start)

    def run(self, first: int, last: int) -> bytes:
        """The bytes of the records from a slot up to before another, with a comma between them."""
        return _run(self._file, self._ends, first, last)

    def part(self, first: int, last: int) -> bytes | memoryview:
        """The same; what is large, where it lies in the file, and it does not stay in memory for long."""
        start, end = self._ends[first], self._ends[last] - 1
        if end - start < WORTH_MAPPING:
            return os.pread(self._file, end - start, start)
        self._seen += end - start
        if self._seen > MOST_SEEN:
            self._seen = 0
            self.rest()
        return memoryview(self._map)[start:end]

    def raws(self, slot: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes of records in order; only some of them are in memory at a time."""
        return _raws(self._file, self._ends, slot, len(self) if stop is None else stop)


def _run(file: int, ends: Sequence[int], first: int, last: int) -> bytes:
    start = ends[first]
    return os.pread(file, ends[last] - 1 - start, start) if last > first else b""


def _raws(file: int, ends: Sequence[int], slot: int, stop: int) -> Iterator[bytes]:
    while slot < stop:
        last = min(max(bisect_right(ends, ends[slot] + CHUNK) - 1, slot + 1), stop)
        begin, chunk = ends[slot], _run(file, ends, slot, last)
        for at in range(slot, last):
            yield chunk[ends[at] - begin : ends[at + 1] - begin - 1]
        slot = last


def write(
    path: Path,
    records: Iterable[tuple[Key, bytes]],
    when: Sequence[int] = (),
    indexed: Mapping[str, Sequence[str | None]] | None = None,
    columns: Columns | None = None,
) -> None:
    """Write records (of int keys: in their order) to a new file, which is complete once this returns.

    `when` holds the time of each, if they have any; `indexed` for each field the text of each record.
    """
    with path.open("w+b") as file:
        writer = _Writer(file)
        keys = writer.records(records)
        writer.number("ends", writer.ends)
        texts = bool(keys) and isinstance(keys[0], str)
        width = writer.names(keys) if texts else 0
        if not texts:
            writer.number("keys", array("q", keys))
        if when:
            writer.line(when, keys)
        for field, column in (indexed or {}).items():
            writer.hashes(field, column)
        if columns is not None:
            columns.write(writer, writer.raws)
        writer.finish(Head(len(keys), texts, width, writer.sections))
        file.flush()
        os.fsync(file.fileno())


class _Writer:
    def __init__(self, file: Any) -> None:
        self._file = file
        self.ends = array("Q", [0])
        self.sections: dict[str, tuple[int, int, str]] = {}

    def records(self, records: Iterable[tuple[Key, bytes]]) -> list[Key]:
        self._file.write(MARK)
        at = self.ends[0] = len(MARK)
        keys = []
        for key, data in records:
            self._file.write(data)
            self._file.write(b",")
            at += len(data) + 1
            self.ends.append(at)
            keys.append(key)
        return keys

    def raws(self) -> Iterator[bytes]:
        """The bytes of the records, once they are all written."""
        self._file.flush()
        return _raws(self._file.fileno(), self.ends, 0, len(self.ends) - 1)

    def number(self, name: str, numbers: array[int]) -> None:
        self._section(name, numbers.tobytes(), numbers.typecode)

    def names(self, keys: Sequence[str]) -> int:
        """Texts padded to one width, and their hashes."""
        encoded = [key.encode() for key in keys]
        width = max(map(len, encoded))
        self._section("names", b"".join(key.ljust(width, b"\0") for key in encoded), "B")
        self.hashes("", keys)
        return width

    def line(self, when: Sequence[int], keys: Sequence[Key]) -> None:
        slots = sorted(range(len(keys)), key=lambda slot: (when[slot], keys[slot]))
        self.number("when", array("q", [when[slot] for slot in slots]))
        texts = isinstance(keys[0], str)
        self.number("line", array("I", slots) if texts else array("q", map(keys.__getitem__, slots)))

    def hashes(self, field: str, column: Iterable[str | None]) -> None:
        suffix = f" {field}" if field else ""
        hashes, slots = hashed(column)
        self.number(f"hashes{suffix}", hashes)
        self.number(f"hashed{suffix}", slots)

    def finish(self, head: Head) -> None:
        data = msgspec.json.encode(head)
        self._file.seek(0, os.SEEK_END)
        self._file.write(data + len(data).to_bytes(8, "little") + MARK)

    def reserve(self, name: str, length: int, kind: str) -> int:
        """Room for a section; says where it is."""
        end: int = self._file.seek(0, os.SEEK_END)
        start = end + -end % 8
        self._file.truncate(start + length)
        self.sections[name] = (start, length, kind)
        return start

    def fill(self, at: int, data: bytes) -> None:
        """Write a part of a section."""
        self._file.seek(at)
        self._file.write(data)

    def _section(self, name: str, data: bytes, kind: str) -> None:
        self.fill(self.reserve(name, len(data), kind), data)


def hashed(column: Iterable[str | None]) -> tuple[array[int], array[int]]:
    """The sorted hashes of the texts of slots 0, 1, 2, …, and the slots in the same order."""
    held = {slot: digest(text) for slot, text in enumerate(column) if text is not None}
    slots = sorted(held, key=held.__getitem__)
    return array("I", map(held.__getitem__, slots)), array("I", slots)


def digest(text: str) -> int:
    """32 bits of a text, the same on every machine; who finds something by them looks at it again."""
    return crc32(text.encode())


def _head(data: mmap.mmap) -> Head:
    """Raises ValueError or msgspec.DecodeError for a file that was cut or is something else."""
    if data[: len(MARK)] != MARK or data[-len(MARK) :] != MARK:
        raise ValueError("no mark")
    length = int.from_bytes(data[-TAIL : -len(MARK)], "little")
    return msgspec.json.decode(data[-TAIL - length : -TAIL], type=Head)
