"""Trend, change over three months and the start of the band: from the dates of the grid and the run before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from cs_connector.health.fewwords import BAND, TREND
from cs_connector.health.rolling.rollup import SENTENCE
from cs_connector.language.executor import Connection

STEADY = 5  # points
BEFORE = {
    "entity": "VARCHAR",
    "entity_id": "VARCHAR",
    "account_id": "VARCHAR",
    "scorecard": "VARCHAR",
    "main": "BOOLEAN",
    "on_date": "DATE",
    "band": "VARCHAR",
    "band_since": "DATE",
}  # what is read of the snapshots of the run before
REASON = f"""CASE WHEN s.entity = 'account' AND b.note IS NOT NULL THEN left(b.note || w.reason, 255)
    WHEN s.entity = 'group' THEN {SENTENCE} ELSE w.reason END"""
# a step lifts one of several relationships, and their account only as far as the others let it
NEXT_STEP = """CASE WHEN s.entity = 'account' AND b.several AND w.name IS NOT NULL
    THEN left(left(w.next_step, greatest(252 - length(w.name), 150)) || ' (' || w.name || ')', 255) ELSE w.next_step END"""
_LINE = "entity, entity_id, line_card"  # what one history is of
# a relationship has one by each scorecard; an account has one, whichever scorecard decides for it
_CARD = "CASE WHEN entity = 'relationship' THEN scorecard::VARCHAR ELSE '' END AS line_card"


def begin(con: Connection) -> None:
    """The view `snapshot_before`, empty, where there is none."""
    nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in BEFORE.items())
    con.execute(f"CREATE TEMP VIEW IF NOT EXISTS snapshot_before AS SELECT {nothing} WHERE FALSE")


def publish(con: Connection, *, last: bool) -> None:
    """Make the table `snapshot` of a part, with the groups after the `last` one, and `line_before`, what the run before said of them.

    Trend compares the last month end with the one three months before, or of who had not begun then with the one two months before;
    it is New until three month ends have a score, and NULL where one of the two that it compares has none. A band lasts since the first date of the grid from which on it did not change, or since the
    date that the run before gave it: the view `snapshot_before` (columns of BEFORE; empty where there is none).
    """
    begin(con)
    _before(con, last=last)
    days = [day for (day,) in con.execute("SELECT on_date FROM grid ORDER BY on_date DESC").fetchall()]
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE snapshot AS
        WITH days AS (SELECT on_date, row_number() OVER (ORDER BY on_date DESC) - 1 AS back FROM grid),
        carded AS (SELECT *, {_CARD} FROM snapshot_raw),
        {_lines(days)},
        spans AS (SELECT r.*, back, change, is_new, sinces[back + 1] AS starts_on, others[back + 1] AS other_on
            FROM carded AS r JOIN days USING (on_date) JOIN line USING ({_LINE})),
        since AS ({_since(con)})
        SELECT s.entity, s.entity_id, s.account_id, s.scorecard, s.main, s.on_date, s.score, s.band, s.uncapped,
            s.coverage, s.low, s.high, s.published, s.known_score, s.known_band, s.cap, s.override, s.cap_unsure,
            CASE WHEN s.override IS NOT NULL THEN w.override_reason END AS override_reason, w.driver, {REASON} AS reason, {NEXT_STEP} AS next_step,
            CAST(CASE WHEN back > 0 THEN NULL WHEN is_new THEN 'New' WHEN change >= {STEADY} THEN 'Improving'
                WHEN change <= -{STEADY} THEN 'Declining' WHEN change IS NOT NULL THEN 'Steady' END AS {TREND}) AS trend,
            CASE WHEN back = 0 THEN change END AS change_3m, s.band_since,
            CAST((SELECT max(on_date) FROM grid) AS TIMESTAMP) AS known_at
        FROM since AS s
        LEFT JOIN binding AS b ON s.entity = 'account' AND b.account_id = s.entity_id AND b.on_date = s.on_date
        LEFT JOIN words AS w ON back = 0 AND w.scorecard = s.scorecard
            AND w.relationship_id = CASE s.entity WHEN 'relationship' THEN s.entity_id ELSE b.entity_id END
        LEFT JOIN grouped AS g ON s.entity = 'group' AND g.parent = s.entity_id AND g.on_date = s.on_date
        """
    )


