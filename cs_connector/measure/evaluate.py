"""Every metric for every relationship at every date of the grid, in one wide table."""

from __future__ import annotations

from datetime import date, timedelta

from cs_connector.language.build import cells
from cs_connector.language.executor import Connection, sql, store
from cs_connector.measure import parts
from cs_connector.measure.metrics import OF_ACCOUNT, OF_RELATIONSHIP, Metrics
from cs_connector.model import ATTACHMENT

MONTHS_BACK = 6
FRESH_DAYS = 2  # a feed read up to two days before a date is complete for that date
SCORED = ("Customer", "Trial")
BUCKET = 50_000  # relationships at a time: memory follows this, not the number of customers


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
    """Make `grid`, `feed_complete`, `scored` and what compares relationships; gives the number of relationships to score
    (of one account, if named).
    """
    among = [source for source in metrics.sources if source.plan and source.plan.whole]
    begin(con, as_of, metrics, None if among else account_id)
    parts.compare(con, among, bucket)
    if account_id is not None:  # its peers were needed until here
        con.execute("DELETE FROM scored WHERE account_id <> ?", [account_id])
    found = con.execute("SELECT count(*) FROM scored").fetchone()
    return int(found[0]) if found else 0


def begin(con: Connection, as_of: date, metrics: Metrics, account_id: str | None = None) -> None:
    """Make `grid`, `feed_complete` and `scored` (of one account, if named).

    Where nothing was attached to relationships, `attachment` is made, too, and empty.
    """
    if not con.execute("SELECT 1 FROM duckdb_columns() WHERE table_name = 'attachment' LIMIT 1").fetchone():
        con.execute(
            f"CREATE TEMP TABLE attachment({', '.join(f'{c.name} {c.type}' for c in ATTACHMENT.columns)})"
        )
    con.execute("CREATE OR REPLACE TEMP TABLE grid (on_date DATE)")
    con.executemany("INSERT INTO grid VALUES (?)", [[day] for day in grid(as_of)])
    _feeds(con, metrics.feeds)
    _scored(con, account_id)


def _feeds(con: Connection, entities: tuple[str, ...]) -> None:
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE feed_complete AS
        WITH linked AS (SELECT DISTINCT entity_id AS account_id, connection FROM link WHERE entity = 'account')
        SELECT linked.account_id, feed.entity, grid.on_date
        FROM linked JOIN feed USING (connection) CROSS JOIN grid
        WHERE list_contains(?, feed.entity)
        GROUP BY ALL
        HAVING bool_and(coalesce(feed.complete AND CAST(feed.watermark AS DATE) >= grid.on_date - ?, FALSE))
        """,
        [list(entities), FRESH_DAYS],
    )


def _scored(con: Connection, account_id: str | None) -> None:
    mine = ", ".join(f'r."{name}"' for name in OF_RELATIONSHIP)
    theirs = ", ".join(f'a."{name.removeprefix("account_")}" AS "{name}"' for name in OF_ACCOUNT)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE scored AS
        SELECT CAST(row_number() OVER (ORDER BY r.account_id, r.relationship_id) AS INTEGER) AS r, {mine}, {theirs}
        FROM relationship AS r JOIN account AS a USING (account_id)
        WHERE a.customer_status IN {SCORED} AND r.status IS DISTINCT FROM 'Ended'
            AND (? IS NULL OR account_id = ?)
        """,
        [account_id, account_id],
    )


def evaluate(con: Connection, metrics: Metrics, low: int, high: int) -> None:
    """Make `wide` for the relationships numbered low ≤ r < high: their columns, and `m_<metric>`.

    A relationship has no past before it started; at as_of it always has a row.
    """
    parts.scoped(con, low, high)
    for source in metrics.sources:
        parts.bucket(con, source)
        store(con, f"study_{source.name}", source.query)
    joins = "".join(f' JOIN "study_{s.name}" USING (r, today)' for s in metrics.sources)
    columns = ", ".join(f's."{name}"' for name in (*OF_RELATIONSHIP, *OF_ACCOUNT))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE metric_bucket AS
        WITH cells AS ({sql(cells())}) SELECT r, today, {_renamed(metrics)} FROM cells{joins}
        """
    )
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW wide AS SELECT metric_bucket.*, {columns} FROM metric_bucket JOIN scope AS s USING (r)"
    )
    for source in metrics.sources:
        con.execute(f'DROP TABLE "study_{source.name}"')
        parts.drop(con, source)


def _renamed(metrics: Metrics) -> str:
    return ", ".join(
        f'"study_{source.name}"."{name}" AS "m_{name}"'
        for source in metrics.sources
        for name in source.study.metrics
    )


def publish(con: Connection, metrics: Metrics) -> None:
    """Make the view `metric_value` over `metric_wide`: one row a metric."""
    rows = " UNION ALL ".join(
        f"""SELECT relationship_id, account_id, '{name}' AS metric, on_date, "m_{name}" AS value,
        "m_{name}" IS NOT NULL AS known FROM metric_wide"""
        for name in metrics.by_name
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW metric_value AS {rows}")


def keep(con: Connection, metrics: Metrics, first: bool) -> None:
    """Add the metrics of `wide` to `metric_wide`."""
    verb = "CREATE OR REPLACE TEMP TABLE metric_wide AS" if first else "INSERT INTO metric_wide"
    listed = ", ".join(f'"m_{name}"' for name in metrics.by_name)
    con.execute(f"{verb} SELECT relationship_id, account_id, today AS on_date, {listed} FROM wide")
