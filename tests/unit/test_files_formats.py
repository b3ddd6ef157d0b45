"""Files of every kind: packed, appended to, of another delimiter, mail, documents. A bad one is named, no other suffers."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from cs_connector.adapters.files import rows as rows_of_csv
from cs_connector.adapters.files.source import Source
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pypdf import PdfWriter

from cs_connector.ports import Read

from .files_kit import MBOX, files, read, rows

HEADER = "tenant,date,value\n"


@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", zstandard.ZstdCompressor().compress),
    ],
)
def test_packed_files_are_read_and_damaged_ones_are_named(tmp_path, ending, pack):
    content = (HEADER + "".join(f"t{n},2026-05-01,{n * 7919}\n" for n in range(9_000))).encode()
    (tmp_path / f"a.csv{ending}").write_bytes(pack(content))
    assert len(read(files(tmp_path))[0]) == 9_000
    (tmp_path / f"a.csv{ending}").write_bytes(pack(content)[:-20])
    last = rows(read(files(tmp_path))[0])[-1]
    assert "damaged" in last["__error__"]
    assert last["__file__"] == f"a.csv{ending}"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_may_change_from_file_to_file(tmp_path, mark):
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,7\n")
    (tmp_path / "b.csv").write_text((HEADER + "beta,2026-05-02,8\n").replace(",", mark))
    assert [r.id for r in read(files(tmp_path))[0]] == ["acme|2026-05-01", "beta|2026-05-02"]


def test_a_delimiter_that_was_set_is_the_one(tmp_path):
    (tmp_path / "a.csv").write_text("tenant;date;value\nacme;2026-05-01;7,5\n")
    assert rows(read(files(tmp_path, delimiter=";"))[0])[0]["value"] == "7,5"
    assert "no column" in rows(read(files(tmp_path, delimiter=","))[0])[0]["__error__"]


def test_a_huge_cell_is_a_cell(tmp_path):
    (tmp_path / "a.csv").write_text(f"{HEADER}{'x' * 1_000_000},2026-05-01,7\nacme,2026-05-01,7\n")
    assert len(read(files(tmp_path))[0][0].id) > 1_000_000


def test_what_is_added_to_a_file_is_all_that_is_read_of_it(tmp_path):
    path, adapter = tmp_path / "a.csv", files(tmp_path, appended=True)
    path.write_text(HEADER + "acme,2026-05-01,7\n")
    first, cursor = read(adapter)
    path.write_text(HEADER + "acme,2026-05-01,7\nbeta,2026-05-02,8\ngam")
    second, cursor = read(adapter, cursor)
    path.write_text(HEADER + "acme,2026-05-01,7\nbeta,2026-05-02,8\ngamma,2026-05-03,9\nwrong,line\n")
    third, cursor = read(adapter, cursor)
    assert [r.id for r in (*first, *second)] == ["acme|2026-05-01", "beta|2026-05-02"]
    assert third[0].id == "gamma|2026-05-03"
    assert rows(third)[1] == {"__error__": "2 columns instead of 3", "__file__": "a.csv", "__line__": 5}
    assert read(adapter, cursor)[0] == []


def test_a_file_that_was_written_anew_is_read_from_the_beginning(tmp_path):
    path, adapter = tmp_path / "a.csv", files(tmp_path, appended=True)
    path.write_text(HEADER + "acme,2026-05-01,7\n")
    _, cursor = read(adapter)
    path.write_text(HEADER + "acme,2026-05-01,9\nbeta,2026-05-02,8\n")
    assert [r.id for r in read(adapter, cursor)[0]] == ["acme|2026-05-01", "beta|2026-05-02"]


def test_a_quote_inside_a_cell_holds_nothing_back(tmp_path):
    path, adapter = tmp_path / "a.csv", files(tmp_path, appended=True)
    content = HEADER + '5" pipe,2026-05-01,7\n"a ""b"" c",2026-05-02,"8\n8"\nbeta,2026-05-03,9\n'
    path.write_text(content)
    assert [r.id.partition("|")[0] for r in read(adapter)[0]] == ['5" pipe', 'a "b" c', "beta"]
    path.write_text("\ufeff" + content.replace("\n", "\r\n"))
    assert [r.id.partition("|")[0] for r in read(adapter)[0]] == ['5" pipe', 'a "b" c', "beta"]


@pytest.fixture
def narrow(monkeypatch):
    """Cells have at most 100 characters."""
    monkeypatch.setattr(rows_of_csv, "WIDEST", 100)
    before = csv.field_size_limit(100)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("narrow")
def test_a_quote_that_is_never_closed_waits_only_so_long(tmp_path):
    lines_of = [f"t{n},2026-05-01,7\n" for n in range(20)]
    (tmp_path / "a.csv").write_text(HEADER + '"open,2026-05-01,7\n' + "".join(lines_of))
    assert "t19|2026-05-01" in {r.id for r in read(files(tmp_path, appended=True))[0]}


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=12)


@settings(deadline=None)
@given(cells=st.lists(CELL, min_size=1, max_size=8), cuts=st.lists(st.integers(0, 400), max_size=4))
def test_however_a_file_grows_every_row_arrives_once(tmp_path_factory, cells, cuts):
    root = tmp_path_factory.mktemp("grow")
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    content = (HEADER + "".join(f"t{n},2026-05-01,{cell}\n" for n, cell in enumerate(quoted))).encode()
    adapter, cursor, found = files(root, appended=True), None, []
    for cut in (*sorted(cuts), len(content)):
        (root / "a.csv").write_bytes(content[:cut])
        records, cursor = read(adapter, cursor)
        found += [r for r in records if not r.deleted and "__error__" not in json.loads(r.payload)]
    assert [(r.id, json.loads(r.payload)["value"]) for r in found] == [
        (f"t{n}|2026-05-01", cell or None) for n, cell in enumerate(cells)
    ]


def test_appended_is_for_lines(tmp_path):
    with pytest.raises(ValidationError, match="appended is for csv and jsonl"):
        files(tmp_path, format="parquet", appended=True)


def test_parquet_keeps_its_types_as_json(tmp_path):
    table = pa.table(
        {"tenant": ["acme", None], "date": [date(2026, 5, 1)] * 2, "value": [Decimal("1.50"), None]}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 but not really")
    records, _ = read(files(tmp_path, format="parquet"))
    assert (records[0].id, records[0].modified_at) == ("acme|2026-05-01", "2026-05-01")
    assert rows(records)[0] == {"tenant": "acme", "date": "2026-05-01", "value": "1.50"}
    assert "key" in rows(records)[1]["__error__"]
    assert "damaged" in rows(records)[2]["__error__"]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary(4)])
def test_text_that_parquet_does_not_call_text_is_read_as_such(tmp_path, kind):
    """Impala, Hive and Spark before 2017 write texts as plain bytes; what is no text is told in base64."""
    table = {
        "tenant": pa.array([b"acme", "bät".encode()], kind),
        "date": pa.array(["2026-05-01"] * 2),
        "mark": pa.array([b"\xff\xfe\x00\x01", None], kind),
    }
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    records, _ = read(files(tmp_path, format="parquet"))
    assert [r.id for r in records] == ["acme|2026-05-01", "bät|2026-05-01"]
    assert [(row["tenant"], row["mark"]) for row in rows(records)] == [("acme", "//4AAQ=="), ("bät", None)]


def test_a_column_of_bytes_is_text_in_all_rows_or_in_none(tmp_path):
    """Some values of a hash are text by chance, and a NUL in one makes no row bad."""
    table = {
        "tenant": ["acme"] * 3,
        "date": ["2026-05-01", "2026-05-02", "2026-05-03"],
        "hash": [b"abcd", b"\xff\xfe\x00\x01", b"efgh"],
        "mark": [b"ab", b"a\x00", None],
        "note": ["one\r\n\ttwo\v\x92".encode(), None, b""],
    }
    pq.write_table(pa.table(table), tmp_path / "a.parquet", row_group_size=1)
    found = rows(read(files(tmp_path, format="parquet"))[0])
    assert [row["hash"] for row in found] == ["YWJjZA==", "//4AAQ==", "ZWZnaA=="]
    assert [row["mark"] for row in found] == ["YWI=", "YQA=", None]
    assert [row["note"] for row in found] == ["one\r\n\ttwo\v\x92", None, ""]


def test_rows_that_an_older_version_knew_by_their_bytes_are_read_anew(tmp_path):
    """Their file may never change, and once it does each row would be there twice."""
    table = {"tenant": [b"acme", "bät".encode()], "date": ["2026-05-01", "2026-05-02"]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    pq.write_table(pa.table({"tenant": ["beta"], "date": ["2026-05-01"]}), tmp_path / "b.parquet")
    folder = files(tmp_path, format="parquet")
    _, cursor = read(folder)
    records, after = read(folder, json.dumps(json.loads(cursor) | {"reader": 2}))
    assert [(r.id, r.deleted) for r in records] == [
        ("acme|2026-05-01", False),
        ("bät|2026-05-02", False),
        ("b'acme'|2026-05-01", True),
        ("b'b\\xc3\\xa4t'|2026-05-02", True),
    ]
    assert read(folder, after)[0] == []


def docx(core: str, custom: str | None = None) -> bytes:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as file:
        file.writestr("word/document.xml", "<w>the text that nobody reads</w>")
        file.writestr("docProps/core.xml", core)
        if custom:
            file.writestr("docProps/custom.xml", custom)
    return box.getvalue()


CORE = (
    '<p xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:t="http://purl.org/dc/terms/">'
    "<dc:title>Plan 2027</dc:title><dc:creator>Anna</dc:creator><t:created>2026-10-01T08:00:00Z</t:created></p>"
)


def test_documents_give_their_properties_and_never_their_text(tmp_path):
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "plan.docx").write_bytes(docx(CORE))
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/Title": "Review"})
    writer.write(tmp_path / "acme" / "review.pdf")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    (tmp_path / "bomb.docx").write_bytes(docx('<!DOCTYPE p [<!ENTITY a "aa">]>' + CORE))
    records, _ = read(files(tmp_path, pattern="**/*", format="documents", key=[], modified=None))
    found = {json.loads(r.payload).get("path", r.id): json.loads(r.payload) for r in records}
    plan, review = found["acme/plan.docx"], found["acme/review.pdf"]
    assert (plan["title"], plan["author"], plan["folder"], plan["kind"]) == (
        "Plan 2027",
        "Anna",
        "acme",
        "docx",
    )
    assert (review["title"], review["pages"]) == ("Review", 1)
    assert "damaged" in found["broken.pdf:1"]["__error__"]
    assert "damaged" in found["bomb.docx:1"]["__error__"]
    assert b"nobody reads" not in b"".join(r.payload for r in records)


CUSTOM = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
    'xmlns:v="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
    '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="Customer Id"><v:lpwstr>001A</v:lpwstr></property>'
    '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="3" name="Signed"><v:filetime>2026-02-01T00:00:00Z</v:filetime>'
    '</property><property pid="4" name="Empty"><v:lpwstr/></property></Properties>'
)


def test_documents_give_the_properties_that_people_gave_them(tmp_path):
    core = CORE.replace(
        "</p>",
        '<c:category xmlns:c="http://schemas.openxmlformats.org/package/2006/metadata/core-properties">Contract</c:category>'
        "<t:modified>2026-10-02T08:00:00Z</t:modified></p>",
    )
    (tmp_path / "a.docx").write_bytes(docx(core, CUSTOM))
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/Subject": "Contract", "/CustomerId": "001B", "/ModDate": "D:20261003080000Z"})
    writer.write(tmp_path / "b.pdf")
    (tmp_path / "c.docx").write_bytes(docx(CORE, "<!DOCTYPE p>" + CUSTOM))
    office, pdf, bad = rows(
        read(files(tmp_path, pattern="*.*", format="documents", key=[], modified=None))[0]
    )
    assert (office["category"], office["changed_at"]) == ("Contract", "2026-10-02T08:00:00Z")
    assert office["custom"] == {"Customer Id": "001A", "Signed": "2026-02-01T00:00:00Z"}
    assert (pdf["category"], pdf["changed_at"][:10], pdf["custom"]) == (
        "Contract",
        "2026-10-03",
        {"CustomerId": "001B"},
    )
    assert "damaged" in bad["__error__"]


def test_a_folder_of_documents_is_complete_when_it_was_read_however_old_they_are(tmp_path):
    (tmp_path / "a.docx").write_bytes(docx(CORE))
    (tmp_path / "b.mbox").write_bytes(MBOX.replace(b"Nov 2026", b"Nov 2020"))
    os.utime(tmp_path / "a.docx", (0, 0))
    folder = files(tmp_path, pattern="*.docx", format="documents", key=[], modified=None)
    log = files(tmp_path, pattern="*.mbox", format="mail", key=[], modified=None)
    ends = [list(adapter.read(Read("things", ())))[-1].complete_to for adapter in (folder, log)]
    assert ends == [datetime(2026, 11, 20, 9, tzinfo=UTC), datetime(2020, 11, 24, tzinfo=UTC)]


def test_many_small_files_are_one_page(tmp_path):
    for number in range(30):
        (tmp_path / f"{number}.docx").write_bytes(docx(CORE))
    adapter = files(tmp_path, pattern="*.docx", format="documents", key=[], modified=None)
    pages = list(adapter.read(Read("things", ())))
    assert [len(page.records) for page in pages] == [30]


def locked(content: bytes) -> bytes:
    """The same archive, of which the directory says that it needs a password."""
    at = content.rindex(b"PK\x01\x02") + 8
    return content[:at] + bytes([content[at] | 1]) + content[at + 1 :]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", locked(docx(CORE))),
        ("a.docx", docx('<?xml version="1.0" encoding="klingon"?><a/>')),
        ("a.pdf", b"%PDF-1.7\ntrailer << /Encrypt 1 >>\nstartxref\n9\n%%EOF"),
    ],
)
def test_whatever_a_document_is_the_others_are_read(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "b.docx").write_bytes(docx(CORE))
    bad, good = read(files(tmp_path, format="documents", key=[], modified=None))[0]
    assert "damaged" in rows([bad])[0]["__error__"]
    assert good.id == "b.docx"


def test_a_document_that_was_not_touched_is_not_opened(tmp_path, monkeypatch):
    (tmp_path / "a.docx").write_bytes(docx(CORE))
    adapter = files(tmp_path, format="documents", key=[], modified=None)
    _, cursor = read(adapter)
    monkeypatch.setattr(type(tmp_path), "open", None)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert read(adapter, cursor)[0] == []


def test_parquet_that_is_cut_off_or_names_a_column_twice_is_told_in_words(tmp_path):
    pq.write_table(pa.table({"tenant": ["a"], "date": ["2026-05-01"]}), tmp_path / "a.parquet")
    half = (tmp_path / "a.parquet").read_bytes()[:-40]
    (tmp_path / "b.parquet").write_bytes(half)
    twice = pa.Table.from_arrays([pa.array(["d"])] * 3, names=["tenant", "date", "date"])
    pq.write_table(twice, tmp_path / "c.parquet")
    _, cut, double = rows(read(files(tmp_path, format="parquet"))[0])
    assert "was cut off" in cut["__error__"]
    assert "the column date is there 2 times, as columns 2 and 3" in double["__error__"]


def test_a_date_that_no_clock_knows_takes_no_other_row_with_it(tmp_path):
    far = pa.array([2**60, 1], pa.int64()).cast(pa.timestamp("us"))
    pq.write_table(pa.table({"tenant": ["a", "b"], "date": ["1", "2"], "at": far}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"tenant": ["c"], "date": ["2026-05-01"]}), tmp_path / "b.parquet")
    bad, *good = read(files(tmp_path, format="parquet", modified=None))[0]
    assert "cannot be held" in rows([bad])[0]["__error__"]
    assert (bad.id, [r.id for r in good]) == ("a.parquet:1", ["b|2", "c|2026-05-01"])


def test_a_key_that_is_no_number_is_not_complete(tmp_path):
    table = pa.table({"tenant": pa.array([1.0, float("nan"), float("nan")]), "date": ["d"] * 3})
    pq.write_table(table, tmp_path / "a.parquet")
    good, *bad = read(files(tmp_path, format="parquet", modified=None))[0]
    assert good.id == "1.0|d"
    assert [r["__error__"] for r in rows(bad)] == ["the key (tenant, date) is not complete"] * 2


def test_what_was_mended_in_a_file_is_not_bad_any_more(tmp_path):
    path, adapter = tmp_path / "a.csv", files(tmp_path)
    path.write_text(HEADER + "wrong,line\nacme,2026-05-01,7\nalso,wrong\n")
    (tmp_path / "b.csv").write_text("nothing useful\n")
    first, cursor = read(adapter)
    path.write_text(HEADER + "right,2026-05-01,8\nacme,2026-05-01,7\nalso,wrong\n")
    (tmp_path / "b.csv").unlink()
    second, cursor = read(adapter, cursor)
    assert [r.id for r in first if "__error__" in rows([r])[0]] == ["a.csv:2", "a.csv:4", "b.csv:1"]
    assert [r.id for r in second if r.deleted] == ["a.csv:2", "b.csv:1"]
    assert read(adapter, cursor)[0] == []


def test_a_file_that_cannot_be_opened_is_named_until_it_can(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text(HEADER + "acme,2026-05-01,7\n")
    (tmp_path / "b.csv").write_text(HEADER + "beta,2026-05-01,7\n")
    adapter, digest = files(tmp_path), Source.digest

    def refused(source):
        if source.name == "a.csv":
            raise PermissionError
        return digest(source)

    monkeypatch.setattr(Source, "digest", refused)
    found, cursor = read(adapter)
    assert [r.id for r in found] == ["a.csv:0", "beta|2026-05-01"]
    monkeypatch.undo()
    found, cursor = read(adapter, cursor)
    assert [(r.id, r.deleted) for r in found] == [("acme|2026-05-01", False), ("a.csv:0", True)]


def test_a_damaged_first_file_and_keys_that_rows_leave_out_hide_no_column(tmp_path):
    (tmp_path / "a.csv").write_text("damaged\n")
    (tmp_path / "b.csv").write_text(HEADER + "acme,2026-05-01,7\n")
    assert [f.name for f in files(tmp_path).describe(["things"])[0].fields] == ["tenant", "date", "value"]
    (tmp_path / "c.jsonl").write_text('{"tenant":"a","date":"1"}\n{"tenant":"b","date":"1","value":7}\n')
    (info,) = files(tmp_path, pattern="*.jsonl", format="jsonl").describe(["things"])
    assert "value" in [f.name for f in info.fields]
    (tmp_path / "d.parquet").write_bytes(b"PAR1 but not really")
    pq.write_table(pa.table({"tenant": ["a"], "date": ["1"]}), tmp_path / "e.parquet")
    (info,) = files(tmp_path, pattern="*.parquet", format="parquet").describe(["things"])
    assert [f.name for f in info.fields] == ["tenant", "date"]


def test_times_of_parquet_may_have_nanoseconds_as_pandas_and_spark_write_them(tmp_path):
    moment = pa.array([1_764_547_200_123_456_789, None], pa.timestamp("ns"))
    table = pa.table(
        {
            "tenant": ["acme", "beta"],
            "date": ["2026-05-01", "2026-05-02"],
            "at": moment,
            "zoned": moment.cast(pa.timestamp("ns", "UTC")),
            "took": pa.array([1_500, None], pa.duration("ns")),
            "o'clock": pa.array([3_600_000_000_001, None], pa.time64("ns")),
        }
    )
    pq.write_table(table, tmp_path / "pandas.parquet")
    pq.write_table(
        table.select(["tenant", "date", "at"]),
        tmp_path / "spark.parquet",
        use_deprecated_int96_timestamps=True,
    )
    first, second, spark, _ = rows(read(files(tmp_path, format="parquet"))[0])
    assert first["at"] == spark["at"] == "2025-12-01T00:00:00.123456"
    assert first["zoned"] == "2025-12-01T00:00:00.123456Z"
    assert first["o'clock"] == "01:00:00"
    assert second["at"] is None


@pytest.mark.parametrize("shape", [{}, {"format": "jsonl"}])
def test_a_growing_file_whose_lines_end_as_on_old_macs_is_told_until_it_is_saved_anew(tmp_path, shape):
    lines = [HEADER.strip(), "acme,2026-05-01,1"]
    if shape:
        lines = [json.dumps({"tenant": name, "date": "2026-05-01"}) for name in ("acme", "beta")]
    path, adapter = tmp_path / "a.csv", files(tmp_path, appended=True, **shape)
    path.write_bytes("\r".join([*lines, ""]).encode())
    told, cursor = read(adapter)
    assert [record.id for record in told] == ["a.csv:1"]
    assert "carriage return" in rows(told)[0]["__error__"]
    path.write_bytes("\r\n".join([*lines, ""]).encode())
    records = read(adapter, cursor)[0]
    assert [record.id for record in records if record.deleted] == ["a.csv:1"]
    assert "acme|2026-05-01" in [record.id for record in records]


def test_half_a_first_line_of_a_growing_file_waits_without_a_word(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"tenant,date,value\r")  # and \n is on its way
    assert read(files(tmp_path, appended=True))[0] == []


def test_a_damaged_document_is_told_by_its_record_and_by_nobody_else(tmp_path, caplog):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n1 0 obj<</Title(x)>>endobj\ntrailer<</Info 1 0 R>>\n")
    assert len(read(files(tmp_path, format="documents", key=[], modified=None))[0]) == 1
    assert not caplog.records


def test_what_no_person_put_there_is_no_document(tmp_path):
    """Office puts a file of its own beside one that is open, systems put theirs into folders, and what is in the bin is gone."""
    for name in (
        "acme/Plan.txt", "acme/~$Plan.docx", "acme/.~lock.Plan.odt#", "acme/.DS_Store", "acme/Thumbs.db", "acme/desktop.ini",
        ".Trash-1000/files/Old.txt", "$RECYCLE.BIN/S-1-5/Gone.txt", "System Volume Information/x.dat", "acme/v1.2/Notes.final.txt",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    records, _ = read(files(tmp_path, pattern="**/*.*", format="documents", key=[], modified=None))
    assert [row["path"] for row in rows(records)] == ["acme/Plan.txt", "acme/v1.2/Notes.final.txt"]


@pytest.mark.parametrize("pattern", [".shared/**/*.txt", "*/.drafts/*.txt", ".*/**/*.txt"])
def test_a_hidden_folder_that_the_pattern_names_is_meant(tmp_path, pattern):
    for name in (".shared/acme/Plan.txt", "acme/.drafts/Plan.txt", ".shared/acme/~$Plan.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    records, _ = read(files(tmp_path, pattern=pattern, format="documents", key=[], modified=None))
    meant = "acme/.drafts/Plan.txt" if "drafts" in pattern else ".shared/acme/Plan.txt"
    assert [row["path"] for row in rows(records)] == [meant]
