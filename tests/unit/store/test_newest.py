"""Of each id the newest row counts, however many files there are, and whichever of them is the largest."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest

from cs_connector.store import newest
from cs_connector.store.facts import RAW
from cs_connector.store.newest import Holds, Part
from cs_connector.store.versions import merging, raw

Row = tuple[str, int]


def files(folder: Path, seed: int) -> tuple[list[Path], list[Row]]:
    """Some folds of different sizes, and all their rows: id, and the day on which it became known."""
    folder.mkdir(exist_ok=True)
    dice, paths, rows = random.Random(seed), list[Path](), list[Row]()
    for day in range(1, dice.randint(2, 6)):
        ids = sorted(dice.sample(range(40), dice.choice([1, 3, 30])))
        paths.append(folder / f"{seed}-{day}.parquet")
        with duckdb.connect() as con:
            con.execute(
                f"COPY (SELECT unnest({ids})::VARCHAR AS id, NULL::VARCHAR AS modified_at, false AS deleted, "
                f"TIMESTAMP '2026-01-{day:02}' AS known_at, '' AS payload) TO '{paths[-1]}' (FORMAT parquet)"
            )
        rows += [(str(n), day) for n in ids]
    return paths, rows


def asked(query: str) -> list[Row]:
    with duckdb.connect() as con:
        found = con.execute(f"SELECT id, day(known_at) FROM ({query}) ORDER BY ALL").fetchall()
    return [(row[0], row[1]) for row in found]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("holds", [Holds.ONCE, Holds.ANY])
def test_the_newest_row_of_each_id_counts(tmp_path: Path, seed: int, holds: Holds) -> None:
    paths, rows = files(tmp_path, seed)
    with duckdb.connect() as con:
        found = asked(newest.query(con, [Part(path, holds) for path in paths], RAW))
    assert found == sorted(dict(sorted(rows, key=lambda row: row[1])).items())


@pytest.mark.parametrize("seed", range(12))
def test_the_newest_rows_and_the_others_are_told_apart(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "STRETCH", 8)
    monkeypatch.setattr(raw, "ROWS", 4)
    paths, rows = files(tmp_path, seed)
    before, _ = files(tmp_path / "before", seed + 1)
    now, past = tmp_path / "now.parquet", tmp_path / "past.parquet"
    merging.apart(paths, before[:1], now, past)
    found, gone, older = (asked(f"FROM '{path}'") for path in (now, past, before[0]))
    assert found == sorted(dict(sorted(rows, key=lambda row: row[1])).items())
    assert gone == sorted([row for row in rows if row not in found] + older)


def test_files_of_the_past_are_not_looked_at(tmp_path: Path) -> None:
    (one, *_), rows = files(tmp_path, 1)
    with duckdb.connect() as con:
        query = newest.query(con, [Part(tmp_path / "gone.parquet", Holds.PAST), Part(one, Holds.ONCE)], RAW)
    assert asked(query) == sorted(row for row in rows if row[1] == 1)
