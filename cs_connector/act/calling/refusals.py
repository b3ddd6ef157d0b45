"""Why a rule raised no call for a relationship: everything that it takes, in the order in which it is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import sqlalchemy as sa

from cs_connector.measure.metrics import Metrics

from . import calls, obstacles
from .conditions import Condition, examine
from .desk import Call, Desk, candidates, look
from .firing import BOOK
from .rules import MOVING, Rule, names
from .unknowns import why_unknown

READY = "nothing stands in its way: the next run raises it"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that it takes. `ok` is None where it cannot be said now."""

    name: str
    ok: bool | None
    text: str


def why_not(
    con: duckdb.DuckDBPyConnection,
    state: sa.Connection,
    desk: Desk,
    rule: Rule,
    metrics: Metrics,
    relationship: str,
) -> dict[str, Any]:
    """What of a rule holds for a relationship: `fired`, `because`, `checks` and its `condition`.

    Needs the tables of a round of calls (`deciding.judged`).
    """
    row = _row(con, relationship)
    if row is None:
        text = _not_scored(con, relationship, desk.as_of)
        return _answer([Check("scored", ok=False, text=text)])
    condition = examine(con, rule.when, names(sorted(metrics.by_name)), relationship)
    settled = _settled(con, rule, relationship)
    told = _told(con, condition, metrics, row, desk.as_of)
    checks = [Check("scored", ok=True, text=f"scored, {row['band']}")]
    if settled and condition.holds is False:
        checks.append(Check("condition", ok=True, text=f"held, and has not been gone for two days: {told}"))
    else:
        checks.append(Check("condition", condition.holds, told))
    if condition.holds and not settled:
        checks.append(Check("steady", ok=False, text=_HOVERS))
    elif settled:
        checks += _turn(con, rule, row)
    if not all(check.ok for check in checks):
        return _answer(checks, condition)
    opened, held = _call(con, state, desk, rule, relationship)
    return _answer(checks + held, condition, opened)


_HOVERS = "the score is within 3 points of the edge: it waits for a second day"


def _settled(con: duckdb.DuckDBPyConnection, rule: Rule, relationship: str) -> bool:
    """Whether it holds for good: surely, or for two days."""
    asked = [rule.rule, relationship]
    return bool(con.execute("SELECT 1 FROM settled WHERE rule = ? AND relationship_id = ?", asked).fetchone())


def _answer(
    checks: Sequence[Check], condition: Condition | None = None, opened: date | None = None
) -> dict[str, Any]:
    first = next((check.text for check in checks if not check.ok), READY)
    return {
        "fired": opened is not None,
        "because": f"it did: the call has been open since {opened}" if opened else first,
        "checks": [asdict(check) for check in checks],
        "condition": condition and asdict(condition),
    }


def _row(con: duckdb.DuckDBPyConnection, relationship: str) -> dict[str, Any] | None:
    cursor = con.execute("SELECT * FROM standing WHERE relationship_id = ?", [relationship])
    names = [d[0] for d in cursor.description or ()]
    row = cursor.fetchone()
    return None if row is None else dict(zip(names, row, strict=True))


def _not_scored(con: duckdb.DuckDBPyConnection, relationship: str, day: date) -> str:
    row = con.execute(
        "SELECT r.status, r.start_on, a.customer_status, a.status_reason FROM relationship r JOIN account a USING (account_id) "
        "WHERE r.relationship_id = ?",
        [relationship],
    ).fetchone()
    status, start, customer, reason = row or (None, None, None, None)
    if status == "Ended":
        return "the relationship has ended"
    if customer not in ("Customer", "Trial"):
        return f"the account is no customer: {reason or customer or 'no reason is known'}"
    return f"it begins on {start}" if start and start > day else f"it has no score of {day}"


def _told(
    con: duckdb.DuckDBPyConnection, condition: Condition, metrics: Metrics, row: Mapping[str, Any], day: date
) -> str:
    """Whether the condition holds; if not, the parts at fault, and why what is unknown is."""
    if condition.holds:
        return "the condition holds"
    parts = list(condition.missing())
    values = {name: value for part in parts for name, value in part.values.items()}
    told = "; ".join(_fails(part) for part in parts if part.holds is False)
    for name in (name for name, value in values.items() if value is None):
        told += f"{'; ' if told else ''}{name} is unknown: {_why(con, name, metrics, row, day)}"
    if row["lost"] and MOVING & values.keys():
        told += "; not all that was known then is known now"
    return told


