"""Tables that fill a simulator: a folder for each, in it a CSV file for each object, headed by API names."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from cs_connector.errors import ConfigError, Place, UsageError

from .wire import BadCell, SeedRow, Simulator

NOTHING_STARTED = "the sandbox was not started"


def folders(folder: Path, names: list[str]) -> None:
    """Raises UsageError for a folder that is not there, or that holds tables of no simulator."""
    if not folder.is_dir():
        raise UsageError(
            f"{folder} is not a folder",
            safe=NOTHING_STARTED,
            fix="name the folder that has a folder for each system",
        )
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in names:
            fix = f"rename it; there are {', '.join(names)}"
            raise UsageError(f"{path} is of no simulated system", safe=NOTHING_STARTED, fix=fix)


def rows(folder: Path, simulator: Simulator) -> Iterator[SeedRow]:
    """The records of every table in a folder, none where it does not exist. Raises ConfigError with file and line."""
    for path in sorted(folder.glob("*.csv")):
        yield from _table(path, simulator)


def _table(path: Path, simulator: Simulator) -> Iterator[SeedRow]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield from _lines(path, text, simulator)
    except UnicodeDecodeError:
        raise ConfigError(
            f"{path} is not UTF-8 text", safe=NOTHING_STARTED, fix="save it as CSV UTF-8"
        ) from None
    except csv.Error as bad:
        raise ConfigError(
            f"{path} is not a CSV file", why=str(bad), safe=NOTHING_STARTED, fix="export it again"
        ) from None


def _lines(path: Path, text: TextIO, simulator: Simulator) -> Iterator[SeedRow]:
    lines = csv.reader(text, strict=True)
    head: list[str] = next(lines, [])
    first = Place(str(path), 1)
    _check_head(first, head)
    _row(simulator, path, first, dict.fromkeys(head, ""))
    before = lines.line_num
    seen: set[str] = set()
    for cells in lines:
        line, before = before + 1, lines.line_num
        if not cells:
            continue
        place = Place(str(path), line)
        if len(cells) != len(head):
            raise _error(
                place,
                f"this line has {len(cells)} cells, and the first one {len(head)}",
                "put texts with commas into quotes",
            )
        row = _row(simulator, path, place, dict(zip(head, cells, strict=True)))
        _check_id(place, row, seen)
        yield row


def _check_id(place: Place, row: SeedRow, seen: set[str]) -> None:
    """Each record once: the later line would silently take the place of the earlier one."""
    ident = str(row.record.get("Id") or row.record.get("id") or "")
    if ident in seen:
        raise _error(place, f"the record {ident} is there twice", "remove one of the two lines")
    if ident:
        seen.add(ident)


def _row(simulator: Simulator, path: Path, place: Place, cells: Mapping[str, str]) -> SeedRow:
    try:
        return simulator.row(path.stem, cells)
    except BadCell as bad:
        what = f"{bad.column}: {bad.why}" if bad.column else bad.why
        where = place if bad.column else Place(str(path))
        raise _error(where, what, "correct the cell or the name") from None


def _check_head(place: Place, head: list[str]) -> None:
    twice = next((name for n, name in enumerate(head) if name in head[:n]), None)
    if not head or "" in head:
        raise _error(place, "the first line must name every column", "write API names into it")
    if twice:
        raise _error(place, f"the column {twice} is there twice", "remove one")


def _error(place: Place, what: str, fix: str) -> ConfigError:
    return ConfigError(
        what,
        why="the sandbox takes tables whose columns the org has",
        safe=NOTHING_STARTED,
        fix=fix,
        place=place,
    )
