"""What a round of calls needs to know: the rules, the day, and what the CRM says of the tasks."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb

from cs_connector.config.settings import ProjectSettings
from cs_connector.language.sizes import sized

from .firing import BOOK
from .rules import Rule

FIRST = {"Risk": 0, "Onboarding": 1}
_STANDING = sized("standing")
Call = dict[str, Any]
Evidence = Callable[[Sequence[tuple[Rule, Mapping[str, Any]]]], Sequence[Sequence[str]]]


def nothing(needs: Sequence[tuple[Rule, Mapping[str, Any]]]) -> Sequence[Sequence[str]]:
    """No evidence is to be had."""
    return [()] * len(needs)


@dataclass(frozen=True, slots=True)
class Desk:
    """`observing` is the first day of watching; `fallback` and `manager` are users; `baseline` are the causes, as
    (relationship, type), that were there before tasks began; `unfit` are users who may own no task.
    """

    settings: ProjectSettings
    install_id: str
    home: str | None
    as_of: date
    rules: Mapping[str, Rule]
    observing: date | None = None
    fallback: str | None = None
    manager: str | None = None
    baseline: frozenset[tuple[str, str]] = frozenset()
    evidence: Evidence = nothing
    unfit: frozenset[str] = frozenset()

    @property
    def live(self) -> bool:
        """Whether tasks are opened: when the project says so, or after the days of watching that it allows."""
        if self.settings.go_live == "live":
            return True
        days = self.settings.tasks.observe_days
        return bool(days and self.observing and self.observing + timedelta(days=days) <= self.as_of)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that is not opened now, and why."""

    relationship_id: str
    rule: str
    account_id: str
    name: str | None
    why: str
    arr: Any
    currency: str | None


@dataclass(slots=True)
class Round:
    """What a round did: new calls opened, texts renewed, calls closed, and those held back with their reason."""

    opened: int = 0
    updated: int = 0
    closed: int = 0
    held: Counter[str] = field(default_factory=Counter)
    waiting: list[Waiting] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Seen:
    """The tasks as last read: keys that exist, keys that are closed and how, what people said of them, record ids that
    were deleted, causes that cannot be judged now as (relationship, rule), and the users that the task system knows.
    """

    keys: frozenset[str]
    finished: Mapping[str, str]
    outcomes: Mapping[str, str]
    deleted: frozenset[str]
    undecided: frozenset[tuple[str, str]]
    users: frozenset[str]

    def sent(self, call: Mapping[str, Any]) -> bool:
        return call["record_id"] is not None or call["key"] in self.keys

    def alive(self, call: Mapping[str, Any]) -> bool:
        """Whether its task is still open in the CRM, and nobody said what came of it."""
        said = call["key"] in self.finished or call["key"] in self.outcomes
        return self.sent(call) and not said and call["record_id"] not in self.deleted


def look(con: duckdb.DuckDBPyConnection, home: str | None) -> Seen:
    """Read `task`, `deleted_task`, `undecided` and `link`."""
    tasks = con.execute(
        "SELECT key, closed, outcome, coalesce(outcome, status, '') FROM task WHERE key IS NOT NULL"
    ).fetchall()
    users = con.execute(
        "SELECT entity_id FROM link WHERE entity = 'user' AND connection = ?", [home]
    ).fetchall()
    return Seen(
        frozenset(row[0] for row in tasks),
        {row[0]: row[3] for row in tasks if row[1]},
        {row[0]: row[2] for row in tasks if row[2]},
        frozenset(row[0] for row in con.execute("SELECT record_id FROM deleted_task").fetchall()),
        frozenset(
            (row[0], row[1]) for row in con.execute("SELECT relationship_id, rule FROM undecided").fetchall()
        ),
        frozenset(row[0] for row in users),
    )


def candidates(con: duckdb.DuckDBPyConnection, desk: Desk) -> list[Call]:
    """Who needs somebody, news before what was there at the start, risks and late starts before the rest, the largest of a currency
    first, of as large ones the first by name: ids differ between installations.

    `housed` says whether the account is in the task system.
    """
    cursor = con.execute(
        "SELECT s.*, c.*, h.entity_id IS NOT NULL AS housed "
        f"FROM candidate c LEFT JOIN {_STANDING} s USING (relationship_id) "
        "LEFT JOIN (SELECT DISTINCT entity_id FROM link WHERE entity = 'account' AND connection = $home) h ON h.entity_id = c.account_id "
        "ORDER BY s.relative_size DESC NULLS LAST, s.account_name, s.name, c.relationship_id, c.rank, c.rule",
        {"home": desk.home},
    )
    names = [d[0] for d in cursor.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in found:
        if row["relationship_id"].startswith(BOOK):
            row.update(_book(con, row["rule"]))
    old = desk.baseline
    return sorted(
        found,
        key=lambda r: ((r["relationship_id"], r["type"]) in old, FIRST.get(r["type"], len(FIRST))),
    )


def _book(con: duckdb.DuckDBPyConnection, rule: str) -> Call:
    """What a call about many customers says of them: the ten largest by name."""
    rows = con.execute(
        f"SELECT s.name, s.arr, s.currency FROM book JOIN {_STANDING} s USING (relationship_id) "
        "WHERE book.rule = ? ORDER BY s.relative_size DESC NULLS LAST, s.account_name, s.name, s.relationship_id",
        [rule],
    ).fetchall()
    told = [f"{name} ({arr:,.0f} {money})" if arr and money else str(name) for name, arr, money in rows[:10]]
    more = f", and {len(rows) - 10} more" if len(rows) > 10 else ""
    count = f"{len(rows)} customer{'s' * (len(rows) > 1)}"
    return {"account_name": count, "reason": ", ".join(told) + more, "housed": True}


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
