"""Caps that let go, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from .screen import Screen


def released(screen: Screen, document: Mapping[str, Any]) -> None:
    """released/1: one customer in two lines, the newest first."""
    for row in document["released"]:
        name = row["relationship_name"] or row["name"] or row["relationship"]
        after = "unknown" if row["score_after"] is None else row["score_after"]
        screen.line(
            f"[bold]{escape(str(name))}[/]  {escape(row['override'])} held it at {row['cap']} on {row['held_on']}, "
            f"and no more on {row['released_by']}: {after}"
        )
        screen.line(f"    {escape(_why(row['retired']))}")
    screen.line(f"{len(document['released']):,} caps let go in the days that the last run scored")


def _why(retired: Mapping[str, str] | None) -> str:
    if retired is None:
        return "its evidence was not known any more, and what was last known grew too old"
    return f"{retired['by']} retired {retired['metric']} on {retired['on']}: {retired['why']} ({retired['file']})"
