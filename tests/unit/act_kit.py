"""Small tables around `cs_connector.act`: one CRM with accounts and tasks, and what is wanted of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import sqlalchemy as sa

from cs_connector.act import plan
from cs_connector.act.calling.rules import Rule
from cs_connector.act.differences import comparing
from cs_connector.act.plan import Planned
from cs_connector.config import ProjectSettings
from cs_connector.store.state import State
from cs_connector.unify import Source
from cs_connector.unify.mapping import MappingFile

TODAY = date(2026, 11, 25)
READ = datetime(2026, 11, 25, 4, tzinfo=UTC)
MAPPING = MappingFile.model_validate(
    {
        "version": 1,
        "crm": "memory",
        "read": [],
        "write": [
            {
                "object": "Account",
                "source": "account",
                "by": "record",
                "fields": {
                    "Health_Score": {"column": "score", "type": "number"},
                    "Health_Band": {"column": "band", "values": {"green": "Green", "red": "Red"}},
                    "Coverage": {"column": "coverage", "type": "percent"},
                    "ARR": {"column": "arr", "type": "number", "scale": 2},
                    "Renewal": {"column": "renewal_on", "type": "date"},
                    "Reason": {"column": "reason", "length": 20},
                    "Changed_On": {"column": "changed_on", "type": "date"},
                },
            },
            {
                "object": "Task",
                "source": "call",
                "by": "key",
                "key_field": "Key",
                "closed": {"field": "Closed", "any_of": ["true"]},
                "associate": "Account",
                "fields": {
                    "Subject": {"column": "subject", "length": 80},
                    "Description": {"column": "description", "movable": True},
                    "Owner": {"column": "owner_ref", "type": "reference"},
                },
            },
        ],
    }
)
ACCOUNT: dict[str, Any] = {
    "score": 70, "band": "green", "coverage": 80.0, "arr": 1200, "renewal_on": date(2027, 1, 31), "reason": "fine",
}  # fmt: skip
CRM: dict[str, Any] = {
    "Health_Score": 70, "Health_Band": "Green", "Coverage": 80, "ARR": 1200, "Renewal": "2027-01-31", "Reason": "fine",
    "Changed_On": "2026-11-01",
}  # fmt: skip


class Tables:
    """An executor with the tables that a plan is made of. Accounts are a1, a2, …; their records r1, r2, …."""

    def __init__(self, state: State) -> None:
        self.con, self.state = duckdb.connect(), state
        self.con.execute(
            "CREATE TABLE link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR, object VARCHAR, record_id VARCHAR, "
            "method VARCHAR, confidence DOUBLE); "
            "INSERT INTO link VALUES ('u1', 'user', 'crm', 'User', 'U-1', 'id', 1); "
            "CREATE TABLE raw_Account(id VARCHAR, known_at TIMESTAMP, deleted BOOLEAN, payload VARCHAR); "
            "CREATE TABLE raw_Task AS SELECT * FROM raw_Account; "
            "CREATE TABLE wanted_account(account_id VARCHAR, key VARCHAR, score BIGINT, band VARCHAR, coverage DOUBLE, "
            "arr DECIMAL(18,2), renewal_on DATE, reason VARCHAR); "
            "CREATE TABLE wanted_call(key VARCHAR, account_id VARCHAR, owner_user_id VARCHAR, subject VARCHAR, "
            "description VARCHAR, written VARCHAR, opened_on DATE)"
        )

    def account(self, number: int = 1, crm: dict[str, Any] | None = None, **wanted: Any) -> None:
        """An account: what the CRM says of it, and what it should say."""
        values = ACCOUNT | wanted
        self.con.execute(
            "INSERT INTO wanted_account VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [f"a{number}", f"a{number}", *(values[n] for n in ACCOUNT)],
        )
        self.con.execute(
            "INSERT INTO link VALUES (?, 'account', 'crm', 'Account', ?, 'id', 1)",
            [f"a{number}", f"r{number}"],
        )
        self.record("Account", f"r{number}", CRM | (crm or {}))

    def record(self, name: str, record: str, payload: dict[str, Any]) -> None:
        at = READ.replace(tzinfo=None)
        self.con.execute(f"INSERT INTO raw_{name} VALUES (?, ?, FALSE, ?)", [record, at, json.dumps(payload)])

    def call(self, key: str = "K1", written: dict[str, Any] | None = None, **wanted: Any) -> None:
        values = {
            "account_id": "a1",
            "owner": "u1",
            "subject": "Risk: Acme",
            "description": "call them",
            "opened_on": TODAY,
        } | wanted
        told = json.dumps(written) if written else None
        self.con.execute(
            "INSERT INTO wanted_call(key, account_id, owner_user_id, subject, description, opened_on, written) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [key, *values.values(), told],
        )

    def plan(self, home: str | None = "crm") -> list[Planned]:
        source = Source("crm", "memory", 0, MAPPING)
        with self.state.read() as db:
            comparing.compare(self.con, db, [source], lambda _c, name: f"raw_{name}", home, TODAY)
        return list(plan.changes(self.con))

    def fields(self) -> dict[str, tuple[str | None, str | None]]:
        """What the plan changes of the only record in it: field → from, to."""
        (change,) = self.plan()
        return {name: (a, b) for name, a, b in change.fields}


def rule(**more: Any) -> Rule:
    given: dict[str, Any] = {
        "version": 1, "rule": "fell", "rank": 1, "type": "Risk", "when": "is_red = 1", "due_days": 3, "short": "health fell",
        "why": "Health fell.", "do": ("Call them",), "closes_when": "Health is back",
    }  # fmt: skip
    return Rule(**(given | more))


def settings(**more: Any) -> ProjectSettings:
    return ProjectSettings.model_validate({"version": 1, "connections": {}, "go_live": "live"} | more)


def rows(state: State, table: sa.Table) -> list[Any]:
    with state.read() as db:
        return list(db.execute(sa.select(table)).all())
