"""From landed pages to facts: only what is new or different becomes a row."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from cs_connector.errors import StoreError

from . import frames, living, views
from .facts import RAW, Facts
from .firsts import Firsts
from .leases import Lease
from .state import State
from .tables import segments
from .upkeep import bound

BATCH = 100_000  # records of a row group
_TICK = timedelta(microseconds=1)

_SHAPE = pa.schema(
    [
        ("seq", pa.int64()),
        ("id", pa.string()),
        ("modified_at", pa.string()),
        ("deleted", pa.bool_()),
        ("payload", pa.string()),
    ]
)

_INCOMING = """CREATE TABLE incoming AS
SELECT seq, id, deleted, md5_number_lower(payload) AS digest FROM pages"""

# rows of a first fold have no digest: it is made when their record is read again
_KNOWN = """CREATE TABLE known AS
SELECT id, unnest(max({'known_at': known_at, 'modified_at': coalesce(modified_at, ''), 'deleted': deleted,
                       'digest': coalesce(digest, md5_number_lower(payload))}))
FROM versions SEMI JOIN incoming USING (id) GROUP BY id"""

# the last of a record's versions in this fold, when it differs from the one we know
_PICKED = """CREATE TABLE picked AS
SELECT i.seq, i.digest, CASE WHEN i.deleted THEN 'deleted' WHEN k.id IS NULL THEN 'new' ELSE 'changed' END AS kind,
       (NOT i.deleted)::INTEGER - coalesce(NOT k.deleted, false)::INTEGER AS born
FROM (SELECT id, max(seq) AS seq, arg_max(digest, seq) AS digest, arg_max(deleted, seq) AS deleted
      FROM incoming GROUP BY id) i
LEFT JOIN known k ON k.id = i.id
WHERE k.id IS NULL OR k.digest <> i.digest OR k.deleted <> i.deleted"""

_ROWS = """SELECT id, modified_at, deleted, {known_at} AS known_at, digest, payload
FROM pages JOIN picked USING (seq)"""


@dataclass(frozen=True, slots=True)
class Fold:
    """What the landed records were; `read` is the sum of the next four. `born` is by how much the living became more."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    born: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class _Segment:
    id: int
    connection: str
    object: str
    path: str
    offset: int


def fold(
    state: State, facts: Facts, connection: str, object_name: str, run: str, lease: Lease | None = None
) -> Fold:
    """Publish what was landed for an object, by this run or by one that was killed.

    May be repeated after a kill at any point: segments and rows are settled in one transaction.
    Raises FencedOut when the lease was lost, StoreError for a damaged segment.
    """
    waiting = _waiting(state, connection, object_name)
    if not waiting:
        return Fold()
    dataset = f"raw/{connection}/{object_name}"
    staged = facts.stage(dataset)
    first = not facts.files(dataset)
    counts = _write(facts, waiting, dataset, staged) if any(s.offset for s in waiting) else Fold()
    rows = {dataset: [staged]} if counts.read > counts.unchanged else None
    facts.publish(
        run, append=rows, lease=lease, then=lambda db: _settle(db, waiting, counts.born, first=first)
    )
    if rows:
        facts.compact(dataset, lease)
    return counts


def _waiting(state: State, connection: str, object_name: str) -> list[_Segment]:
    here = (segments.c.connection == connection) & (segments.c.object == object_name)
    query = sa.select(segments).where(here, segments.c.state != "folded").order_by(segments.c.id)
    with state.read() as db:
        return [
            _Segment(row.id, row.connection, row.object, row.path, row.offset) for row in db.execute(query)
        ]


def _write(facts: Facts, waiting: Sequence[_Segment], dataset: str, target: Path) -> Fold:
    """Compare with what is known and write the differences to `target`, if there are any."""
    if not facts.files(dataset):
        return _first(facts, waiting, target)
    with duckdb.connect() as con:
        bound(con)
        facts.attach(con, dataset, "versions", RAW)
        _scan(con, facts, waiting, _INCOMING)
        con.execute(_KNOWN)
        con.execute(_PICKED)
        counts = _counts(con)
        if counts.read > counts.unchanged:
            rows = _ROWS.format(known_at=_known_at(con, facts.state.clock.now()))
            _scan(con, facts, waiting, _copy(rows, target))
    return counts


