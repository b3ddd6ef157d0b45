"""Every metric for every relationship at every date of the grid, in one wide table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType

from cs_connector.language.executor import Connection, sql, store
from cs_connector.measure import judgements, linked, parts, totals
from cs_connector.measure.metrics import OF_ACCOUNT, OF_RELATIONSHIP, Metrics, Source, together
from cs_connector.model import ATTACHMENT

MONTHS_BACK = 6
FRESH_DAYS = 2  # a feed read up to two days before a date is complete for that date
SCORED = ("Customer", "Trial")
BUCKET = 50_000  # relationships at a time: memory follows this, not the number of customers
FEWEST = 5_000
EACH = 20_000  # bytes of memory for a relationship at all dates, with room to spare
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_NONE: Mapping[str, str] = MappingProxyType({})


def grid(as_of: date) -> list[date]:
    """as_of, and the last six month ends before it."""
    days, first = [as_of], as_of.replace(day=1)
    for _ in range(MONTHS_BACK):
        days.append(first - timedelta(days=1))
        first = days[-1].replace(day=1)
    return days


def prepare(
    con: Connection, as_of: date, metrics: Metrics, account_id: str | None = None, bucket: int = BUCKET
) -> int:
    """Make `grid`, `feed_complete`, `feed_broken`, `scored` and what compares relationships; gives the number of relationships to score
    (of one account, if named).
    """
    among = [source for source in metrics.sources if source.plan and source.plan.whole]
    begin(con, as_of, metrics, None if among else account_id)
    metrics.ready(con, as_of)
    parts.compare(con, among, bucket)
    if account_id is not None:  # its peers were needed until here
        con.execute("DELETE FROM numbered WHERE account_id <> ?", [account_id])
    found = con.execute("SELECT count(*) FROM scored").fetchone()
    return int(found[0]) if found else 0


def begin(con: Connection, as_of: date, metrics: Metrics, account_id: str | None = None) -> None:
    """Make `grid`, `linked`, `feed_complete`, `feed_broken` and `scored`, the relationships to score by their number `r` (of one account, if named).

    Where nothing was attached to relationships, `attachment` is made, too, and empty.
    """
    if not con.execute("SELECT 1 FROM duckdb_columns() WHERE table_name = 'attachment' LIMIT 1").fetchone():
        con.execute(
            f"CREATE TEMP TABLE attachment({', '.join(f'{c.name} {c.type}' for c in ATTACHMENT.columns)})"
        )
    con.execute("CREATE OR REPLACE TEMP TABLE grid (on_date DATE)")
    con.executemany("INSERT INTO grid VALUES (?)", [[day] for day in grid(as_of)])
    linked.lay(con, as_of)
    _feeds(con, metrics.feeds)
    _scored(con, account_id)
    judgements.lay(con, metrics.judgements, as_of)


def _feeds(con: Connection, entities: tuple[str, ...]) -> None:
    """A feed that was never read is not complete, and nothing broke."""
    whole = f"coalesce(NOT silent AND feed.complete AND CAST(feed.watermark AS DATE) >= grid.on_date - {FRESH_DAYS}, FALSE)"
    broke = f"NOT {whole} AND feed.watermark IS NOT NULL"
    for table, test in (("feed_complete", f"bool_and({whole})"), ("feed_broken", f"bool_or({broke})")):
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {table} AS SELECT linked.account_id, feed.entity, grid.on_date
            FROM linked JOIN feed USING (connection) CROSS JOIN grid
            WHERE list_contains(?, feed.entity) GROUP BY ALL HAVING {test}
            """,
            [list(entities)],
        )


def _scored(con: Connection, account_id: str | None) -> None:
    """Only the numbers are kept: of a million customers, what is known of each is read when its turn comes."""
    mine = ", ".join(f'r."{name}"' for name in OF_RELATIONSHIP)
    theirs = ", ".join(f'a."{name.removeprefix("account_")}" AS "{name}"' for name in OF_ACCOUNT)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE numbered AS
        SELECT CAST(row_number() OVER (ORDER BY r.account_id, r.relationship_id) AS INTEGER) AS r, r.relationship_id, r.account_id
        FROM relationship AS r JOIN account AS a USING (account_id)
        WHERE a.customer_status IN {SCORED} AND r.status IS DISTINCT FROM 'Ended'
            AND (? IS NULL OR account_id = ?)
        """,
        [account_id, account_id],
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP VIEW scored AS SELECT n.r, {mine}, {theirs} FROM numbered AS n
        JOIN relationship AS r USING (account_id, relationship_id) JOIN account AS a USING (account_id)"""
    )


