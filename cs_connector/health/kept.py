"""Scores as they were known on a day: never made again. Every day for a while, then the last one of each month, for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from cs_connector.errors import UsageError
from cs_connector.language.executor import Connection
from cs_connector.store.facts import Facts

PLACE = "history/"
DAILY = timedelta(days=90)
_MEASURES = """SELECT m.* FROM measure_score AS m SEMI JOIN snapshot AS s ON s.entity = 'relationship' AND s.main
    AND s.entity_id = m.relationship_id AND s.scorecard = m.scorecard AND s.on_date = m.on_date"""


def queries(day: date, snapshot: str) -> dict[str, str]:
    """What is kept of a run for a day, as dataset → query: `snapshot` is the query of its snapshots."""
    that = f"WHERE on_date = DATE '{day}'"
    return {
        f"{PLACE}{day}/snapshot": f"SELECT * FROM ({snapshot}) {that} ORDER BY account_id",
        f"{PLACE}{day}/measure": f"SELECT * FROM ({_MEASURES}) {that} ORDER BY account_id",
        f"{PLACE}{day}/scorecard": "SELECT * FROM scorecard",
    }


def days(facts: Facts) -> list[date]:
    """The days of which scores are kept, the newest first."""
    return sorted({_day(name) for name in facts.datasets(PLACE)}, reverse=True)


def attach(con: Connection, facts: Facts, day: date) -> None:
    """Make the views `snapshot DAY`, `measure DAY` and `scorecard DAY`."""
    for name in ("snapshot", "measure", "scorecard"):
        facts.attach(con, f"{PLACE}{day}/{name}", f"{name} {day}", {})


def choose(
    found: Mapping[str, Sequence[date]], first: date | None, last: date | None, reading: str | None
) -> tuple[str, tuple[date, date]]:
    """A reading and two days of it; `found` are the days of `known` and of `restated`, the newest first.

    Without days the newest one, and the month end before it. Without a reading the days as they were known then, where
    both were kept. Raises UsageError for days that are not there or not in order.
    """
    for name in (reading,) if reading else ("known", "restated"):
        days = found[name]
        end = last or (days[0] if days else None)
        start = first or (_month_end(end) if end else None)
        if start in days and end in days and start and end:
            return name, _in_order(start, end)
    raise _missing(found, first, last, reading)


def _month_end(day: date) -> date:
    return day.replace(day=1) - timedelta(days=1)


def _in_order(first: date, last: date) -> tuple[date, date]:
    if first < last:
        return first, last
    raise UsageError(
        f"{first} is not before {last}", safe="nothing was changed", fix="give the earlier day with --from"
    )


def _missing(
    found: Mapping[str, Sequence[date]], first: date | None, last: date | None, reading: str | None
) -> UsageError:
    listed = {"known": "as they were known then", "restated": "restated"}
    there = [
        f"{listed[name]} there are {_listed(days)}" for name, days in found.items() if reading in (None, name)
    ]
    wanted = (
        " and ".join(str(day) for day in (first, last) if day) or "the newest day and the month end before it"
    )
    return UsageError(
        f"there are no scores to compare of {wanted}",
        why="; ".join(there),
        safe="nothing was changed",
        fix="name two of these days with --from and --to",
    )


def _listed(days: Sequence[date]) -> str:
    """At most ten, the newest first."""
    more = f" and {len(days) - 10} earlier ones" if len(days) > 10 else ""
    return (", ".join(map(str, days[:10])) or "none") + more


def expired(kept: Iterable[date], today: date) -> list[date]:
    """The days that need not be kept: older than DAILY, and not the last one of their month."""
    listed = sorted(kept)
    last = {(day.year, day.month): day for day in listed}
    return [day for day in listed if day < today - DAILY and day != last[day.year, day.month]]


def forget(facts: Facts, run: str, today: date) -> None:
    """Let go of the expired days; their files go with the next clearing of the store."""
    gone = set(expired(days(facts), today))
    datasets = [name for name in facts.datasets(PLACE) if _day(name) in gone]
    if datasets:
        facts.publish(run, replace=dict.fromkeys(datasets, ()))


def _day(dataset: str) -> date:
    return date.fromisoformat(dataset.removeprefix(PLACE).partition("/")[0])
