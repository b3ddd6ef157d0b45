"""Files are read once, again when they change, and a bad row is named instead of stopping the others."""

from __future__ import annotations

import gzip
import json
import os
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from cs_connector.adapters.files import Files
from pydantic import ValidationError

from cs_connector.errors import ConfigError, Unavailable, UsageError
from cs_connector.ports import Action, Change, Read, Surroundings, Verdict

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOW

    def sleep(self, seconds: float) -> None: ...


class NoTokens:
    def load(self, connection):
        return None

    def save(self, connection, token): ...

    def lock(self, connection):
        return nullcontext()


def files(root, **shape):
    shape = {"pattern": "*.csv*", "key": ["tenant", "date"], "modified": "date"} | shape
    settings = Files.Settings(root=root, objects={"usage": shape})
    return Files(settings, Surroundings("files", StoppedClock(), NoTokens()))


def read(adapter, cursor=None):
    pages = list(adapter.read(Read("usage", (), cursor)))
    return [record for page in pages for record in page.records], pages[-1]


HEADER = "tenant,date,value\n"


def test_rows_become_records_with_texts_and_nulls(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + 'acme,2026-05-01,7\n"be,ta",2026-05-02,\n', "utf-8")
    records, last = read(files(tmp_path))
    assert [(r.id, r.modified_at, r.deleted) for r in records] == [
        ("acme|2026-05-01", "2026-05-01", False),
        ("be,ta|2026-05-02", "2026-05-02", False),
    ]
    assert records[1].payload == b'{"tenant":"be,ta","date":"2026-05-02","value":null}'
    assert last.done
    assert last.complete_to == datetime(2026, 5, 3, tzinfo=UTC)


def test_only_what_changed_is_read_again(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,7\n")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress((HEADER + "beta,2026-05-02,1\n").encode()))
    adapter = files(tmp_path)
    records, last = read(adapter)
    assert [r.id for r in records] == ["acme|2026-05-01", "beta|2026-05-02"]
    again, unchanged = read(adapter, last.cursor)
    assert again == []
    assert unchanged.complete_to == last.complete_to
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,8\n")
    changed, _ = read(adapter, last.cursor)
    assert [json.loads(r.payload)["value"] for r in changed] == ["8"]


def test_a_read_that_was_stopped_goes_on_where_it_was(tmp_path):
    rows = "".join(f"t{n},2026-05-01,{n}\n" for n in range(12_000))
    (tmp_path / "a.csv").write_text(HEADER + rows)
    adapter = files(tmp_path)
    first = next(adapter.read(Read("usage", ())))
    assert len(first.records) == 5_000
    rest, _ = read(adapter, first.cursor)
    assert [r.id for r in rest] == [f"t{n}|2026-05-01" for n in range(5_000, 12_000)]


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"tenant,date,value\nacme,2026-05-01\n", 2, "2 columns instead of 3"),
        (b"tenant,date,value\n,2026-05-01,1\n", 2, "the key (tenant, date) is not complete"),
        (
            b"tenant,date,value\nacme,2026-05-01,\xff\n",
            2,
            "not UTF-8: save the file as UTF-8, or mend the row",
        ),
        (b"tenant,value\nacme,1\n", 1, "there is no column date; the first line names tenant, value"),
        (b"", 1, "there is no column tenant, date: the first line is empty, and should name the columns"),
    ],
)
def test_a_bad_row_names_its_file_and_line(tmp_path, content, line, why):
    (tmp_path / "a.csv").write_bytes(content)
    (tmp_path / "b.csv").write_text(HEADER + "acme,2026-05-01,7\n")
    records, _ = read(files(tmp_path))
    assert json.loads(records[0].payload) == {"__error__": why, "__file__": "a.csv", "__line__": line}
    assert records[1].id == "acme|2026-05-01"


