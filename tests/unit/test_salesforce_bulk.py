"""Pages of the Bulk API as records: whatever the order of the columns, and none that is not whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import responses
from cs_connector.adapters.salesforce.bulk import Bulk

from cs_connector.errors import Unavailable
from cs_connector.ports import RawRecord
from cs_connector.testing import FixedClock
from cs_connector.transport import Transport

ROOT = "https://acme.my.salesforce.com/services/data/v67.0"
RESULTS = f"{ROOT}/jobs/query/750/results"
TYPES = {"Employees": "int", "Revenue": "currency", "Active": "boolean"}


@pytest.fixture
def bulk() -> Iterator[Bulk]:
    session = Transport(connection="sales", hosts=("*.salesforce.com",), clock=FixedClock())
    yield Bulk(session, lambda: ROOT, FixedClock())
    session.close()


def read(bulk: Bulk, body: str, count: int | None = None) -> list[RawRecord]:
    told = {} if count is None else {"Sforce-NumberOfRecords": str(count)}
    responses.get(RESULTS, body=body, headers={"Sforce-Locator": "null", **told})
    return [record for batch in bulk.batches("750", "L1", TYPES) for record in batch.records]


def row(bulk: Bulk, body: str) -> Any:
    (record,) = read(bulk, body, 1)
    return msgspec.json.decode(record.payload)


@responses.activate
def test_columns_may_come_in_any_order(bulk: Bulk) -> None:
    body = "Active,SystemModstamp,Owner.Name,IsDeleted,Id,Employees\ntrue,2026-01-01T00:00:00.000Z,Ann,true,001A00000000001,7\n"
    (record,) = read(bulk, body, 1)
    assert record[:3] == ("001A00000000001IAA", "2026-01-01T00:00:00.000Z", True)
    assert msgspec.json.decode(record.payload)["Owner"] == {"Name": "Ann"}


@responses.activate
@pytest.mark.parametrize("body", ["", "Id,Name\n"])
def test_no_results_are_no_records(bulk: Bulk, body: str) -> None:
    assert read(bulk, body, 0) == []


@responses.activate
@pytest.mark.parametrize("body", ["Id,Name\n001,a\n002", 'Id,Name\n001,a\n002,"b', "Id,Name\n001,a\n"])
def test_a_page_that_was_cut_is_not_taken_for_a_whole_one(bulk: Bulk, body: str) -> None:
    with pytest.raises(Unavailable, match="not whole"):
        read(bulk, body, 3)


@responses.activate
def test_a_number_that_is_none_stays_a_text(bulk: Bulk) -> None:
    found = row(bulk, "Id,Employees,Revenue\n001A00000000001,7.0,many\n")
    assert (found["Employees"], found["Revenue"]) == ("7.0", "many")


@responses.activate
def test_a_text_as_long_as_a_field_can_hold_is_read(bulk: Bulk) -> None:
    assert len(row(bulk, f"Id,Name\n001A00000000001,{'é' * 200_000}\n")["Name"]) == 200_000
