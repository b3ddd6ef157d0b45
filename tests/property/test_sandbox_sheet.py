"""Answers that are drawn out of columns are the ones that are drawn record by record."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.errors import UsageError
from cs_connector.sandbox import layout, pieces, sheet
from cs_connector.sandbox.blocks import Blocks
from cs_connector.sandbox.laid import Laid
from cs_connector.sandbox.layout import Column
from cs_connector.sandbox.packed import Pack, write
from cs_connector.sandbox.pieces import Columns
from cs_connector.sandbox.records import Held, Records
from cs_connector.sandbox.sheet import Look

NAMES = ("id", "few", "fixed", "some", "text", "rare", "never")
SINCE = {"few": "new", "text": "changed Ü", "some": None}
RECORD = st.fixed_dictionaries(
    {
        "few": st.sampled_from(["New", "Closed", None, True]),
        "fixed": st.integers(1000, 9999).map(str),
        "some": st.one_of(st.none(), st.integers(0, 10**6)),
    },
    optional={
        "text": st.text(max_size=12),
        "rare": st.one_of(st.text(max_size=60), st.lists(st.integers(), max_size=3)),
    },
)
CHANGES = st.lists(st.tuples(st.sampled_from(["change", "delete", "add"]), st.integers(0, 200)), max_size=6)


def fragments(record):
    return {
        name: b',"%b":%b' % (name.encode(), value)
        for name, value in msgspec.json.decode(record, type=dict[str, msgspec.Raw]).items()
    }


def parts(names):
    columns = (Column(name, b',"%b":null' % name.encode()) for name in names)
    return (b'{"head":"h"', *columns, b"},")


def shown(names):
    def one(record):
        return msgspec.json.encode({"head": "h", **{name: record.get(name) for name in names}})

    return one


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Columns become cells, or are left out, with little in them."""
    monkeypatch.setattr(pieces, "MOST_WORDS", 4)
    monkeypatch.setattr(pieces, "WIDEST", 60)
    monkeypatch.setattr(pieces, "MOST_ODD", 0.2)
    monkeypatch.setattr(pieces, "CHUNK", 7)
    monkeypatch.setattr(sheet, "MOST_READ", 20)
    monkeypatch.setattr(layout, "AT_ONCE", 300)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(RECORD, min_size=1, max_size=50),
    st.lists(st.sampled_from(NAMES), unique=True, max_size=len(NAMES)),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), min_size=1, max_size=4),
    CHANGES,
    st.randoms(use_true_random=False),
)
def test_a_part_of_the_records_is_drawn_as_one_by_one(rows, names, spans, changes, dice):
    model = {f"k{n:03d}": {"id": f"k{n:03d}", **row} for n, row in enumerate(rows)}
    keys = list(model)
    when = dict(zip(keys, dice.sample(range(len(keys)), len(keys)), strict=True))
    if dice.random() < 0.5:
        when = {key: n for n, key in enumerate(keys)}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "1.pack"
        write(
            path,
            [(key, msgspec.json.encode(row)) for key, row in model.items()],
            list(when.values()),
            columns=Columns(fragments),
        )
        records = Records(Held(Pack(path)), msgspec.json.decode)
        line = records.line(lambda row: when[row["id"]])
        asked = line.keys
        if dice.random() < 0.5 and records.held.sheet.shows(parts(names)):
            records.held.sheet.lay(Path(folder) / "1.rows", parts(names))
        if dice.random() < 0.5:
            records.held.sheet.add(map(Laid, Path(folder).glob("*.rows")))
        _change(records, model, changes)
        one = shown(names)
        for first, count in spans:
            wanted = [one(model[key]) for key in asked[first : first + count] if key in model]
            look = Look(parts(names), one, Blocks(), b'{"list":[', b"]}")
            found = records.drawn(look, asked, first, min(first + count, len(asked)))
            if found is not None:
                assert bytes(found) == b'{"list":[' + b",".join(wanted) + b"]}"


def _change(records, model, changes):
    for what, number in changes:
        key = f"k{number % (len(model) + 1):03d}"
        if what == "change" and key in model:
            model[key] = records[key] = {**model[key], **SINCE}
        elif what == "delete" and key in model:
            del model[key], records[key]
        elif what == "add":
            model[f"new{number}"] = records[f"new{number}"] = {"id": f"new{number}", **SINCE}


