"""Where the bytes are: one port for every file of the facts, local now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import quote
from uuid import uuid4

import sqlalchemy as sa

from cs_connector.errors import StoreError

from . import guard
from .state import State
from .tables import meta

_MARK = "store.id"
_NAME = "facts_root"


class Files(Protocol):
    """Files by name; a name is relative and written with `/`."""

    def locate(self, name: str) -> Path:
        """Where DuckDB and Arrow read and write the file; its folder exists."""
        ...

    def open(self, name: str) -> BinaryIO: ...

    def hold(self, name: str) -> BinaryIO:
        """Open for writing, made if missing, and locked until closed. Raises StoreError when taken."""
        ...

    def append(self, file: BinaryIO, offset: int, data: bytes) -> int:
        """Write at `offset` and drop what was beyond; returns the new end. Outlives this process, not the power."""
        ...

    def sync(self, file: BinaryIO) -> None:
        """Make what was written last."""
        ...

    def fsync(self, name: str) -> None:
        """Make a file and its place in the folder last."""
        ...

    def replace(self, source: str, target: str) -> None: ...

    def unlink(self, name: str) -> None:
        """Remove; a missing one is fine."""
        ...

    def size(self, name: str) -> int | None:
        """Bytes; None when missing."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Every file below a folder."""
        ...


class LocalFiles:
    """A folder on a local disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def locate(self, name: str) -> Path:
        path = self.root / name
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def open(self, name: str) -> BinaryIO:
        return (self.root / name).open("rb")

    def hold(self, name: str) -> BinaryIO:
        path = self.locate(name)
        fresh = not path.exists()
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        if not guard.grab(file.fileno()):
            file.close()
            raise StoreError(
                "a segment is in use by another process",
                safe="nothing was written",
                fix="wait until the other run has ended",
            )
        if fresh:
            _fsync(path.parent)
        return file

    def append(self, file: BinaryIO, offset: int, data: bytes) -> int:
        file.seek(offset)
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
        end = offset + len(data)
        file.truncate(end)
        return end

    def sync(self, file: BinaryIO) -> None:
        os.fsync(file.fileno())

    def fsync(self, name: str) -> None:
        path = self.root / name
        _fsync(path)
        _fsync(path.parent)

    def replace(self, source: str, target: str) -> None:
        (self.root / source).replace(self.locate(target))
        _fsync((self.root / target).parent)

    def unlink(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def size(self, name: str) -> int | None:
        path = self.root / name
        return path.stat().st_size if path.exists() else None

    def list(self, prefix: str = "") -> Iterator[str]:
        for folder, _, names in os.walk(self.root / prefix):
            for name in names:
                yield (Path(folder) / name).relative_to(self.root).as_posix()


def bind(state: State, files: Files) -> None:
    """Tie the facts to the state store. Raises StoreError when the root is not the store's own."""
    found = _read_mark(files)
    known = state.get(_NAME)
    if known is None:
        _adopt(state, files, found)
    elif found != known:
        raise StoreError(
            "the facts of this store are not here",
            why=f"{files.locate('')} carries {found or 'no id'}, the state store belongs to {known}",
            safe="nothing was read or changed",
            fix=f"mount the folder whose {_MARK} says {known}, or restore a backup into an empty folder",
        )


def folder(name: str) -> str:
    """A dataset or object name as a path that cannot leave its folder. Raises ValueError."""
    parts = name.split("/")
    if any(part.strip(".") == "" for part in parts):
        raise ValueError(f"not a name of a dataset: {name!r}")
    return "/".join(quote(part, safe=" ") for part in parts)


def stage(files: Files, dataset: str) -> Path:
    """A new path for a Parquet file of a dataset; nobody reads it before it is published."""
    return files.locate(f"data/{folder(dataset)}/{uuid4().hex}.parquet")


def _adopt(state: State, files: Files, found: str | None) -> None:
    if any(name != _MARK for name in files.list()):
        raise StoreError(
            "the facts folder belongs to another store",
            why=f"{files.locate('')} holds files, the state store is new",
            safe="nothing was changed",
            fix="point the store at its own state database, or choose an empty folder",
        )
    mark = found or uuid4().hex
    if found is None:
        write_mark(files, mark)
    with state.begin() as connection:
        if connection.scalar(sa.select(meta.c.value).where(meta.c.name == _NAME)) is None:
            connection.execute(meta.insert().values(name=_NAME, value=mark))


def write_mark(files: Files, mark: str) -> None:
    """Name a root; the first of two who try at once wins."""
    with files.hold(_MARK) as file:
        if not file.read():
            files.append(file, 0, mark.encode())
            files.sync(file)


def _read_mark(files: Files) -> str | None:
    if not files.size(_MARK):
        return None
    with files.open(_MARK) as file:
        return file.read().decode().strip()


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
