"""Calls to action: opened once an episode, within the weekly budget, closed when the cause is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import duckdb
import sqlalchemy as sa

from cs_connector.store.tables import calls

from . import texts
from .desk import Call, Desk, Round, Seen, business_day, candidates, key, look
from .rules import Rule

OPPORTUNITY = ("Advocacy", "Expansion")
Budget = Counter[tuple[str, bool]]


def decide(con: duckdb.DuckDBPyConnection, state: sa.Connection, desk: Desk) -> Round:
    """Bring `calls` into line with `candidate`, `standing` and the tasks as read from the CRM.

    A day before the newest call is only looked at: the past opens and closes nothing.
    """
    done = Round()
    known: list[Call] = [
        dict(row) for row in state.execute(sa.select(calls).order_by(calls.c.key)).mappings()
    ]
    if any(c["opened_on"] and c["opened_on"] > desk.as_of for c in known):
        return done
    found, seen = candidates(con, desk.home), look(con, desk.home)
    _close(state, desk, known, found, seen, done)
    budget = spent(known, desk, seen)
    for row in found:
        earlier = repeated(known, desk.rules[row["rule"]], row)
        standing = _standing(state, earlier, seen)
        if standing and seen.sent(standing):
            _renew(state, desk, standing, row, done)
        elif not standing or not _keep(state, desk, standing, row, budget, seen, done):
            _open(state, desk, [c for c in earlier if c is not standing], row, budget, seen, done)
    return done


def repeated(known: Sequence[Call], rule: Rule, row: Mapping[str, object]) -> list[Call]:
    """The calls that this one would repeat: of the relationship, or for a rule about accounts of the account."""
    wide = rule.level == "account"
    return [
        c
        for c in known
        if (c["relationship_id"], c["type"]) == (row["relationship_id"], row["type"])
        or (wide and (c["account_id"], c["rule"]) == (row["account_id"], rule.rule))
    ]


def _causes(rows: Iterable[Mapping[str, object]], desk: Desk) -> set[tuple[object, ...]]:
    found: set[tuple[object, ...]] = set()
    for row in rows:
        found.add((row["relationship_id"], row["type"]))
        if desk.rules[str(row["rule"])].level == "account":
            found.add((row["account_id"], row["rule"]))
    return found


def _close(
    state: sa.Connection, desk: Desk, known: Sequence[Call], found: Iterable[Call], seen: Seen, done: Round
) -> None:
    """Close what a person closed or deleted and what has no cause; drop what was never sent."""
    still = _causes(found, desk)
    for call in known:
        if call["state"] != "open":
            continue
        caused = {(call["relationship_id"], call["type"]), (call["account_id"], call["rule"])} & still
        why = _ending(call, seen, caused=bool(caused))
        mine = calls.c.key == call["key"]
        if why and not seen.sent(call):
            state.execute(sa.delete(calls).where(mine))
            call["state"] = "dropped"
        elif why:
            changed = {"state": "closed", "closed_on": desk.as_of, "closed_why": why}
            call.update(changed)
            state.execute(sa.update(calls).where(mine).values(changed))
            done.closed += 1


def _ending(call: Call, seen: Seen, *, caused: bool) -> str:
    """Why an open call ends now, or nothing. What cannot be judged now is not gone."""
    if call["key"] in seen.finished:
        return f"closed in the CRM: {seen.finished[call['key']]}"
    if call["record_id"] in seen.deleted:
        return "deleted in the CRM"
    if caused or (call["relationship_id"], call["rule"]) in seen.undecided:
        return ""
    return "the cause is gone"


def spent(known: Iterable[Call], desk: Desk, seen: Seen) -> Budget:
    """Calls that each owner was sent in the week of as_of, risk and opportunity apart."""
    week = desk.as_of.isocalendar()[:2]
    return Counter(
        (c["owner_user_id"], c["type"] in OPPORTUNITY)
        for c in known
        if c["opened_on"] and c["opened_on"].isocalendar()[:2] == week and seen.sent(c)
    )


def _standing(state: sa.Connection, earlier: Sequence[Call], seen: Seen) -> Call | None:
    """The call that is open for this cause; one whose task is still open in the CRM is taken up again."""
    for call in earlier:
        if call["state"] == "open":
            return call
    last = max(earlier, key=lambda c: c["episode"], default=None)
    if last is None or last["state"] != "closed" or not seen.alive(last):
        return None
    again = {"state": "open", "closed_on": None, "closed_why": None}
    last |= again
    state.execute(sa.update(calls).where(calls.c.key == last["key"]).values(again))
    return last


def _renew(state: sa.Connection, desk: Desk, call: Call, row: Call, done: Round) -> None:
    rule = desk.rules[row["rule"]]
    text = texts.description(rule, row["reason"], row["name"])
    owner = owner_of(rule, row) or call["owner_user_id"]
    if call["sent"].get("description") == text and owner == call["owner_user_id"]:
        return
    values = {"rule": rule.rule, "reason": row["reason"], "owner_user_id": owner}
    sent = call["sent"] | {"description": text}
    state.execute(sa.update(calls).where(calls.c.key == call["key"]).values(**values, sent=sent))
    done.updated += 1


def _keep(
    state: sa.Connection, desk: Desk, call: Call, row: Call, budget: Budget, seen: Seen, done: Round
) -> bool:
    """A call that was never sent is decided afresh; says whether it stands as it was."""
    state.execute(sa.delete(calls).where(calls.c.key == call["key"]))
    opened = Round()
    _open(state, desk, [], row, budget, seen, opened, episode=call["episode"])
    done.held += opened.held
    call["state"] = "open" if opened.opened else "dropped"
    return True


def owner_of(rule: Rule, row: Mapping[str, object]) -> str | None:
    if rule.to == "sales":
        found = row["sales_owner_user_id"]
    elif rule.to == "renewal_manager":
        found = row["renewal_manager_user_id"] or row["owner_user_id"]
    else:
        found = row["owner_user_id"]
    return str(found) if found else None


def obstacles(
    desk: Desk, earlier: Sequence[Call], row: Call, owner: str | None, seen: Seen, budget: Budget
) -> Iterator[str]:
    """Why a call is not opened now, one reason after another; none, if it is."""
    rule = desk.rules[row["rule"]]
    last = closed(earlier)
    if last and (desk.as_of - last).days < rule.cool_down_days:
        yield "cooling down"
    if row["alerts_paused_until"] and row["alerts_paused_until"] >= desk.as_of:
        yield "paused by a person"
    if desk.home is None:
        yield "no home for tasks"
    elif not row["housed"]:
        yield "not in the system that holds tasks"
    if owner is None or owner not in seen.users:
        yield "no active owner"
    if desk.settings.go_live != "live":
        yield "observing"
    if budget[str(owner), rule.type in OPPORTUNITY] >= weekly(desk, rule):
        yield "over this week's budget"


def closed(earlier: Iterable[Call]) -> date | None:
    """When the last of these calls was closed."""
    return max((c["closed_on"] for c in earlier if c["closed_on"]), default=None)


def weekly(desk: Desk, rule: Rule) -> int:
    """How many calls of this kind an owner gets in a week."""
    tasks = desk.settings.tasks
    return tasks.opportunity_per_week if rule.type in OPPORTUNITY else tasks.risk_per_week


def _open(
    state: sa.Connection,
    desk: Desk,
    earlier: Sequence[Call],
    row: Call,
    budget: Budget,
    seen: Seen,
    done: Round,
    episode: int | None = None,
) -> None:
    rule = desk.rules[row["rule"]]
    owner = owner_of(rule, row)
    why = next(obstacles(desk, earlier, row, owner, seen, budget), None)
    if why:
        done.held[why] += 1
        return
    budget[str(owner), rule.type in OPPORTUNITY] += 1
    number = episode or max((c["episode"] for c in earlier if c["state"] != "dropped"), default=0) + 1
    state.execute(sa.insert(calls).values(_call(desk, rule, row, str(owner), number)))
    done.opened += 1


def _call(desk: Desk, rule: Rule, row: Call, owner: str, episode: int) -> Call:
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