@pytest.mark.parametrize("names", [("a", "b"), ("b",), ("id", "a", "never", "b")])
def test_records_in_any_order_and_of_any_sizes_are_drawn(tmp_path, monkeypatch, names):
    monkeypatch.setattr(pieces, "WIDEST", 100)
    rows = [{"id": f"{n:04d}", "a": "x" * (n * 7 % 50), "b": "y" * (n * 13 % 55)} for n in range(100)]
    # Only the first and the last one stay.
    places = [0, *(1 + n // 7 * 7 + (n + 2) % 7 for n in range(98)), 99]
    data = [(row["id"], msgspec.json.encode(row)) for row in rows]
    write(tmp_path / "1.pack", data, places, columns=Columns(fragments))
    records = Records(Held(Pack(tmp_path / "1.pack")), msgspec.json.decode)
    line = records.line(lambda row: places[int(row["id"])]).keys
    look = Look(parts(names), shown(names), Blocks())
    wanted = [shown(names)(rows[int(key)]) for key in line]
    assert bytes(records.drawn(look, line, 0, 100)) == b"[" + b",".join(wanted) + b"]"
    records.held.sheet.lay(tmp_path / "1.rows", parts(names))
    laid = Laid(tmp_path / "1.rows")
    for first, last in ((0, 100), (3, 4), (17, 60)):
        assert bytes(laid.find(line.slots(first, last))) == b",".join(wanted[first:last]) + b","
    assert laid.find([int(line[0]), int(line[2])]) is None


def test_most_are_drawn_out_of_columns(tmp_path):
    rows = [{"id": f"{n:04d}", "few": n % 3 == 0, "text": "x" * (n % 40)} for n in range(100)]
    columns = Columns(fragments)
    write(
        tmp_path / "1.pack",
        [(row["id"], msgspec.json.encode(row)) for row in rows],
        list(range(100)),
        columns=columns,
    )
    records = Records(Held(Pack(tmp_path / "1.pack")), msgspec.json.decode)
    names = ("id", "text", "few", "never")
    look = Look(parts(names), shown(names), Blocks())
    line = records.line(lambda row: int(row["id"])).keys
    assert msgspec.json.decode(records.drawn(look, line, 0, 100)) == [
        {"head": "h", **{name: row.get(name) for name in names}} for row in rows
    ]
    records["0007"] = {"id": "0007", "text": "other"}
    del records["0009"]
    drawn = msgspec.json.decode(records.drawn(look, line, 0, 100))
    assert [row["id"] for row in drawn] == [row["id"] for row in rows if row["id"] != "0009"]
    assert drawn[7]["text"] == "other"
    for n in range(50):
        records[f"{n:04d}"] = {"id": f"{n:04d}"}
    assert records.drawn(look, line, 0, 100) is None  # as quick one by one


def test_a_record_with_a_wide_field_is_drawn_by_itself(tmp_path):
    rows = [{"id": f"{n:04d}", "text": "x" * (200 if n in (3, 44) else n % 40)} for n in range(100)]
    rows[7]["note"] = "y" * 300
    data = [(row["id"], msgspec.json.encode(row)) for row in rows]
    write(tmp_path / "1.pack", data, list(range(100)), columns=Columns(fragments))
    records = Records(Held(Pack(tmp_path / "1.pack")), msgspec.json.decode)
    line = records.line(lambda row: int(row["id"])).keys
    one = shown(["text", "note"])
    drawn = records.drawn(Look(parts(["text", "note"]), one, Blocks()), line, 0, 100)
    assert bytes(drawn) == b"[" + b",".join(map(one, rows)) + b"]"


def test_a_pack_without_columns_or_with_wide_ones_draws_nothing(tmp_path):
    rows = [(f"{n:04d}", msgspec.json.encode({"id": f"{n:04d}", "text": "x" * n})) for n in range(100)]
    look = Look(parts(["text"]), shown(["text"]), Blocks())
    for name, columns in (("none", None), ("wide", Columns(fragments))):
        write(tmp_path / name, rows, list(range(100)), columns=columns)
        records = Records(Held(Pack(tmp_path / name)), msgspec.json.decode)
        line = records.line(lambda row: int(row["id"])).keys
        assert records.drawn(look, line, 0, 10) is None


def test_rows_that_were_cut_are_refused(tmp_path):
    (tmp_path / "1.rows").write_bytes(b"CSROWS1\n[]")
    with pytest.raises(UsageError, match="does not hold rows"):
        Laid(tmp_path / "1.rows")


def test_memory_is_used_again_once_nobody_holds_what_is_in_it():
    blocks = Blocks()
    block = blocks.take(5)
    page = blocks.lend(block, 5)
    page[:] = b"first"
    assert blocks.take(5) is not block
    del page
    assert blocks.take(5) is block