def _first(facts: Facts, waiting: Sequence[_Segment], target: Path) -> Fold:
    """Nothing is known, so there is nothing to compare."""
    firsts = Firsts(lambda: _pages(facts, waiting), facts.state.clock.now())
    firsts.write(target)
    living = firsts.read - firsts.stale - firsts.deleted
    return Fold(firsts.read, living, 0, firsts.stale, firsts.deleted, living)


def _copy(rows: str, target: Path) -> str:
    """Long texts of their own do not repay a dictionary, so small ones only."""
    kind = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000, ROW_GROUP_SIZE {BATCH}"
    return f"COPY ({rows}) TO {views.text(str(target))} ({kind})"


def _scan(con: duckdb.DuckDBPyConnection, facts: Facts, waiting: Sequence[_Segment], query: str) -> None:
    """Run a query over the landed records, which it may read once."""
    failed: list[StoreError] = []
    reader = pa.RecordBatchReader.from_batches(_SHAPE, _noted(_batches(facts, waiting), failed))
    con.register("pages", reader)
    try:
        con.execute(query).fetchall()
    except duckdb.Error:
        if failed:
            raise failed[0] from None
        raise
    finally:
        con.unregister("pages")


def _noted(batches: Iterator[pa.RecordBatch], failed: list[StoreError]) -> Iterator[pa.RecordBatch]:
    """DuckDB turns an error of the reader into one of its own, so ours is kept aside."""
    try:
        yield from batches
    except StoreError as error:
        failed.append(error)
        raise


def _counts(con: duckdb.DuckDBPyConnection) -> Fold:
    read = _one(con, "SELECT count(*) FROM incoming")
    kinds = dict(con.execute("SELECT kind, count(*) FROM picked GROUP BY kind").fetchall())
    new, changed, deleted = (kinds.get(kind, 0) for kind in ("new", "changed", "deleted"))
    born = int(_one(con, "SELECT coalesce(sum(born), 0) FROM picked"))
    return Fold(read, new, changed, read - new - changed - deleted, deleted, born)


def _known_at(con: duckdb.DuckDBPyConnection, now: datetime) -> str:
    """Later than anything known, so that the newest version of a record is never in doubt."""
    known: datetime | None = _one(con, "SELECT max(known_at) FROM versions")
    return _timestamp(now, known + _TICK if known else None)


def _timestamp(now: datetime, least: datetime | None = None) -> str:
    at = now.astimezone(UTC).replace(tzinfo=None)
    return f"TIMESTAMP '{max(at, least or at)}'"


def _one(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    return con.execute(query).fetchall()[0][0]


def _batches(facts: Facts, waiting: Sequence[_Segment]) -> Iterator[pa.RecordBatch]:
    """The records in the order of their arrival, numbered."""
    seq = 0
    for page in _pages(facts, waiting):
        order = _numbers(seq, page.num_rows)
        yield pa.RecordBatch.from_arrays([order, *page.columns], schema=_SHAPE)
        seq += page.num_rows


def _numbers(begin: int, count: int) -> pa.Array:
    """pa.array would import pandas where it is installed."""
    made = array("q", range(begin, begin + count))
    return pa.Array.from_buffers(pa.int64(), count, [None, pa.py_buffer(made)])


def _pages(facts: Facts, waiting: Sequence[_Segment]) -> Iterator[pa.RecordBatch]:
    for segment in waiting:
        if segment.offset:
            with facts.store_files.open(segment.path) as file:
                yield from map(_readable, frames.decode(file, segment.offset))


def _readable(page: pa.RecordBatch) -> pa.RecordBatch:
    *short, payloads = page.columns
    return pa.RecordBatch.from_arrays([*short, _texts(payloads)], names=page.schema.names)


def _texts(payloads: pa.BinaryArray) -> pa.StringArray:
    """Bytes as text; what is not UTF-8 is replaced, so that one bad record cannot stop the others."""
    try:
        return payloads.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([p.decode("utf-8", "replace") for p in payloads.to_pylist()], pa.string())


def _settle(db: sa.Connection, waiting: Sequence[_Segment], born: int, *, first: bool) -> None:
    living.add(db, waiting[0].connection, waiting[0].object, born, first=first)
    for segment in waiting:
        same = (segments.c.id == segment.id) & (segments.c.offset == segment.offset)
        open_ = segments.c.state != "folded"
        if db.execute(segments.update().where(same, open_).values(state="folded")).rowcount != 1:
            raise StoreError(
                "records arrived while they were being folded",
                why="another process works on the same object",
                safe="nothing was published; the records are kept",
                fix="fold again when the other run has ended",
            )
