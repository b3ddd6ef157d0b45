"""A plan as a file: one JSON document with a change on each line, so that a long one is read and written a line at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from cs_connector.errors import UsageError

from .plan import Planned

SCHEMA = "plan/1"
_OPENING, _CLOSING = b'{"changes":[\n', b"],"
_packed = msgspec.json.Encoder(order="sorted").encode
_SAFE = "nothing was written to any CRM"
_FIX = "make a new one with: cs-connector plan"
Change = dict[str, Any]


def last(state: Path) -> Path:
    """Where the newest plan of a project lies, unless it was put elsewhere."""
    return state / "plans" / "last.json"


def write(path: Path, changes: Iterable[Change], head: Callable[[], Mapping[str, Any]]) -> None:
    """Write a plan; `head` is asked after the last change has gone by, and the digest of all stands in the file.

    The file takes its place in one step: whoever reads finds the old plan or the new one. It names people and says what is
    written of customers, so that it is its owner's alone to read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600, exist_ok=False)
    total = hashlib.sha256()
    with unfinished.open("wb") as file:
        file.write(_OPENING)
        _lines(file, changes, total)
        rest = dict(head())
        total.update(_packed(rest))
        tail = {"schema": SCHEMA, **rest, "digest": total.hexdigest()}
        file.write(_CLOSING + msgspec.json.encode(tail)[1:] + b"\n")
    unfinished.replace(path)


def _lines(file: BinaryIO, changes: Iterable[Change], total: Any) -> None:
    between = b""
    for change in changes:
        line = _packed(change)
        total.update(line)
        file.write(between + line)
        between = b",\n"
    file.write(b"\n" if between else b"")


@dataclass(frozen=True)
class PlanFile:
    """A plan in a file, whoever formatted it. Every reading goes through the file once and keeps one change at a time."""

    path: Path

    @cached_property
    def head(self) -> dict[str, Any]:
        """Everything but the changes. Raises UsageError for a file that is no plan, or half of one."""
        if not self._ours:
            return {name: value for name, value in self._whole.items() if name != "changes"}
        tail = b""
        with self._opened() as file:
            for line in file:
                if line.startswith(_CLOSING):
                    tail = line
        try:
            document = msgspec.json.decode(b"{" + tail[len(_CLOSING) :])
        except msgspec.DecodeError:
            raise self._half("its end is missing") from None
        return self._checked(document)

    def rows(self) -> Iterator[Change]:
        """The changes as they stand in the file. Raises UsageError for one that cannot be read."""
        if not self._ours:
            yield from self._whole["changes"]
            return
        with self._opened() as file:
            file.readline()
            for line in file:
                if line.startswith(_CLOSING):
                    return
                yield self._row(line)

    def changes(self) -> Iterator[Planned]:
        """The changes, to be written."""
        try:
            yield from map(planned, self.rows())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._half(f"something in a change is missing or of another form: {error}") from None

    def digest(self) -> str:
        """The digest of what stands in the file now."""
        total = hashlib.sha256()
        for row in self.rows():
            total.update(_packed(row))
        head = {n: v for n, v in self.head.items() if n not in ("schema", "digest")}
        total.update(_packed(head))
        return total.hexdigest()

    @cached_property
    def _ours(self) -> bool:
        """Whether it is laid out as `write` does it."""
        with self._opened() as file:
            return file.readline() == _OPENING

    @cached_property
    def _whole(self) -> dict[str, Any]:
        """The document of somebody who formatted it anew."""
        with self._opened() as file:
            text = file.read()
        try:
            document = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{self.path} is not a plan", why=str(error), safe=_SAFE, fix=_FIX) from None
        checked = self._checked(document)
        if not isinstance(checked.get("changes"), list):
            raise self._half("it has no changes")
        return checked

    def _checked(self, document: Any) -> dict[str, Any]:
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise UsageError(
                f"{self.path} is not a plan", why=f"its schema is not {SCHEMA}", safe=_SAFE, fix=_FIX
            )
        return document

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except FileNotFoundError:
            raise UsageError(f"there is no plan at {self.path}", safe=_SAFE, fix=_FIX) from None
        except OSError as error:
            raise UsageError(
                f"{self.path} cannot be read", why=error.strerror or "", safe=_SAFE, fix=_FIX
            ) from None

    def _row(self, line: bytes) -> Change:
        try:
            row = msgspec.json.decode(line.rstrip().rstrip(b","))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._half(str(error)) from None
        if not isinstance(row, dict):
            raise self._half("a change is not an object")
        return row

    def _half(self, why: str) -> UsageError:
        return UsageError(f"{self.path} is not a whole plan", why=why, safe=_SAFE, fix=_FIX)


def row(change: Planned, name: str | None) -> Change:
    """A change as it stands in the file."""
    return {
        "connection": change.connection,
        "object": change.object,
        "key": change.key,
        "name": name,
        "action": _called(change),
        "send": change.action,
        "source": change.source,
        "key_field": change.key_field,
        "record_id": change.record_id,
        "associate": change.associate,
        "fields": {n: [a, b] for n, a, b in change.fields},
        "reason": change.reason,
    }


def _called(change: Planned) -> str:
    if change.action == "delete":
        return "delete"
    return "create" if change.record_id is None else "update"


def planned(change: Mapping[str, Any]) -> Planned:
    """Raises KeyError, TypeError, ValueError or AttributeError for half a change."""
    return Planned(
        change["connection"],
        change["object"],
        change["source"],
        change["key"],
        change["send"],
        change["key_field"],
        change["record_id"],
        tuple((n, pair[0], pair[1]) for n, pair in change["fields"].items()),
        tuple((a, b) for a, b in change["associate"]),
        change["reason"],
    )
