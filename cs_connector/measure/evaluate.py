"""Every metric for every relationship at every date of the grid, in one wide table."""

from __future__ import annotations

from datetime import date, timedelta

from cs_connector.language.executor import Connection, store
from cs_connector.measure.metrics import OF_ACCOUNT, OF_RELATIONSHIP, Metrics
from cs_connector.model import ATTACHMENT

MONTHS_BACK = 6
FRESH_DAYS = 2  # a feed read up to two days before a date is complete for that date
SCORED = ("Customer", "Trial")


def grid(as_of: date) -> list[date]:
    """as_of, and the last six month ends before it."""
    days, first = [as_of], as_of.replace(day=1)
    for _ in range(MONTHS_BACK):
        days.append(first - timedelta(days=1))
        first = days[-1].replace(day=1)
    return days


def prepare(con: Connection, as_of: date, metrics: Metrics, account_id: str | None = None) -> int:
    """Make `grid`, `feed_complete` and `scored`; gives the number of relationships to score (of one account, if named).

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
    found = con.execute("SELECT count(*) FROM scored").fetchone()
    return int(found[0]) if found else 0


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
    con.execute(
        "CREATE OR REPLACE TEMP TABLE scope AS SELECT * FROM scored WHERE r >= ? AND r < ?", [low, high]
    )
    for source in metrics.sources:
        store(con, f"study_{source.name}", source.query)
    joins = "".join(f' JOIN "study_{s.name}" USING (r, today)' for s in metrics.sources)
    columns = ", ".join(f's."{name}"' for name in (*OF_RELATIONSHIP, *OF_ACCOUNT))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE wide AS
        WITH cells AS (SELECT s.r, g.on_date AS today FROM scope AS s CROSS JOIN grid AS g
            WHERE s.start_on IS NULL OR s.start_on <= g.on_date OR g.on_date = (SELECT max(on_date) FROM grid)),
        measured AS (SELECT r, today, {_renamed(metrics)} FROM cells{joins})
        SELECT measured.*, {columns} FROM measured JOIN scope AS s USING (r)
        """
    )
    for source in metrics.sources:
        con.execute(f'DROP TABLE "study_{source.name}"')


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
