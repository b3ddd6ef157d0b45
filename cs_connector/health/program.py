"""What customers stayed, left and paid: logo churn, gross and net revenue retention, by month and by year, from terms.

A *term* is one subscription from its start to its end; a *line* is what one account pays for one product in one
currency. Nothing dated after as_of is read, but for ends that were agreed before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cs_connector.language.executor import Connection

Period = tuple[str, str, date, date]
"""Month (2026-10), span (month or year), the day before it begins, its last day."""

KINDS = ("new", "returned", "lost", "expansion", "contraction", "moved_in", "moved_out", "same")
VALUES = {"all": "NULL", "segment": "a.segment", "product": "nullif(f.product, '')", "owner": "f.owner"}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Subscriptions that have no part in any figure, and what they do not say: when they ended, when they begin, what they cost."""

    without_end: int
    without_start: int
    without_amount: int


def periods(as_of: date, months: int = 12) -> list[Period]:
    """The last full months before as_of, the newest first, each with the year that ends with it."""
    found: list[Period] = []
    last = _before(as_of + timedelta(days=1))  # a month is full on its last day
    for _ in range(months):
        label, before = f"{last:%Y-%m}", _before(last)
        found.append((label, "month", before, last))
        found.append((label, "year", _year_before(last), last))
        last = before
    return found


def _before(day: date) -> date:
    """The last day of the month before."""
    return day.replace(day=1) - timedelta(days=1)


def _year_before(last: date) -> date:
    """The last day of the same month, a year before."""
    following = last + timedelta(days=1)
    return following.replace(year=following.year - 1) - timedelta(days=1)


def prepare(con: Connection, as_of: date, found: Sequence[Period], gap_days: int) -> LeftOut:
    """Make `period`, `term`, `book`, `flow` and `among` (the customers of a period); gives which subscriptions are left out.

    Needs `account`, `subscription` and `user`. A break of at most `gap_days` between two terms of a line is none.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE period (month VARCHAR, span VARCHAR, since DATE, until DATE)")
    con.executemany("INSERT INTO period VALUES (?, ?, ?, ?)", [list(p) for p in found])
    con.execute(_TERMS, {"as_of": as_of, "gap": gap_days})
    con.execute(_BOOK)
    con.execute(_FLOW)
    con.execute("CREATE OR REPLACE TEMP TABLE among AS SELECT DISTINCT month, span, account_id FROM flow")
    ((endless, undated, unpriced),) = con.execute(_LEFT_OUT, {"as_of": as_of}).fetchall()
    return LeftOut(endless, undated, unpriced)


_PAYS = "lower(trim(coalesce(s.type, ''))) <> 'trial' AND lower(trim(coalesce(s.status, ''))) <> 'trial'"
_ENDLESS = "coalesce(s.status = 'Ended' AND s.end_on IS NULL, FALSE)"
_LEFT_OUT = f"""SELECT count(*) FILTER (s.start_on <= $as_of AND {_ENDLESS}), count(*) FILTER ({_PAYS} AND s.start_on IS NULL),
    count(*) FILTER ({_PAYS} AND s.start_on <= $as_of AND s.arr IS NULL AND NOT {_ENDLESS}) FROM subscription AS s"""

# a term continues the one that ended last before it began; where several ended on that day, all of them
_TERMS = f"""
CREATE OR REPLACE TEMP TABLE term AS
WITH paid AS (SELECT s.*, coalesce(s.product, '') AS line FROM subscription AS s
    WHERE s.start_on <= $as_of AND s.arr IS NOT NULL AND {_PAYS} AND NOT {_ENDLESS}),
ended AS (SELECT DISTINCT account_id, line, end_on FROM paid WHERE end_on IS NOT NULL),
next AS (SELECT e.account_id, e.line, e.end_on, min(n.start_on) AS next_on
    FROM paid AS n ASOF JOIN ended AS e ON n.account_id = e.account_id AND n.line = e.line AND n.start_on >= e.end_on GROUP BY ALL)
SELECT account_id, line AS product, coalesce(currency, '') AS currency, arr, seats, owner_user_id, start_on, subscription_id,
    CASE WHEN next_on > end_on AND next_on - end_on <= $gap THEN next_on ELSE end_on END AS end_on
FROM paid LEFT JOIN next USING (account_id, line, end_on)"""

# a term is in the book of a day if it has begun and not ended by the end of that day
_BOOK = """
CREATE OR REPLACE TEMP TABLE book AS
WITH days AS (SELECT DISTINCT unnest([since, until]) AS on_date FROM period)
SELECT on_date, account_id, product, currency, sum(arr) AS arr,
    CASE WHEN bool_and(coalesce(seats, 0) > 0) THEN sum(seats) END AS seats,
    arg_max(owner_user_id, (start_on, subscription_id)) AS owner_user_id
FROM days JOIN term ON start_on <= on_date AND (end_on IS NULL OR end_on > on_date)
GROUP BY ALL"""

_FLOW = """
CREATE OR REPLACE TEMP TABLE flow AS
WITH opened AS (SELECT p.month, p.span, p.since, b.* FROM period AS p JOIN book AS b ON b.on_date = p.since),
closed AS (SELECT p.month, p.span, p.since, b.* FROM period AS p JOIN book AS b ON b.on_date = p.until),
paired AS (SELECT month, span, since, account_id, product, currency, o.arr AS arr_0, c.arr AS arr_1, o.seats AS seats_0,
        c.seats AS seats_1, coalesce(c.owner_user_id, o.owner_user_id) AS owner
    FROM opened AS o FULL JOIN closed AS c USING (month, span, since, account_id, product, currency)),
