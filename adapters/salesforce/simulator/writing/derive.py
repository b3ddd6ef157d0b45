"""What Salesforce works out by itself from a record's own values: names, closed flags, a task's account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from ..errors import RecordError
from ..schema.schema import Schema
from ..times import EARLIEST, LATEST
from .campaign_members import CampaignMembers
from .rows import Row, Rows
from .stages import CLOSED, FORECAST, forecast

WON = "Closed Won"


class Deriver:
    def __init__(self, schema: Schema, rows: Rows) -> None:
        self._schema, self._rows = schema, rows
        self._ways: dict[str, Callable[[Row], Row]] = {
            "Contact": _full_name, "User": _full_name, "Lead": _full_name, "Case": _case, "Contract": _contract,
            "Opportunity": _opportunity, "Task": self._task, "Event": self._event, "Account": _person,
            "CampaignMember": CampaignMembers(schema, rows).derive,
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
        elif not closed and row.get("CompletedDateTime"):
            found["CompletedDateTime"] = None
        return found | self._activity(row)

    def _event(self, row: Row) -> Row:
        start = row.get("StartDateTime") or row.get("ActivityDateTime")
        times = (
            {"StartDateTime": start, "ActivityDateTime": start, "ActivityDate": start[:10]} if start else {}
        )
        return times | self._activity(row)

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
        own = next((name for name in ("AccountId", "Account__c") if obj.fields.get(name.lower())), account)
        return row.get(own) if own else None


def _full_name(row: Row) -> Row:
    return {"Name": " ".join(filter(None, (row.get("FirstName"), row.get("LastName"))))}


def _person(row: Row) -> Row:
    return _full_name(row) if row.get("IsPersonAccount") else {}


def _case(row: Row) -> Row:
    closed = row.get("Status") == "Closed"
    ended = (row.get("ClosedDate") or row.get("SystemModstamp")) if closed else None
    return {"IsClosed": closed, "ClosedDate": ended}


def _opportunity(row: Row) -> Row:
    stage, amount, chance = row.get("StageName"), row.get("Amount"), row.get("Probability")
    found = {"IsWon": stage == WON, "IsClosed": stage in CLOSED} | forecast(stage, row.get(FORECAST))
    if row.get("CloseDate"):
        found |= _fiscal(date.fromisoformat(row["CloseDate"]))
    if amount is not None and chance is not None:
        found["ExpectedRevenue"] = round(amount * chance / 100, 2)
    return found


def _fiscal(closing: date) -> Row:
    """The fiscal year is the calendar's, as in every new org."""
    quarter = (closing.month + 2) // 3
    return {"FiscalYear": closing.year, "FiscalQuarter": quarter, "Fiscal": f"{closing.year} {quarter}"}


def _contract(row: Row) -> Row:
    status = str(row.get("Status") or "Draft")
    found = {"StatusCode": status.replace(" Approval Process", "Approval")}
    start, months = row.get("StartDate"), row.get("ContractTerm")
    end = _after(start, int(months)) if start and months else None
    return found | ({"EndDate": end} if end else {})


def check_term(row: Row) -> None:
    """Raises RecordError for a contract that ends beyond the days that a field can hold."""
    start, months = row.get("StartDate"), row.get("ContractTerm")
    if start and months and _after(start, int(months)) is None:
        why = f"Contract Term: value outside of valid range on numeric field: {months}"
        raise RecordError("NUMBER_OUTSIDE_VALID_RANGE", why, ["ContractTerm"])


def _after(start: str, months: int) -> str | None:
    """The last day of a term: a day before the same day so many months later; None beyond the calendar."""
    began = date.fromisoformat(start)
    years, month = divmod(began.month - 1 + months, 12)
    if not int(EARLIEST[:4]) <= began.year + years <= int(LATEST[:4]):
        return None
    first = date(began.year + years, month + 1, 1)
    following = (first + timedelta(days=32)).replace(day=1)
    day = min(began.day, (following - first).days)
    return (first.replace(day=day) - timedelta(days=1)).isoformat()
