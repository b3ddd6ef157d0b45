"""What was landed comes back, byte by byte, and damage never passes for data."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.errors import StoreError
from cs_connector.ports import Page, RawRecord
from cs_connector.store import frames

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_RECORDS = st.lists(st.builds(RawRecord, _TEXT, st.none() | _TEXT, st.booleans(), st.binary()), max_size=20)
_PAGES = st.lists(_RECORDS, min_size=1, max_size=5)


def encode(pages: list[list[RawRecord]]) -> bytes:
    encoder = frames.Encoder()
    made = [
        encoder.frames(Page(records, f"c{n}", done=False), f"c{n - 1}") for n, records in enumerate(pages)
    ]
    return b"".join(frame for each in made for frame in each)


@settings(deadline=None)
@given(_PAGES)
def test_pages_come_back_as_they_were(pages: list[list[RawRecord]]) -> None:
    data = encode(pages)
    found = frames.decode(io.BytesIO(data + b"torn"), len(data))
    came = [tuple(row.values()) for batch in found for row in batch.to_pylist()]
    assert came == [record for records in pages for record in records]


@settings(deadline=None)
@given(_PAGES, st.data())
def test_of_a_cut_file_every_whole_page_is_told(pages: list[list[RawRecord]], data: st.DataObject) -> None:
    whole = encode(pages)
    ends = [len(encode(pages[: n + 1])) for n in range(len(pages))]
    cut = data.draw(st.integers(0, len(whole)))
    found = [
        (note.before, note.cursor, note.records, end)
        for note, end in frames.notes(io.BytesIO(whole[:cut]), 0)
    ]
    told = [(f"c{n - 1}", f"c{n}", len(pages[n]), end) for n, end in enumerate(ends)]
    assert found == [each for each in told if each[3] <= cut]


@settings(deadline=None)
@given(st.integers(0, 200))
def test_zeros_are_no_page(count: int) -> None:
    assert list(frames.notes(io.BytesIO(bytes(count)), 0)) == []


@settings(deadline=None)
@given(_PAGES, st.data())
def test_a_changed_byte_is_noticed(pages: list[list[RawRecord]], data: st.DataObject) -> None:
    whole = bytearray(encode(pages))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StoreError):
        list(frames.decode(io.BytesIO(whole), len(whole)))


@settings(deadline=None)
@given(_PAGES, st.data())
def test_a_cut_file_is_noticed(pages: list[list[RawRecord]], data: st.DataObject) -> None:
    whole = encode(pages)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(StoreError):
        list(frames.decode(io.BytesIO(whole[:cut]), len(whole)))
