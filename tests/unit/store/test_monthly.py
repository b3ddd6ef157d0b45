"""Large datasets have a file a month; a month that is as it was keeps its file, and what is live is what was given."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cs_connector.store import monthly
from cs_connector.store.store import Store

ROWS = (
    "SELECT * FROM (VALUES ('a', DATE '2026-01-05', 1), ('b', DATE '2026-01-06', 2), ('a', DATE '2026-02-01', 3), ('a', NULL, 4), "
    "('a', DATE '-infinity', 5)) "
    "r(account_id, day, n)"
)


def publish(store: Store, query: str, least: int = 0) -> list[Path]:
    with duckdb.connect() as con:
        query = (
            f"SELECT *, TIMESTAMP '2026-02-03' + to_days({store.facts.version()}) AS known_at FROM ({query})"
        )
        files = monthly.stage(store.facts, con, "entity/x", query, "day", least)
        store.facts.publish("r", replace={"entity/x": files})
        store.facts.attach(con, "entity/x", "v", {})
        told = "SELECT account_id, day, n FROM"
        assert (
            con.execute(f"{told} v ORDER BY ALL").fetchall()
            == con.execute(f"{told} ({query}) ORDER BY ALL").fetchall()
        )
    assert set(store.facts.files("entity/x")) == set(files)
    return sorted(files)


def test_a_month_that_is_as_it_was_keeps_its_file(store: Store) -> None:
    before = publish(store, ROWS)
    assert len(before) == 3  # one of those without a day, or with an odd one
    after = publish(store, f"{ROWS} UNION ALL SELECT 'c', DATE '2026-02-02', 5")
    assert [path for path in before if path not in after] == [
        path for path in before if "2026-02-01" in path.name
    ]
    assert [set(publish(store, ROWS)) & set(after), store.facts.rows("entity/x")] == [
        set(before) & set(after),
        5,
    ]


def test_another_column_is_another_file(store: Store) -> None:
    before = publish(store, ROWS)
    assert not set(before) & set(publish(store, f"SELECT *, 1 AS more FROM ({ROWS})"))


def test_few_rows_are_one_file(store: Store) -> None:
    assert len(publish(store, ROWS, least=6)) == 1
    assert len(publish(store, ROWS, least=5)) == 3


def test_files_that_stay_outlive_those_that_go(store: Store) -> None:
    """What is removed with an old version is not what a newer one still has."""
    kept = set(publish(store, ROWS))
    kept &= set(publish(store, f"{ROWS} UNION ALL SELECT 'c', DATE '2026-02-02', 5"))
    store.facts.state.clock.pass_days(8)  # type: ignore[attr-defined]
    publish(store, ROWS)
    store.facts.state.clock.pass_days(8)  # type: ignore[attr-defined]
    assert store.facts.collect()
    assert all(path.exists() for path in (*kept, *store.facts.files("entity/x")))