def at_once(con: Connection) -> int:
    """How many relationships to measure at a time: as many as the memory that a connection may use has room for."""
    size, unit = con.execute("SELECT current_setting('memory_limit')").fetchall()[0][0].split()
    return max(FEWEST, int(float(size) * _UNITS[unit]) // EACH)


def buckets(con: Connection, size: int) -> list[tuple[int, int]]:
    """The numbers (low ≤ r < high) of about `size` relationships each; no account is in two. One bucket, if there are none."""
    rows = con.execute(
        "SELECT min(first) FROM (SELECT min(r) AS first FROM numbered GROUP BY account_id) GROUP BY (first - 1) // ? ORDER BY 1",
        [size],
    ).fetchall()
    found = con.execute("SELECT coalesce(max(r), 0) FROM numbered").fetchone()
    lows = [row[0] for row in rows] or [1]
    return list(pairwise([*lows, (found[0] if found else 0) + 1]))


def evaluate(con: Connection, metrics: Metrics, low: int, high: int) -> None:
    """Make `wide` for the relationships numbered low ≤ r < high: their columns, and `m_<metric>`.

    A relationship has no past before it started; at as_of it always has a row.
    """
    parts.scoped(con, low, high)
    if metrics.before is not None:
        metrics.before.bucket(con, metrics)
    else:
        store(con, "metric_bucket", study(con, metrics.sources))
        forget(con, metrics.sources)
    _widened(con)


def study(con: Connection, sources: Sequence[Source], standing: Mapping[str, str] = _NONE) -> str:
    """A query of what studies come to side by side, for the relationships in `scope`: `r`, `today` and `m_<metric>`.

    Makes their totals, each in a table of its own; `standing` are tables of those that were made, by the names of the studies.
    """
    for source in sources:
        parts.bucket(con, source)
    made = {s.name: _totals(s) for s in sources if s.plan and not s.plan.whole and s.name not in standing}
    totals.make(con, [(made[source.name], source) for source in sources if source.name in made])
    return sql(together(sources, {**standing, **made}, "m_"))


def forget(con: Connection, sources: Iterable[Source]) -> None:
    """Drop the tables of `study`."""
    for source in sources:
        con.execute(f'DROP TABLE IF EXISTS "{_totals(source)}"')
        parts.drop(con, source)


def _totals(source: Source) -> str:
    return f"totals {source.name}"


def widen(con: Connection, query: str) -> None:
    """Make `wide` for the relationships in `scope`: their columns beside those of a query of `r`, `today` and `m_<metric>`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE metric_bucket AS {query}")
    _widened(con)


def _widened(con: Connection) -> None:
    columns = ", ".join(f's."{name}"' for name in (*OF_RELATIONSHIP, *OF_ACCOUNT))
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW wide AS SELECT metric_bucket.*, {columns} FROM metric_bucket JOIN scope AS s USING (r)"
    )


def publish(con: Connection, metrics: Metrics) -> None:
    """Make the view `metric_value` over `metric_wide`: one row a metric."""
    names = ", ".join(f"'{name}'" for name in metrics.by_name)
    values = ", ".join(f'"m_{name}"' for name in metrics.by_name)
    con.execute(
        f"""CREATE OR REPLACE TEMP VIEW metric_value AS
        SELECT relationship_id, account_id, metric, on_date, value, value IS NOT NULL AS known FROM (
            SELECT relationship_id, account_id, on_date, unnest([{names}]) AS metric, unnest([{values}]) AS value FROM metric_wide)"""
    )


def keep(con: Connection, metrics: Metrics, first: bool) -> None:
    """Add the metrics of `wide` to `metric_wide`."""
    verb = "CREATE OR REPLACE TEMP TABLE metric_wide AS" if first else "INSERT INTO metric_wide"
    listed = ", ".join(f'"m_{name}"' for name in metrics.by_name)
    con.execute(
        f"{verb} SELECT relationship_id, account_id, today AS on_date, {listed} FROM wide ORDER BY r, today"
    )