seen AS (SELECT *, bool_or(arr_0 IS NOT NULL) OVER account AS was, bool_or(arr_1 IS NOT NULL) OVER account AS stays,
        bool_or(arr_0 IS NULL) OVER line AS line_enters, bool_or(arr_1 IS NULL) OVER line AS line_leaves
    FROM paired WINDOW account AS (PARTITION BY month, span, account_id), line AS (PARTITION BY month, span, account_id, product)),
begun AS (SELECT account_id, min(start_on) AS first_on FROM term GROUP BY ALL)
SELECT month, span, account_id, product, currency, owner, arr_0, arr_1, CASE
        WHEN arr_0 IS NULL AND line_leaves THEN 'moved_in' WHEN arr_1 IS NULL AND line_enters THEN 'moved_out'
        WHEN arr_0 IS NULL AND was THEN 'expansion' WHEN arr_1 IS NULL AND stays THEN 'contraction'
        WHEN arr_0 IS NULL AND first_on <= since THEN 'returned' WHEN arr_0 IS NULL THEN 'new' WHEN arr_1 IS NULL THEN 'lost'
        WHEN arr_1 > arr_0 THEN 'expansion' WHEN arr_1 < arr_0 THEN 'contraction' ELSE 'same' END AS kind,
    coalesce(arr_1, 0) - coalesce(arr_0, 0) AS moves,
    CASE WHEN seats_0 > 0 AND seats_1 > 0
        THEN CAST(round(CAST(arr_1 AS DOUBLE) - CAST(arr_0 AS DOUBLE) * seats_1 / seats_0, 2) AS DECIMAL(18, 2)) END AS price
FROM seen LEFT JOIN begun USING (account_id)"""


def logos(con: Connection, by: str) -> list[tuple[object, ...]]:
    """month, span, value, customers at the start, lost, new, returned, at the end."""
    return con.execute(
        f"""SELECT month, span, {VALUES[by]} AS value, count(DISTINCT account_id) FILTER (arr_0 IS NOT NULL),
            count(DISTINCT account_id) FILTER (f.kind = 'lost'), count(DISTINCT account_id) FILTER (f.kind = 'new'),
            count(DISTINCT account_id) FILTER (f.kind = 'returned'), count(DISTINCT account_id) FILTER (arr_1 IS NOT NULL)
        FROM flow AS f LEFT JOIN account AS a USING (account_id) GROUP BY ALL ORDER BY ALL"""
    ).fetchall()


MONEY = (
    "opening", "lost", "contraction", "expansion", "new", "returned", "moved_out", "moved_in", "closing",
    "contraction_price", "contraction_seats", "expansion_price", "expansion_seats",
)  # fmt: skip


def revenue(con: Connection, by: str) -> list[tuple[object, ...]]:
    """month, span, value, currency, and the amounts of MONEY, losses as positive numbers.

    Price and seats split lines whose seats are known at both ends: seats at the old price, price on the new seats.
    """
    kinds = {name: f"coalesce(sum(abs(moves)) FILTER (f.kind = '{name}'), 0)" for name in KINDS}
    kinds |= {"opening": "coalesce(sum(f.arr_0), 0)", "closing": "coalesce(sum(f.arr_1), 0)"}
    for name, sign in (("contraction", "-"), ("expansion", "")):
        kinds[f"{name}_price"] = f"coalesce(sum({sign}price) FILTER (f.kind = '{name}'), 0)"
        kinds[f"{name}_seats"] = f"coalesce(sum({sign}(moves - price)) FILTER (f.kind = '{name}'), 0)"
    listed = ", ".join(f"CAST({kinds[name]} AS DOUBLE) AS {name}" for name in MONEY)
    return con.execute(
        f"""SELECT month, span, {VALUES[by]} AS value, f.currency, {listed}
        FROM flow AS f LEFT JOIN account AS a USING (account_id) GROUP BY ALL ORDER BY ALL"""
    ).fetchall()


def rate(part: float, whole: float) -> float | None:
    """A share; unknown of nothing."""
    return round(part / whole, 6) if whole else None


def retention(money: dict[str, float]) -> tuple[float | None, float | None]:
    """Gross and net revenue retention: what moved to another currency is neither lost nor kept here.

    gross = (opening − lost − contraction) / opening, net = (… + expansion) / opening, both without what moved out.
    """
    opening = money["opening"] - money["moved_out"]
    kept = opening - money["lost"] - money["contraction"]
    return rate(kept, opening), rate(kept + money["expansion"], opening)


def owners(con: Connection, ids: Iterable[str]) -> dict[str, str]:
    """The names of users; those who are called alike keep their id beside it."""
    found = con.execute(
        """SELECT user_id, CASE WHEN count(*) OVER (PARTITION BY name) > 1 THEN name || ' (' || user_id || ')' ELSE name END
        FROM "user" WHERE list_contains(?, user_id)""",
        [sorted(ids)],
    ).fetchall()
    return {key: name for key, name in found if name}
