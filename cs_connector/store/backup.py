"""The whole store in one file, and back: a tar of rows and fact files with their checksums."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
import sqlalchemy as sa
import zstandard

from cs_connector.errors import StoreError, UsageError
from cs_connector.ports import Clock

from . import dump, schema
from .facts import alive
from .files import LocalFiles, write_mark
from .state import State, explained
from .store import Store
from .tables import manifest_files, segments

_FORMAT = "backup/1"
_LIST = "checksums.json"
_CHUNK = 1 << 20


class _Label(msgspec.Struct):
    """What a backup is: `revision` says which tables its rows fit."""

    format: str
    revision: str
    facts_root: str
    at: str


def backup(store: Store, target: Path) -> Path:
    """Write the store as it is at one moment; others may go on working. Raises UsageError if `target` exists."""
    if target.exists():
        raise UsageError(f"{target} exists already", safe="nothing was written", fix="choose another name")
    if not target.parent.is_dir():
        raise UsageError(
            f"there is no folder {target.parent}",
            safe="nothing was written",
            fix="make it, or choose another",
        )
    partial = target.with_name(target.name + ".partial")
    try:
        with store.facts.pin(), _writing(partial) as box, store.state.read() as db:
            box.add_bytes("label.json", msgspec.json.encode(_label(store, db)))
            for table in dump.tables(db):
                box.add_lines(f"state/{table.name}.jsonl", dump.lines(db, table))
            for name, size in _files(db):
                box.add_file(f"facts/{name}", store.files.locate(name), size)
            box.add_bytes(_LIST, msgspec.json.encode(box.sums))
        partial.replace(target)
    except OSError as error:
        raise StoreError(
            f"{target} cannot be written",
            why=error.strerror or str(error),
            safe="there is no backup of this name, and the store is as it was",
            fix="choose a folder that has room and may be written to",
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def restore(file: Path, root: Path, url: str | None, clock: Clock) -> None:
    """Set up a store from a backup. Raises StoreError for a damaged file or a store that is not empty.

    A backup of SQLite may be restored into PostgreSQL and the other way round.
    """
    if not file.is_file():
        raise UsageError(
            f"there is no file {file}", safe="nothing was restored", fix="name one that backup wrote"
        )
    if root.exists() and any(root.iterdir()):
        raise _not_empty(str(root))
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".restore-") as folder:
        work = Path(folder) / "store"
        label = _unpack(file, work)
        _fill(work, url, label, clock)
        shutil.rmtree(work / "state")
        if root.exists():
            root.rmdir()
        work.rename(root)


def _fill(work: Path, url: str | None, label: _Label, clock: Clock) -> None:
    """The rows into a database, the id into the facts folder."""
    if label.revision not in schema.revisions():
        raise schema.newer(label.revision)
    if url and not _blank(url):
        raise _not_empty("the database")
    write_mark(LocalFiles(work / "facts"), label.facts_root)
    state = State(url or f"sqlite:///{work / 'state.db'}", clock, label.revision)
    try:
        with state.begin() as db:
            dump.load(db, work / "state")
            dump.freshen(db)
            schema.upgrade(db)
    finally:
        state.close()


def _label(store: Store, db: sa.Connection) -> _Label:
    at = store.state.clock.now().isoformat()
    return _Label(_FORMAT, schema.current(db) or "", store.state.get("facts_root") or "", at)


def _files(db: sa.Connection) -> list[tuple[str, int]]:
    """The live fact files, and what was recorded of the segments that are not folded yet."""
    facts = db.execute(sa.select(manifest_files.c.path, manifest_files.c.bytes).where(alive(None)))
    waiting = (segments.c.state != "folded") & (segments.c.offset > 0)
    landed = db.execute(sa.select(segments.c.path, segments.c.offset).where(waiting))
    return [(path, size) for path, size in (*facts, *landed)]


class _Box:
    """A tar being written; `sums` are the SHA-256 of its members."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.sums: dict[str, str] = {}

    def add_bytes(self, name: str, data: bytes) -> None:
        self._add(name, io.BytesIO(data), len(data))

    def add_lines(self, name: str, lines: Iterator[bytes]) -> None:
        with tempfile.TemporaryFile() as spool:
            spool.writelines(lines)
            size = spool.tell()
            spool.seek(0)
            self._add(name, spool, size)

    def add_file(self, name: str, path: Path, size: int) -> None:
        with path.open("rb") as file:
            self._add(name, file, size)

    def _add(self, name: str, file: BinaryIO, size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        summing = _Summing(file)
        self._tar.addfile(member, summing)
        self.sums[name] = summing.sum.hexdigest()


class _Summing:
    """Reads a file and sums what it read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.sum.update(data)
        return data


@contextmanager
def _writing(path: Path) -> Iterator[_Box]:
    path.touch(mode=0o600)
    with (
        path.open("wb") as file,
        zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        yield _Box(tar)


def _unpack(file: Path, work: Path) -> _Label:
    """Unpack and check every byte; members cannot leave the folder."""
    work.mkdir(mode=0o700)
    try:
        with (
            file.open("rb") as source,
            zstandard.ZstdDecompressor().stream_reader(source) as plain,
            tarfile.open(fileobj=plain, mode="r|") as tar,
        ):
            tar.extractall(work, filter="data")
        sums = msgspec.json.decode((work / _LIST).read_bytes(), type=dict[str, str])
        label = msgspec.json.decode((work / "label.json").read_bytes(), type=_Label)
    except (OSError, tarfile.TarError, zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise _damaged(file, "it cannot be unpacked") from error
    bad = [name for name, wanted in sums.items() if _sum(work / name) != wanted]
    if bad or label.format != _FORMAT:
        raise _damaged(file, f"{bad[0]} has another checksum" if bad else f"its format is {label.format}")
    (work / _LIST).unlink()
    (work / "label.json").unlink()
    return label


def _sum(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _blank(url: str) -> bool:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        with explained():
            return schema.empty(engine)
    finally:
        engine.dispose()


def _not_empty(where: str) -> StoreError:
    return StoreError(
        f"{where} is not empty",
        why="a backup is restored into a new store only, never over one",
        safe="nothing was changed",
        fix="choose an empty folder and an empty database",
    )


def _damaged(file: Path, why: str) -> StoreError:
    return StoreError(
        f"{file.name} is not a whole backup",
        why=why,
        safe="nothing was restored",
        fix="use another backup",
    )
