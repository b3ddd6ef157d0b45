"""What was landed comes back, byte by byte, and damage never passes for data."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_connector.errors import StoreError
from cs_connector.ports import RawRecord
from cs_connector.store import frames

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_RECORDS = st.lists(st.builds(RawRecord, _TEXT, st.none() | _TEXT, st.booleans(), st.binary()), max_size=20)
_PAGES = st.lists(_RECORDS, min_size=1, max_size=5)


@given(_PAGES)
def test_pages_come_back_as_they_were(pages: list[list[RawRecord]]) -> None:
    data = b"".join(map(frames.encode, pages))
    found = frames.decode(io.BytesIO(data + b"torn"), len(data))
    assert [[tuple(row.values()) for row in batch.to_pylist()] for batch in found] == pages


@given(_PAGES, st.data())
def test_a_changed_byte_is_noticed(pages: list[list[RawRecord]], data: st.DataObject) -> None:
    whole = bytearray(b"".join(map(frames.encode, pages)))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StoreError):
        list(frames.decode(io.BytesIO(whole), len(whole)))


@given(_PAGES, st.data())
def test_a_cut_file_is_noticed(pages: list[list[RawRecord]], data: st.DataObject) -> None:
    whole = b"".join(map(frames.encode, pages))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(StoreError):
        list(frames.decode(io.BytesIO(whole[:cut]), len(whole)))
