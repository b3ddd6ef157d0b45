"""Records in a pack behave as the dictionary that they stand for, whatever is done to them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.errors import UsageError
from cs_connector.sandbox.index import Index
from cs_connector.sandbox.lines import Keys
from cs_connector.sandbox.packed import Pack, write
from cs_connector.sandbox.records import Held, Records, in_order, several
from cs_connector.sandbox.stored import FEW, Shelves, Stored, opened

NUMBERS = st.integers(0, 40)
TEXTS = st.sampled_from(["", "a", "b", "Ab", "æ", "x" * 18, *(f"k{n}" for n in range(30))])
VALUES = st.fixed_dictionaries(
    {"t": st.integers(0, 5), "name": st.sampled_from(["Ann", "Bo", None])}, optional={"x": st.text()}
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "put", "drop", "fork", "pack"]), st.integers(0, 50), VALUES)
)


def when(value):
    return value["t"]


def named(value):
    return value["name"]


class Pair:
    """A mapping over a pack and a dictionary that must stay equal, with what is kept beside them."""

    def __init__(self, folder, rows):
        self.folder, self.model, self.made = folder, dict(rows), 0
        self.pack()

    def pack(self):
        self.made += 1
        path = self.folder / f"{self.made}.pack"
        items = self.model.items()
        if all(isinstance(key, int) for key in self.model):
            self.model = dict(sorted(items))
        rows = [(key, msgspec.json.encode(value)) for key, value in self.model.items()]
        columns = {"name": [named(value) for value in self.model.values()]}
        write(path, rows, [when(value) for value in self.model.values()], columns)
        self.records = Records(Held(Pack(path)), msgspec.json.decode)
        self.follow()

    def follow(self):
        self.line = self.records.line(when)
        self.index = Index("name", named, self.records)

    def put(self, key, value):
        before = self.model.get(key)
        self.model[key] = self.records[key] = value
        self._moved(key, before, value)

    def drop(self, key):
        before = self.model.pop(key, None)
        if before is None:
            with pytest.raises(KeyError):
                del self.records[key]
        else:
            del self.records[key]
            self._moved(key, before, None)

    def _moved(self, key, before, after):
        if before is not None:
            del self.line[bisect_left(self.line, (when(before), key))]
        if after is not None:
            self.line.insert(bisect_left(self.line, (when(after), key)), (when(after), key))
        self.index.move(key, before, after)

    def fork(self, key):
        """What was copied is not touched by what comes."""
        other = copy(self.records), dict(self.model), copy(self.line), list(self.line)
        self.put(key, {"t": 9, "name": "Cy"})
        assert dict(other[0]) == other[1]
        assert list(other[2]) == other[3]

    def check(self, keys):
        records, model = self.records, self.model
        assert list(records.items()) == list(model.items())
        assert list(records) == list(model)
        assert list(records.values()) == list(model.values())
        assert len(records) == len(model)
        for key in keys:
            assert records.get(key) == model.get(key)
            assert (key in records) == (key in model)
        for wanted in (sorted(model), keys, sorted(set(keys))):
            assert list(several(records, wanted)) == [model.get(key) for key in wanted]
        line = sorted((when(value), key) for key, value in model.items())
        assert list(self.line) == line
        assert self.line[1:3] == line[1:3]
        assert list(records.line(when)) == line
        for index in (self.index, Index("name", named, records)):
            for name in ("Ann", "Bo", "Cy", "no"):
                held = sorted(key for key, value in model.items() if named(value) == name)
                assert sorted(index.find(name)) == held


@pytest.mark.parametrize("keys", [NUMBERS, TEXTS], ids=["numbers", "texts"])
def test_a_pack_with_changes_reads_as_a_dictionary(keys):
    @settings(deadline=None, max_examples=60)
    @given(st.dictionaries(keys, VALUES, min_size=1), STEPS, st.lists(keys, min_size=1))
    def run(rows, steps, some):
        with TemporaryDirectory() as folder:
            pair = Pair(Path(folder), rows)
            for step, number, value in steps:
                key = some[number % len(some)]
                {
                    "put": lambda key=key, value=value: pair.put(key, value),
                    "drop": lambda key=key: pair.drop(key),
                    "fork": lambda key=key: pair.fork(key),
                    "pack": lambda: pair.pack() if pair.model else None,
                }[step]()
            pair.check(some)
            assert list(in_order(pair.records)) == sorted(pair.model)

    run()


@pytest.mark.parametrize("cut", [0, 1, 7, 40, -1])
def test_a_pack_that_was_cut_is_refused(tmp_path, cut):
    path = tmp_path / "some.pack"
    write(path, [(1, b"{}"), (2, b"[]")])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UsageError, match="does not hold records"):
        Pack(path)


def test_few_records_stay_a_dictionary_and_many_go_to_a_file_that_is_written_once(tmp_path):
    shelves = Shelves(tmp_path, "first")
    few = shelves.put(Stored({1: "a"}, msgspec.json.encode))
    many = shelves.put(Stored({n: [n] for n in range(FEW + 1)}, msgspec.json.encode))
    assert shelves.used == {"first-1.pack"}
    assert opened(shelves.take(few), msgspec.json.decode) == {1: "a"}
    records = opened(shelves.take(many), msgspec.json.decode)
    records[5] = ["changed"]
    again = Shelves(tmp_path, "second")
    ref = again.put(Stored(records, msgspec.json.encode))
    assert again.used == {"first-1.pack"}
    assert dict(opened(again.take(ref), msgspec.json.decode)) == dict(records)
    for number in range(FEW):
        records[number] = ["new"]
    assert again.put(Stored(records, msgspec.json.encode))[1] == "second-1.pack"
    assert len(list(tmp_path.iterdir())) == 2


def test_texts_with_the_same_hash_are_told_apart(tmp_path):
    keys = ["buckeroo", "other", "plumless"]  # the first and the last have the same checksum
    rows = [(key, msgspec.json.encode({"name": key})) for key in keys]
    write(tmp_path / "1.pack", rows, indexed={"name": keys})
    records = Records(Held(Pack(tmp_path / "1.pack")), msgspec.json.decode)
    assert [records[key]["name"] for key in keys] == keys
    index = Index("name", named, records)
    assert [index.find(key) for key in keys] == [[key] for key in keys]


KEY_CHANGES = st.lists(st.tuples(st.sampled_from(["add", "pop", "append"]), st.integers(0, 99)), max_size=8)


@given(st.lists(st.integers(0, 99), max_size=30).map(sorted), KEY_CHANGES, st.slices(30))
def test_keys_behave_as_a_list_and_leave_the_file_alone(model, changes, part):
    held = array("q", model)
    keys = Keys(memoryview(held))
    before, model = list(held), list(model)
    for what, number in changes:
        if what == "add":
            insort(keys, number)
            insort(model, number)
        elif what == "append":
            keys.append(100)
            model.append(100)
        elif model:
            keys.pop(number % len(model))
            model.pop(number % len(model))
        assert list(keys) == model
    assert list(keys[part]) == model[part]
    assert list(copy(keys)) == [keys[at] for at in range(len(keys))] == model
    assert list(held) == before
