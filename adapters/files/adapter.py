"""The files adapter: a folder of exports, read again only where something changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict

from cs_connector.errors import ConfigError, Unavailable
from cs_connector.ports import (
    Adapter,
    Capabilities,
    Change,
    Estimate,
    FieldInfo,
    Identity,
    ObjectInfo,
    Page,
    RawRecord,
    Read,
    Receipt,
    Surroundings,
    Usage,
    Verdict,
)
from cs_connector.transport.cursors import unreadable

from .records import BAD
from .shape import Shape
from .source import End, Source

PAGE = 5_000
_CLOSED = ""  # the place of files that could not be opened, among those with bad rows
MOST_BAD = 1_000  # of one file are remembered; a cursor stays small


class FilesSettings(BaseModel):
    """The `settings` of a files connection: a folder, and the objects found in it by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Path
    objects: dict[str, Shape]


class Cursor(msgspec.Struct, omit_defaults=True):
    """`seen`: the digest of every file that was read to its end, by name. `at`: a file that was not:
    name, digest, rows handed over. `newest`: the newest date of the `modified` column. `ends`: where files that
    are appended to ended. `bad`: the ids of the records that say what was wrong in a file, so that they go when it
    is mended.
    """

    seen: dict[str, str] = {}
    ends: dict[str, End] = {}
    bad: dict[str, list[str]] = {}
    at: tuple[str, str, int] | None = None
    newest: str | None = None


