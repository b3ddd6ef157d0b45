"""Sandboxes on disk: a folder with one file for each save, and packs of records that saves share."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import pickle
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import msgspec

from cs_connector.errors import UsageError

from .stored import Shelves, Stored

SCHEMA = "kept/1"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
OURS = re.compile(r"cs_connector\.(sandbox\.(snapshots|life)|adapters\.\w+\.simulator(\.\w+)*)")
PLAIN = {
    ("datetime", name) for name in ("datetime", "date", "time", "timedelta", "timezone")
} | {
    ("collections", "OrderedDict"), ("collections", "defaultdict"), ("collections", "deque"),
    ("decimal", "Decimal"), ("random", "Random"), ("builtins", "set"), ("builtins", "frozenset"),
}  # fmt: skip


class Head(msgspec.Struct):
    """What is known of a save without opening it.

    `simulators` are (name, CRM); `ports` control's first, then one a simulator; `document` is what the sandbox/1
    document says beyond the simulators.
    """

    schema: str
    name: str
    number: int
    as_of: str
    profile: str
    seed: int
    simulators: list[tuple[str, str]]
    ports: list[int]
    document: dict[str, Any]
    packs: list[str] = []
    digest: str = ""


class Save:
    """A save in its folder: its head, and the rest when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            line = file.readline()
        self.head = msgspec.json.decode(line, type=Head)

    def read(self, named: Mapping[str, object]) -> Any:
        """The state that was saved; `named` stands for the objects that were named then.

        Raises UsageError for a file that was changed or cut, or made by another version.
        """
        body = self._path.read_bytes().partition(b"\n")[2]
        if _digest(body) != self.head.digest:
            raise UsageError(f"{self._path} is damaged", fix="delete it: the save before it is used then")
        try:
            return _Reader(body, self._path.parent, named).load()
        except (
            AttributeError,
            ImportError,
            KeyError,
            TypeError,
            ValueError,
            pickle.UnpicklingError,
        ) as error:
            raise UsageError(
                f"{self._path} is of another version of this program",
                why=f"{type(error).__name__}: {error}",
                fix="name another folder, or delete this one",
            ) from error


class Folder:
    """Where sandboxes are kept. Only one sandbox at a time may use it."""

    def __init__(self, path: Path) -> None:
        """Makes the folder. Raises UsageError where that fails, and where another sandbox uses it."""
        self.path = path.resolve()
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = (self.path / ".lock").open("w")
        except OSError as bad:
            raise UsageError(
                f"the folder {path} cannot be used",
                why=bad.strerror or str(bad),
                safe="nothing was started",
                fix="name a folder, also a new one, that you can write into",
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise UsageError(
                f"another sandbox uses {path}", fix="stop that one, or name another folder"
            ) from None

    def close(self) -> None:
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def saves(self) -> list[Save]:
        """The newest first. A file that is not a save is passed over."""
        found = []
        for path in self.path.glob("*.save"):
            with suppress(msgspec.DecodeError):
                found.append(Save(path))
        return sorted(found, key=lambda save: save.head.number, reverse=True)

    def find(self, name: str | None = None) -> Save | None:
        """The newest save of a name, or of any."""
        return next((save for save in self.saves() if name in (None, save.head.name)), None)

    def save(self, head: Head, state: object, named: Mapping[str, object]) -> None:
        """Write a save, whole or not at all; then those of the same name go, and packs that nobody needs.

        Raises UsageError for a name that is no file's name, OSError where the disk is full.
        """
        check_name(head.name)
        before = self.saves()
        head.number = 1 + max((save.head.number for save in before), default=0)
        shelves = Shelves(self.path, f"{head.number:06d}")
        body = _written(state, shelves, named)
        head.packs, head.digest = sorted(shelves.used), _digest(body)
        with _whole(self.path / f"{head.number:06d}-{head.name}.save") as file:
            file.write(msgspec.json.encode(head) + b"\n" + body)
        self._tidy()

    def _tidy(self) -> None:
        seen: set[str] = set()
        needed: set[str] = set()
        for save in self.saves():
            if save.head.name in seen:
                save._path.unlink()  # noqa: SLF001 — a save belongs to its folder
                continue
            seen.add(save.head.name)
            needed.update(save.head.packs)
        for path in (each for kind in ("pack", "rows", "tmp") for each in self.path.glob(f"*.{kind}")):
            if path.name not in needed:
                path.unlink()


def laid(state: object, place: Path, named: Mapping[str, object]) -> Any:
    """The same state with its large tables in files of a folder, which has to stay while it is used."""
    return _Reader(_written(state, Shelves(place, "laid"), named), place, named).load()


def check_name(name: str) -> None:
    """Raises UsageError."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a name for a save", fix="use letters, digits, dots, - and _")


@contextmanager
def _whole(path: Path) -> Iterator[Any]:
    """A file that is there once the block is over, whatever happens in between."""
    scratch = path.with_suffix(".tmp")
    with scratch.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _written(state: object, shelves: Shelves, named: Mapping[str, object]) -> bytes:
    names = {id(value): name for name, value in named.items()}
    stream = io.BytesIO()

    class Writer(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            if isinstance(value, Stored):
                return "stored", shelves.put(value)
            name = names.get(id(value))
            return None if name is None else ("named", name)

    Writer(stream, protocol=5).dump(state)
    return stream.getvalue()


class _Reader(pickle.Unpickler):
    """Makes nothing but plain values and the records of simulators: a save may come from somebody else."""

    def __init__(self, body: bytes, folder: Path, named: Mapping[str, object]) -> None:
        super().__init__(io.BytesIO(body))
        self._shelves, self._named = Shelves(folder, ""), named

    def persistent_load(self, pid: tuple[str, Any]) -> Any:
        kind, what = pid
        return self._shelves.take(what) if kind == "stored" else self._named[what]

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in PLAIN:
            return super().find_class(module, name)
        found = super().find_class(module, name) if OURS.fullmatch(module) else None
        # A dotted name leads to what the module imports.
        if not isinstance(found, type) or not OURS.fullmatch(found.__module__):
            raise UsageError(f"a save may not hold {module}.{name}", fix="start from one that you made")
        return found


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()
