"""Hashes of landed records, which are kept in blocks: none is lost where one block ends and the next begins."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_connector.store import came


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(came, "_BLOCK", 8)
        yield


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=30)))
def test_hashes_come_back_in_their_order_and_once(parts: list[list[int]]) -> None:
    hashes = came.Hashes()
    for part in parts:
        hashes.add(np.array(part, np.uint64))
    assert hashes.taken().tolist() == [each for part in parts for each in part]
    assert not len(hashes.taken())
