"""Recorded real exchanges against the simulators, shape by shape. The share that matches may only rise.

`recorded_share.json` beside this file holds the floors; the summary of a run prints what was reached. Differences of a
vendor are listed by: python -m tests.conformance.recordings CRM
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from . import summary
from .recordings.replay import replay
from .recordings.share import Share, share_of

DATA = os.environ.get("CS_CONNECTOR_DATA", "")
FLOORS = json.loads(Path(__file__).with_name("recorded_share.json").read_text())
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA, reason="CS_CONNECTOR_DATA names no folder"),
]


@pytest.mark.parametrize("crm", sorted(FLOORS))
def test_recorded_answers_have_the_same_shape(
    crm: str, tmp_path: Path, record_property: pytest.RecordProperty
) -> None:
    found: Share = share_of(replay(Path(DATA), crm, tmp_path))
    record_property(summary.SHARE, json.dumps({"crm": crm, **found.counts()}))
    floor = FLOORS[crm]
    assert found.same >= floor["same"], found.report()
    assert found.simulated >= floor["simulated"], found.report()
    assert found.share_of_points >= floor["points"], found.report()