def _why(
    con: duckdb.DuckDBPyConnection, name: str, metrics: Metrics, row: Mapping[str, Any], day: date
) -> str:
    """Why a name of the condition has no value: a metric of today or of a month end (`_1`), or the standing of then."""
    if metric := metrics.by_name.get(name):
        return why_unknown(con, metric.complete, row["account_id"], day)
    if name.rpartition("_")[0] in metrics.by_name:
        return "it was not known at that month end"
    return "no score is old enough"


def _fails(part: Condition) -> str:
    values = ", ".join(f"{name} is {value:.4g}" for name, value in part.values.items() if value is not None)
    return f"{part.text} does not hold: {values}"


def _turn(con: duckdb.DuckDBPyConnection, rule: Rule, row: Mapping[str, Any]) -> Iterator[Check]:
    """Whether this is the relationship and the rule that speaks, where several could."""
    if rule.level == "book":
        yield Check("first", ok=True, text="it is one of those that one call is about")
        return
    mine = con.execute(
        "SELECT rule FROM candidate WHERE relationship_id = ? AND type = ?",
        [row["relationship_id"], rule.type],
    ).fetchone()
    if mine and mine[0] != rule.rule:
        yield Check("first", ok=False, text=f"{mine[0]} comes first: one call of type {rule.type} at a time")
    elif mine is None:
        other = con.execute(
            "SELECT s.name FROM candidate c JOIN standing s USING (relationship_id) WHERE c.rule = ? AND c.account_id = ?",
            [rule.rule, row["account_id"]],
        ).fetchone()
        told = f"at {other[0]}" if other else "at a larger relationship"
        yield Check("first", ok=False, text=f"it is raised once for the account, {told}")
    else:
        yield Check("first", ok=True, text="no other rule or relationship comes first")


def _call(
    con: duckdb.DuckDBPyConnection, state: sa.Connection, desk: Desk, rule: Rule, relationship: str
) -> tuple[date | None, list[Check]]:
    """Since when its call is open, or what holds it back."""
    known = calls.everything(state)
    mine = (BOOK + rule.rule if rule.level == "book" else relationship, rule.rule)
    row = next(r for r in candidates(con, desk) if (r["relationship_id"], r["rule"]) == mine)
    earlier = calls.Earlier(known).repeated(rule, row)
    standing = (call for call in earlier if call["state"] == "open" and call["opened_on"] <= desk.as_of)
    opened = next((call["opened_on"] for call in standing), None)
    if opened:
        return opened, []
    seen = look(con, desk.home)
    owner = obstacles.owner_of(desk, rule, row, seen)
    held = list(obstacles.obstacles(desk, earlier, row, owner, obstacles.spent(known, desk, seen)))
    if calls.past(known, desk):
        held.insert(0, "in the past")
    return None, [Check("held", ok=False, text=_held(name, desk, rule, row, earlier)) for name in held]


def _held(name: str, desk: Desk, rule: Rule, row: Call, earlier: Sequence[Call]) -> str:
    """An obstacle with its figures."""
    last = obstacles.closed(earlier)
    texts = {
        "in the past": "calls were opened after this day: the past opens nothing",
        "cooling down": f"cooling down until {last and last + timedelta(days=rule.cool_down_days)}: "
        f"the last one was closed on {last}",
        "paused by a person": f"paused by a person until {row['alerts_paused_until']}",
        "over this week's budget": f"over this week's budget: its owner has {obstacles.weekly(desk, rule)} already",
        "silenced by a person": f"silenced by a person's outcome until {obstacles.silent_until(desk, earlier, rule)}",
        "its task was deleted": "its task was deleted in the CRM, and the cause has lasted since",
        "observing": "observing: go_live is not live in cs-connector.yml",
    }
    return texts.get(name, name)
