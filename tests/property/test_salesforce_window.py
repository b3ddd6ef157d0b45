"""A query by stamp and id finds what a walk over all records finds, in memory and in a file."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from cs_connector.adapters.salesforce.simulator.ids import make_id
from cs_connector.adapters.salesforce.simulator.schema.standard import standard_schema
from cs_connector.adapters.salesforce.simulator.soql.query import Asked, Engine
from cs_connector.adapters.salesforce.simulator.soql.soql import parse
from cs_connector.adapters.salesforce.simulator.writing.rows import Rows
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.sandbox import stored
from cs_connector.sandbox.keeping import Folder, Head

NOW = datetime(2026, 11, 25, tzinfo=UTC)
STAMPS = [f"2026-11-{day:02d}T0{hour}:00:00.000+0000" for day in (1, 2) for hour in (1, 2, 3)]
SCHEMA = standard_schema()
ACCOUNT = SCHEMA.find("Account")

numbers = st.integers(1, 30)
stamps = st.sampled_from(STAMPS)
deleted = st.sampled_from([False, False, True])
row = st.tuples(numbers, stamps, deleted, st.sampled_from(["Customer", "Partner"]))
place = st.tuples(stamps, numbers)
ways = st.sampled_from(
    [
        lambda s, i: None,
        lambda s, i: (f"SystemModstamp >= {s}", lambda r: r[0] >= s),
        lambda s, i: (f"SystemModstamp < {s}", lambda r: r[0] < s),
        lambda s, i: (f"SystemModstamp = {s}", lambda r: r[0] == s),
        lambda s, i: (f"Id > '{i}'", lambda r: r[1] > i),
        lambda s, i: (f"Id <= '{i}'", lambda r: r[1] <= i),
        lambda s, i: (
            f"(SystemModstamp > {s} OR (SystemModstamp = {s} AND Id > '{i}'))",
            lambda r: (r[0], r[1]) > (s, i),
        ),
        lambda s, i: ("Type = 'Partner'", lambda r: r[2] == "Partner"),
        lambda s, i: ("IsDeleted = FALSE", lambda r: not r[3]),
        lambda s, i: ("IsDeleted = TRUE", lambda r: r[3]),
    ]
)


def literal(stamp):
    return stamp.replace(".000+0000", "Z")


def found(engine, text, *, every):
    answer = engine.run(parse(text), Asked("67.0", every, lambda _: {}))
    return list(answer.found.ids)


def packed(rows, folder):
    """The same records as they come back from a file."""
    with mock.patch.object(stored, "FEW", 0), Folder(Path(folder)) as kept:
        head = Head("kept/1", "a", 0, "2026-11-25", "vendor", 0, [], [], {})
        kept.save(head, rows.copy(), {})
        other = Rows()
        other.restore(kept.find().read({}))
    return other


@pytest.mark.parametrize("place_of", ["memory", "file"])
def test_a_window_is_what_a_walk_would_find(place_of):
    @settings(deadline=None, max_examples=80)
    @given(
        st.lists(row, min_size=1),
        st.lists(row, max_size=5),
        st.lists(st.tuples(ways, place), max_size=3),
        st.sampled_from(["SystemModstamp, Id", "Id"]),
        st.tuples(st.none() | st.integers(1, 10), st.integers(0, 3)),
        st.booleans(),
    )
    def run(first, later, asked, order, limit, every):
        rows = Rows()
        with TemporaryDirectory() as folder:
            for part in (first, later):
                put(rows, part)
                if part is first and place_of == "file":
                    rows = packed(rows, folder)
                    rows.of(ACCOUNT).line(), rows.of(ACCOUNT).ids()
            check(rows, asked, order, limit, every=every)

    run()


@pytest.mark.parametrize("gone", [0, 1])
def test_the_living_are_found_alone_where_all_are_asked_for(gone):
    rows = Rows()
    put(rows, [(number, STAMPS[0], number <= gone, "Partner") for number in range(1, 5)])
    living = (lambda s, i: ("IsDeleted = false", lambda r: not r[3]), (STAMPS[0], 1))
    check(rows, [living], "Id", (None, 0), every=True)


def put(rows, part):
    for number, stamp, deleted, kind in part:
        record_id = make_id("001", number)
        fields = {"Id": record_id, "SystemModstamp": stamp, "IsDeleted": deleted, "Type": kind}
        rows.of(ACCOUNT).put(record_id, fields)


def check(rows, asked, order, limit, *, every):
    conditions, tests = [], []
    for way, (stamp, number) in asked:
        pair = way(stamp, make_id("001", number))
        if pair:
            conditions.append(pair[0].replace(stamp, literal(stamp)))
            tests.append(pair[1])
    held = [(r["SystemModstamp"], r["Id"], r["Type"], r["IsDeleted"]) for r in rows.of(ACCOUNT).rows.values()]
    left = [r for r in held if (every or not r[3]) and all(test(r) for test in tests)]
    ordered = sorted(left, key=(lambda r: r[1]) if order == "Id" else (lambda r: r[:2]))
    most, offset = limit
    wanted = [r[1] for r in ordered][offset : None if most is None else offset + most]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    text = f"SELECT Id FROM Account{where} ORDER BY {order}"
    text += ("" if most is None else f" LIMIT {most}") + (f" OFFSET {offset}" if offset else "")
    engine = Engine(SCHEMA, rows, lambda: NOW, "005")
    assert found(engine, text, every=every) == wanted
    counted = engine.run(parse(f"SELECT COUNT() FROM Account{where}"), Asked("67.0", every, lambda _: {}))
    assert counted.total == len(left)


def test_what_pickle_keeps_of_a_table_is_small_where_its_records_are_in_a_file(tmp_path):
    rows = Rows()
    put(rows, [(number, STAMPS[0], False, "Partner") for number in range(1, 2000)])
    with Folder(tmp_path) as folder:
        folder.save(Head("kept/1", "a", 0, "2026-11-25", "vendor", 0, [], [], {}), rows.copy(), {})
        assert (
            next(tmp_path.glob("*.save")).stat().st_size < len(pickle.dumps(dict(rows.of(ACCOUNT).rows))) / 50
        )
