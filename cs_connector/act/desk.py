"""What a round of calls needs to know: the rules, the day, and what the CRM says of the tasks."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb

from cs_connector.config.settings import ProjectSettings

from .rules import Rule

Call = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
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


@dataclass(frozen=True, slots=True)
class Seen:
    """The tasks as last read: keys that exist, keys that are closed and how, record ids that were deleted,
    causes that cannot be judged now as (relationship, rule), and the users that the task system knows.
    """

    keys: frozenset[str]
    finished: Mapping[str, str]
    deleted: frozenset[str]
    undecided: frozenset[tuple[str, str]]
    users: frozenset[str]

    def sent(self, call: Mapping[str, Any]) -> bool:
        return call["record_id"] is not None or call["key"] in self.keys

    def alive(self, call: Mapping[str, Any]) -> bool:
        """Whether its task is still open in the CRM."""
        gone = call["key"] in self.finished or call["record_id"] in self.deleted
        return self.sent(call) and not gone


def look(con: duckdb.DuckDBPyConnection, home: str | None) -> Seen:
    """Read `task`, `deleted_task`, `undecided` and `link`."""
    tasks = con.execute(
        "SELECT key, closed, coalesce(outcome, status, '') FROM task WHERE key IS NOT NULL"
    ).fetchall()
    users = con.execute(
        "SELECT entity_id FROM link WHERE entity = 'user' AND connection = ?", [home]
    ).fetchall()
    return Seen(
        frozenset(row[0] for row in tasks),
        {row[0]: row[2] for row in tasks if row[1]},
        frozenset(row[0] for row in con.execute("SELECT record_id FROM deleted_task").fetchall()),
        frozenset(
            (row[0], row[1]) for row in con.execute("SELECT relationship_id, rule FROM undecided").fetchall()
        ),
        frozenset(row[0] for row in users),
    )


def candidates(con: duckdb.DuckDBPyConnection, home: str | None) -> list[Call]:
    """Who needs somebody, the largest first; `housed` says whether the account is in the task system."""
    cursor = con.execute(
        "SELECT c.*, s.name, s.account_name, s.arr, s.reason, s.owner_user_id, s.renewal_manager_user_id, "
        "s.sales_owner_user_id, s.renewal_on, s.alerts_paused_until, h.entity_id IS NOT NULL AS housed "
        "FROM candidate c JOIN standing s USING (relationship_id) LEFT JOIN (SELECT DISTINCT entity_id FROM link "
        "WHERE entity = 'account' AND connection = $home) h ON h.entity_id = c.account_id "
        "ORDER BY s.arr DESC NULLS LAST, c.relationship_id, c.rank, c.rule",
        {"home": home},
    )
    names = [d[0] for d in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


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
