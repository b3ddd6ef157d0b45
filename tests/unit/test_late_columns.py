"""Rows of JSON may leave out what they do not have: a column that first stands far down in a file is there all the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cs_connector.runner import Engine, drift
from cs_connector.runner.mappings import check
from cs_connector.unify import Source
from cs_connector.unify.mapping import MappingFile

from .engine_kit import engine_of
from .files_kit import files

FAR = 1500
MAPPED = """\
version: 1
crm: files
read:
  - {object: things, entity: account, fields: {name: tenant, segment: plan}}
"""
MAPPING = MappingFile.model_validate(YAML(typ="safe").load(MAPPED))


def export(root: Path, plan_in: int | None, rows: int = FAR + 1) -> None:
    """One file, of whose rows only one has a plan; None where none has."""
    said: list[dict[str, Any]] = [{"tenant": f"t{i}", "date": "2026-11-02"} for i in range(rows)]
    if plan_in is not None:
        said[plan_in]["plan"] = "pro"
    (root / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in said))


def looked(engine: Engine) -> tuple[tuple[str, ...], list[str]]:
    """The columns that will be read, and what the run says of them."""
    engine.summary.notes.clear()
    reads = drift.look(engine, Source("crm", "files", 0, MAPPING))
    return reads["things"].fields, engine.summary.notes


@pytest.mark.parametrize(("then", "fields"), [(FAR, ("plan", "tenant")), (None, ("tenant",))])
def test_a_column_is_gone_only_where_no_row_has_it(
    tmp_path: Path, then: int | None, fields: tuple[str, ...]
) -> None:
    export(tmp_path, 3)
    with engine_of(files(tmp_path, pattern="*.jsonl", format="jsonl"), tmp_path) as engine:
        assert looked(engine) == (("plan", "tenant"), [])
        export(tmp_path, then)
        found, notes = looked(engine)
        assert found == fields
        assert bool(notes) == (then is None)


@pytest.mark.parametrize("row", [FAR, None])
def test_a_mapping_may_name_a_column_that_stands_far_down(tmp_path: Path, row: int | None) -> None:
    export(tmp_path, row)
    with engine_of(files(tmp_path, pattern="*.jsonl", format="jsonl"), tmp_path) as engine:
        (tmp_path / "mappings").mkdir()
        (tmp_path / "mappings" / "files.yml").write_text(MAPPED)
        told = [problem.what for problem in check(engine).problems]
    assert told == ([] if row else ["things.plan is not a field that this login sees"])


UNREADABLE = [b'{"na\xefve": 1}', b'{"deep": ' + b"[" * 9_000 + b"]" * 9_000 + b"}", b"no JSON", b"\xff"]


@pytest.mark.parametrize("row", UNREADABLE)
def test_a_row_that_cannot_be_read_stops_no_search(tmp_path: Path, row: bytes) -> None:
    export(tmp_path, FAR)
    path = tmp_path / "x.jsonl"
    path.write_bytes(row + b"\n" + path.read_bytes())
    adapter = files(tmp_path, pattern="*.jsonl", format="jsonl")
    assert [field.name for field in adapter.seek("things", ["plan", "none"])] == ["plan"]
    assert [info.name for info in adapter.describe(["things"])] == ["things"]


@pytest.mark.parametrize("key", ['"plan"', '"pl\\u00E4n"', '"plän"', '"p/n"', '"p\\/n"', '"plan \\"b\\""'])
def test_a_column_is_found_however_it_is_written(tmp_path: Path, key: str) -> None:
    (tmp_path / "x.jsonl").write_text('{"of": "plan"}\n' + "{" + key + ": 1}\r\n", "utf-8")
    adapter = files(tmp_path, pattern="*.jsonl", format="jsonl")
    assert [f.name for f in adapter.seek("things", [json.loads(key), "of"])] == [json.loads(key), "of"]
    assert not adapter.seek("things", ["none"])
