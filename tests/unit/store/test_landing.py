"""Pages and cursors move together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from cs_connector.errors import StoreError
from cs_connector.store import landing, progress
from cs_connector.store.store import Store
from cs_connector.store.tables import cursors, feeds, segments
from tests.conftest_store import HandClock, page, record


def _segment(store: Store) -> Path:
    """The file of what was landed, after a commit."""
    store.landing.leave()
    with store.state.read() as db:
        return store.files.locate(db.scalars(sa.select(segments.c.path)).one())


def test_the_cursor_moves_with_each_page(store: Store, clock: HandClock) -> None:
    assert store.landing.cursor("sf", "Account") is None
    store.landing.append(None, "r1", "sf", "Account", page(record(1), cursor="a"))
    assert store.landing.cursor("sf", "Account") == "a"
    with store.state.read() as db:
        assert db.execute(sa.select(feeds)).all() == []
    store.landing.append(None, "r1", "sf", "Account", page(record(2), cursor="b", done=True, to=clock.now()))
    with store.state.read() as db:
        assert db.execute(sa.select(feeds)).one() == ("sf", "Account", True, clock.now(), None)
        assert db.scalar(sa.select(cursors.c.complete_to)) == clock.now()
    assert store.landing.cursor("sf2", "Account") is None


def test_an_empty_page_moves_the_cursor_and_keeps_the_watermark(store: Store, clock: HandClock) -> None:
    first = clock.now()
    store.landing.append(None, "r1", "sf", "Case", page(cursor="a", done=True, to=first))
    clock.sleep(60)
    store.landing.append(None, "r2", "sf", "Case", page(cursor="b"))
    with store.state.read() as db:
        assert db.execute(sa.select(cursors.c.cursor, cursors.c.complete_to)).one() == ("b", first)
        assert db.scalar(sa.select(feeds.c.watermark)) == first
    assert store.fold("sf", "Case", "r2").read == 0


def test_reset_reads_from_the_beginning(store: Store, clock: HandClock) -> None:
    store.landing.append(None, "r1", "sf", "Case", page(record(1), done=True, to=clock.now()))
    store.landing.reset("sf", "Case")
    assert store.landing.cursor("sf", "Case") is None
    with store.state.read() as db:
        assert db.execute(sa.select(feeds)).all() == []


def test_what_was_written_but_not_recorded_is_cut(store: Store) -> None:
    store.landing.append(None, "r1", "sf", "Case", page(record(1)))
    with _segment(store).open("ab") as file:
        file.write(b"half a page")
    assert store.recover() == len(b"half a page")
    assert store.recover() == 0
    store.landing.append(None, "r1", "sf", "Case", page(record(2)))
    assert store.fold("sf", "Case", "r1").new == 2


def test_a_page_is_kept_even_if_nobody_recovered_first(store: Store) -> None:
    store.landing.append(None, "r1", "sf", "Case", page(record(1)))
    with _segment(store).open("ab") as file:
        file.write(b"half a page")
    store.landing.append(None, "r1", "sf", "Case", page(record(2)))
    assert store.fold("sf", "Case", "r1").new == 2


def test_a_lost_segment_is_not_passed_over(store: Store) -> None:
    store.landing.append(None, "r1", "sf", "Case", page(record(1)))
    _segment(store).unlink()
    with pytest.raises(StoreError, match="lost its end"):
        store.recover()


def test_a_full_segment_is_followed_by_another(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "FULL", 10)
    for n in range(3):
        store.landing.append(None, "r1", "sf", "Case", page(record(n)))
    with store.state.read() as db:
        assert db.execute(sa.select(segments.c.state, segments.c.records)).all() == [("closed", 1)] * 3
    assert store.fold("sf", "Case", "r1").new == 3


def test_a_page_waits_for_others_but_not_for_long(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def recorded() -> str | None:
        with store.state.read() as db:
            return db.scalar(sa.select(cursors.c.cursor))

    def append(cursor: str, *, done: bool = False) -> str | None:
        store.landing.append(None, "r1", "sf", "Case", page(record(cursor), cursor=cursor, done=done))
        return recorded()

    monkeypatch.setattr(landing, "GROUP_S", 1e9)
    assert append("a") is None
    assert append("b") is None
    monkeypatch.setattr(landing, "GROUP", 0)
    assert append("c") == "c"
    monkeypatch.setattr(landing, "GROUP", 1e9)
    assert append("d") == "c"
    monkeypatch.setattr(landing, "GROUP_S", -1.0)
    assert append("e") == "e"
    monkeypatch.setattr(landing, "GROUP_S", 1e9)
    assert append("f") == "e"
    assert append("g", done=True) == "g", "the last page waits for nobody"
    append("h")
    assert store.landing.cursor("sf", "Case") == recorded() == "h"
    append("i")
    store.landing.append(None, "r1", "sf", "Account", page(record(1)))
    with store.state.read() as db:
        assert dict(db.execute(sa.select(cursors.c.object, cursors.c.cursor)).all()) == {"Case": "i"}


def test_what_was_read_is_committed_when_the_reading_breaks_off(store: Store) -> None:
    with pytest.raises(ConnectionError), store.landing.stretch():
        store.landing.append(None, "r1", "sf", "Case", page(record(1), cursor="a"))
        raise ConnectionError
    with store.state.read() as db:
        assert db.scalar(sa.select(cursors.c.cursor)) == "a"


def test_names_cannot_leave_the_folder(store: Store) -> None:
    with pytest.raises(ValueError, match="not a name"):
        store.landing.append(None, "r1", "..", "Case", page(record(1)))
    store.landing.append(None, "r1", "sf", "a b/ü.csv", page(record(1)))
    assert store.fold("sf", "a b/ü.csv", "r1").new == 1


def test_a_root_without_the_facts_is_refused(tmp_path: Path, clock: HandClock) -> None:
    with Store(tmp_path / "s", None, clock) as store:
        store.landing.append(None, "r1", "sf", "Case", page(record(1)))
    shutil.move(tmp_path / "s" / "facts", tmp_path / "unmounted")
    with pytest.raises(StoreError, match="not here") as error:
        Store(tmp_path / "s", None, clock)
    assert error.value.exit_code == 7
    assert "mount" in error.value.fix


def test_facts_of_another_store_are_not_taken_over(tmp_path: Path, clock: HandClock) -> None:
    with Store(tmp_path / "s", None, clock) as store:
        store.landing.append(None, "r1", "sf", "Case", page(record(1)))
    (tmp_path / "s" / "state.db").unlink()
    with pytest.raises(StoreError, match="another store"):
        Store(tmp_path / "s", None, clock)
