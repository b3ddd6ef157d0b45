"""Looking at metrics on a project that was run: steps, SQL, and DataFrames for notebooks."""

from __future__ import annotations

import pytest

import cs_connector
from cs_connector.errors import UsageError

from .company import Done
from .stage import Project

pytestmark = pytest.mark.slow


def test_a_preview_shows_every_step_and_comes_to_what_was_published(ran: Project) -> None:
    shown = ran.do("measure", "preview", "active_share", "--account", "Aurora Freight", "--json").json
    assert shown["steps"][0]["kind"] == "fetch"
    for before, after in zip(shown["steps"], shown["steps"][1:], strict=False):
        assert after["rows_in"] == before["rows_out"]
    explained = ran.do("explain", "Aurora Freight", "--json").json
    published = {m["metric"]: m["value"] for m in explained["measures"]}
    (values,) = shown["values"]
    assert values["active_share"] == published["active_share"]
    for step in shown["steps"]:
        assert "name" not in step["columns"], "what identifies a person stays out"


def test_a_run_tells_how_many_rows_came_to_each_step(ran: Project) -> None:
    told = ran.do("measure", "steps", "tickets_90d", "--json").json
    (study,) = told["studies"]
    assert study["steps"][0]["kind"] == "fetch"
    assert all(step["rows_out"] for step in study["steps"])
    assert "tickets" in ran.do("measure", "steps", "tickets_90d", "--run", told["run"]).out
    assert "no steps were counted in run 'NONE'" in ran.do("measure", "steps", "--run", "NONE", code=2).err


def test_the_sql_that_runs_is_shown_for_each_engine(ran: Project) -> None:
    for engine in ("duckdb", "postgres", "spark"):
        assert "SELECT" in ran.do("measure", "sql", "executive_contact", "--dialect", engine).out
    refused = ran.do("measure", "sql", "executive_contact", "--dialect", "sparc", code=2)
    assert "did you mean 'spark'?" in refused.err


def test_a_notebook_reads_what_was_published(done: Done) -> None:
    project = cs_connector.open(done.project.root)
    scores, metrics = project.scores(), project.metrics()
    standing = scores[(scores.entity == "account") & scores.main & (scores.on_date == scores.on_date.max())]
    assert len(standing) == done.summary["scores"]["computed"]
    assert metrics.groupby(["relationship_id", "on_date"]).size().max() == 1
    described = project.columns("metrics").set_index("column")
    assert set(metrics.columns) == set(described.index)
    assert described.unit["active_share"] == "share"
    for name, table in {"scores": scores, "measures": project.measures(), "links": project.links()}.items():
        assert list(project.columns(name).column) == list(table.columns)
    with pytest.raises(UsageError, match="there is no entity 'tikcet'") as caught:
        project.entities("tikcet")
    assert caught.value.__notes__ == ["did you mean 'ticket'?"]
