"""The bench's million can be made, scored, laid into a store and asked about: here of a handful."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.scoring import asked, keyed, ours, questions
from bench.scoring.base import make
from bench.scoring.project import lay
from cs_connector import registry
from cs_connector.measure.metrics import load_metrics


@pytest.mark.long
def test_a_handful_of_customers_is_scored_and_asked_about(tmp_path: Path) -> None:
    base, made, root = (tmp_path / name for name in ("base", "made", "root"))
    metrics = load_metrics(registry.shipped())
    assert make(base, 4, metrics) == 4 + 6 + 42
    made.mkdir()
    assert ours.main(base, made) == 6
    lay(root, base, made, 4, metrics)
    for one in questions.asked(root, base):
        assert asked.main(root, one.question, one.id) > 0
        assert keyed.main(*json.loads(questions._keyed(root, one).read_text())) > 0
    assert len(one.accounts) == 4
