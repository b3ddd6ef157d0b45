"""The examples of docs/metrics.md are files that work, and its tables name every step and total."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from cs_connector.language.around import BY_TAKE
from cs_connector.language.executor import sql, store
from cs_connector.language.steps import Across, Step, Take
from cs_connector.measure import evaluate, parts
from cs_connector.measure.metrics import load_metrics
from tests.measure.kit import GRID, town

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    (tmp_path / "metrics").mkdir()
    for name, text in re.findall(r"^```\w+\n# (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_examples_run(layer: Path) -> None:
    metrics = load_metrics([layer])
    assert len(metrics.sources) == 7
    with town().connection(GRID[:2]) as con:
        con.execute("UPDATE usage SET metric = 'active_users'")
        con.execute("UPDATE scope SET seats = 10")
        con.execute("INSERT INTO relationship BY NAME SELECT relationship_id, account_id FROM scope")
        con.execute("CREATE TABLE scored AS SELECT * FROM scope")
        con.execute("CREATE TABLE feed_complete (account_id VARCHAR, entity VARCHAR, on_date DATE)")
        parts.compare(con, (s for s in metrics.sources if s.plan and s.plan.whole), 3)
        evaluate.evaluate(con, metrics, 0, 100)
        found = con.execute("SELECT * FROM wide").df()
    assert len(found) == 14
    known = {name for name in metrics.by_name if found[f"m_{name}"].notna().any()}
    assert known == set(metrics.by_name) - {"my_tickets"}  # its feed was not read to the end


@pytest.mark.parametrize("word", [*Step.model_fields, *get_args(Take), *get_args(Across), *BY_TAKE], ids=str)
def test_every_word_is_on_the_page(word: str) -> None:
    assert re.search(rf"`{word}[`:]", PAGE)


def test_nothing_but_sql(layer: Path) -> None:
    """What a study says of itself: which part runs where."""
    metrics = load_metrics([layer])
    plans = {s.name: s.plan for s in metrics.sources if s.plan}
    assert [name for name, plan in plans.items() if plan.python] == ["my_forecast"]
    assert [name for name, plan in plans.items() if plan.whole] == ["my_place"]
    with town().connection() as con:
        for part in plans["my_place"].local:
            store(con, part.table, sql(part.rows.query))
            assert con.execute(f'SELECT count(*) FROM "{part.table}"').fetchone() == (21,)
