"""A publish is seen whole or not at all; files stay few; what is read never changes under a reader."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from cs_connector.errors import StoreError
from cs_connector.store.newest import Part
from cs_connector.store.store import Store
from cs_connector.store.tables import meta
from tests.conftest_store import HandClock, page, record


def write(store: Store, dataset: str, query: str) -> Path:
    path = store.facts.stage(dataset)
    with duckdb.connect() as con:
        con.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def add(store: Store, dataset: str, query: str) -> int:
    return store.facts.publish("r", append={dataset: [write(store, dataset, query)]})


def rows(store: Store, dataset: str, version: int | None = None) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        store.facts.attach(con, dataset, "v", {"a": "BIGINT"}, version)
        return con.execute("SELECT * FROM v ORDER BY ALL").fetchall()


def test_append_adds_and_replace_takes_the_place(store: Store) -> None:
    assert store.facts.version() == 0
    assert add(store, "entity/x", "SELECT 1::BIGINT AS a") == 1
    assert add(store, "entity/x", "SELECT 2::BIGINT AS a") == 2
    assert rows(store, "entity/x") == [(1,), (2,)]
    staged = write(store, "entity/x", "SELECT 3::BIGINT AS a")
    store.facts.publish("r", replace={"entity/x": [staged]})
    assert rows(store, "entity/x") == [(3,)]
    assert rows(store, "entity/x", 2) == [(1,), (2,)]
    store.facts.publish("r", replace={"entity/x": []})
    assert rows(store, "entity/x") == []
    assert store.facts.datasets() == []


def test_a_publish_that_fails_at_its_end_is_not_seen(store: Store) -> None:
    staged = {name: [write(store, name, "SELECT 1::BIGINT AS a")] for name in ("a/x", "a/y")}

    def fail(db: sa.Connection) -> None:
        db.execute(meta.insert().values(name="half", value="done"))
        raise StoreError("no")

    with pytest.raises(StoreError):
        store.facts.publish("r", append=staged, then=fail)
    assert (store.facts.version(), store.facts.datasets(), store.state.get("half")) == (0, [], None)


def test_nothing_to_publish_makes_no_version(store: Store) -> None:
    assert store.facts.publish("r") == 0


def test_a_dataset_without_a_file_is_an_empty_view(store: Store) -> None:
    with duckdb.connect() as con:
        store.facts.attach(con, "none", "v", {"a": "DATE", "b": "DECIMAL(18,2)"})
        assert [r[:2] for r in con.execute("DESCRIBE v").fetchall()] == [
            ("a", "DATE"),
            ("b", "DECIMAL(18,2)"),
        ]
        assert con.execute("SELECT * FROM v").fetchall() == []
        store.facts.latest(con, "sf", "Account", "raw")
        assert con.execute("SELECT id, payload FROM raw").fetchall() == []


def test_columns_of_old_and_new_files_come_together(store: Store) -> None:
    add(store, "x", "SELECT 1::BIGINT AS a")
    add(store, "x", "SELECT 2::BIGINT AS a, 'n' AS b")
    with duckdb.connect() as con:
        store.facts.attach(con, "x", "v", {"a": "BIGINT", "b": "VARCHAR", "c": "DATE"})
        found = con.execute("SELECT a, b, c FROM v ORDER BY a").fetchall()
    assert found == [(1, None, None), (2, "n", None)]


def test_of_equally_known_versions_the_later_modified_is_the_latest(store: Store) -> None:
    versions = "(VALUES ('1', '2026-01-02', 'new'), ('1', '2026-01-01', 'old'), ('1', NULL, 'none'))"
    query = f"""SELECT id, modified_at, false AS deleted, TIMESTAMP '2026-01-03' AS known_at,
                0::UBIGINT AS digest, payload FROM {versions} t(id, modified_at, payload)"""
    add(store, "raw/sf/Account", query)
    with duckdb.connect() as con:
        store.facts.latest(con, "sf", "Account", "v")
        assert con.execute("SELECT payload FROM v").fetchall() == [("new",)]


def test_a_file_outside_the_facts_is_refused(store: Store, tmp_path: Path) -> None:
    stray = tmp_path / "stray.parquet"
    with pytest.raises(StoreError, match="outside"):
        store.facts.publish("r", append={"x": [stray]})


@pytest.mark.parametrize("name", ["../x", "x/../y", "", "/x", "x//y", "."])
def test_a_dataset_name_cannot_leave_the_folder(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        store.facts.stage(name)


@pytest.mark.slow
def test_merging_files_changes_no_answer(store: Store) -> None:
    for n in range(33):
        add(store, "x", f"SELECT {n}::BIGINT AS a")
    before = rows(store, "x")
    version = store.facts.version()
    assert store.facts.compact("x")
    assert len(store.facts.files("x")) == 1
    assert rows(store, "x") == before == rows(store, "x", version)
    assert not store.facts.compact("x")


@pytest.mark.slow
def test_readers_see_the_same_rows_while_files_are_merged(store: Store) -> None:
    for n in range(40):
        add(store, "x", f"SELECT {n}::BIGINT AS a")
    expected, seen, stop = rows(store, "x"), list[bool](), threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append(rows(store, "x") == expected)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        while not seen:
            stop.wait(0.01)
        store.facts.compact("x")
    finally:
        stop.set()
        reader.join()
    assert all(seen)
    assert rows(store, "x") == expected


def test_small_changes_beside_a_large_file_wait_until_a_tenth(store: Store) -> None:
    add(store, "x", "SELECT range AS a FROM range(1000)")
    add(store, "x", "SELECT 1::BIGINT AS a FROM range(100)")
    assert not store.facts.compact("x")
    add(store, "x", "SELECT 1::BIGINT AS a FROM range(100)")
    assert store.facts.compact("x")
    assert store.facts.rows("x") == 1200


def test_a_merge_that_was_overtaken_changes_nothing(store: Store) -> None:
    for n in range(3):
        add(store, "x", f"SELECT {n}::BIGINT AS a")
    old = store.facts.files("x")
    merged = write(store, "x", "SELECT range AS a FROM range(3)")
    store.facts.publish("r", replace={"x": [write(store, "x", "SELECT 9::BIGINT AS a")]})
    assert not store.facts.swap("r", "x", old, [Part(merged)])
    assert rows(store, "x") == [(9,)]


def test_old_files_go_after_a_week_unless_someone_reads(store: Store, clock: HandClock) -> None:
    add(store, "x", "SELECT 1::BIGINT AS a")
    (old,) = store.facts.files("x")
    with store.facts.pin(seconds=30 * 86400) as version:
        store.facts.publish("r", replace={"x": [write(store, "x", "SELECT 2::BIGINT AS a")]})
        clock.pass_days(6)
        assert store.facts.collect() == 0
        clock.pass_days(2)
        assert store.facts.collect() == 0
        assert rows(store, "x", version) == [(1,)]
    assert store.facts.collect() == 1
    assert not old.exists()
    assert rows(store, "x") == [(2,)]


def test_files_of_the_last_week_stay(store: Store, clock: HandClock) -> None:
    version = add(store, "x", "SELECT 1::BIGINT AS a")
    store.facts.publish("r", replace={"x": []})
    clock.pass_days(6)
    assert store.facts.collect() == 0
    assert rows(store, "x", version) == [(1,)]
    clock.pass_days(2)
    assert store.facts.collect() == 1


def test_a_reader_that_died_does_not_keep_files_for_ever(store: Store, clock: HandClock) -> None:
    add(store, "x", "SELECT 1::BIGINT AS a")
    abandoned = store.facts.pin(seconds=3600)
    abandoned.__enter__()
    store.facts.publish("r", replace={"x": []})
    clock.pass_days(8)
    assert store.facts.collect() == 1


def test_staged_files_are_left_to_their_writer_for_a_day(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = write(store, "x", "SELECT 1::BIGINT AS a")
    assert store.facts.collect() == 0
    assert staged.exists()
    monkeypatch.setattr("cs_connector.store.upkeep.ORPHAN", -1.0)
    assert store.facts.collect() == 1
    assert not staged.exists()


def test_folded_segments_go_after_thirty_days(store: Store, clock: HandClock) -> None:
    store.landing.append(None, "r", "sf", "Case", page(record(1)))
    store.fold("sf", "Case", "r")
    store.landing.append(None, "r", "sf", "Case", page(record(2)))
    clock.pass_days(29)
    assert store.facts.collect() == 0
    clock.pass_days(2)
    assert store.facts.collect() == 1
    assert store.fold("sf", "Case", "r").new == 1


@pytest.mark.slow
def test_many_small_runs_leave_few_files(store: Store) -> None:
    runs = 250 if store.state.file else 50  # the files are the same over both
    for n in range(runs):
        store.landing.append(None, f"r{n}", "sf", "Case", page(record(n, f'{{"n":{n}}}')))
        assert store.fold("sf", "Case", f"r{n}").new == 1
        assert len(store.facts.files("raw/sf/Case")) <= 33
    assert store.facts.rows("raw/sf/Case") == runs


def test_what_nobody_needs_goes_once_a_day(store: Store, clock: HandClock) -> None:
    for number in range(3):
        store.landing.append(None, f"r{number}", "sf", "Account", page(record(number)))
        store.fold("sf", "Account", f"r{number}")
    assert store.tidy() == 0, "everything is new"
    clock.pass_days(31)
    removed = store.tidy()
    assert removed > 0
    assert store.tidy() == 0
    assert store.live("sf", "Account") == 3
    assert store.facts.rows("raw/sf/Account") == 3
