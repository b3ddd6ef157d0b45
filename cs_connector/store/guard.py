"""What keeps SQLite safe when several processes use one file."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cs_connector.errors import StoreError

_PATIENCE = 60.0
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "ceph", "glusterfs"}
_MOUNTS = Path("/proc/mounts")


def risky(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite can damage a WAL when two connections write and checkpoint at once."""
    return (3, 7, 0) <= version < (3, 51, 3)


def refuse_network(path: Path, mounts: Path = _MOUNTS) -> None:
    """SQLite's locks do not hold across machines. Raises StoreError for a file on a network disk."""
    kind = _kind(path.absolute(), mounts.read_text()) if mounts.exists() else ""
    if kind in _NETWORK:
        raise StoreError(
            f"{path} is on a network disk ({kind})",
            why="SQLite's file can be damaged there",
            safe="nothing was written",
            fix="keep the store on a local disk, or use PostgreSQL: store.url",
        )


def _kind(path: Path, mounts: str) -> str:
    """The type of the file system that a path is on; the last of the deepest mounts counts."""
    found = [line.split()[1:3] for line in mounts.splitlines()]
    above = [(len(at), n, kind) for n, (at, kind) in enumerate(found) if path.is_relative_to(at)]
    return max(above)[2] if above else ""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`; the lock dies with the process. Raises StoreError after a minute."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait(handle)
        yield
    finally:
        os.close(handle)


def _wait(handle: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not grab(handle):
        if time.monotonic() > deadline:
            raise busy()
        time.sleep(0.005)


def busy() -> StoreError:
    """The error of who waited in vain for another writer."""
    return StoreError(
        "the state store is busy",
        why="another process has been writing to it for a minute",
        safe="nothing was written by this process",
        fix="wait for the other process, or end it if it hangs",
    )


def grab(handle: int) -> bool:
    """Lock an open file if nobody has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
