"""Halves of characters are mended, and nothing else is touched."""

from __future__ import annotations

import msgspec
import pytest

from cs_connector.transport.mending import mended


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (rb'{"a":"\ud83d"}', rb'{"a":"\ufffd"}'),
        (rb'{"a":"\uDE00x\ud83d"}', rb'{"a":"\ufffdx\ufffd"}'),
        (rb'{"a":"\ud83d\ude00"}', rb'{"a":"\ud83d\ude00"}'),
        (rb'{"a":"\ud83d\ud83d\ude00"}', rb'{"a":"\ufffd\ud83d\ude00"}'),
        (rb'{"a":"\\ud83d"}', rb'{"a":"\\ud83d"}'),  # a backslash and five letters
        (rb'{"a":"\n\u0041\""}', rb'{"a":"\n\u0041\""}'),
    ],
)
def test_only_halves_are_replaced(sent: bytes, kept: bytes) -> None:
    assert mended(sent) == kept
    assert msgspec.json.decode(mended(sent))