def _before(con: Connection, *, last: bool) -> None:
    """Make `line_before`: rows of an account lie side by side, so its range finds them and leaves the rest of the files alone."""
    ((low, high),) = con.execute(
        "SELECT min(account_id), max(account_id) FROM snapshot_raw WHERE entity <> 'group'"
    ).fetchall()
    listed = ", ".join(BEFORE)
    groups = f"UNION ALL SELECT {listed} FROM snapshot_before WHERE entity = 'group'" if last else ""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE line_before AS SELECT *, {_CARD} FROM (SELECT {listed} FROM snapshot_before
        WHERE account_id BETWEEN $low AND $high AND entity <> 'group' {groups})""",
        {"low": low, "high": high},
    )


def _since(con: Connection) -> str:
    """The rows with `band_since`. The run before is believed behind the last date that had another band: it may have
    scored by a scorecard that was tried and taken back.
    """
    if not con.execute("SELECT 1 FROM line_before LIMIT 1").fetchall():
        return "SELECT *, starts_on AS band_since FROM spans"
    return """SELECT n.*, CASE WHEN p.band = n.band AND coalesce(n.other_on < p.band_since, TRUE)
            THEN least(n.starts_on, p.band_since) ELSE n.starts_on END AS band_since
        FROM spans AS n ASOF LEFT JOIN line_before AS p ON p.entity = n.entity
            AND p.entity_id = n.entity_id AND p.line_card = n.line_card AND p.on_date <= n.on_date"""


def _lines(days: Sequence[date]) -> str:
    """CTEs up to `line`: of each history whether it `is_new`, its `change`, and by date how long its band lasts (`sinces`) and the date before (`others`).

    One row for each history and a step for each date, the oldest first, cost a fraction of windows over all rows.
    """
    bands = ", ".join(f"max(band) FILTER (on_date = DATE '{day}') AS band_{n}" for n, day in enumerate(days))
    ends = ", ".join(f"max(score) FILTER (back = {n}) AS score_{n}" for n in (1, 3, 4))
    steps = ", ".join(f"step_{n} AS ({step})" for n, step in _steps(days))
    sinces, others = (", ".join(f"{name}_{n}" for n in range(len(days))) for name in ("since", "other"))
    return f"""
        seen AS (SELECT {_LINE}, {bands}, {ends}, count(score) FILTER (back > 0) AS month_ends,
            bool_or(back = 4) AS begun_4 FROM carded JOIN days USING (on_date) GROUP BY ALL),
        step_{len(days)} AS (SELECT *, NULL::{BAND} AS band, NULL::DATE AS since, NULL::DATE AS other, NULL::DATE AS seen_on FROM seen),
        {steps},
        line AS (SELECT {_LINE}, month_ends < 3 AS is_new,
            CASE WHEN NOT is_new THEN score_1 - CASE WHEN begun_4 THEN score_4 ELSE score_3 END END AS change, [{sinces}] AS sinces, [{others}] AS others FROM step_0)"""


def _steps(days: Sequence[date]) -> Iterator[tuple[int, str]]:
    """What stands after each date: the last band, since when, the last date with another one, and the last date of all."""
    for n, day in reversed(list(enumerate(days))):
        stays = f"band_{n} IS NULL OR coalesce(band_{n} = band, FALSE)"
        yield (
            n,
            f"""SELECT * REPLACE (coalesce(band_{n}, band) AS band, since_{n} AS since, other_{n} AS other,
                CASE WHEN band_{n} IS NULL THEN seen_on ELSE DATE '{day}' END AS seen_on)
            FROM (SELECT *, CASE WHEN {stays} THEN since ELSE DATE '{day}' END AS since_{n},
                CASE WHEN {stays} THEN other ELSE seen_on END AS other_{n} FROM step_{n + 1})""",
        )
