"""Metrics by their declarations, against the same written by hand in SQL, in pandas, and a bare scan of what they read."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import duckdb

from .cost import Broken, Cost, Net, least, spend
from .measuring.data import make
from .results import Row, judge
from .size import Yard

SCANNED = {
    "usage": "account_id product metric on_date grain value",
    "ticket": "ticket_id account_id product priority opened_at closed_at waiting_since",
    "survey_response": "survey_response_id account_id person_id kind score scale_max score_10 invited_on answered_on",
    "invoice": "account_id issued_on due_on paid_on amount",
    "activity": "account_id person_id two_way at",
    "person": "person_id decision_maker active",
    "goal": "account_id status updated_on",
    "relationship": "relationship_id account_id product status start_on renewal_on seats features_bought",
}
MEMORY = 2000  # MB
SAME = 1e-6
EVE, DAY = "2026-11-14", "2026-11-15"


def measure(yard: Yard) -> list[Row]:
    data, small = yard.folder / "measured", yard.folder / "measured-small"
    data.mkdir()
    small.mkdir()
    rows = make(data, yard.size.measured)
    make(small, 4)
    ways = {"ours": "ours", "hand": "byhand", "scan": "", "pandas": "frames"}
    works = {}
    for name, module in ways.items():
        works[name] = tuple(
            (lambda folder=folder, module=module: _spent(folder, module)) for folder in (data, small)
        )
    costs = least(yard.size.times, *(work for both in works.values() for work in both))
    found = {name: Net(*costs[2 * n : 2 * n + 2]) for n, name in enumerate(works)}
    again, night = (Net(*both) for both in zip(_nights(data), _nights(small), strict=True))
    _night("show", data, DAY)
    for module in ("ours", "frames", "nightly"):
        _same(data, module)
    return [*_rows(found, rows), *_kept(found, again, night)]


def _nights(data: Path) -> list[Cost]:
    """A run over what is kept, of a day on which nothing is new; and that of the next day, with what came on it."""
    score = partial(_night, "score", data)
    for what in ("publish", "score"):
        _night(what, data, EVE)
    again = min((score(EVE) for _ in range(2)), key=lambda cost: cost.cpu)
    _night("publish", data, DAY)
    return [again, score(DAY)]


def _night(what: str, data: Path, day: str) -> Cost:
    places = (data, data / "store", data / "nightly.out")
    return spend([sys.executable, "-m", "bench.measuring.nightly", what, *places, day])


def _spent(data: Path, module: str) -> Cost:
    if module:
        return spend([sys.executable, "-m", f"bench.measuring.{module}", data, data / f"{module}.out"])
    place = data / "scan.json"
    place.write_text(
        json.dumps({name: ([str(data / f"{name}.parquet")], _types(data, name)) for name in SCANNED})
    )
    return spend([sys.executable, "-m", "bench.scan", place])


def _types(data: Path, name: str) -> dict[str, str]:
    wanted = SCANNED[name].split()
    with duckdb.connect() as con:
        found = con.execute(f"DESCRIBE SELECT * FROM '{data / name}.parquet'").fetchall()
    return {column: kind for column, kind, *_ in found if column in wanted}


def _rows(found: dict[str, Net], rows: int) -> list[Row]:
    ours, hand, scan, pandas = (found[name] for name in ("ours", "hand", "scan", "pandas"))
    said = f"{rows:,} rows; {ours.cpu / scan.cpu:.1f} times a scan of the same columns; by hand {hand.cpu / scan.cpu:.1f}"
    memory = f"by hand {hand.gross.memory:,.0f}, pandas {pandas.gross.memory:,.0f}"
    return [
        judge("measure", "metrics of the standard scorecard / the same by hand in SQL", ours.cpu, hand.cpu, 1.3, f"CPU s at seven dates, start-up ({ours.start.cpu:.2f} s) taken off; {said}"),
        judge("measure", "the same / plain pandas", ours.cpu, pandas.cpu, None, "CPU s; all three gave the same numbers"),
        judge("measure", "peak memory in MB", ours.gross.memory, MEMORY, 1, memory),
    ]  # fmt: skip


def _kept(found: dict[str, Net], again: Net, night: Net) -> list[Row]:
    ours, scan = found["ours"], found["scan"]
    told = f"{night.gross.out.strip()}; stored and at hand at seven dates for what scores them"
    return [
        judge("measure", "the same over what is kept / a bare scan of the columns", again.cpu, scan.cpu, 3, "CPU s; nothing new since the last run"),
        judge("measure", "a night with one new day / all from the rows", night.cpu, ours.cpu, 0.1, f"CPU s; {told}"),
    ]  # fmt: skip


def _same(data: Path, module: str) -> None:
    """Raises Broken where another way gave other numbers than the one by hand."""
    with duckdb.connect() as con:
        con.execute(f"CREATE VIEW hand AS FROM read_parquet('{data}/byhand.out')")
        files = f"{data}/{module}.out{'/*.parquet' if module == 'ours' else ''}"
        con.execute(f"CREATE VIEW other AS FROM read_parquet('{files}')")
        names = {name for name, *_ in con.execute("DESCRIBE other").fetchall()}
        for name, *_ in con.execute("DESCRIBE hand").fetchall()[2:]:
            other = f"m_{name}" if f"m_{name}" in names else name
            if other in names:
                _equal(con, name, other, module)


def _equal(con: duckdb.DuckDBPyConnection, name: str, other: str, module: str) -> None:
    a, b = f'hand."{name}"::DOUBLE', f"nullif(other.\"{other}\"::DOUBLE, 'nan'::DOUBLE)"
    wrong = con.execute(
        f"""SELECT count(*) FROM hand FULL JOIN (SELECT * REPLACE (on_date::DATE AS on_date) FROM other) other
        USING (relationship_id, on_date) WHERE ({a} IS NULL) <> ({b} IS NULL) OR abs({a} - {b}) > {SAME} * greatest(1, abs({a}))"""
    ).fetchone()
    if wrong is None or wrong[0]:
        raise Broken(f"{module} and what is written by hand differ in {name} of {wrong} rows")