def test_good_rows_before_a_damaged_end_are_kept(tmp_path):
    rows = "".join(f"t{n},2026-05-01,{n * 7919}\n" for n in range(5_000))
    packed = gzip.compress((HEADER + rows).encode())
    (tmp_path / "a.csv.gz").write_bytes(packed[: len(packed) // 2])
    records, last = read(files(tmp_path))
    assert records[0].id == "t0|2026-05-01"
    assert "damaged" in json.loads(records[-1].payload)["__error__"]
    assert last.done


def test_json_lines_keep_their_bytes(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"tenant": "acme", "date": "2026-05-01", "n": 1}\n[1]\n{"tenant": \n')
    records, _ = read(files(tmp_path, pattern="*.jsonl", format="jsonl"))
    assert records[0].payload == b'{"tenant": "acme", "date": "2026-05-01", "n": 1}'
    assert [json.loads(r.payload)["__line__"] for r in records[1:]] == [2, 3]


@pytest.mark.parametrize("cursor", ["junk", "[]", '{"seen": 3}', '{"at": ["a.csv"]}'])
def test_a_damaged_cursor_is_refused_with_a_way_out(tmp_path, cursor):
    with pytest.raises(UsageError, match="cursor of usage") as caught:
        read(files(tmp_path), cursor)
    assert "sync --anew" in caught.value.fix


def test_without_dates_the_time_of_reading_counts(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,7\n")
    assert read(files(tmp_path, modified=None))[1].complete_to == NOW


@pytest.mark.parametrize(
    "damage",
    [b"customer;amount\n", gzip.compress((HEADER * 50).encode(), mtime=0)[:30]],
    ids=["header", "cut"],
)
def test_without_dates_a_file_that_cannot_be_read_is_not_read_up_to_now(tmp_path, monkeypatch, damage):
    path, adapter = tmp_path / "a.csv.gz", files(tmp_path, modified=None)
    path.write_bytes(gzip.compress((HEADER + "acme,2026-05-01,7\n").encode()))
    whole = read(adapter)[1]
    path.write_bytes(damage if damage[:2] == b"\x1f\x8b" else gzip.compress(damage))
    later = NOW + timedelta(days=9)
    monkeypatch.setattr(StoppedClock, "now", lambda _clock: later)
    cut = read(adapter, whole.cursor)[1]
    assert cut.complete_to == read(adapter, cut.cursor)[1].complete_to == NOW
    path.write_bytes(gzip.compress((HEADER + "acme,2026-05-01,8\n").encode()))
    assert read(adapter, cut.cursor)[1].complete_to == later


def test_dates_in_the_future_promise_nothing(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "acme,2031-05-01,7\n")
    assert read(files(tmp_path))[1].complete_to == NOW


def test_one_slip_in_a_year_to_come_does_not_make_a_feed_that_stopped_complete(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,7\nacme,2062-05-01,7\n")
    _, last = read(files(tmp_path))
    assert last.complete_to == datetime(2026, 5, 2, tzinfo=UTC)
    damaged = last.cursor.replace("2026-05-01", "2062-05-01")  # as one of before was kept
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,7\n")
    assert read(files(tmp_path), damaged)[1].complete_to == datetime(2026, 5, 2, tzinfo=UTC)


def test_it_says_what_it_is_and_has(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,7\n")
    adapter = files(tmp_path)
    assert adapter.check() == files(tmp_path).check()
    (info,) = adapter.describe(["usage", "other"])
    assert [field.name for field in info.fields] == ["tenant", "date", "value"]
    assert not info.writable


def test_it_refuses_to_write_with_a_receipt_each(tmp_path):
    change = Change("files", "usage", Action.UPDATE, "k", {"a": 1}, record_id="1")
    (receipt,) = files(tmp_path).write([change])
    assert (receipt.key, receipt.verdict) == ("k", Verdict.REJECTED)


def test_what_is_missing_is_told(tmp_path):
    with pytest.raises(Unavailable):
        files(tmp_path / "absent").check()
    with pytest.raises(ConfigError, match="no object other"):
        files(tmp_path).read(Read("other", ()))


@pytest.mark.parametrize("pattern", ["../*.csv", "/etc/*"])
def test_a_pattern_cannot_leave_the_folder(tmp_path, pattern):
    with pytest.raises(ValidationError):
        files(tmp_path, pattern=pattern)


def said(records):
    """What is wrong, by file and line."""
    found = [json.loads(r.payload) for r in records if not r.deleted]
    return {f"{d['__file__']}:{d['__line__']}": d["__error__"] for d in found if "__error__" in d}


def test_a_column_that_is_there_twice_is_named_with_its_places(tmp_path):
    (tmp_path / "a.csv").write_text("tenant,date,value,note,value\nacme,2026-05-01,7,x,8\n")
    (tmp_path / "b.csv").write_text("tenant,date,value,,\nbeta,2026-05-01,7,,\n")
    for shape in ({}, {"appended": True}):
        records, _ = read(files(tmp_path, **shape))
        assert "the column value is there 2 times, as columns 3 and 5" in said(records)["a.csv:1"]
        assert [r.id for r in records[1:]] == ["beta|2026-05-01"], "columns without a name are nobody's"


def test_a_pattern_without_a_file_is_told_until_there_is_one(tmp_path):
    adapter = files(tmp_path)
    records, last = read(adapter)
    assert "no file matches the pattern of usage: nothing was read" in said(records)["*.csv*:0"]
    assert last.complete_to is None, (
        "nothing is known of an object without a file, least of all that it is empty"
    )
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,7\n")
    records, last = read(adapter, last.cursor)
    assert [(r.id, r.deleted) for r in records] == [("acme|2026-05-01", False), ("*.csv*:0", True)]
    assert last.complete_to == datetime(2026, 5, 2, tzinfo=UTC)


def test_files_that_went_away_all_together_are_told_and_not_read_again_when_they_are_back(tmp_path):
    path, adapter = tmp_path / "a.csv", files(tmp_path)
    path.write_text(HEADER + "acme,2026-05-01,7\nwrong\n")
    _, before = read(adapter)
    path.rename(tmp_path / "away")
    records, last = read(adapter, before.cursor)
    assert ", as there were files before" in said(records)["*.csv*:0"]
    assert (len(records), last.complete_to) == (1, before.complete_to), "nothing newer is known than then"
    (tmp_path / "away").rename(path)
    records, last = read(adapter, last.cursor)
    assert [(r.id, r.deleted) for r in records] == [("*.csv*:0", True)]


def test_a_column_that_only_this_file_lacks_is_named_and_its_rows_are_read(tmp_path):
    (tmp_path / "a.csv").write_text("tenant,date\nacme,2026-05-01\n")
    (tmp_path / "b.csv").write_text(HEADER + "beta,2026-05-01,7\n")
    pages = list(files(tmp_path).read(Read("usage", ("tenant", "value", "in_no_file"))))
    records = [record for page in pages for record in page.records]
    assert "there is no column value, which the mapping reads" in said(records)["a.csv:1"]
    assert [r.id for r in records[1:]] == ["acme|2026-05-01", "beta|2026-05-01"]


@pytest.mark.parametrize("shape", [{}, {"appended": True}])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        ((HEADER + "acme,2026-05-01,7\n").encode("utf-16"), "the file is UTF-16"),
        ("tenant,date,größe\nacme,2026-05-01,7\n".encode("latin-1"), "a name of a column is not UTF-8"),
        (b"tenant\r,date\nacme,2026-05-01\n", "no column"),
    ],
)
def test_a_header_in_no_text_that_can_be_read_stops_no_other_file(tmp_path, shape, content, why):
    (tmp_path / "a.csv").write_bytes(content)
    (tmp_path / "b.csv").write_text(HEADER + "beta,2026-05-01,7\n")
    records, _ = read(files(tmp_path, **shape))
    assert why in said(records)["a.csv:1"]
    assert [r.id for r in records[1:]] == ["beta|2026-05-01"]


def test_a_file_may_have_a_name_that_is_not_utf_8(tmp_path):
    (tmp_path / os.fsdecode(b"gr\xfcn.csv")).write_text(HEADER + "acme,2026-05-01,7\nwrong\n")
    records, last = read(files(tmp_path))
    assert records[0].id == "acme|2026-05-01"
    assert list(said(records)) == ["gr\\xfcn.csv:3"]
    assert read(files(tmp_path), last.cursor)[0] == []


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ('"open,2026-05-01,7', "not closed up to the end of the file (line 4)"),
        ('open,2026-05-01,"7', "not closed up to the end of the file (line 4)"),
        ("acme;2026-05-01;7", "it would be 3 with ';' between them"),
        ("acme,2026-05-01,\0", "a NUL character"),
    ],
)
def test_what_is_wrong_with_a_row_takes_no_other_with_it(tmp_path, row, why):
    (tmp_path / "a.csv").write_text(HEADER + row + "\nbeta,2026-05-01,7\ngamma,2026-05-01,8\n")
    records, _ = read(files(tmp_path))
    assert why in said(records)["a.csv:2"]
    assert [r.id for r in records[1:]] == ["beta|2026-05-01", "gamma|2026-05-01"]


def test_two_quotes_too_many_take_no_row_between_them(tmp_path):
    rows = 'acme,2026-05-01,"7\nbeta,2026-05-01,7\ngamma,2026-05-01,"8\ndelta,2026-05-01,"9\n9"\n'
    (tmp_path / "a.csv").write_text(HEADER + rows)
    records, _ = read(files(tmp_path))
    assert "closed inside a cell of line 4" in said(records)["a.csv:2"]
    assert {"beta|2026-05-01", "delta|2026-05-01"} <= {r.id for r in records}


def test_a_last_line_without_an_end_says_what_waits_for_it(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,7\nbeta,20")
    (tmp_path / "b.jsonl").write_text('{"tenant":"a","date":"2026-05-01"}\n{"tenant":"b","da')
    for shape in ({}, {"pattern": "*.jsonl", "format": "jsonl"}):
        (why,) = said(read(files(tmp_path, **shape))[0]).values()
        assert "`appended: true` waits for the rest" in why
        assert said(read(files(tmp_path, appended=True, **shape))[0]) == {}


def test_a_quote_that_holds_a_growing_file_back_is_told_until_it_is_closed(tmp_path):
    path, adapter = tmp_path / "a.csv", files(tmp_path, appended=True)
    text = HEADER + 'acme,2026-05-01,7\nbeta,2026-05-01,"8\ngamma,2026-05-01,9\n'
    path.write_text(text)
    records, last = read(adapter)
    assert records[0].id == "acme|2026-05-01"
    assert "not closed yet: 2 lines to the end of the file wait for it" in said(records)["a.csv:3"]
    path.write_text(text + '"\ndelta,2026-05-01,1\n')
    records, _ = read(adapter, last.cursor)
    assert [(r.id, r.deleted) for r in records] == [
        ("beta|2026-05-01", False),
        ("delta|2026-05-01", False),
        ("a.csv:3", True),
    ]


def test_dates_of_another_form_are_one_line_until_they_are_mended(tmp_path):
    """They cannot say up to when the object is complete, which nobody would notice."""
    folder = files(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(HEADER + "acme,2026-05-01,7\n" + f"{name},02/11/2026,7\n" * 3)
    records, last = read(folder)
    (told,) = [record for record in records if b"__error__" in record.payload]
    said = json.loads(told.payload)
    assert (said["__file__"], said["__line__"]) == ("a.csv", 3)
    assert (
        "'02/11/2026' in date is no date like 2026-11-28, nor in 5 other rows (also in b.csv)"
        in said["__error__"]
    )
    assert last.complete_to == datetime(2026, 5, 2, tzinfo=UTC)
    again, same = read(folder, last.cursor)
    assert (again, same.complete_to) == ([], last.complete_to)
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(HEADER + "acme,2026-05-01,7\n")
    assert [r.id for r in read(folder, last.cursor)[0] if r.deleted] == [told.id]


def test_dates_of_another_form_in_a_growing_file_are_counted_on(tmp_path):
    folder, path = files(tmp_path, appended=True), tmp_path / "a.csv"
    path.write_text(HEADER + "acme,02/11/2026,7\n")
    _, first = read(folder)
    path.write_text(path.read_text() + "acme,2026-05-02,7\nacme,03/11/2026,7\n")
    records, second = read(folder, first.cursor)
    assert "nor in 1 other row:" in json.loads(records[-1].payload)["__error__"]
    path.write_text(path.read_text() + "acme,2026-05-03,7\n")
    assert [r.id for r in read(folder, second.cursor)[0]] == ["acme|2026-05-03"], "said once"


@pytest.mark.parametrize("appended", [False, True])
def test_what_an_older_version_could_not_read_is_read_again_once(tmp_path, appended):
    """Its file may never change, and what is read better now would never come in."""
    folder = files(tmp_path, appended=appended)
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,7\nwrong\n")
    (tmp_path / "b.csv").write_text(HEADER + "beta,2026-05-01,7\n")
    _, last = read(folder)
    older = json.dumps({name: part for name, part in json.loads(last.cursor).items() if name != "reader"})
    records, again = read(folder, older)
    assert [r.id for r in records] == ["acme|2026-05-01", "a.csv:3"], (
        "a file without bad rows is not read again"
    )
    assert read(folder, again.cursor)[0] == []
