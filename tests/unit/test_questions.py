"""Looking back: the scores of the day that was asked for, or the days that there are."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from cs_connector.act.calling.rules import load_rules, names
from cs_connector.errors import ConnectorError, UsageError
from cs_connector.health import explain, levers_for
from cs_connector.language.expression import parse_condition
from cs_connector.runner.asking import Own, scored_on
from cs_connector.runner.exporting import _records
from cs_connector.runner.questions import _words
from cs_connector.runner.scorecards.pages import linked
from tests.unit.engine_kit import engine_of
from tests.unit.health_tables import SHIPPED, World, definitions

OCTOBER, TODAY = date(2026, 10, 31), date(2026, 11, 25)


def test_without_a_day_the_newest_scores_are_shown_and_with_one_those_of_it() -> None:
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE snapshot AS SELECT unnest([DATE '2026-10-31', DATE '2026-11-25']) AS on_date"
        )
        assert [scored_on(con, day) for day in (None, TODAY, OCTOBER)] == [TODAY, TODAY, OCTOBER]


def test_a_day_without_scores_is_refused_and_the_days_with_are_named() -> None:
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE snapshot AS SELECT unnest([DATE '2026-10-31', DATE '2026-11-25']) AS on_date"
        )
        with pytest.raises(UsageError, match="no scores of 2026-11-01") as caught:
            scored_on(con, date(2026, 11, 1))
    assert "2026-11-25, 2026-10-31" in caught.value.why


@pytest.mark.parametrize("path", sorted((SHIPPED / "rules").glob("*.yml")), ids=lambda path: path.stem)
def test_why_not_has_words_for_all_that_a_rule_speaks_of(path: Path) -> None:
    metrics = definitions().metrics
    ((rule, _),) = load_rules([path], list(metrics.by_name))
    asked = parse_condition(rule.when, names(list(metrics.by_name))).names
    assert _words(metrics, rule.when).keys() == asked


@pytest.mark.slow
def test_an_explanation_of_an_earlier_day_is_of_that_day() -> None:
    scores = World().customer().users(80, 80, 80, 20, 20, 20).score()
    now, then = (explain(scores.con, definitions(), "r1", on=day) for day in (None, OCTOBER))
    assert (now["as_of"], then["as_of"]) == (TODAY.isoformat(), OCTOBER.isoformat())
    assert now["measures"] != then["measures"]
    assert levers_for(scores.con, definitions(), "r1", 100, on=OCTOBER)["schema"] == "levers/1"


def test_a_connection_with_a_quote_in_its_name_can_be_exported() -> None:
    mapping = SimpleNamespace(objects=lambda: {"it's": ("Name",)})
    engine: Any = SimpleNamespace(sources=lambda: [SimpleNamespace(connection="o'hare", mapping=mapping)])
    with duckdb.connect() as con:
        con.execute("CREATE TABLE seen AS SELECT 'i' AS id, NULL AS modified_at, FALSE AS deleted")
        rows = con.execute(_records(engine, lambda _connection, _name: "seen")).fetchall()
    assert rows == [("o'hare", "it's", "i", None, False)]


def test_a_link_is_that_of_the_connection_and_none_where_it_cannot_say() -> None:
    def adapter(name: str) -> Any:
        if name == "down":
            raise ConnectorError("no answer")
        return SimpleNamespace(address=lambda kind, record: f"https://crm.example/{kind}/{record}")

    project = SimpleNamespace(settings=SimpleNamespace(connections={"sales": 1, "down": 1}))
    engine: Any = SimpleNamespace(project=project, adapter=adapter)
    sources = [{"connection": name, "object": "Case", "id": "500"} for name in ("sales", "down", "project")]
    told = linked(engine, {"measures": [{"sources": sources}]})
    assert [s["link"] for s in told["measures"][0]["sources"]] == [
        "https://crm.example/Case/500", None, None,
    ]  # fmt: skip


def test_a_cap_on_what_only_earlier_runs_measured_is_explained_by_it(tmp_path: Path) -> None:
    columns = "SELECT 'r1' AS relationship_id, 'a1' AS account_id"
    named = {
        "measure/metric": f"{columns}, 'notice' AS metric, DATE '2026-11-25' AS on_date, NULL::DOUBLE AS value, FALSE AS known",
        "measure/past": f"{columns}, 'notice' AS metric, DATE '2026-10-31' AS on_date, 1.0::DOUBLE AS value, TRUE AS known",
    }
    with engine_of(object(), tmp_path) as engine, engine.tables() as con:
        engine.publish(con, named)
        Own(engine, con, "r1", "a1").measured()
        Own(engine, con, "r2", "a2").keep("measure/metric", "others", {})
        found = con.execute("SELECT on_date, value FROM metric_value WHERE known").fetchall()
        assert con.execute("SELECT * FROM others").fetchall() == []
    assert found == [(OCTOBER, 1.0)]
