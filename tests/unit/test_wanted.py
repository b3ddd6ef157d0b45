"""What is wanted of the CRM: a score of which too little is known is no score there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from cs_connector.act.wanted import want
from cs_connector.model import ENTITIES

DAY = date(2026, 11, 25)
SNAPSHOT = (
    "entity VARCHAR, main BOOLEAN, on_date DATE, entity_id VARCHAR, band VARCHAR, score BIGINT, trend VARCHAR, change_3m BIGINT, "
    "reason VARCHAR, driver VARCHAR, next_step VARCHAR, cap DOUBLE, override VARCHAR, override_reason VARCHAR, coverage DOUBLE, band_since DATE, scorecard VARCHAR"
)
MEASURE = (
    "relationship_id VARCHAR, account_id VARCHAR, scorecard VARCHAR, on_date DATE, group_name VARCHAR, measure VARCHAR, "
    "score DOUBLE, weight DOUBLE, contribution DOUBLE"
)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        for name in ("account", "relationship", "user", "survey_response"):
            columns = ", ".join(f"{c.name} {c.type}" for c in ENTITIES[name].columns)
            made.execute(f'CREATE TABLE "{name}"({columns})')
        made.execute(f"CREATE TABLE snapshot({SNAPSHOT}); CREATE TABLE measure_score({MEASURE})")
        made.execute("INSERT INTO account(account_id, customer_status) VALUES ('a1', 'Customer')")
        yield made


def test_a_cap_is_told_by_its_reason_and_not_by_the_name_that_it_has_in_a_file(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(
        "INSERT INTO snapshot(entity, main, on_date, entity_id, band, score, cap, override, override_reason) VALUES "
        "('account', TRUE, ?, 'a1', 'red', 40, 40, 'decision_maker_unhappy', 'a decision maker scored 2 of 10 (3 Nov)')",
        [DAY],
    )
    want(con, DAY)
    told = "Capped at 40: a decision maker scored 2 of 10 (3 Nov)"
    assert con.execute("SELECT cap_text FROM wanted_account").fetchall() == [(told,)]


@pytest.mark.parametrize(("band", "written"), [("green", 97), ("unknown", None)])
def test_an_unknown_score_is_blank_in_the_crm(
    con: duckdb.DuckDBPyConnection, band: str, written: int | None
) -> None:
    for day in (DAY, date(2026, 10, 31)):
        con.execute(
            "INSERT INTO snapshot(entity, main, on_date, entity_id, band, score) VALUES ('account', TRUE, ?, 'a1', ?, 97)",
            [day, band],
        )
    want(con, DAY)
    for table in ("wanted_account", "wanted_snapshot"):
        assert con.execute(f"SELECT score, band FROM {table}").fetchall() == [(written, band)]
