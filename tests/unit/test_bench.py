"""The bench and the soak say what they found in the agreed shape, and say it when something failed."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import soak
from bench.results import judge
from bench.soak import Kind

ROOT = Path(__file__).parents[2]
AREAS = {"main", "sandbox", "sync", "unify", "measure", "health", "write-back"}


@pytest.mark.parametrize(
    ("ours", "against", "goal", "ratio", "met"),
    [
        (6, 2, 3, 3, True),
        (7, 2, 3, 3.5, False),
        (7, 2, None, 3.5, None),
        (0, 0, 0, None, True),
        (1, 0, 0, None, False),
    ],
)
def test_a_row_is_held_to_its_goal(ours, against, goal, ratio, met):
    row = judge("main", "x", ours, against, goal, "")
    assert (row.ratio, row.met) == (ratio, met)


@pytest.mark.slow
def test_a_quick_bench_writes_every_measurement_in_the_agreed_shape(tmp_path):
    out = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--quick", "--full", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text())
    assert len(rows) == 7 + 3 + 3 * 7  # one way of reading, and the simulators
    for row in rows:
        assert list(row) == ["area", "name", "ours", "against", "ratio", "goal", "met", "note"]
        assert row["area"] in AREAS
        assert row["ratio"] is None or row["ratio"] == pytest.approx(row["ours"] / row["against"], rel=0.1)
        assert (row["met"] is None) == (row["goal"] is None)
        assert row["name"].split()[0] in done.stdout


def test_a_failed_try_is_counted_and_says_how_to_see_it_again(tmp_path, monkeypatch, capsys):
    @contextmanager
    def begin(_folder):
        yield lambda seed: "" if seed % 2 else "a record is missing"

    monkeypatch.setattr(soak, "KINDS", {"store": Kind("sync", "kills", begin)})
    out = tmp_path / "soak.json"
    monkeypatch.setattr(sys, "argv", ["soak", "--tries", "4", "--seed", "10", "--out", str(out)])
    assert soak.main() == 1
    assert json.loads(out.read_text()) == [
        {
            "area": "sync",
            "name": "kills",
            "tried": 4,
            "failed": 2,
            "seed": 10,
            "note": "seed 10: a record is missing; seed 12: a record is missing",
        }
    ]
    assert "python -m bench.soak store --tries 1 --seed 12" in capsys.readouterr().err
