"""What was known before and is not any more is carried, so that silence never improves a score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from cs_connector.health.scorecard import Definitions
from cs_connector.health.silence import lasting
from cs_connector.health.silence.lasting import Array, Cells, Earlier
from cs_connector.language.executor import Connection
from cs_connector.measure import retirements
from cs_connector.measure.metrics import OF_ACCOUNT, OF_RELATIONSHIP
from cs_connector.unify.sql import literal

BEFORE = "metric_before"
MONTHS = 8  # that a run can look back: six month ends, and what was carried to the first of them
_FILLED, _LESS, _DAY = (
    "filled",
    "filled_less",
    "filled_day",
)  # what `ready` is made of: arrays, without what was retired, of one day
_THEIRS = ", ".join(f'"{name}"' for name in (*OF_RELATIONSHIP, *OF_ACCOUNT))
_EARLIER = "r INTEGER, place INTEGER, other VARCHAR, on_date DATE, value DOUBLE"
_NO_EARLIER = pa.table({"r": pa.array([], pa.int32()), "on_date": pa.array([], pa.date32())})
_PAST = (
    "relationship_id VARCHAR, account_id VARCHAR, metric VARCHAR, on_date DATE, value DOUBLE, known BOOLEAN"
)


def ready(con: Connection, definitions: Definitions) -> None:
    """Make `ready` from `wide`: beside `m_<metric>` the carried value `k_<metric>` and its date `d_<metric>`.

    `k_` is the value itself where it is known; `d_` is set only where it was carried. A view
    `metric_before` (relationship_id, account_id, metric, on_date, value) of what earlier runs measured is used where it
    exists: a removed link or permission takes the past out of reach of today's facts. Also makes `metric_past`: what earlier
    runs measured and this one does not know, so that the runs after it remember it, too; of each metric the last known day of
    a month, as long as it may be carried.
    """
    names = list(definitions.metrics.by_name)
    listed = ", ".join(f'"m_{name}"' for name in names)
    own = con.sql(f"SELECT r, today, {listed} FROM wide ORDER BY r, today").to_arrow_table()
    before = _has(con, BEFORE)
    if before:
        _bring(con, definitions, names)
    cells = Cells.of(_pairs(own, "today"), _pairs(_earlier_days(con) if before else _NO_EARLIER, "on_date"))
    con.register(_FILLED, _filled(con, own, cells, definitions, names if before else ()))
    _view(con, _FILLED)
    con.execute(f"CREATE OR REPLACE TEMP TABLE metric_past ({_PAST})")
    if before:
        _remember(con, own, cells, names)
    if definitions.retired:
        _retire(con, definitions)


def _bring(con: Connection, definitions: Definitions, names: Sequence[str]) -> None:
    """Make `metric_earlier`: what earlier runs measured of the relationships in hand and is not known of that day now.

    Metrics are told by their place in `names`, those that are not declared any more by their name. Rows are found by the range
    of the accounts: those of an account lie side by side, so other parts of the files are not looked into.
    """
    longest = max((definitions.metrics.by_name[name].carry_for for name in definitions.used), default=0)
    heard = ", ".join(f"""CASE WHEN "m_{name}" IS NULL THEN '-' ELSE '+' END""" for name in names)
    con.execute(f"CREATE OR REPLACE TEMP TABLE metric_earlier ({_EARLIER})")
    ((low, high, day),) = con.execute(
        "SELECT min(account_id), max(account_id), (SELECT max(on_date) FROM grid) FROM scope"
    ).fetchall()
    con.execute(
        f"""
        INSERT INTO metric_earlier
        WITH named AS (SELECT unnest($names::VARCHAR[]) AS metric, unnest(range({len(names)})) AS place),
        heard AS (SELECT r, today AS on_date, concat({heard}) AS heard FROM wide),
        theirs AS (SELECT relationship_id, metric, on_date, value FROM {BEFORE} WHERE account_id BETWEEN $low AND $high
            AND value IS NOT NULL AND on_date <= $day AND on_date > $day::DATE - INTERVAL {MONTHS} MONTH - to_days({longest}))
        SELECT r, n.place, CASE WHEN n.place IS NULL THEN b.metric END, on_date, b.value
        FROM theirs AS b JOIN (SELECT r, relationship_id FROM scope) USING (relationship_id) LEFT JOIN named AS n USING (metric)
        LEFT JOIN heard USING (r, on_date) WHERE coalesce(heard[n.place + 1], '-') = '-'
        """,
        {"names": names, "low": low, "high": high, "day": day},
    )


def _earlier_days(con: Connection) -> pa.Table:
    return con.sql("SELECT DISTINCT r, on_date FROM metric_earlier").to_arrow_table()


def _pairs(table: pa.Table, day: str) -> tuple[Array, Array]:
    return table["r"].to_numpy(), table[day].cast(pa.int32()).to_numpy()


def _filled(
    con: Connection, own: pa.Table, cells: Cells, definitions: Definitions, names: Sequence[str]
) -> pa.Table:
    days = {name: definitions.metrics.by_name[name].carry_for for name in definitions.used}
    at = {name: f"place = {place}" for place, name in enumerate(names)}
    return lasting.fill(cells, own, days, lambda name: _earlier(con, cells, at[name]) if at else None)


def _earlier(con: Connection, cells: Cells, which: str) -> Earlier:
    found = con.sql(
        f"SELECT r, on_date, value FROM metric_earlier WHERE {which} ORDER BY r, on_date"
    ).to_arrow_table()
    return Earlier(cells.places(*_pairs(found, "on_date")), found["value"].to_numpy())


def only(con: Connection, day: date) -> None:
    """Leave of `ready` what is of one day."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_DAY} AS SELECT * EXCLUDE ({_THEIRS}) FROM ready WHERE today = ?",
        [day],
    )
    _view(con, _DAY)


