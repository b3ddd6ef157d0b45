"""Calls to action: opened once an episode, within the weekly budget, closed when the cause is gone."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb
import sqlalchemy as sa

from cs_connector.config.settings import ProjectSettings
from cs_connector.store.tables import calls

from . import texts
from .rules import Rule

OPPORTUNITY = ("Advocacy", "Expansion")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a round of calls needs to know."""

    settings: ProjectSettings
    install_id: str
    home: str | None
    as_of: date
    rules: Mapping[str, Rule]


@dataclass(slots=True)
class Round:
    """What a round did: new calls opened, texts renewed, calls closed, and those held back with their reason."""

    opened: int = 0
    updated: int = 0
    closed: int = 0
    held: Counter[str] = field(default_factory=Counter)


def key(install_id: str, home: str, kind: str, relationship: str, episode: int) -> str:
    """A task's key: the same for the same episode whatever happens in between; 26 characters."""
    text = "|".join((install_id, home, kind, relationship, str(episode)))
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:26]


def business_day(start: date, days: int) -> date:
    """The date that many working days (Monday to Friday) after the start."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


def decide(con: duckdb.DuckDBPyConnection, state: sa.Connection, desk: Desk) -> Round:
    """Bring `calls` into line with `candidate`, `standing` and the tasks as read from the CRM."""
    done = Round()
    known = [dict(row) for row in state.execute(sa.select(calls).order_by(calls.c.key)).mappings()]
    found = _candidates(con)
    _close(con, state, desk, known, found, done)
    past: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for call in known:
        past[call["relationship_id"], call["type"]].append(call)
    budget = _spent(known, desk)
    for row in found:
        earlier = past[row["relationship_id"], row["type"]]
        standing = next((c for c in earlier if c["state"] == "open"), None)
        if standing is not None:
            _renew(state, desk, standing, row, done)
        else:
            _open(state, desk, earlier, row, budget, done)
    return done


def _candidates(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    cursor = con.execute(
        "SELECT c.*, s.name, s.account_name, s.arr, s.reason, s.owner_user_id, s.renewal_manager_user_id, "
        "s.sales_owner_user_id, s.renewal_on, s.alerts_paused_until FROM candidate c JOIN standing s USING (relationship_id) "
        "ORDER BY s.arr DESC NULLS LAST, c.relationship_id, c.rank"
    )
    names = [d[0] for d in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _close(
    con: duckdb.DuckDBPyConnection,
    state: sa.Connection,
    desk: Desk,
    known: Sequence[dict[str, Any]],
    found: Iterable[Mapping[str, Any]],
    done: Round,
) -> None:
    still = {(row["relationship_id"], row["type"]) for row in found}
    finished = dict(con.execute("SELECT key, coalesce(outcome, status) FROM task WHERE closed").fetchall())
    for call in known:
        if call["state"] != "open":
            continue
        if call["key"] in finished:
            why = f"closed in the CRM: {finished[call['key']]}"
        elif (call["relationship_id"], call["type"]) not in still:
            why = "the cause is gone"
        else:
            continue
        call |= {"state": "closed", "closed_on": desk.as_of, "closed_why": why}
        changed = {k: call[k] for k in ("state", "closed_on", "closed_why")}
        state.execute(sa.update(calls).where(calls.c.key == call["key"]).values(changed))
        done.closed += 1


def _spent(known: Iterable[Mapping[str, Any]], desk: Desk) -> Counter[tuple[str, bool]]:
    """Calls that each owner was given in the week of as_of, risk and opportunity apart."""
    week = desk.as_of.isocalendar()[:2]
    return Counter(
        (c["owner_user_id"], c["type"] in OPPORTUNITY)
        for c in known
        if c["opened_on"] and c["opened_on"].isocalendar()[:2] == week
    )


def _renew(state: sa.Connection, desk: Desk, call: dict[str, Any], row: dict[str, Any], done: Round) -> None:
    rule = desk.rules[row["rule"]]
    text = texts.description(rule, row["reason"], row["name"])
    owner = _owner(rule, row) or call["owner_user_id"]
    if call["sent"].get("description") == text and owner == call["owner_user_id"]:
        return
    values = {"rule": rule.rule, "reason": row["reason"], "owner_user_id": owner}
    sent = call["sent"] | {"description": text}
    state.execute(sa.update(calls).where(calls.c.key == call["key"]).values(**values, sent=sent))
    done.updated += 1


def _owner(rule: Rule, row: Mapping[str, Any]) -> str | None:
    if rule.to == "sales":
        found = row["sales_owner_user_id"]
    elif rule.to == "renewal_manager":
        found = row["renewal_manager_user_id"] or row["owner_user_id"]
    else:
        found = row["owner_user_id"]
    return str(found) if found else None


def _held(desk: Desk, earlier: Sequence[Mapping[str, Any]], row: Mapping[str, Any], owner: str | None) -> str:
    """Why a call is not opened now, or nothing."""
    rule = desk.rules[row["rule"]]
    recent = max((c["closed_on"] for c in earlier if c["closed_on"]), default=None)
    if recent and (desk.as_of - recent).days < rule.cool_down_days:
        return "cooling down"
    if row["alerts_paused_until"] and row["alerts_paused_until"] >= desk.as_of:
        return "paused by a person"
    if desk.home is None:
        return "no home for tasks"
    if owner is None:
        return "no active owner"
    return "" if desk.settings.go_live == "live" else "observing"


def _open(
    state: sa.Connection,
    desk: Desk,
    earlier: Sequence[Mapping[str, Any]],
    row: dict[str, Any],
    budget: Counter[tuple[str, bool]],
    done: Round,
) -> None:
    rule = desk.rules[row["rule"]]
    owner = _owner(rule, row)
    why = _held(desk, earlier, row, owner)
    opportunity = rule.type in OPPORTUNITY
    tasks = desk.settings.tasks
    limit = tasks.opportunity_per_week if opportunity else tasks.risk_per_week
    if not why and budget[str(owner), opportunity] >= limit:
        why = "over this week's budget"
    if why:
        done.held[why] += 1
        return
    budget[str(owner), opportunity] += 1
    state.execute(sa.insert(calls).values(_call(desk, rule, row, str(owner), len(earlier) + 1)))
    done.opened += 1


def _call(desk: Desk, rule: Rule, row: Mapping[str, Any], owner: str, episode: int) -> dict[str, Any]:
    soon = row["renewal_on"] is not None and (row["renewal_on"] - desk.as_of).days <= 120
    home = desk.home or ""
    return {
        "key": key(desk.install_id, home, rule.type, row["relationship_id"], episode),
        "rule": rule.rule,
        "account_id": row["account_id"],
        "relationship_id": row["relationship_id"],
        "type": rule.type,
        "owner_user_id": owner,
        "episode": episode,
        "state": "open",
        "reason": row["reason"],
        "priority": "High" if rule.type == "Risk" and soon else "Normal",
        "due_on": business_day(desk.as_of, rule.due_days),
        "opened_on": desk.as_of,
        "connection": home,
        "sent": {
            "subject": texts.subject(rule, row["account_name"]),
            "description": texts.description(rule, row["reason"], row["name"]),
            "relationship_name": row["name"],
        },
    }
