"""The files adapter: a folder of exports, read again only where something changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from itertools import chain, islice
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

from . import documents, oddities
from .records import BAD, Maker, day
from .shape import Shape
from .source import End, Source

PAGE = 5_000
_CLOSED = ""  # the place of files that could not be opened, among those with bad rows
_READER = 3  # raised when rows can be read that could not be: files with bad rows are then read again
_AHEAD = timedelta(days=31)  # by which a day may lie ahead: a month may be dated by its end
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
    is mended. `odd`: of mail, how many messages of a file have headers that are not of their character set, the line and the
    names of the first. `undated`: of how many rows of a file `modified` is no date, the line and the text of the first. `complete`: up to when everything was read when files were last there. `reader`: by which version of this module.
    `ruined`: the files of which an unknown part could not be read, `shut` those that could not be opened, `renamed` those that
    are to be read again because an older version read texts in them as bytes.
    """

    seen: dict[str, str] = {}
    ends: dict[str, End] = {}
    bad: dict[str, list[str]] = {}
    odd: dict[str, oddities.Odd] = {}
    undated: dict[str, oddities.Odd] = {}
    at: tuple[str, str, int] | None = None
    newest: str | None = None
    complete: datetime | None = None
    reader: int = 0
    ruined: list[str] = []
    shut: list[str] = []
    renamed: list[str] = []


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

    def seek(self, object_name: str, fields: Sequence[str]) -> Sequence[FieldInfo]:
        """In files, one after another, until all are found."""
        left = set(fields)
        for source in self._sources(object_name) if left else ():
            left -= source.having(left)
        return [_text(name) for name in fields if name not in left]

    def read(self, read: Read) -> Iterator[Page]:
        self._check_root()
        sources, cursor = self._sources(read.object), _begin(read)
        if not sources:
            return iter([self._nothing(read.object, cursor)])
        return self._pages(sources, cursor, _Wanted(sources, read.fields))

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
        paths = sorted(path for path in self._root.glob(shape.pattern) if _is_file(path))
        named = {path: path.relative_to(self._root) for path in paths}
        if shape.format == "documents":
            named = {path: name for path, name in named.items() if documents.is_one(name, shape.pattern)}
        return [Source(path, _written(name), shape) for path, name in named.items()]

    def _nothing(self, name: str, cursor: Cursor) -> Page:
        """No file is there: told until one is, and nothing is known of what came after files were last there.

        What was read stays, and so does the cursor: a folder that comes back is not read again.
        """
        pattern = self._objects[name].pattern
        before = ", as there were files before" if cursor.seen else ""
        what = f"no file matches the pattern of {name}{before}: nothing was read, and what was read before stays; "
        fix = f"put the files below {self._root.name}/ again, or correct pattern in cs-connector.yml"
        told = Maker(pattern, self._objects[name]).bad(what + fix, 0)
        cursor.bad[_CLOSED] = sorted({*cursor.bad.get(_CLOSED, []), told.id})
        return Page([told], _encode(cursor), done=True, complete_to=cursor.complete)

    def _describe(self, name: str) -> ObjectInfo | None:
        """The columns of all files together: one that is damaged or older says nothing of the others."""
        columns = dict.fromkeys(column for source in self._sources(name) for column in source.columns())
        fields = tuple(map(_text, columns))
        return ObjectInfo(name, fields, writable=False) if fields else None

    def _pages(self, sources: list[Source], cursor: Cursor, wanted: _Wanted) -> Iterator[Page]:
        """Pages of PAGE records, whatever number of files they come from, and a last one."""
        started, held = self._clock.now(), list[RawRecord]()
        dated = not any(source.listed for source in sources)
        for record in self._records(sources, cursor, wanted):
            held.append(record)
            if len(held) == PAGE:
                cursor.newest = _newest(held, cursor.newest, started)
                yield Page(held, _encode(cursor), done=False)
                held = []
        cursor.newest = _newest(held, cursor.newest, started)
        if dated and cursor.newest:
            cursor.complete = _complete_to(cursor.newest, started)
        elif not (cursor.ruined or cursor.shut):  # else as far as when all could be read
            cursor.complete = started
        yield Page(held, _encode(cursor), done=True, complete_to=cursor.complete)

    def _records(self, sources: list[Source], cursor: Cursor, wanted: _Wanted) -> Iterator[RawRecord]:
        """What is new in the files; after each record the cursor says that it was handed over."""
        names = {source.name for source in sources}
        cursor.seen = {name: digest for name, digest in cursor.seen.items() if name in names}
        cursor.ends = {name: end for name, end in cursor.ends.items() if name in names}
        cursor.ruined, cursor.shut = [name for name in cursor.ruined if name in names], []
        _look_again(cursor, sources)
        before = (cursor.odd, cursor.undated)
        cursor.odd, cursor.undated = (
            {name: odd for name, odd in each.items() if name in names} for each in before
        )
        left = cursor.bad.keys() - names
        mended = {key for name in left for key in cursor.bad[name]}
        closed: list[str] = []
        for source in sources:
            try:
                digest = source.digest()
            except OSError as error:  # gone meanwhile, or not ours to read: looked at again next time
                told = source.unreadable(error)
                closed.append(told.id)
                cursor.shut.append(source.name)
                yield told
                continue
            if cursor.seen.get(source.name) != digest:
                yield from self._source(source, digest, cursor, wanted)
        cursor.at = None
        for told in oddities.told(cursor.odd, cursor.undated, sources):
            closed.append(told.id)
            if (cursor.odd, cursor.undated) != before or told.id not in cursor.bad.get(_CLOSED, []):
                yield told
        yield from _gone(sorted(mended.difference(closed)))
        cursor.bad = {name: bad for name, bad in cursor.bad.items() if name not in left}
        cursor.bad |= {_CLOSED: closed} if closed else {}

    def _source(self, source: Source, digest: str, cursor: Cursor, wanted: _Wanted) -> Iterator[RawRecord]:
        handed = cursor.at[2] if cursor.at and cursor.at[:2] == (source.name, digest) else 0
        end = cursor.ends.get(source.name)
        grown = end if end and source.grew(end) else None
        bad = [key for key in cursor.bad.get(source.name, []) if grown and _line(key) <= grown.lines]
        if lost := wanted.lost(source):
            told = source.without(lost)
            bad = [*(key for key in bad if key != told.id), told.id]
            yield told
        older = _gone(source.older_ids()) if source.name in cursor.renamed else ()
        for record in islice(chain(_watched(source.records(grown), bad), older), handed, None):
            handed += 1
            cursor.at = (source.name, digest, handed)
            yield record
        yield from _gone(sorted(set(cursor.bad.get(source.name, [])) - set(bad)))
        cursor.ruined = [name for name in cursor.ruined if name != source.name]
        cursor.ruined += [source.name] if source.ruined else []
        cursor.renamed = [name for name in cursor.renamed if name != source.name]
        cursor.bad.pop(source.name, None)
        cursor.odd.pop(source.name, None)
        if source.odd:
            cursor.odd[source.name] = (len(source.odd), *source.odd[0])
        was = cursor.undated.pop(source.name, None)
        if undated := oddities.together(was if grown else None, source.undated):
            cursor.undated[source.name] = undated
        cursor.seen[source.name] = digest
        if source.end:
            cursor.ends[source.name] = source.end
        if bad:
            cursor.bad[source.name] = bad