def _view(con: Connection, source: str) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW ready AS SELECT f.*, {_THEIRS} FROM {source} AS f JOIN scope AS s USING (r)"
    )


def _remember(con: Connection, own: pa.Table, cells: Cells, names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        _keep(con, cells, own[f"m_{name}"], name, f"place = {place}")
    others = con.execute("SELECT DISTINCT other FROM metric_earlier WHERE other IS NOT NULL ORDER BY other")
    for (name,) in others.fetchall():
        _keep(con, cells, None, name, f"other = {literal(name)}")


def _keep(con: Connection, cells: Cells, column: pa.ChunkedArray | None, name: str, which: str) -> None:
    """Add what is to be remembered of one metric to `metric_past`."""
    earlier = _earlier(con, cells, which)
    found = lasting.left(cells, column, earlier)
    if not len(found):
        return
    place = earlier.place[found]
    days = cells.day[place].astype("datetime64[D]")
    con.register(
        "left_over",
        pa.table(
            {"r": cells.r[place], "on_date": pa.array(days, pa.date32()), "value": earlier.value[found]}
        ),
    )
    con.execute(
        """INSERT INTO metric_past SELECT s.relationship_id, s.account_id, ?, e.on_date, e.value, TRUE
        FROM left_over AS e JOIN scope AS s USING (r)""",
        [name],
    )
    con.unregister("left_over")


def _retire(con: Connection, definitions: Definitions) -> None:
    """Carry no more, from the day on which a person retired it, what was last known on that day or before."""
    ((today,),) = con.execute("SELECT max(on_date) FROM grid").fetchall()
    retirements.match(con, definitions.retired, today)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_LESS} AS FROM {_FILLED}")
    for name in sorted({one.entry.metric for one in definitions.retired} & set(definitions.used)):
        con.execute(
            f"""UPDATE {_LESS} AS f SET "k_{name}" = NULL, "d_{name}" = NULL FROM retired AS e JOIN scope AS s USING (relationship_id)
            WHERE e.metric = '{name}' AND s.r = f.r AND f.today >= e.given_on AND f."d_{name}" <= e.given_on"""
        )
    _view(con, _LESS)


def _has(con: Connection, name: str) -> bool:
    return bool(con.execute("SELECT 1 FROM duckdb_columns() WHERE table_name = ? LIMIT 1", [name]).fetchall())
