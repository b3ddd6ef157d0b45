"""What `measure sql` prints is all that runs, also of a study that stands on another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_connector.errors import ConfigError
from cs_connector.measure import elsewhere
from cs_connector.measure.metrics import load_metrics

PEERS = """version: 1
steps:
  - fetch: ticket
  - aggregate: {totals: {n: {take: count}}}
  - peers: {of: n, add: {place: rank}}
metrics:
  place: {title: Place by tickets, value: place}
"""
USES = """version: 1
uses: [place]
metrics:
  near_top: {title: Near the top, value: "if(place <= 3, 1, 0)"}
"""
PYTHON = """version: 1
steps:
  - fetch: ticket
  - aggregate: {totals: {n: {take: count}}}
  - python: {file: more.py, function: more, gives: {m: number}}
metrics:
  more: {title: More, value: m}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "metrics").mkdir()
    for name, text in {"peers": PEERS, "uses": USES, "own": PYTHON}.items():
        (tmp_path / "metrics" / f"{name}.yml").write_text(text)
    (tmp_path / "metrics" / "more.py").write_text("def more(rows):\n    return rows.assign(m=rows.n)\n")
    return tmp_path


def test_what_a_study_stands_on_is_printed_before_it(root: Path) -> None:
    metrics = load_metrics([root])
    tables = [table for table, _ in elsewhere.queries(metrics.source("near_top"))]
    assert tables == [table for table, _ in elsewhere.queries(metrics.source("place"))]
    assert len(tables) > 1
    assert tables[-1] == ""


def test_a_python_step_keeps_a_study_here(root: Path) -> None:
    with pytest.raises(ConfigError, match="own cannot run on spark"):
        elsewhere.portable(load_metrics([root]).source("more"), "spark")
