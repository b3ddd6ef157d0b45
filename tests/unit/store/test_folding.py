"""Only what is new or different becomes a fact."""

from __future__ import annotations

import random
from datetime import timedelta

import duckdb
import numpy as np
import pytest
import sqlalchemy as sa
from pyarrow import parquet

from cs_connector.errors import StoreError
from cs_connector.ports import RawRecord
from cs_connector.store import folding
from cs_connector.store.folding import Fold
from cs_connector.store.newest import Holds
from cs_connector.store.store import Store
from cs_connector.store.tables import segments
from cs_connector.store.versions import came, known, laters, raw
from tests.conftest_store import HandClock, page, record


def land(store: Store, *records: RawRecord, run: str = "r1") -> None:
    store.landing.append(None, run, "sf", "Account", page(*records))


def fold(store: Store, *records: RawRecord) -> Fold:
    land(store, *records)
    return store.fold("sf", "Account", "r1")


def latest(store: Store) -> dict[str, tuple[str, bool]]:
    with duckdb.connect() as con:
        store.facts.latest(con, "sf", "Account", "v")
        rows = con.execute("SELECT id, payload, deleted FROM v").fetchall()
    assert len({r[0] for r in rows}) == len(rows)
    return {r[0]: (r[1], r[2]) for r in rows}


def test_records_are_sorted_into_what_happened_to_them(store: Store) -> None:
    assert fold(store, record(1, '{"a":1}'), record(2), record(3)) == Fold(3, 3, 0, 0, 0)
    found = fold(store, record(1, '{"a":2}'), record(2), record(3, deleted=True), record(4))
    assert found == Fold(read=4, new=1, changed=1, unchanged=1, deleted=1)
    assert latest(store) == {
        "1": ('{"a":2}', False),
        "2": ("{}", False),
        "3": ("{}", True),
        "4": ("{}", False),
    }


def test_what_is_read_again_publishes_nothing(store: Store) -> None:
    fold(store, record(1), record(2, deleted=True))
    version = store.facts.version()
    assert fold(store, record(1), record(2, deleted=True)) == Fold(2, 0, 0, 2, 0)
    assert store.facts.version() == version
    assert store.fold("sf", "Account", "r1") == Fold()


def test_the_last_of_several_versions_counts(store: Store) -> None:
    found = fold(store, record(1, "a"), record(1, "b"), record(1, "c"))
    assert (found.read, found.new) == (3, 1)
    assert latest(store)["1"] == ("c", False)


def test_a_first_fold_counts_a_record_once_as_what_it_was_last(store: Store) -> None:
    records = (record(1), record(2), record(1, deleted=True), record(3, deleted=True), record(3, "back"))
    assert fold(store, *records) == Fold(read=5, new=2, changed=0, unchanged=2, deleted=1)
    assert latest(store) == {"1": ("{}", True), "2": ("{}", False), "3": ("back", False)}
    assert store.facts.rows("raw/sf/Account") == 3


def test_a_record_can_change_back_and_come_back(store: Store) -> None:
    for payload, deleted in (("a", False), ("b", False), ("a", False), ("a", True), ("a", False)):
        fold(store, record(1, payload, deleted=deleted))
        assert latest(store) == {"1": (payload, deleted)}


def test_the_newest_version_wins_even_if_the_clock_goes_back(store: Store, clock: HandClock) -> None:
    fold(store, record(1, "a"))
    clock.at -= timedelta(days=1)
    fold(store, record(1, "b"))
    assert latest(store)["1"] == ("b", False)


def test_records_of_a_killed_run_are_folded_by_the_next(store: Store) -> None:
    land(store, record(1), run="killed")
    land(store, record(2), run="next")
    assert store.fold("sf", "Account", "next").new == 2


def test_connections_are_not_mixed(store: Store) -> None:
    fold(store, record(1, "a"))
    store.landing.append(None, "r1", "sf2", "Account", page(record(1, "b")))
    assert store.fold("sf2", "Account", "r1").new == 1
    assert latest(store)["1"] == ("a", False)
    assert store.facts.datasets("raw/") == ["raw/sf/Account", "raw/sf2/Account"]


def test_a_record_that_is_not_utf8_does_not_stop_the_others(store: Store) -> None:
    assert fold(store, RawRecord("1", None, False, b'{"a":"\xff"}'), record(2)).new == 2
    assert latest(store)["1"] == ('{"a":"�"}', False)


