"""A simulated Salesforce org with as many contacts and cases as wanted, half and half; stays up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from cs_connector import registry
from cs_connector.config import load
from cs_connector.demo.sandbox import wait
from cs_connector.sandbox.ids import sales_id
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow

DAY = datetime(2026, 11, 25, 9, tzinfo=UTC)
LONG_AGO = DAY - timedelta(days=400)
ROLES = ("Head of Finance", "Support Lead", "Operations Manager", "IT Director")


def main(records: int) -> None:
    sandbox = Sandbox([("salesforce", registry.simulator("salesforce"))], DAY, profile="unlimited")
    seeder = Path(registry.find("seeders", "salesforce").__file__)
    for path in (seeder.with_name("demo_org.yml"), dict(registry.installs())["salesforce"]):
        sandbox.install("salesforce", load(path).data)
    sandbox.load("salesforce", rows(records // 2))
    with sandbox:
        sys.stdout.write(msgspec.json.encode(sandbox.document()).decode() + "\n")
        sys.stdout.flush()
        wait()


def rows(count: int) -> Iterator[SeedRow]:
    for number in range(1, count + 1):
        yield SeedRow("Contact", _contact(number))
        yield SeedRow("Case", _case(number))


def _contact(number: int) -> dict[str, Any]:
    first, last = f"Robin {number % 97}", f"Castell {number}"
    return {
        "Id": sales_id("003", number),
        "AccountId": sales_id("001", number // 3 + 1),
        "FirstName": first,
        "LastName": last,
        "Name": f"{first} {last}",
        "Email": f"robin.castell.{number}@customer{number // 3}.example",
        "Title": ROLES[number % 4],
        "SystemModstamp": _stamp(number),
    }


def _case(number: int) -> dict[str, Any]:
    closed = number % 5 > 0
    return {
        "Id": sales_id("500", number),
        "CaseNumber": f"{number:08d}",
        "AccountId": sales_id("001", number // 3 + 1),
        "ContactId": sales_id("003", number),
        "Subject": f"The export of month {number % 12 + 1} stays empty",
        "Status": "Closed" if closed else "New",
        "Priority": ("Critical", "High", "Medium", "Low")[number % 4],
        "IsClosed": closed,
        "ClosedDate": _stamp(number + 900) if closed else None,
        "Product__c": "Ledger",
        "CreatedDate": _stamp(number),
        "SystemModstamp": _stamp(number + 900),
    }


def _stamp(number: int) -> str:
    return f"{(LONG_AGO + timedelta(seconds=41 * number)).isoformat()[:19]}.000+0000"


if __name__ == "__main__":
    main(int(sys.argv[1]))
