"""Why a rule raised no call for a relationship: everything that it takes, in the order in which it is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import sqlalchemy as sa

from cs_connector.measure.metrics import Metrics
from cs_connector.store.tables import calls as table

from . import calls
from .conditions import Condition, examine
from .desk import Call, Desk, candidates, look
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
    checks = [
        Check("scored", ok=True, text=f"scored, {row['band']}"),
        Check("condition", condition.holds, _told(con, condition, metrics, row, desk.as_of)),
    ]
    if condition.holds:
        checks += _turn(con, rule, row)
    if not all(check.ok for check in checks):
        return _answer(checks, condition)
    opened, held = _call(con, state, desk, rule, relationship)
    return _answer(checks + held, condition, opened)


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
        metric = metrics.by_name.get(name)
        why = (
            why_unknown(con, metric.complete, row["account_id"], day) if metric else "no score is old enough"
        )
        told += f"{'; ' if told else ''}{name} is unknown: {why}"
    if row["lost"] and MOVING & values.keys():
        told += "; not all that was known then is known now"
    return told


def _fails(part: Condition) -> str:
    values = ", ".join(f"{name} is {value:.4g}" for name, value in part.values.items() if value is not None)
    return f"{part.text} does not hold: {values}"


def _turn(con: duckdb.DuckDBPyConnection, rule: Rule, row: Mapping[str, Any]) -> Iterator[Check]:
    """Whether this is the relationship and the rule that speaks, where several could."""
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
    known: list[Call] = [dict(r) for r in state.execute(sa.select(table).order_by(table.c.key)).mappings()]
    mine = (relationship, rule.rule)
    row = next(r for r in candidates(con, desk.home) if (r["relationship_id"], r["rule"]) == mine)
    earlier = calls.repeated(known, rule, row)
    opened = next((call["opened_on"] for call in earlier if call["state"] == "open"), None)
    if opened:
        return opened, []
    seen, owner = look(con, desk.home), calls.owner_of(rule, row)
    held = list(calls.obstacles(desk, earlier, row, owner, seen, calls.spent(known, desk, seen)))
    if any(c["opened_on"] and c["opened_on"] > desk.as_of for c in known):
        held.insert(0, "in the past")
    return None, [Check("held", ok=False, text=_held(name, desk, rule, row, earlier)) for name in held]


def _held(name: str, desk: Desk, rule: Rule, row: Call, earlier: Sequence[Call]) -> str:
    """An obstacle with its figures."""
    last = calls.closed(earlier)
    texts = {
        "in the past": "calls were opened after this day: the past opens nothing",
        "cooling down": f"cooling down until {last and last + timedelta(days=rule.cool_down_days)}: "
        f"the last one was closed on {last}",
        "paused by a person": f"paused by a person until {row['alerts_paused_until']}",
        "over this week's budget": f"over this week's budget: its owner has {calls.weekly(desk, rule)} already",
        "observing": "observing: go_live is not live in cs-connector.yml",
    }
    return texts.get(name, name)
