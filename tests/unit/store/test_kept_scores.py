"""The scores of a day, kept as they were known: which days there are, and when one is let go."""

from __future__ import annotations

from datetime import date

import duckdb

from cs_connector.health import kept
from cs_connector.store.store import Store


def keep(store: Store, day: date) -> None:
    """A run of that day: three small tables."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE snapshot AS SELECT 'relationship' AS entity, 'r1' AS entity_id, 'a1' AS account_id, 'standard' AS scorecard, "
                    "TRUE AS main, unnest([$day, $day - 30]) AS on_date", {"day": day})  # fmt: skip
        con.execute("CREATE TABLE measure_score AS SELECT 'r1' AS relationship_id, 'a1' AS account_id, unnest(['standard', 'usage_only']) AS scorecard, "
                    "$day::DATE AS on_date", {"day": day})  # fmt: skip
        con.execute("CREATE TABLE scorecard AS SELECT 'standard' AS scorecard, '{}' AS basis")
        paths = {}
        for dataset, query in kept.queries(day, "SELECT * FROM snapshot").items():
            path = store.facts.stage(dataset)
            path.parent.mkdir(parents=True, exist_ok=True)
            con.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
            paths[dataset] = [path]
    store.facts.publish("R1", replace=paths)


def test_a_day_is_kept_with_its_own_rows_and_the_measures_that_count(store: Store) -> None:
    day = date(2026, 11, 25)
    keep(store, day)
    keep(store, day)
    assert kept.days(store.facts) == [day]
    with duckdb.connect() as con:
        kept.attach(con, store.facts, day)
        assert con.execute(f'SELECT on_date FROM "snapshot {day}"').fetchall() == [(day,)]
        assert con.execute(f'SELECT scorecard FROM "measure {day}"').fetchall() == [("standard",)]


def test_old_days_are_let_go_and_the_last_one_of_a_month_is_not(store: Store) -> None:
    for day in (date(2026, 3, 30), date(2026, 3, 31), date(2026, 11, 24)):
        keep(store, day)
    kept.forget(store.facts, "R2", date(2026, 11, 25))
    assert kept.days(store.facts) == [date(2026, 11, 24), date(2026, 3, 31)]
    before = store.facts.version()
    kept.forget(store.facts, "R3", date(2026, 11, 25))
    assert store.facts.version() == before, "with nothing to let go, nothing is published"
