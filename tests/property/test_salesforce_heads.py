"""Ids, stamps and deletions of a page, read where they stand in its first record, are those that a JSON parser finds."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from cs_connector.adapters.salesforce import heads, reading
from cs_connector.adapters.salesforce.soql import long_id
from hypothesis import given, settings
from hypothesis import strategies as st

IDS = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=15, max_size=15)
PLAIN = {"Subject": "as ever"}
KEY = "500000000000001AAA"
STAMP = "2026-11-25T09:00:00.000+0000"
INSIDE = {  # what is asked for, where it does not count
    "url": "/services/data/v67.0/sobjects/Case/a",
    "x": {"y": "bbbbb"},
    "Id": KEY,
    "SystemModstamp": STAMP,
}
ODD: list[dict[str, Any]] = [
    {"IsDeleted": True},
    {"IsDeleted": True, "MasterRecordId": KEY},
    {"SystemModstamp": None, "CreatedDate": "2026-01-02T03:04:05.000+0000"},
    {"SystemModstamp": None},
    {"SystemModstamp": "2026-01-02T03:04:05Z"},
    {"SystemModstamp": '2026-01-02T03:04:05.00"+0000'},
    {"attributes": {"type": "Case", "url": "/x"}},
    {"attributes": {"type": "Case", **INSIDE}},
    {"attributes": None},
    {"IsDeleted": "left out"},
    {"MasterRecordId": "left out"},
    {"Subject": ',"IsDeleted":false,"MasterRecordId":null}', "IsDeleted": True},
    dict.fromkeys(("attributes", "SystemModstamp", "Subject", "IsDeleted", "MasterRecordId"), "left out"),
    {"Id": "500000000000001"},
    {"Id": "50000000000001"},
    {"Id": "5000000000000001é"},
    {"Id": '50000000000000"AAA'},
]


def record(id_: str, other: dict[str, Any]) -> dict[str, Any]:
    key = long_id(id_)
    made = {
        "attributes": {"type": "Case", "url": f"/services/data/v67.0/sobjects/Case/{key}"},
        "Id": key,
        "SystemModstamp": STAMP,
        "Subject": None,
        "IsDeleted": False,
        "MasterRecordId": None,
    }
    return {name: value for name, value in {**made, **other}.items() if value != "left out"}


def page(records: list[dict[str, Any]]) -> bytes:
    said = {"totalSize": len(records), "done": True, "records": records}
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def parsed(record: dict[str, Any]) -> tuple[str, str | None, bool]:
    stamp = record.get("SystemModstamp") or record.get("CreatedDate")
    tidy = stamp[:-5] + "Z" if stamp and stamp.endswith("+0000") else stamp
    return long_id(record["Id"]), tidy, record.get("IsDeleted", False)


def agree(content: bytes) -> None:
    there = json.loads(content)["records"]
    found = heads.records(content, msgspec.json.decode(content, type=reading.Answer).records)
    assert [(r.id, r.modified_at, r.deleted) for r in found] == [parsed(record) for record in there]
    assert [bare(json.loads(r.payload)) for r in found] == [bare(record) for record in there]


def bare(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "attributes"}


@settings(deadline=None)
@given(
    st.lists(IDS, max_size=30),
    st.dictionaries(st.integers(0, 29), st.sampled_from(ODD), max_size=3),
    st.text(),
)
def test_every_record_is_what_a_parser_finds(
    ids: list[str], odd: dict[int, dict[str, Any]], text: str
) -> None:
    agree(page([record(id_, {"Subject": text, **odd.get(n, {})}) for n, id_ in enumerate(ids)]))


@pytest.mark.parametrize("place", [7, 39])
@pytest.mark.parametrize("other", ODD)
def test_one_odd_record_among_many(other: dict[str, Any], place: int) -> None:
    agree(page([record(f"5000000000{n:05}", other if n == place else PLAIN) for n in range(40)]))


@pytest.mark.parametrize("text", [rb"5000000000\u0030AA", b"500000000000007"])
def test_an_id_that_is_written_in_another_way(text: bytes) -> None:
    content = page([record(f"5000000000{n:05}", PLAIN) for n in range(40)])
    agree(content.replace(long_id("500000000000007").encode(), text))


def test_a_field_of_another_name_where_the_stamp_stands() -> None:
    content = page([record(f"5000000000{n:05}", PLAIN) for n in range(40)])
    key = long_id("500000000000007").encode()
    agree(content.replace(key + b'","SystemModstamp"', key + b'","SystemModstamq"'))


def test_a_few_odd_records_do_not_have_all_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "_decoded", lambda content: pytest.fail("all were decoded"))
    ids = [f"5000000000{n:05}" for n in range(40)]
    records = [record(id_, PLAIN) for id_ in ids]
    records[7] = record(ids[7], {"IsDeleted": True, "MasterRecordId": long_id(ids[1])})
    content = page(records)
    found = heads.records(content, msgspec.json.decode(content, type=reading.Answer).records)
    assert [r.deleted for r in found] == [n == 7 for n in range(40)]
    assert [r.id for r in found] == [long_id(id_) for id_ in ids]


@pytest.mark.parametrize("other", [PLAIN, {"IsDeleted": True}, {"SystemModstamp": None}])
@pytest.mark.parametrize("between", ["", " "])
def test_attributes_are_not_kept(other: dict[str, Any], between: str) -> None:
    """They say what is known, in a fifth of all bytes; those of a parent's fields are not looked at."""
    parent = {"Account": {"attributes": {"type": "Account", "url": "/x"}, "Name": "Acme"}}
    rows = [record(f"5000000000{n:05}", {**PLAIN, **parent, **(other if n == 7 else {})}) for n in range(40)]
    content = page(rows).replace(b'},{"attributes"', b"}," + between.encode() + b'{"attributes"')
    found = heads.records(content, msgspec.json.decode(content, type=reading.Answer).records)
    assert [json.loads(r.payload) for r in found] == [bare(row) for row in rows]


def test_what_stands_where_attributes_of_the_first_end_is_kept() -> None:
    """A record whose attributes end earlier, and which goes on as the others do."""
    rows = [record(f"5000000000{n:05}", PLAIN) for n in range(40)]
    content = page(rows)
    key = long_id("500000000000007").encode()
    content = content.replace(b"/" + key + b'"}', b'/x"},"y":{"z":"bb"}', 1)
    found = heads.records(content, msgspec.json.decode(content, type=reading.Answer).records)
    assert json.loads(found[7].payload)["y"] == {"z": "bb"}
    agree(content)


def test_a_record_without_an_id_is_named() -> None:
    content = page([record("500000000000001", PLAIN), record("500000000000002", {"Id": None})])
    with pytest.raises(msgspec.ValidationError, match="str"):
        heads.records(content, msgspec.json.decode(content, type=reading.Answer).records)
