"""Facts: immutable Parquet files, named by a manifest; a reader sees all of a publish or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb
import sqlalchemy as sa

from cs_connector.errors import StoreError

from . import leases, newest, views
from .files import Files, stage
from .leases import Lease
from .newest import Holds, Part
from .state import State
from .tables import manifest, manifest_files, reader_leases

Paths = Mapping[str, Sequence[Path]]
Then = Callable[[sa.Connection], None]

RAW = {
    "id": "VARCHAR",
    "modified_at": "VARCHAR",
    "deleted": "BOOLEAN",
    "known_at": "TIMESTAMP",
    "digest": "UBIGINT",
    "payload": "VARCHAR",
}


class Facts:
    def __init__(self, state: State, files: Files) -> None:
        self.state, self.store_files = state, files

    def stage(self, dataset: str) -> Path:
        """A new path to write a Parquet file of a dataset to; nobody reads it before `publish`."""
        return stage(self.store_files, dataset)

    def publish(
        self,
        run: str,
        replace: Paths | None = None,
        append: Paths | None = None,
        lease: Lease | None = None,
        then: Then | None = None,
        holds: Holds = Holds.ANY,
    ) -> int:
        """Make staged files live, in one transaction with `then`; returns the manifest version.

        `replace` takes the place of all files of its datasets, but for those that it names and that are live already; `append`
        adds to them; `holds` is true of all that are new. Raises FencedOut when the lease was lost; then nothing is live.
        """
        replace, append = replace or {}, append or {}
        both = (*replace.items(), *append.items())
        stay = {dataset: set(paths) & set(self.files(dataset)) for dataset, paths in replace.items()}
        rows = [
            self._describe(d, Part(p, holds)) for d, paths in both for p in paths if p not in stay.get(d, ())
        ]
        with self.state.begin() as db:
            if lease:
                leases.check(db, lease)
            version = self._next(db, run) if rows or replace else current(db)
            if replace:
                named = [self._name(path) for paths in stay.values() for path in paths]
                gone = manifest_files.c.dataset.in_(list(replace)) & manifest_files.c.path.not_in(named)
                retire(db, version, gone)
            if rows:
                db.execute(manifest_files.insert(), [{**row, "added": version} for row in rows])
            if then:
                then(db)
        return version

    def swap(
        self, run: str, dataset: str, old: Sequence[Path], new: Sequence[Part], lease: Lease | None = None
    ) -> bool:
        """Put the same rows into other files; False, and nothing done, when `old` is not all that is live any more."""
        rows = [self._describe(dataset, part) for part in new]
        names = [self._name(path) for path in old]
        with self.state.begin() as db:
            if lease:
                leases.check(db, lease)
            live = (manifest_files.c.dataset == dataset) & alive(None)
            if set(db.scalars(sa.select(manifest_files.c.path).where(live))) != set(names):
                return False
            version = self._next(db, run)
            retire(db, version, live)
            if rows:
                db.execute(manifest_files.insert(), [{**row, "added": version} for row in rows])
        return True

    def files(self, dataset: str, version: int | None = None) -> list[Path]:
        """The files of a dataset now, or at an older version that is still kept."""
        return [part.path for part in self.parts(dataset, version)]

    def parts(self, dataset: str, version: int | None = None) -> list[Part]:
        """The same with what they hold, the oldest first."""
        wanted = (manifest_files.c.dataset == dataset) & alive(version)
        query = sa.select(manifest_files.c.path, manifest_files.c.holds).where(wanted)
        with self.state.read() as db:
            rows = db.execute(query.order_by(manifest_files.c.id))
            return [Part(self.store_files.locate(row.path), Holds(row.holds)) for row in rows]

    def datasets(self, prefix: str = "") -> list[str]:
        """The names of the datasets that have a file."""
        named = manifest_files.c.dataset.startswith(prefix, autoescape=True)
        query = sa.select(manifest_files.c.dataset).distinct().where(alive(None), named)
        with self.state.read() as db:
            return sorted(db.scalars(query))

    def rows(self, dataset: str) -> int:
        """How many rows are live."""
        wanted = (manifest_files.c.dataset == dataset) & alive(None)
        with self.state.read() as db:
            return int(db.scalar(sa.select(sa.func.sum(manifest_files.c.rows)).where(wanted)) or 0)

    def version(self) -> int:
        """The current version; 0 before the first publish."""
        with self.state.read() as db:
            return current(db)

    @contextmanager
    def pin(self, seconds: float = 3600) -> Iterator[int]:
        """Keep the files of the current version from collection; yields the version."""
        with self.state.begin() as db:
            version = current(db)
            until = self.state.clock.now() + timedelta(seconds=seconds)
            insert = reader_leases.insert().values(version=version, until=until)
            key = db.execute(insert).inserted_primary_key
        try:
            yield version
        finally:
            with self.state.begin() as db:
                db.execute(reader_leases.delete().where(reader_leases.c.id == (key[0] if key else None)))

    def attach(
        self,
        con: duckdb.DuckDBPyConnection,
        dataset: str,
        view: str,
        columns: Mapping[str, str],
        version: int | None = None,
    ) -> None:
        """A view over a dataset; `columns` (name to type) are there even when no file has them."""
        views.attach(con, view, self.files(dataset, version), columns)

    def latest(
        self,
        con: duckdb.DuckDBPyConnection,
        connection: str,
        object_name: str,
        view: str,
        version: int | None = None,
    ) -> None:
        """A view of the newest version of each record read, deleted ones too: the columns of RAW."""
        rows = newest.query(con, self.parts(f"raw/{connection}/{object_name}", version), RAW)
        views.create(con, view, rows)

    def compact(self, dataset: str, lease: Lease | None = None) -> bool:
        """Merge the files of a dataset when there are too many; says whether it did."""
        from .upkeep import compact

        return compact(self, dataset, lease)

    def collect(self) -> int:
        """Remove what no version of the last seven days needs; returns the number of files removed."""
        from .upkeep import collect

        return collect(self)

    def _next(self, db: sa.Connection, run: str) -> int:
        version = current(db) + 1
        db.execute(manifest.insert().values(version=version, at=self.state.clock.now(), run=run))
        return version

    def _describe(self, dataset: str, part: Part) -> dict[str, object]:
        """Make a staged file last, and what the manifest says of it."""
        from pyarrow import parquet

        name = self._name(part.path)
        self.store_files.fsync(name)
        rows, size = parquet.read_metadata(part.path).num_rows, part.path.stat().st_size
        return {"dataset": dataset, "path": name, "rows": rows, "bytes": size, "holds": part.holds.value}

    def _name(self, path: Path) -> str:
        root = self.store_files.locate("")
        try:
            return path.relative_to(root).as_posix()
        except ValueError:
            raise StoreError(
                "a file outside the facts cannot be published", why=str(path), fix="write to Facts.stage()"
            ) from None


def current(db: sa.Connection) -> int:
    return int(db.scalar(sa.select(sa.func.max(manifest.c.version))) or 0)


def alive(version: int | None) -> sa.ColumnElement[bool]:
    """Which files are live: now, or at a version."""
    if version is None:
        return manifest_files.c.removed.is_(None)
    gone = manifest_files.c.removed
    return sa.and_(manifest_files.c.added <= version, sa.or_(gone.is_(None), gone > version))


def retire(db: sa.Connection, version: int, which: sa.ColumnElement[bool]) -> None:
    """From `version` on these files are not live."""
    still = manifest_files.c.removed.is_(None) & (manifest_files.c.added < version)
    db.execute(manifest_files.update().where(which, still).values(removed=version))