class Files(Adapter):
    """Reads only. A row that is gone from a file is not a deletion: exports often hold a part."""

    crm: ClassVar[str] = "files"
    Settings: ClassVar[type[BaseModel]] = FilesSettings
    capabilities: ClassVar[Capabilities] = Capabilities(deletes=False, writes=False)

    def __init__(self, settings: FilesSettings, around: Surroundings) -> None:
        self._root, self._objects = settings.root, settings.objects
        self._connection, self._clock = around.connection, around.clock

    def check(self) -> Identity:
        self._check_root()
        place = str(self._root.resolve())
        digest = hashlib.blake2b(place.encode(), digest_size=8).hexdigest()
        return Identity(self.crm, digest, self._root.name, sandbox=False)

    def describe(self, objects: Sequence[str]) -> Sequence[ObjectInfo]:
        self._check_root()
        known = [name for name in objects if name in self._objects]
        return [info for name in known if (info := self._describe(name))]

    def read(self, read: Read) -> Iterator[Page]:
        self._check_root()
        sources = self._sources(read.object)
        return self._pages(sources, _begin(read))

    def estimate(self, read: Read) -> Estimate:  # noqa: ARG002
        return Estimate(calls=0)

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        text = "files are only read"
        return [Receipt(c.key, Verdict.REJECTED, code="READ_ONLY", message=text) for c in changes]

    def find(self, object_name: str, key_field: str, keys: Sequence[str]) -> Mapping[str, str]:  # noqa: ARG002
        return {}

    def usage(self) -> Usage:
        return Usage(0)

    def close(self) -> None: ...

    def _check_root(self) -> None:
        if not self._root.is_dir():
            raise Unavailable(
                f"{self._connection} has no folder {self._root}",
                why="it does not exist, or is not mounted",
                safe="nothing was read",
                fix="correct root in cs-connector.yml, or mount the folder",
            )

    def _sources(self, object_name: str) -> list[Source]:
        shape = self._objects.get(object_name)
        if shape is None:
            known = ", ".join(self._objects)
            raise ConfigError(
                f"{self._connection} has no object {object_name}",
                why=f"it has: {known}",
                fix="add it under objects, or correct the mapping",
            )
        paths = sorted(path for path in self._root.glob(shape.pattern) if path.is_file())
        return [Source(path, path.relative_to(self._root).as_posix(), shape) for path in paths]

    def _describe(self, name: str) -> ObjectInfo | None:
        """The columns of all files together: one that is damaged or older says nothing of the others."""
        columns = dict.fromkeys(column for source in self._sources(name) for column in source.columns())
        fields = tuple(FieldInfo(column, "string", writable=False) for column in columns)
        return ObjectInfo(name, fields, writable=False) if fields else None

    def _pages(self, sources: list[Source], cursor: Cursor) -> Iterator[Page]:
        """Pages of PAGE records, whatever number of files they come from, and a last one."""
        started, held = self._clock.now(), list[RawRecord]()
        dated = not any(source.listed for source in sources)
        for record in self._records(sources, cursor):
            held.append(record)
            if len(held) == PAGE:
                cursor.newest = _newest(held, cursor.newest)
                yield Page(held, _encode(cursor), done=False)
                held = []
        cursor.newest = _newest(held, cursor.newest)
        complete_to = _complete_to(cursor.newest, started) if dated else started
        yield Page(held, _encode(cursor), done=True, complete_to=complete_to)

    def _records(self, sources: list[Source], cursor: Cursor) -> Iterator[RawRecord]:
        """What is new in the files; after each record the cursor says that it was handed over."""
        names = {source.name for source in sources}
        cursor.seen = {name: digest for name, digest in cursor.seen.items() if name in names}
        cursor.ends = {name: end for name, end in cursor.ends.items() if name in names}
        left = cursor.bad.keys() - names
        mended = {key for name in left for key in cursor.bad[name]}
        closed: list[str] = []
        for source in sources:
            try:
                digest = source.digest()
            except OSError as error:  # gone meanwhile, or not ours to read: looked at again next time
                told = source.unreadable(error)
                closed.append(told.id)
                yield told
                continue
            if cursor.seen.get(source.name) != digest:
                yield from self._source(source, digest, cursor)
        cursor.at = None
        yield from _gone(sorted(mended.difference(closed)))
        cursor.bad = {name: bad for name, bad in cursor.bad.items() if name not in left}
        cursor.bad |= {_CLOSED: closed} if closed else {}

    def _source(self, source: Source, digest: str, cursor: Cursor) -> Iterator[RawRecord]:
        handed = cursor.at[2] if cursor.at and cursor.at[:2] == (source.name, digest) else 0
        end = cursor.ends.get(source.name)
        grown = end if end and source.grew(end) else None
        bad = cursor.bad.get(source.name, []) if grown else []
        for record in islice(_watched(source.records(grown), bad), handed, None):
            handed += 1
            cursor.at = (source.name, digest, handed)
            yield record
        yield from _gone(sorted(set(cursor.bad.get(source.name, [])) - set(bad)))
        cursor.bad.pop(source.name, None)
        cursor.seen[source.name] = digest
        if source.end:
            cursor.ends[source.name] = source.end
        if bad:
            cursor.bad[source.name] = bad


def _watched(records: Iterator[RawRecord], bad: list[str]) -> Iterator[RawRecord]:
    """The same records; `bad` gets the ids of those that say what is wrong with them."""
    for record in records:
        if record.payload.startswith(BAD) and len(bad) < MOST_BAD:
            bad.append(record.id)
        yield record


def _gone(keys: Sequence[str]) -> list[RawRecord]:
    return [RawRecord(key, None, True, b"{}") for key in keys]


def _begin(read: Read) -> Cursor:
    try:
        return msgspec.json.decode(read.cursor, type=Cursor) if read.cursor else Cursor()
    except msgspec.MsgspecError as error:
        raise unreadable(read.object) from error


def _encode(cursor: Cursor) -> str:
    return msgspec.json.encode(cursor).decode()


def _newest(page: Sequence[RawRecord], before: str | None) -> str | None:
    stamps = {record.modified_at[:10] for record in page if record.modified_at}
    days = [stamp for stamp in stamps if _day(stamp)]
    return max([*days, before] if before else days, default=None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _complete_to(newest: str | None, now: datetime) -> datetime:
    """The end of the newest day; without dates, the time of reading."""
    day = _day(newest) if newest else None
    if day is None:
        return now
    return min(now, datetime.combine(day, time(), UTC) + timedelta(days=1))
