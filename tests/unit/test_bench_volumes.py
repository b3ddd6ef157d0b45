"""The company of the long measurement of metrics is the one of the short, laid out as a run leaves it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from bench.measuring import data, parts


def test_the_parts_are_the_rows_of_the_whole_with_those_of_an_account_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART", 5)
    whole, laid = tmp_path / "whole", tmp_path / "laid"
    for folder in (whole, laid):
        folder.mkdir()
    assert data.make(whole, 12) == parts.make(laid, 12)
    with duckdb.connect() as con:
        for path in whole.glob("*.parquet"):
            files = f"'{laid}/{path.stem}/*.parquet'"
            (lost,) = con.execute(f"SELECT count(*) FROM (FROM '{path}' EXCEPT ALL FROM {files})").fetchall()
            assert lost == (0,), path.stem
        accounts = con.execute(
            f"SELECT filename, account_id FROM read_parquet('{laid}/ticket/*.parquet', filename = true)"
        ).fetchall()
    assert len({name for name, _ in accounts}) == 3
    assert len({(name, account) for name, account in accounts}) == 12
    assert accounts == sorted(accounts)
