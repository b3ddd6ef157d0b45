"""The bench's million can be made, scored, laid into a store and asked about: here of a handful."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.scoring import asked, keyed, ours
from bench.scoring.base import make
from bench.scoring.project import lay
from bench.scoring.questions import READ, _account, _keyed
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
    for question in READ:
        assert asked.main(root, question, _account(base)) > 0
        assert _keyed(root, question).exists()
    assert callable(keyed.main)