def test_large_folds_go_in_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "ROWS", 7)
    monkeypatch.setattr(laters, "PART", 23)
    monkeypatch.setattr(raw, "STRETCH", 40)
    for text in ("p", "q"):
        for start in range(0, 100, 10):
            land(store, *(record(n, f"{text}{n}") for n in range(start, start + 10)))
        found = store.fold("sf", "Account", "r1")
        assert found.new + found.changed == 100
        assert latest(store) == {str(n): (f"{text}{n}", False) for n in range(100)}


@pytest.mark.parametrize("same", [False, True], ids=["hashes", "hashes that say nothing"])
def test_records_that_came_again_are_told_by_their_ids(
    store: Store, monkeypatch: pytest.MonkeyPatch, *, same: bool
) -> None:
    if same:
        monkeypatch.setattr(came, "hashes", lambda ids: np.zeros(len(ids), np.uint64))
    monkeypatch.setattr(raw, "ROWS", 5)
    chance = random.Random(3)
    arrived = [record(chance.randrange(30), f"v{n}", deleted=chance.random() < 0.3) for n in range(60)]
    for start in range(0, 60, 4):
        land(store, *arrived[start : start + 4])
    found = store.fold("sf", "Account", "r1")
    last = {r.id: (r.payload.decode(), r.deleted) for r in arrived}
    assert latest(store) == last
    gone = sum(deleted for _, deleted in last.values())
    assert found == Fold(60, len(last) - gone, 0, 60 - len(last), gone)


@pytest.mark.parametrize("seed", range(3))
def test_folds_add_up_to_what_was_read(
    store: Store, monkeypatch: pytest.MonkeyPatch, clock: HandClock, seed: int
) -> None:
    little = (folding, "LITTLE", seed * 1_000)  # nothing, some or all of a landing is kept in memory
    for module, name, value in ((raw, "ROWS", 5), (laters, "PART", 7), (raw, "STRETCH", 8), little):
        monkeypatch.setattr(module, name, value)
    chance, held = random.Random(seed), dict[str, RawRecord]()
    for _ in range(6):
        arrived = [_version(chance) for _ in range(chance.randrange(1, 40))]
        land(store, *arrived)
        now = {r.id: r for r in arrived}
        different = [r for r in now.values() if r != held.get(r.id)]
        gone = [r for r in different if r.deleted]
        new = [r for r in different if r.id not in held and not r.deleted]
        changed = len(different) - len(gone) - len(new)
        same = len(arrived) - len(different)
        assert store.fold("sf", "Account", "r1") == Fold(len(arrived), len(new), changed, same, len(gone))
        held |= now
        assert latest(store) == {r.id: (r.payload.decode(), r.deleted) for r in held.values()}
        assert store.live("sf", "Account") == sum(not r.deleted for r in held.values())
        clock.at += timedelta(seconds=chance.randrange(-2, 3))


def _version(chance: random.Random) -> RawRecord:
    """One of few, so that some come again; its payload says its stamp, as those of all CRMs do."""
    stamp = chance.choice([None, "2026-01-01", "2026-01-02"])
    return record(
        chance.randrange(20), f"{stamp} {chance.randrange(2)}", deleted=chance.random() < 0.2, at=stamp
    )


