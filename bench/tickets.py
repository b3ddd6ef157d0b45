"""Accounts and ten times as many tickets, as each simulated CRM holds them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cs_connector.sandbox.ids import sales_id
from cs_connector.sandbox.wire import SeedRow

DAY = datetime(2026, 11, 25, 9, tzinfo=UTC)
LONG_AGO = DAY - timedelta(days=400)
SPAN_S = 399 * 86_400
EACH = 10  # tickets of an account
LEVELS = ("Low", "Medium", "High", "Critical")
FIRST = {"companies": 9_104_000_001, "tickets": 20_400_000_001, "organizations": 4_601_000_000_001}


def rows(crm: str, accounts: int) -> Iterator[SeedRow]:
    """The seed rows of one CRM: accounts first, then their tickets in order of time."""
    account, ticket = MAKERS[crm]
    for number in range(accounts):
        yield account(number)
    total = accounts * EACH
    for number in range(total):
        yield ticket(number, number * 7919 % accounts, LONG_AGO + timedelta(seconds=number * SPAN_S // total))


def _account(number: int) -> SeedRow:
    made = {
        "Name": f"Castell {number} Ltd.",
        "Website": f"https://castell{number}.example",
        "Type": "Customer",
    }
    stamp = f"{LONG_AGO:%Y-%m-%dT%H:%M:%S}.000+0000"
    return SeedRow("Account", {"Id": sales_id("001", number + 1), **made, "SystemModstamp": stamp})


def _case(number: int, account: int, at: datetime) -> SeedRow:
    closed = number % 5 > 0
    stamp = f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"
    case = {
        "Id": sales_id("500", number + 1),
        "CaseNumber": f"{number:08d}",
        "AccountId": sales_id("001", account + 1),
        "Subject": _subject(number),
        "Status": "Closed" if closed else "New",
        "Priority": LEVELS[number % 4],
        "IsClosed": closed,
        "ClosedDate": stamp if closed else None,
        "CreatedDate": stamp,
        "SystemModstamp": stamp,
    }
    return SeedRow("Case", case)


def _company(number: int) -> SeedRow:
    made = {
        "name": f"Castell {number} Ltd.",
        "domain": f"castell{number}.example",
        "lifecyclestage": "customer",
    }
    return _hubspot("companies", number, made, LONG_AGO, [])


def _ticket(number: int, account: int, at: datetime) -> SeedRow:
    made = {
        "subject": _subject(number),
        "content": _subject(number),
        "hs_pipeline": "0",
        "hs_pipeline_stage": str(1 + number % 4),
        "hs_ticket_priority": LEVELS[number % 3].upper(),
    }
    ends = [{"to_object": "companies", "to_id": str(FIRST["companies"] + account)}]
    return _hubspot("tickets", number, made, at, ends)


def _hubspot(name: str, number: int, made: dict[str, str], at: datetime, ends: list[Any]) -> SeedRow:
    stamp = f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
    row = {"id": str(FIRST[name] + number), "properties": made, "createdAt": stamp, "updatedAt": stamp}
    return SeedRow(name, {**row, "archived": False, "associations": ends})


def _organization(number: int) -> SeedRow:
    stamp = f"{LONG_AGO:%Y-%m-%dT%H:%M:%SZ}"
    made = {"name": f"Castell {number} Ltd.", "domain_names": [f"castell{number}.example"], "tags": []}
    return SeedRow(
        "organizations",
        {"id": FIRST["organizations"] + number, **made, "created_at": stamp, "updated_at": stamp},
    )


def _request(number: int, account: int, at: datetime) -> SeedRow:
    stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    made = {
        "id": 1001 + number,
        "subject": _subject(number),
        "description": _subject(number),
        "status": ("closed", "open")[number % 5 == 0],
        "priority": LEVELS[number % 3].lower().replace("medium", "normal"),
        "type": "question",
        "organization_id": FIRST["organizations"] + account,
        "tags": ["export"],
        "created_at": stamp,
        "updated_at": stamp,
        "generated_timestamp": int(at.timestamp()),
    }
    return SeedRow("tickets", made)


def _subject(number: int) -> str:
    return f"The export of month {number % 12 + 1} stays empty"


MAKERS = {
    "salesforce": (_account, _case),
    "hubspot": (_company, _ticket),
    "zendesk": (_organization, _request),
}
