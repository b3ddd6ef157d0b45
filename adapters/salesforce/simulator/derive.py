"""What Salesforce works out by itself: names, closed flags, a task's account."""

from __future__ import annotations

from collections.abc import Callable

from .rows import Row, Rows
from .schema import Schema

WON, LOST = "Closed Won", "Closed Lost"


class Deriver:
    def __init__(self, schema: Schema, rows: Rows) -> None:
        self._schema, self._rows = schema, rows
        self._ways: dict[str, Callable[[Row], Row]] = {
            "Contact": _full_name, "User": _full_name, "Case": _case, "Opportunity": _opportunity,
            "Task": self._task, "Event": self._activity, "Contract": _contract,
        }  # fmt: skip

    def derive(self, object_name: str, row: Row) -> Row:
        """The derived fields for a record as it now stands."""
        way = self._ways.get(object_name)
        return way(row) if way else {}

    def _task(self, row: Row) -> Row:
        closed = row.get("Status") == "Completed"
        found = {"IsClosed": closed, "IsHighPriority": row.get("Priority") == "High"}
        if closed and not row.get("CompletedDateTime"):
            found["CompletedDateTime"] = row.get("SystemModstamp")
        return found | self._activity(row)

    def _activity(self, row: Row) -> Row:
        return {"AccountId": self._account(row.get("WhatId")) or self._account(row.get("WhoId"))}

    def _account(self, record_id: str | None) -> str | None:
        """The account that a record is, or belongs to."""
        obj = self._schema.of_id(record_id) if record_id else None
        if obj is None or record_id is None:
            return None
        if obj.name == "Account":
            return record_id
        row = self._rows.of(obj).rows.get(record_id) or {}
        account = next((f.name for f in obj.fields.values() if f.refers_to == ("Account",)), None)
        named = (
            "AccountId" if obj.field("AccountId") else "Account__c" if obj.field("Account__c") else account
        )
        return row.get(named) if named else None


def _full_name(row: Row) -> Row:
    return {"Name": " ".join(filter(None, (row.get("FirstName"), row.get("LastName"))))}


def _case(row: Row) -> Row:
    closed = row.get("Status") == "Closed"
    ended = (row.get("ClosedDate") or row.get("SystemModstamp")) if closed else None
    return {"IsClosed": closed, "ClosedDate": ended}


def _opportunity(row: Row) -> Row:
    stage = row.get("StageName")
    return {"IsWon": stage == WON, "IsClosed": stage in {WON, LOST}}


def _contract(row: Row) -> Row:
    return {"StatusCode": str(row.get("Status") or "Draft").replace(" Approval Process", "Approval")}
