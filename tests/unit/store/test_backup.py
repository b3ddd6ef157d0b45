"""The restore drill: a backup is only as good as the store that comes out of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from cs_connector.errors import AlreadyRunning, StoreError, UsageError
from cs_connector.store import leases
from cs_connector.store.backup import backup, restore
from cs_connector.store.store import Store
from cs_connector.store.tables import manifest_files, outbox, quarantine, runs, segments, tokens
from tests.conftest_store import HandClock, database, page, record


def fill(store: Store, clock: HandClock) -> None:
    for n in range(3):
        store.landing.append(None, "r", "sf", "Case", page(record(n, f"p{n}"), cursor=str(n)))
        store.fold("sf", "Case", "r")
    store.landing.append(None, "r", "sf", "Case", page(record(9, "landed"), cursor="9"))
    sent = {"run": "r", "connection": "sf", "object": "Task", "action": "upsert", "state": "inflight"}
    sent |= {"name": "k", "source": "call"}
    with store.state.begin() as db:
        db.execute(
            runs.insert().values(id="r", job="sync", status="ok", as_of=date(2026, 1, 2), summary={"n": [1]})
        )
        db.execute(tokens.insert().values(connection="sf", sealed=b"\x00\xff", saved_at=clock.now()))
        db.execute(outbox.insert().values(key="k", fields={"a": None}, before={}, payload_hash="h", **sent))
        db.execute(
            quarantine.insert().values(
                run="r", connection="c", object="o", stage="s", code="x", reason="y", state="open"
            )
        )


def content(store: Store) -> list[object]:
    with store.state.read() as db:
        state = [
            db.execute(sa.select(t).order_by(sa.text("1"))).all() for t in (runs, tokens, outbox, quarantine)
        ]
    with duckdb.connect() as con:
        store.facts.latest(con, "sf", "Case", "v")
        return [
            *state,
            store.landing.cursor("sf", "Case"),
            con.execute("SELECT * FROM v ORDER BY id").fetchall(),
        ]


def _missing(store: Store) -> list[str]:
    """Files that the state names and the folder lacks."""
    with store.state.read() as db:
        named = [*db.scalars(sa.select(segments.c.path)), *db.scalars(sa.select(manifest_files.c.path))]
    return [name for name in named if store.files.size(name) is None]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])])
def target_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    return database(request.getfixturevalue("postgres"))


def test_a_restored_store_goes_on_where_the_backup_was_taken(
    store: Store, clock: HandClock, tmp_path: Path, target_url: str | None
) -> None:
    fill(store, clock)
    leases.take(store.state, "run", "host", clock)
    expected = content(store)
    backup(store, tmp_path / "b.tar.zst")
    store.landing.append(None, "r", "sf", "Case", page(record(10), cursor="10"))
    store.fold("sf", "Case", "r")
    restore(tmp_path / "b.tar.zst", tmp_path / "new", target_url, clock)
    with Store(tmp_path / "new", target_url, clock) as new:
        assert content(new) == expected
        assert _missing(new) == []
        with new.state.read() as db:
            assert db.scalars(sa.select(outbox.c.key).where(outbox.c.associate.is_(None))).all() == ["k"]
        assert new.recover() == 0
        assert new.fold("sf", "Case", "r2").new == 1
        with new.state.begin() as db:
            again = {
                "connection": "c",
                "object": "o",
                "stage": "s",
                "code": "x",
                "reason": "y",
                "state": "open",
            }
            db.execute(quarantine.insert().values(run="r2", **again))
        assert leases.take(new.state, "run", "other", clock).epoch > 1
    with pytest.raises(AlreadyRunning):
        leases.take(store.state, "run", "other", clock)


def test_a_store_that_is_not_empty_is_never_overwritten(
    store: Store, clock: HandClock, tmp_path: Path, url: str | None
) -> None:
    fill(store, clock)
    file = backup(store, tmp_path / "b.tar.zst")
    expected = content(store)
    with pytest.raises(StoreError, match="not empty"):
        restore(file, store.root, None, clock)
    if url:
        with pytest.raises(StoreError, match="not empty"):
            restore(file, tmp_path / "new", url, clock)
        assert not (tmp_path / "new").exists()
    assert content(store) == expected
    with pytest.raises(UsageError):
        backup(store, file)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_backup_restores_nothing(tmp_path: Path, clock: HandClock, damage: str) -> None:
    with Store(tmp_path / "s", None, clock) as store:
        fill(store, clock)
        file = backup(store, tmp_path / "b.tar.zst")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes({"cut": data[: len(data) // 2], "flip": data, "empty": b""}[damage])
    with pytest.raises(StoreError, match="not a whole backup"):
        restore(file, tmp_path / "new", None, clock)
    assert not (tmp_path / "new").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".restore")] == []


def test_what_cannot_be_written_or_reached_is_told(tmp_path: Path, clock: HandClock) -> None:
    with Store(tmp_path / "s", None, clock) as store:
        with pytest.raises(UsageError, match="there is no folder"):
            backup(store, tmp_path / "nowhere" / "b.tar.zst")
        file = backup(store, tmp_path / "b.tar.zst")
    with pytest.raises(UsageError, match="there is no file"):
        restore(tmp_path / "c.tar.zst", tmp_path / "new", None, clock)
    with pytest.raises(StoreError) as error:
        restore(file, tmp_path / "new", "postgresql://ada@127.0.0.1:1/cs", clock)
    assert "store.url" in error.value.fix
    assert not (tmp_path / "new").exists()
