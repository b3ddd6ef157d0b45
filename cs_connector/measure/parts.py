"""Studies that are more than one query: those with a Python step, and those that compare relationships with each other.

Most studies are one query, and have no part in this.
"""

from __future__ import annotations

from collections.abc import Iterable

from cs_connector.language.compiler import Part
from cs_connector.language.executor import Connection, sql, store
from cs_connector.measure import functions
from cs_connector.measure.metrics import Source


def scoped(con: Connection, low: int, high: int) -> None:
    """Make `scope`: the relationships numbered low ≤ r < high."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE scope AS SELECT * FROM scored WHERE r >= ? AND r < ?", [low, high]
    )


def compare(con: Connection, sources: Iterable[Source], bucket: int) -> None:
    """Results of the studies that look at all relationships at once: their own rows by buckets, then all together.

    Raises ConfigError for a function that does not give what it says.
    """
    found = con.execute("SELECT coalesce(max(r), 0) FROM scored").fetchone()
    last = found[0] if found else 0
    for source in sources:
        for low in range(1, max(last, 1) + 1, bucket):
            scoped(con, low, low + bucket)
            _gather(con, source, low == 1)
        for part in source.plan.whole if source.plan else ():
            _keep(con, source, part)


def _gather(con: Connection, source: Source, first: bool) -> None:
    """The last part of a bucket is added to those of other buckets."""
    assert source.plan is not None
    *before, last = source.plan.local
    for part in before:
        _keep(con, source, part)
    _keep(con, source, last, into=None if first else last.table)


def bucket(con: Connection, source: Source) -> None:
    """What the query of a study reads of its own earlier parts, for the relationships in `scope`."""
    if source.plan is not None and not source.plan.whole:
        for part in source.plan.parts[:-1]:
            _keep(con, source, part)


def shown(con: Connection, source: Source) -> None:
    """The same for looking at single steps: what is compared stands there already."""
    bucket(con, source)
    for part in source.plan.local[:-1] if source.plan and source.plan.whole else ():
        _keep(con, source, part)


def drop(con: Connection, source: Source) -> None:
    """Forget what `bucket` made."""
    if source.plan is not None and not source.plan.whole:
        for part in source.plan.parts[:-1]:
            con.execute(f'DROP TABLE IF EXISTS "{part.table}"')


def _keep(con: Connection, source: Source, part: Part, into: str | None = None) -> None:
    name = into and f"{part.table} more"
    store(con, name or part.table, sql(part.rows.query))
    if part.python is not None:
        functions.run(con, source.document, part, name or part.table)
    if name and into:
        con.execute(f'INSERT INTO "{into}" SELECT * FROM "{name}"')
        con.execute(f'DROP TABLE "{name}"')
