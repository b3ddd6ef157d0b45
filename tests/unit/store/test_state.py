"""The state store: transactions, versions, and what it says when it cannot be used."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from cs_connector.errors import StoreError, StoreTooNew
from cs_connector.store import guard, schema, state
from cs_connector.store.state import State
from cs_connector.store.store import Store
from cs_connector.store.tables import calls, cursors, meta, metadata, quarantine, runs
from tests.conftest_store import HandClock, database


def _set(db: sa.Connection, name: str, value: str) -> None:
    db.execute(meta.insert().values(name=name, value=value))


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.state.begin() as db:
        _set(db, "half", "done")
        _ = 1 / 0
    assert store.state.get("half") is None


def test_the_migrations_make_the_tables_that_the_code_uses(store: Store) -> None:
    with store.state.read() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_every_table_takes_and_gives_back_a_row(store: Store) -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with store.state.begin() as db:
        db.execute(
            runs.insert().values(id="R1", job="sync", status="ok", started_at=moment, summary={"n": 1})
        )
        db.execute(calls.insert().values(key="k", rule="r", account_id="a", state="open", sent={"a": None}))
        db.execute(
            quarantine.insert().values(
                run="R1", connection="c", object="o", stage="map", code="X", reason="bad", state="open"
            )
        )
    with store.state.read() as db:
        run = db.execute(sa.select(runs)).one()
        assert (run.started_at, run.summary) == (datetime(2026, 3, 1, 10, tzinfo=UTC), {"n": 1})
        assert db.execute(sa.select(calls.c.sent, calls.c.episode)).one() == ({"a": None}, 1)
        assert db.scalar(sa.select(quarantine.c.id)) == 1


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    row = cursors.insert().values(connection="c", object="o", updated_at=datetime(2026, 1, 1))
    with pytest.raises(sa.exc.StatementError, match="without a zone"), store.state.begin() as db:
        db.execute(row)


@pytest.mark.parametrize("risky", [True, False])
def test_writers_wait_for_each_other(store: Store, monkeypatch: pytest.MonkeyPatch, risky: bool) -> None:
    monkeypatch.setattr(guard, "risky", lambda: risky)
    with store.state.begin() as db:
        _set(db, "n", "0")

    def add(_: int) -> None:
        with store.state.begin() as db:
            value = int(db.scalar(sa.select(meta.c.value).where(meta.c.name == "n")) or 0)
            db.execute(meta.update().where(meta.c.name == "n").values(value=str(value + 1)))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(40)))
    assert store.state.get("n") == "40"


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql_who_waits_for_a_writer_that_hangs_is_told(
    postgres: str, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database(postgres)
    one, other = State(url, clock), State(url, clock)
    monkeypatch.setattr(state, "_PATIENCE", 50)
    with one.begin(), pytest.raises(StoreError, match="busy") as error, other.begin():
        pass
    assert "if it hangs" in error.value.fix
    one.close()
    other.close()


@pytest.mark.slow
@pytest.mark.postgres
def test_a_connection_that_the_server_ended_while_it_lay_idle_is_made_again(
    postgres: str, clock: HandClock
) -> None:
    url = database(postgres)
    one, other = State(url, clock), State(url, clock)
    with one.read() as db:
        idle = db.scalar(sa.select(sa.func.pg_backend_pid()))
    with other.read() as db:
        db.scalar(sa.select(sa.func.pg_terminate_backend(idle, 5_000)))
    assert one.get("nothing") is None
    one.close()
    other.close()


def test_a_reader_sees_one_moment(store: Store) -> None:
    with store.state.read() as db:
        before = db.scalar(sa.select(sa.func.count()).select_from(meta))
        with store.state.begin() as other:
            _set(other, "new", "x")
        assert db.scalar(sa.select(sa.func.count()).select_from(meta)) == before


def test_begin_inside_begin_is_an_error_at_once(store: Store) -> None:
    with store.state.begin(), pytest.raises(RuntimeError, match="inside"), store.state.begin():
        pass


def test_a_store_of_every_revision_comes_to_head_with_its_rows(
    tmp_path: Path, clock: HandClock, url: str | None, request: pytest.FixtureRequest
) -> None:
    for number, revision in enumerate(schema.revisions()):
        empty = (
            database(request.getfixturevalue("postgres")) if url else f"sqlite:///{tmp_path / str(number)}.db"
        )
        state = State(empty, clock, revision)
        with state.begin() as db:
            _set(db, "kept", revision)
        state.migrate()
        state.check()
        assert state.get("kept") == revision
        state.close()


def test_a_newer_store_is_refused_and_left_alone(store: Store, clock: HandClock) -> None:
    with store.state.begin() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = 'fffe'"))
    with pytest.raises(StoreTooNew) as error:
        Store(store.root, _address(store), clock)
    assert "newer" in error.value.what
    with pytest.raises(StoreTooNew):
        store.state.migrate()


def test_an_older_store_says_how_to_migrate(store: Store, clock: HandClock) -> None:
    with store.state.begin() as db:
        db.execute(sa.text("DELETE FROM alembic_version"))
    with pytest.raises(StoreError) as error:
        Store(store.root, _address(store), clock)
    assert "cs-connector migrate" in error.value.fix


def test_an_interrupted_migration_changes_nothing(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), store.state.begin() as db:
        db.execute(sa.text("CREATE TABLE half (a INTEGER)"))
        db.execute(sa.text("UPDATE alembic_version SET version_num = 'fffe'"))
        raise KeyboardInterrupt
    with store.state.read() as db:
        assert not sa.inspect(db).has_table("half")
    store.state.check()


def test_a_file_that_is_no_database_is_explained(tmp_path: Path, clock: HandClock) -> None:
    (tmp_path / "state.db").write_bytes(b"not a database, surely" * 100)
    with pytest.raises(StoreError) as error:
        State(f"sqlite:///{tmp_path / 'state.db'}", clock)
    assert error.value.exit_code == 7
    assert "not a database" in error.value.why


@pytest.mark.parametrize(
    ("option", "said"),
    [("connect_timeout=a", "connect_timeout"), ("sslmode=maybe", "sslmode"), ("nonsense=1", "nonsense")],
)
def test_an_option_of_the_address_that_is_none_is_explained(option: str, said: str, clock: HandClock) -> None:
    with pytest.raises(StoreError) as error:
        State(f"postgresql://ada@127.0.0.1:1/cs?{option}", clock)
    assert said in error.value.why
    assert "store.url" in error.value.fix


def test_a_full_disk_stops_the_write_and_keeps_the_store(tmp_path: Path, clock: HandClock) -> None:
    with Store(tmp_path / "s", None, clock) as store:
        with pytest.raises(StoreError, match="cannot be used") as error, store.state.begin() as db:
            db.exec_driver_sql("PRAGMA max_page_count = 1")
            for n in range(200):
                _set(db, f"n{n}", "x" * 4000)
        assert "full" in error.value.why
        assert store.state.get("n0") is None


def test_sqlite_is_set_up_to_be_safe(tmp_path: Path, clock: HandClock) -> None:
    with Store(tmp_path / "s", None, clock) as store, store.state.read() as db:
        found = {n: db.exec_driver_sql(f"PRAGMA {n}").scalar() for n in _WANTED}
    assert found == _WANTED


_WANTED = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "secure_delete": 1,
    "wal_autocheckpoint": 0 if guard.risky() else 1000,
}


def test_the_versions_of_sqlite_that_can_damage_a_log_are_known() -> None:
    versions = [(3, 6, 23), (3, 7, 0), (3, 40, 1), (3, 51, 2), (3, 51, 3), (3, 54, 1)]
    assert [guard.risky(v) for v in versions] == [False, True, True, True, False, False]


@pytest.mark.parametrize(
    ("mount", "refused"),
    [("/srv/share nfs4", True), ("/srv/share/local ext4", False), ("/srv/sh nfs4", False)],
)
def test_sqlite_on_a_network_disk_is_refused(tmp_path: Path, mount: str, refused: bool) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nhost:/x {mount} rw 0 0\n")
    with pytest.raises(StoreError, match="network disk") if refused else nullcontext():
        guard.refuse_network(Path("/srv/share/local/state.db"), mounts)


def test_the_log_stays_small_without_automatic_checkpoints(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "risky", lambda: True)
    with Store(tmp_path / "s", None, clock) as store:
        for n in range(30):
            with store.state.begin() as db:
                _set(db, f"n{n}", "x" * 500_000)
        assert (tmp_path / "s" / "state.db-wal").stat().st_size < 6_000_000


def test_erased_bytes_are_gone_from_the_files(tmp_path: Path, clock: HandClock) -> None:
    with Store(tmp_path / "s", None, clock) as store:
        with store.state.begin() as db:
            _set(db, "person", "ada.lovelace@example.com")
        with store.state.begin() as db:
            db.execute(meta.delete().where(meta.c.name == "person"))
        store.state.scrub()
        found = [f for f in (tmp_path / "s").rglob("*") if f.is_file() and b"lovelace" in f.read_bytes()]
    assert found == []


def _address(store: Store) -> str | None:
    if store.state.file:
        return None
    return re.sub(r"\+psycopg", "", store.state.url.render_as_string(hide_password=False))
