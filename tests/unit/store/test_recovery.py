"""What a killed process wrote is taken over page by page, and never over the head of one that came after it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from cs_connector.errors import FencedOut
from cs_connector.ports import Page
from cs_connector.store import landing, leases
from cs_connector.store.landing import Landing
from cs_connector.store.store import Store
from cs_connector.store.tables import cursors, feeds, segments
from cs_connector.transport.records import Records
from tests.conftest_store import HandClock, page, record


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is committed for its age."""
    monkeypatch.setattr(landing, "GROUP_S", 1e9)


def append(where: Landing, number: int, *, run: str = "r1", done: bool = False) -> None:
    """Page n has the records n-0 and n-1 and the cursor n."""
    records = (record(f"{number}-{k}") for k in range(2))
    where.append(None, run, "sf", "Case", page(*records, cursor=str(number), done=done))


def die(store: Store) -> Path:
    """End as by SIGKILL: locks are gone, nothing more is written; returns the segment that was open."""
    opened = store.landing._open
    assert opened
    store.landing.close()
    with store.state.read() as db:
        path = db.scalars(sa.select(segments.c.path).where(segments.c.id == opened.id)).one()
    return store.files.locate(path)


def read(store: Store) -> tuple[str | None, list[str]]:
    """The cursor, and the ids of all that is landed or folded."""
    store.fold("sf", "Case", "check")
    with duckdb.connect() as con:
        store.facts.attach(con, "raw/sf/Case", "v", {"id": "VARCHAR"})
        found = con.execute("SELECT id FROM v ORDER BY id").fetchall()
    return store.landing.cursor("sf", "Case"), [row[0] for row in found]


def pages(last: int) -> tuple[str | None, list[str]]:
    return str(last) if last else None, [f"{n}-{k}" for n in range(1, last + 1) for k in range(2)]


def test_whole_pages_of_a_killed_process_are_kept(store: Store) -> None:
    for number in (1, 2, 3):
        append(store.landing, number)
    die(store)
    assert store.recover() == 0
    assert store.recover() == 0
    assert read(store) == pages(3)


def test_a_kill_at_any_byte_costs_at_most_a_page(tmp_path: Path, clock: HandClock) -> None:
    origin = tmp_path / "origin"
    with Store(origin, None, clock) as store:
        ends = []
        for number in (1, 2, 3):
            append(store.landing, number)
            if number == 1:
                store.landing.commit()
            assert store.landing._open
            ends.append(store.landing._open.end)
        name = die(store).relative_to(origin)
    borders = {end + by for end in ends for by in (-1, 0, 1)}
    for cut in sorted({*borders, *range(ends[0], ends[2], 29)} & {*range(ends[0], ends[2] + 1)}):
        copy = tmp_path / "copy"
        shutil.copytree(origin, copy)
        with (copy / name).open("r+b") as file:
            file.truncate(cut)
        with Store(copy, None, clock) as store:
            kept = max(end for end in ends if end <= cut)
            assert store.recover() == cut - kept
            assert read(store) == pages(ends.index(kept) + 1)
        shutil.rmtree(copy)


def test_a_damaged_page_ends_what_is_taken_over(store: Store) -> None:
    append(store.landing, 1)
    assert store.landing._open
    end = store.landing._open.end
    append(store.landing, 2)
    append(store.landing, 3)
    path = die(store)
    data = bytearray(path.read_bytes())
    data[end + 40] ^= 1
    path.write_bytes(data)
    assert store.recover() == len(data) - end
    assert read(store) == pages(1)


def test_the_rest_of_a_disk_that_lost_power_is_no_page(store: Store) -> None:
    append(store.landing, 1)
    path = die(store)
    with path.open("ab") as file:
        file.write(bytes(4096))
    assert store.recover() == 4096
    assert read(store) == pages(1)


def test_a_page_of_several_batches_is_whole_with_the_last_of_them(store: Store) -> None:
    append(store.landing, 1)
    assert store.landing._open
    first = store.landing._open.end
    batches = [Records.of([f"2-{k}"], [None], [False], [b"{}"]).batches[0] for k in range(2)]
    store.landing.append(None, "r1", "sf", "Case", Page(Records(batches), "2", done=False))
    path = die(store)
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert store.recover() == len(data) - 1 - first
    assert read(store) == pages(1)
    append(store.landing, 2, run="r2")
    assert read(store) == pages(2)


def test_the_end_of_a_reading_is_taken_over_too(
    store: Store, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Landing, "_settle", killed)
        last = page(record("1-0"), record("1-1"), cursor="1", done=True, to=clock.now())
        store.landing.append(None, "r1", "sf", "Case", last)
    store.recover()
    with store.state.read() as db:
        assert db.execute(sa.select(feeds.c.complete, feeds.c.watermark)).one() == (True, clock.now())
        assert db.scalar(sa.select(cursors.c.complete_to)) == clock.now()
    assert read(store) == pages(1)


@contextmanager
def another(store: Store) -> Iterator[Landing]:
    """A second process on the same store."""
    other = Landing(store.state, store.files, store.state.clock)
    try:
        yield other
    finally:
        other.close()


def test_recovery_leaves_a_living_writer_alone(store: Store) -> None:
    append(store.landing, 1)
    with another(store) as other:
        assert other.recover() == 0
    append(store.landing, 2)
    assert read(store) == pages(2)


def test_who_was_overtaken_commits_nothing_and_leaves_nothing(store: Store) -> None:
    append(store.landing, 1)
    store.landing.commit()
    append(store.landing, 2)
    with another(store) as other:
        append(other, 7, run="r2")
        other.commit()
        with pytest.raises(FencedOut):
            store.landing.commit()
        assert store.recover() == 0
    assert read(store) == ("7", ["1-0", "1-1", "7-0", "7-1"])


def test_pages_of_a_dead_process_that_was_overtaken_are_cut(store: Store) -> None:
    append(store.landing, 1)
    store.landing.commit()
    append(store.landing, 2)
    with another(store) as other:
        append(other, 7, run="r2")
        other.commit()
    die(store)
    assert store.recover() > 0
    assert read(store) == ("7", ["1-0", "1-1", "7-0", "7-1"])


@pytest.mark.parametrize("how", ["a page without records", "reset", "again"])
def test_pages_that_do_not_go_on_from_the_cursor_are_cut(store: Store, how: str) -> None:
    append(store.landing, 1)
    store.landing.commit()
    append(store.landing, 2)
    with another(store) as other:
        if how == "a page without records":
            other.append(None, "r2", "sf", "Case", page(cursor="5"))
        else:
            getattr(other, how)("sf", "Case")
    die(store)
    assert store.recover() > 0
    assert read(store) == (None if how in {"reset", "again"} else "5", pages(1)[1])


def test_a_new_holder_of_the_lease_takes_over_what_the_dead_one_wrote(store: Store, clock: HandClock) -> None:
    dead = leases.take(store.state, "run", "dead", clock, 60)
    store.landing.append(dead, "r1", "sf", "Case", page(record("1-0"), record("1-1"), cursor="1"))
    die(store)
    clock.sleep(61)
    fresh = leases.take(store.state, "run", "next", clock, 60)
    assert store.recover() == 0
    records = (record(f"2-{k}") for k in range(2))
    store.landing.append(fresh, "r2", "sf", "Case", page(*records, cursor="2"))
    assert read(store) == pages(2)
