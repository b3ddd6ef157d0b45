"""What was known before and is not any more is carried, so that silence never improves a score."""

from __future__ import annotations

from datetime import date

from cs_connector.health.scorecard import Definitions
from cs_connector.language.executor import Connection
from cs_connector.measure import retirements

BEFORE = "metric_before"
_OURS = "metric_earlier"  # what of it is of the relationships in hand
MONTHS = 8  # that a run can look back: six month ends, and what was carried to the first of them


def ready(con: Connection, definitions: Definitions) -> None:
    """Make `ready` from `wide`: beside `m_<metric>` the carried value `k_<metric>` and its date `d_<metric>`.

    `k_` is the value itself where it is known; `d_` is set only where it was carried. A view
    `metric_before` (relationship_id, metric, on_date, value) of what earlier runs measured is used where it
    exists: a removed link or permission takes the past out of reach of today's facts.
    """
    used = definitions.used
    before = _has(con, BEFORE)
    if before:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {_OURS} AS FROM {BEFORE} SEMI JOIN scope USING (relationship_id) WHERE value IS NOT NULL"
        )
    known = _known(used, before)
    seen = ", ".join(map(_seen, used))
    carried = ", ".join(_carried(name, definitions.metrics.by_name[name].carry_for) for name in used)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE ready AS
        WITH known AS ({known}), seen AS (SELECT r, today, {seen} FROM known WINDOW past AS (PARTITION BY r ORDER BY today)),
        carried AS (SELECT r, today, {carried} FROM seen)
        SELECT wide.*, carried.* EXCLUDE (r, today) FROM wide JOIN carried USING (r, today)
        """
    )
    if definitions.retired:
        _retire(con, definitions)


def _retire(con: Connection, definitions: Definitions) -> None:
    """Carry no more, from the day on which a person retired it, what was last known on that day or before."""
    ((today,),) = con.execute("SELECT max(on_date) FROM grid").fetchall()
    retirements.match(con, definitions.retired, today)
    for name in sorted({one.entry.metric for one in definitions.retired} & set(definitions.used)):
        con.execute(
            f"""UPDATE ready SET "k_{name}" = NULL, "d_{name}" = NULL FROM retired AS e WHERE e.metric = '{name}'
            AND e.relationship_id = ready.relationship_id AND ready.today >= e.given_on AND ready."d_{name}" <= e.given_on"""
        )


def _has(con: Connection, name: str) -> bool:
    found = con.execute("SELECT count(*) FROM duckdb_columns() WHERE table_name = ?", [name]).fetchone()
    return bool(found and found[0])


def _known(used: tuple[str, ...], before: bool) -> str:
    if not before:
        return "SELECT r, today, " + ", ".join(f'"m_{n}" AS v_{n}, "m_{n}"' for n in used) + " FROM wide"
    both = ", ".join(f'w."m_{n}" AS v_{n}, coalesce(w."m_{n}", b."{n}") AS "m_{n}"' for n in used)
    earlier = ", ".join(f"""any_value(value) FILTER (metric = '{n}') AS "{n}" """ for n in used)
    return f"""SELECT r, today, {both} FROM wide AS w FULL JOIN (
        SELECT s.r, p.on_date AS today, {earlier} FROM {_OURS} AS p JOIN scope AS s USING (relationship_id)
        WHERE p.on_date <= (SELECT max(on_date) FROM grid) GROUP BY ALL) AS b USING (r, today)"""


def _seen(name: str) -> str:
    """What was last known and when, however long ago: one frame for all metrics is a fraction of one for each."""
    seen = f'CASE WHEN "m_{name}" IS NOT NULL THEN today END'
    return f"""last_value("m_{name}" IGNORE NULLS) OVER past AS "k_{name}", last_value({seen} IGNORE NULLS) OVER past AS "d_{name}",
        v_{name} IS NULL AS "u_{name}" """


def _carried(name: str, days: int) -> str:
    lasts = f'"d_{name}" >= today - {days}'
    return f"""CASE WHEN {lasts} THEN "k_{name}" END AS "k_{name}",
        CASE WHEN "u_{name}" AND {lasts} THEN "d_{name}" END AS "d_{name}" """


def keep(con: Connection, definitions: Definitions, as_of: date) -> None:
    """Make `metric_past`: what earlier runs measured and this one does not know, so that the runs after it remember it, too.

    Of each metric the last known day of a month, as long as it may be carried. Needs `metric_value`, and what `ready` made.
    """
    if not _has(con, BEFORE):
        con.execute("CREATE OR REPLACE TEMP TABLE metric_past AS SELECT * FROM metric_value LIMIT 0")
        return
    longest = max((definitions.metrics.by_name[name].carry_for for name in definitions.used), default=0)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE metric_past AS
        SELECT b.relationship_id, s.account_id, b.metric, b.on_date, b.value, TRUE AS known
        FROM {_OURS} AS b JOIN (SELECT DISTINCT relationship_id, account_id FROM scope) AS s USING (relationship_id)
        ANTI JOIN (SELECT relationship_id, metric, on_date FROM metric_value WHERE known) AS v
        ON v.relationship_id = b.relationship_id AND v.metric = b.metric AND v.on_date >= b.on_date
            AND date_trunc('month', v.on_date) = date_trunc('month', b.on_date)
        WHERE b.on_date <= $day AND b.on_date > $day::DATE - INTERVAL {MONTHS} MONTH - to_days({longest})
        QUALIFY row_number() OVER (PARTITION BY b.relationship_id, b.metric, date_trunc('month', b.on_date)
            ORDER BY b.on_date DESC) = 1
        """,
        {"day": as_of},
    )
