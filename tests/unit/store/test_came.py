"""Hashes of landed records, which are kept in blocks and sorted in parts: none that came again is overlooked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_connector.store.versions import came

few = st.integers(0, 5).map(lambda n: n << 61 | n)


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(came, "_BLOCK", 8)
        patch.setattr(came, "_SORTED", 10)
        yield


@given(st.lists(st.lists(few | st.integers(0, 2**64 - 1), max_size=30)))
def test_what_came_more_than_once_is_found(parts: list[list[int]]) -> None:
    hashes = came.Hashes()
    for part in parts:
        hashes.add(np.array(part, np.uint64))
    every = Counter(each for part in parts for each in part)
    assert len(hashes) == every.total()
    assert sorted(hashes.twice().tolist()) == sorted(each for each, times in every.items() if times > 1)
