"""Pages of the Bulk API as records: whatever the order of the columns, and none that is not whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import responses
from cs_connector.adapters.salesforce import rows
from cs_connector.adapters.salesforce.bulk import Bulk, Order
from hypothesis import given, settings
from hypothesis import strategies as st

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
    return [record for batch in bulk.batches(Order("750", TYPES), "L1") for record in batch.records]


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
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1000.5", 1000.5),
        ("-1.5E7", -1.5e7),
        (".5", 0.5),
        ("+7", 7),
        ("1e999", "1e999"),
        ('1"', '1"'),
        ("", None),
    ],
)
def test_a_number_is_one_however_it_is_written(bulk: Bulk, text: str, value: object) -> None:
    quoted = text.replace('"', '""')
    assert row(bulk, f'Id,Revenue\n001A00000000001,"{quoted}"\n')["Revenue"] == value


@responses.activate
@pytest.mark.parametrize("length", [200_000, rows.BLOCK])
def test_a_text_as_long_as_a_field_can_hold_is_read(bulk: Bulk, length: int) -> None:
    assert len(row(bulk, f"Id,Name\n001A00000000001,{'é' * length}\n")["Name"]) == length


@responses.activate
def test_a_parent_with_nothing_in_it_is_null(bulk: Bulk) -> None:
    found = row(
        bulk, 'Id,Owner.Name,Account.Owner.Name,Account.Name,"Contact.Name"\n001A00000000001,"",,Elm,""\n'
    )
    assert found["Owner"] is None
    assert found["Contact"] is None
    assert found["Account"] == {"Owner": None, "Name": "Elm"}


@responses.activate
def test_what_is_not_utf8_does_not_stop_the_others(bulk: Bulk) -> None:
    responses.get(RESULTS, body=b"Id,Name\n001,a\xff\n002,b\n", headers={"Sforce-Locator": "null"})
    (batch,) = bulk.batches(Order("750", TYPES), "L1")
    assert [msgspec.json.decode(r.payload)["Name"] for r in batch.records] == ["a\ufffd", "b"]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(TEXT, TEXT, st.sampled_from(["true", "false"])), max_size=40),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_text_comes_through_as_it_is(table: list[tuple[str, str, str]], ending: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator=ending)
    ids = [f"001A{n:011d}" for n in range(len(table))]
    writer.writerows(
        [("Id", "Name", "It's", "Active"), *((key, *cells) for key, cells in zip(ids, table, strict=True))]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "BLOCK", 400)
        found = list(rows.Rows(out.getvalue().encode(), TYPES).records())
    assert [r.id[:15] for r in found] == ids
    payloads = [msgspec.json.decode(r.payload) for r in found]
    assert [(p["Name"], p["It's"], p["Active"]) for p in payloads] == [
        (name or None, other or None, active == "true") for name, other, active in table
    ]