def test_a_fold_looks_at_payloads_only_where_the_stamp_does_not_tell(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    monkeypatch.setattr(known.Known, "_make", lambda *args: compared.extend(args[3]))
    fold(store, *(record(n, "a", at="2026-01-01") for n in range(9)))
    assert fold(store, record(3, "b", at="2026-01-02"), record(10)) == Fold(2, 1, 1, 0, 0)
    assert compared == []


def test_what_a_payload_comes_to_is_kept_where_it_was_needed(store: Store) -> None:
    fold(store, *(record(n, "a", at="1") for n in range(4)))
    fold(
        store, record(0, "b", at="2"), record(1, "b", at="1"), record(2, "gone", deleted=True), record(9, "b")
    )
    with duckdb.connect() as con:
        store.facts.latest(con, "sf", "Account", "v")
        found = con.execute("SELECT id, digest = md5_number_lower(payload) FROM v ORDER BY id").fetchall()
    assert found == [("0", None), ("1", True), ("2", True), ("3", None), ("9", None)]


@pytest.mark.parametrize("older", [False, True], ids=["files of now", "files without the column"])
@pytest.mark.parametrize(("known_at", "told_at"), [("1", "1"), ("1", None), (None, "1"), (None, None)])
def test_without_another_stamp_the_payload_tells(
    store: Store, known_at: str | None, told_at: str | None, *, older: bool
) -> None:
    fold(store, *(record(n, "a", at=known_at) for n in range(3)))
    if older:
        for path in store.facts.files("raw/sf/Account"):
            parquet.write_table(parquet.read_table(path).drop_columns(["stamp"]), path)
    assert fold(store, record(0, "a", at=told_at), record(1, "b", at=told_at)) == Fold(2, 0, 1, 1, 0)


def test_files_that_have_no_keys_are_folded_and_merged_with_others(store: Store) -> None:
    fold(store, *(record(n, "a") for n in range(4)))
    for path in store.facts.files("raw/sf/Account"):
        parquet.write_table(parquet.read_table(path).drop_columns(["key"]), path)
    assert fold(store, record(1, "b"), record(9, "b")) == Fold(2, 1, 1, 0, 0)
    assert Holds.PAST in {part.holds for part in store.facts.parts("raw/sf/Account")}, "they were merged"
    assert fold(store, record(0, "a"), record(1, "b"), record(2, "c")) == Fold(3, 0, 1, 2, 0)
    assert latest(store) == {n: (text, False) for n, text in zip("01239", "abcab", strict=True)}


def test_records_whose_keys_are_the_same_are_only_counted_wrong(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold(store, record(1, "a"))
    monkeypatch.setattr(came, "hashes", lambda ids: np.zeros(len(ids), np.uint64))
    monkeypatch.setattr(raw, "keys", lambda file, groups: np.zeros(1, np.uint64))
    assert fold(store, record(2, "b")) == Fold(1, 0, 1, 0, 0)
    assert latest(store) == {"1": ("a", False), "2": ("b", False)}


def test_a_fold_that_dies_before_its_commit_can_be_repeated(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(store, record(1), record(2))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(folding, "_settle", die)
        store.fold("sf", "Account", "r1")
    assert store.facts.files("raw/sf/Account") == []
    assert store.fold("sf", "Account", "r1").new == 2
    assert store.facts.rows("raw/sf/Account") == 2


def test_records_that_arrive_during_a_fold_are_not_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(store, record(1))
    write = folding._first

    def slow(*args: object) -> Fold:
        counts = write(*args)  # type: ignore[arg-type]
        land(store, record(2))
        store.landing.commit()
        return counts

    with monkeypatch.context() as patch, pytest.raises(StoreError, match="arrived"):
        patch.setattr(folding, "_first", slow)
        store.fold("sf", "Account", "r1")
    assert store.fold("sf", "Account", "r1").new == 2


def test_a_damaged_segment_is_refused(store: Store) -> None:
    land(store, record(1, "x" * 100))
    with store.state.read() as db:
        path = store.files.locate(db.scalars(sa.select(segments.c.path)).one())
    store.landing.leave()
    store.landing.close()  # as another process finds it
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        store.fold("sf", "Account", "r1")
    assert store.facts.version() == 0


def test_the_living_are_counted_as_they_come_and_go(store: Store, clock: HandClock) -> None:
    def fold(*records: RawRecord) -> int | None:
        store.landing.append(None, "r", "sf", "Account", page(*records))
        store.fold("sf", "Account", "r")
        clock.sleep(1)
        return store.live("sf", "Account")

    assert store.live("sf", "Account") is None
    assert fold(record(1), record(2), record(3, deleted=True)) == 2
    assert fold(record(1, '{"a": 1}'), record(4), record(2, deleted=True)) == 2
    assert fold(record(2, '{"back": 1}'), record(2, '{"back": 2}')) == 3
    assert fold(record(9, deleted=True)) == 3
    store.landing.reset("sf", "Account")
    assert store.live("sf", "Account") == 3, "a store without the number counts"


def test_what_was_overtaken_is_kept_apart_and_nothing_is_lost(store: Store) -> None:
    for round_ in range(3):
        fold(store, *(record(n, f'{{"n":{round_}}}') for n in range(round_, 6)))
    parts = store.facts.parts("raw/sf/Account")
    assert [part.holds for part in parts] == [Holds.ONCE, Holds.PAST]
    assert latest(store) == {str(n): (f'{{"n":{min(n, 2)}}}', False) for n in range(6)}
    assert store.facts.rows("raw/sf/Account") == 6 + 5 + 4
