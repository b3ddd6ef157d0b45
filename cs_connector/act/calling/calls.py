"""Calls to action: opened once an episode, within the weekly budget, closed when the cause is gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import sqlalchemy as sa

from cs_connector.store.tables import calls

from . import texts
from .contacts import contacts
from .desk import Call, Desk, Round, Seen, Waiting, business_day, candidates, key, look
from .endings import close
from .merged import follow
from .obstacles import OPPORTUNITY, Budget, obstacles, owner_of, spent
from .rules import Rule


def decide(con: duckdb.DuckDBPyConnection, state: sa.Connection, desk: Desk) -> Round:
    """Bring `calls` into line with `candidate`, `standing` and the tasks as read from the CRM.

    A day before the newest call is only looked at: the past opens and closes nothing.
    """
    done = Round()
    known = everything(state)
    if past(known, desk):
        return done
    found, seen = candidates(con, desk), look(con, desk.home)
    follow(con, state, known, found)
    close(con, state, desk, known, found, seen, done)
    before = Earlier(known)
    table = Table(state, desk, seen, spent(known, desk, seen), done)
    for row in found:
        earlier = before.repeated(desk.rules[row["rule"]], row)
        standing = _standing(state, earlier, seen)
        if standing and seen.sent(standing):
            table.renew(standing, row)
        elif standing:
            table.afresh(standing, [c for c in earlier if c is not standing], row)
        else:
            table.open(earlier, row)
    table.lay(con)
    return done


def everything(state: sa.Connection) -> list[Call]:
    """Every call that there ever was."""
    return [dict(row) for row in state.execute(sa.select(calls).order_by(calls.c.key)).mappings()]


def past(known: Iterable[Call], desk: Desk) -> bool:
    """Whether calls were opened after the day."""
    return any(c["opened_on"] and c["opened_on"] > desk.as_of for c in known)


class Earlier:
    """All calls by what a new one would repeat."""

    def __init__(self, known: Iterable[Call]) -> None:
        self._of: dict[tuple[object, ...], list[Call]] = defaultdict(list)
        for call in known:
            self._of["relationship", call["relationship_id"], call["type"]].append(call)
            self._of["account", call["account_id"], call["rule"]].append(call)

    def repeated(self, rule: Rule, row: Mapping[str, object]) -> list[Call]:
        """The calls of the relationship, or for a rule about accounts of the account, in the order of their keys."""
        found = list(self._of.get(("relationship", row["relationship_id"], row["type"]), ()))
        if rule.level == "account":
            found += self._of.get(("account", row["account_id"], rule.rule), ())
        return sorted({call["key"]: call for call in found}.values(), key=lambda call: str(call["key"]))


def _standing(state: sa.Connection, earlier: Sequence[Call], seen: Seen) -> Call | None:
    """The call that is open for this cause; one whose task is still open in the CRM is taken up again."""
    for call in earlier:
        if call["state"] == "open":
            return call
    last = max(earlier, key=lambda c: c["episode"], default=None)
    if last is None or last["state"] != "closed" or not seen.alive(last):
        return None
    sent = {name: value for name, value in last["sent"].items() if name != "ended"}
    again = {"state": "open", "closed_on": None, "closed_why": None, "cleared_on": None, "sent": sent}
    last |= again
    state.execute(sa.update(calls).where(calls.c.key == last["key"]).values(again))
    return last


class Table:
    """One round at work: what it knows of the day, what it has spent, and what it did.

    What is to be said is looked up for all together, when everything is decided.
    """

    def __init__(self, state: sa.Connection, desk: Desk, seen: Seen, budget: Budget, done: Round) -> None:
        self._state, self._desk, self._seen, self._budget, self._done = state, desk, seen, budget, done
        self._new: list[tuple[Rule, Call, Call]] = []
        self._said: list[tuple[Rule, Call, Call]] = []

    def renew(self, call: Call, row: Call) -> None:
        """A new reason gives a task that was sent a new text, and a new owner takes it; nothing else does."""
        rule = self._desk.rules[row["rule"]]
        owner = owner_of(self._desk, rule, row, self._seen) or call["owner_user_id"]
        said = (call["rule"], call["reason"]) != (rule.rule, row["reason"])
        if not said and owner == call["owner_user_id"]:
            return
        values = {"rule": rule.rule, "reason": row["reason"], "owner_user_id": owner}
        self._state.execute(sa.update(calls).where(calls.c.key == call["key"]).values(values))
        self._done.updated += 1
        if said:
            self._said.append((rule, row, call))

    def afresh(self, call: Call, earlier: Sequence[Call], row: Call) -> None:
        """A call that was never sent is decided anew, in the same episode."""
        self._state.execute(sa.delete(calls).where(calls.c.key == call["key"]))
        call["state"] = "open" if self._opened(earlier, row, call["episode"]) else "dropped"

    def open(self, earlier: Sequence[Call], row: Call) -> None:
        number = max((c["episode"] for c in earlier if c["state"] != "dropped"), default=0) + 1
        self._done.opened += self._opened(earlier, row, number)

    def _opened(self, earlier: Sequence[Call], row: Call, episode: int) -> bool:
        rule = self._desk.rules[row["rule"]]
        owner = owner_of(self._desk, rule, row, self._seen)
        why = next(obstacles(self._desk, earlier, row, owner, self._budget), None)
        if why:
            self._hold(row, why)
            return False
        self._budget[str(owner), rule.type in OPPORTUNITY] += 1
        self._new.append((rule, row, self._call(rule, row, str(owner), episode)))
        return True

    def _hold(self, row: Call, why: str) -> None:
        self._done.held[why] += 1
        name = row["name"] or row["account_name"]
        who = (row["relationship_id"], row["rule"], row["account_id"], name)
        self._done.waiting.append(Waiting(*who, why, row["arr"], row.get("currency")))

    def _call(self, rule: Rule, row: Call, owner: str, episode: int) -> Call:
        desk = self._desk
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
        }

    def lay(self, con: duckdb.DuckDBPyConnection) -> None:
        """Write what was decided, with its words."""
        needs = [(rule, row) for rule, row, _ in (*self._new, *self._said)]
        if not needs:
            return
        found = self._desk.evidence(needs)
        told = [self._described(*need, lines) for need, lines in zip(needs, found, strict=True)]
        people = contacts(con, needs[: len(self._new)], self._desk.as_of)
        new = zip(self._new, told, people, strict=False)
        rows = [call | {"sent": self._sent(rule, row, text, who)} for (rule, row, call), text, who in new]
        if rows:
            self._state.execute(sa.insert(calls), rows)
        for (_, _, call), text in zip(self._said, told[len(rows) :], strict=True):
            values = {"sent": call["sent"] | {"description": text}}
            self._state.execute(sa.update(calls).where(calls.c.key == call["key"]).values(values))

    def _sent(self, rule: Rule, row: Call, description: str, person: str | None) -> Call:
        return {
            "subject": texts.subject(rule, row["account_name"], row, self._desk.as_of),
            "description": description,
            "relationship_name": row["name"],
            "person_id": person,
        }

    def _described(self, rule: Rule, row: Call, evidence: Sequence[str]) -> str:
        return texts.description(rule, row, row["reason"], row["name"], evidence, self._desk.as_of)
