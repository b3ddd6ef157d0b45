"""What happened at an account, as a page that is read from the top."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from rich.markup import escape

from .screen import Screen

_MARKS = {
    "ticket": "red", "survey": "magenta", "usage": "cyan", "stage": "blue", "opportunity": "green", "contact": "green",
    "invoice": "yellow", "goal": "blue", "relationship": "blue", "score": "bold", "task": "yellow",
}  # fmt: skip


def chronicle(screen: Screen, document: Mapping[str, Any], count: int) -> None:
    """timeline/1: what is ahead, then the newest events month by month."""
    screen.line(f"[bold]{escape(str(document['name'] or document['id']))}[/]  up to {document['as_of']}")
    if document["ahead"]:
        screen.line("\n[bold]ahead[/]")
        for event in document["ahead"][:10]:
            _event(screen, event, "%d %b %Y")
    shown = document["events"][:count]
    for month, events in groupby(shown, key=lambda e: f"{e['on']:%B %Y}"):
        screen.line(f"\n[bold]{month}[/]")
        for event in events:
            _event(screen, event, "%d %b")
    left = len(document["events"]) - len(shown)
    if left:
        screen.line(f"\n{left:,} earlier ones: --count {len(document['events'])}")


def _event(screen: Screen, event: Mapping[str, Any], day: str) -> None:
    about = f"  [dim]{escape(event['product'])}[/]" if event["product"] else ""
    mark = _MARKS[event["kind"]]
    screen.line(f"  {event['on']:{day}}  [{mark}]{event['kind']:<12}[/] {escape(event['text'])}{about}")
