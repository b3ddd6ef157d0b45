"""What each step of a metric leaves, for an account or in a run, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from rich.markup import escape
from rich.table import Column, Table

from .screen import Screen

MOST = 6  # columns of a step that are shown; --json has all


def preview(screen: Screen, document: Mapping[str, Any]) -> None:
    """measure-preview/1: the steps with their rows, then the metrics of each relationship."""
    screen.line(f"[bold]{escape(document['study'])}[/]  on {document['on']}")
    for step in document["steps"]:
        _step(screen, step)
    if not document["steps"]:
        screen.line("  no steps: what the relationship itself says")
    for row in document["values"]:
        _values(screen, row, document["metrics"])
    if not document["values"]:
        screen.line("\nno relationship of this account is scored on this day")


def steps(screen: Screen, document: Mapping[str, Any]) -> None:
    """measure-steps/1: how many rows came to each step, and how many it left."""
    screen.line(f"run {document['run']}")
    for study in document["studies"]:
        screen.line(f"\n[bold]{escape(study['study'])}[/]")
        for step in study["steps"]:
            screen.line(f"  {step['step']:>2} {step['kind']:<10}{_passed(step)}")
    if not document["studies"]:
        screen.line("\nnothing of it was computed in this run: what was measured before is kept")


def _passed(step: Mapping[str, Any]) -> str:
    came, left = (f"{rows:>14,}" if rows is not None else f"{'–':>14}" for rows in _rows(step))
    grown = step["kind"] == "merge" and all(_rows(step)) and step["rows_out"] > step["rows_in"]
    factor = f"  [yellow]![/] {step['rows_out'] / step['rows_in']:.3g} times" if grown else ""
    return f"{came} → {left} rows{factor}"


def _rows(step: Mapping[str, Any]) -> tuple[int | None, int | None]:
    return step["rows_in"], step["rows_out"]


def _step(screen: Screen, step: Mapping[str, Any]) -> None:
    came = "" if step["rows_in"] is None else f"{step['rows_in']:,} → "
    screen.line(
        f"\n[bold]{step['step']} {step['kind']}[/]  {came}{step['rows_out']:,} rows  [dim]a row is a {escape(step['row'])}[/]"
    )
    if step["factor"]:
        screen.line(f"  [yellow]![/] each row was found {step['factor']:.3g} times")
    if step["rows"]:
        names, hidden = _columns(step["rows"])
        screen.out.print(_table(step["rows"], names))
        if hidden:
            screen.line(f"  [dim]not shown, but in --json: {escape(', '.join(hidden))}[/]")
        more = step["rows_out"] - len(step["rows"])
        screen.line(f"  [dim]and {more:,} more[/]" if more > 0 else "")


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """The columns that say something to a person, the newest of them last, and those that are left out."""
    names = [n for n in rows[0] if n != "today" and not n.endswith("_id")]
    told = [n for n in names if any(row[n] is not None for row in rows)][-MOST:]
    return told, [n for n in names if n not in told]


def _table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Table:
    table = Table(
        *(Column(name, overflow="fold") for name in names),
        box=None,
        header_style="dim",
        pad_edge=False,
        padding=(0, 1, 0, 2),
    )
    for row in rows:
        table.add_row(*(shown(row[name]) for name in names))
    return table


def _values(screen: Screen, row: Mapping[str, Any], metrics: Mapping[str, Mapping[str, str]]) -> None:
    screen.line(f"\n[bold]{escape(str(row['name'] or row['relationship_id']))}[/]")
    for name, metric in metrics.items():
        screen.line(f"  {name:<28}{_value(row[name], metric['unit'])}  [dim]{escape(metric['title'])}[/]")


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "[dim]unknown[/]"
    return f"{100 * value:.4g} %" if unit == "share" else f"{shown(value)} {escape(unit)}".strip()


def shown(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "[dim]–[/]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value) if isinstance(value, date) else escape(str(value))
