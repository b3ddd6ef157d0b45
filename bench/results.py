"""The rows of a bench: how they are judged, printed and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

VERDICTS = {True: "yes", False: "no", None: "–"}


class Row(msgspec.Struct, frozen=True):
    """`ratio` is ours over against; the goal is for the ratio, or for `ours` where there is none."""

    area: str
    name: str
    ours: float
    against: float | None
    ratio: float | None
    goal: float | None
    met: bool | None
    note: str


def judge(area: str, name: str, ours: float, against: float | None, goal: float | None, note: str) -> Row:
    """A row with its ratio and verdict; no goal, no verdict."""
    ratio = ours / against if against else None
    figure = ours if ratio is None else ratio
    met = None if goal is None else figure <= goal
    return Row(area, name, round(ours, 4), _short(against), _short(ratio), goal, met, note)


def show(rows: Sequence[Row]) -> None:
    table = Table("area", "what", "ours", "against", "ratio", "goal", "met", "note")
    for row in rows:
        figures = (_text(figure) for figure in (row.ours, row.against, row.ratio))
        goal = "none set" if row.goal is None else f"≤ {row.goal:g}"
        table.add_row(row.area, row.name, *figures, goal, VERDICTS[row.met], row.note)
    Console(width=160).print(table)


def keep(path: Path, rows: Sequence[msgspec.Struct]) -> None:
    """A JSON list with a row a line, so that what is added to it is as many lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"[\n" + b",\n".join(map(msgspec.json.encode, rows)) + b"\n]\n")


def added(path: Path, rows: Sequence[Row]) -> list[Row]:
    """The rows that were kept before, but for those measured anew, and then these: a part of the bench leaves the others' figures."""
    before = msgspec.json.decode(path.read_bytes(), type=list[Row]) if path.exists() else []
    anew = {(row.area, row.name) for row in rows}
    return [*(row for row in before if (row.area, row.name) not in anew), *rows]


def _text(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:,.3g}" if figure < 1000 else f"{figure:,.0f}"


def _short(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)
