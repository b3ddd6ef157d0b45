"""A first fold writes what was just landed without reading it again, and the same as if it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa

from cs_connector.ports import Page
from cs_connector.store import drafts, frames, landing, progress
from cs_connector.store.folding import Fold
from cs_connector.store.landing import Landing
from cs_connector.store.store import Store
from cs_connector.store.tables import manifest_files
from cs_connector.store.versions import raw
from cs_connector.transport.records import Records
from tests.conftest_store import page, record


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups of a few records, segments of a few pages, a commit for each."""
    monkeypatch.setattr(raw, "ROWS", 5)
    monkeypatch.setattr(progress, "FULL", 900)
    monkeypatch.setattr(landing, "GROUP", 1)


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments cannot be read."""

    def decode(*_: object) -> Iterator[pa.RecordBatch]:
        raise AssertionError("a segment was read")

    monkeypatch.setattr(frames, "decode", decode)


def land(store: Store, *numbers: int, text: str = "a") -> None:
    store.landing.append(None, "r", "sf", "Account", page(*(record(n, f"{text}{n}") for n in numbers)))


def held(store: Store) -> dict[str, str]:
    with duckdb.connect() as con:
        store.facts.latest(con, "sf", "Account", "v")
        return dict(con.execute("SELECT id, payload FROM v").fetchall())


def leftovers(store: Store) -> list[str]:
    with store.state.read() as db:
        known = set(db.scalars(sa.select(manifest_files.c.path)))
    return [name for name in store.files.list("data") if name not in known]


@pytest.mark.usefixtures("blind")
def test_what_was_landed_is_not_read_again(store: Store) -> None:
    for start in range(0, 40, 4):
        land(store, *range(start, start + 4))
    assert store.fold("sf", "Account", "r") == Fold(40, 40, 0, 0, 0)
    assert held(store) == {str(n): f"a{n}" for n in range(40)}
    assert leftovers(store) == []


def test_of_records_that_came_twice_the_last_counts(store: Store) -> None:
    land(store, *range(7))
    land(store, 3, text="b")
    assert store.fold("sf", "Account", "r") == Fold(8, 7, 0, 1, 0)
    assert held(store) == {str(n): "b3" if n == 3 else f"a{n}" for n in range(7)}


def test_what_a_killed_process_left_is_read(store: Store) -> None:
    land(store, *range(7))
    store.landing.close()
    land(store, 7)
    assert store.fold("sf", "Account", "r").new == 8
    assert leftovers(store) == []


def test_a_page_that_broke_off_is_in_no_fold(store: Store) -> None:
    land(store, 1, 2)
    whole = page(record(3), record(4)).records

    def broken() -> Iterator[pa.RecordBatch]:
        yield from frames.batches(whole)
        raise OSError("the rest did not come")

    with pytest.raises(OSError, match="rest"):
        store.landing.append(None, "r", "sf", "Account", Page(Records(broken(), 4), "c", done=False))
    assert store.fold("sf", "Account", "r").new == 2
    assert held(store) == {"1": "a1", "2": "a2"}
    assert leftovers(store) == []


def test_what_another_process_landed_is_folded_too(store: Store) -> None:
    land(store, 1)
    store.landing.leave()
    other = Landing(store.state, store.files, store.state.clock)
    other.append(None, "r", "sf", "Account", page(record(2)))
    other.close()
    assert store.fold("sf", "Account", "r").new == 2
    assert set(held(store)) == {"1", "2"}
    assert leftovers(store) == []


@pytest.mark.parametrize("through", [True, False], ids=["goes on", "begins elsewhere"])
def test_a_reading_that_goes_on_after_a_commit_keeps_its_draft(
    store: Store, monkeypatch: pytest.MonkeyPatch, *, through: bool
) -> None:
    made: list[drafts.Draft] = []

    class Noted(drafts.Draft):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr(landing, "Draft", Noted)
    land(store, 1)
    store.landing.commit()
    if not through:
        store.landing.append(None, "r", "sf", "Contact", page(record(9)))
    land(store, 2)
    assert len(made) == (1 if through else 2)  # one for each object; none in the middle of a reading
    assert store.fold("sf", "Account", "r").new == 2


def test_a_second_fold_compares(store: Store) -> None:
    land(store, 1, 2)
    store.fold("sf", "Account", "r")
    store.landing.again("sf", "Account")
    land(store, 2, 3)
    assert store.fold("sf", "Account", "r") == Fold(2, 1, 0, 1, 0)
    assert leftovers(store) == []


def test_a_draft_is_nobodys_but_its_objects(store: Store) -> None:
    land(store, 1)
    assert store.landing.draft("sf", "Contact") is None
    assert isinstance(store.landing.draft("sf", "Account"), drafts.Draft)
    assert store.landing.draft("sf", "Account") is None
    assert store.fold("sf", "Account", "r").new == 1