def _text(column: str) -> FieldInfo:
    return FieldInfo(column, "string", writable=False)


class _Wanted:
    """The columns that the mapping reads, as far as any file has them."""

    def __init__(self, sources: Sequence[Source], fields: Sequence[str]) -> None:
        self._sources, self._fields = sources, fields

    def lost(self, source: Source) -> list[str]:
        """Those that this file alone, or with others, does not have."""
        return [name for name in source.lacking(self._fields) if name in self._anywhere]

    @cached_property
    def _anywhere(self) -> frozenset[str]:
        return frozenset(name for source in self._sources for name in source.columns())


def _look_again(cursor: Cursor, sources: Sequence[Source]) -> None:
    """Files of which an older version set rows aside, or read texts as bytes, count as not read."""
    if cursor.reader < _READER:
        known = {*cursor.seen, *(cursor.at or ())[:1]}
        cursor.renamed = [source.name for source in sources if source.name in known and source.bytes_are_text]
        again = {*cursor.bad, *cursor.renamed}
        cursor.seen = {name: digest for name, digest in cursor.seen.items() if name not in again}
        cursor.ends = {name: end for name, end in cursor.ends.items() if name not in again}
        cursor.at = None if cursor.at and cursor.at[0] in cursor.renamed else cursor.at
        cursor.reader = _READER


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # not ours to look at: told when it is opened
        return True


def _written(path: Path) -> str:
    r"""A path as text; bytes that are not UTF-8 as \xe9."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _line(key: str) -> int:
    """The line in the id of a bad record."""
    return int(key.rpartition(":")[2])


def _watched(records: Iterator[RawRecord], bad: list[str]) -> Iterator[RawRecord]:
    """The same records; `bad` gets the ids of those that say what is wrong with them."""
    for record in records:
        if record.payload.startswith(BAD) and len(bad) < MOST_BAD:
            bad.append(record.id)
        yield record


def _gone(keys: Iterable[str]) -> Iterator[RawRecord]:
    return (RawRecord(key, None, True, b"{}") for key in keys)


def _begin(read: Read) -> Cursor:
    try:
        return msgspec.json.decode(read.cursor, type=Cursor) if read.cursor else Cursor()
    except msgspec.MsgspecError as error:
        raise unreadable(read.object) from error


def _encode(cursor: Cursor) -> str:
    return msgspec.json.encode(cursor).decode()


def _newest(page: Sequence[RawRecord], before: str | None, now: datetime) -> str | None:
    """The newest day that can be meant: a slip of the pen in years to come would say for years that nothing is late."""
    latest = (now + _AHEAD).date()
    stamps = {record.modified_at[:10] for record in page if record.modified_at} | {before or ""}
    return max((stamp for stamp in stamps if (known := day(stamp)) and known <= latest), default=None)


def _complete_to(newest: str | None, now: datetime) -> datetime:
    """The end of the newest day; without dates, the time of reading."""
    last = day(newest) if newest else None
    if last is None:
        return now
    return min(now, datetime.combine(last, time(), UTC) + timedelta(days=1))
