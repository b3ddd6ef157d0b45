"""Contradictions on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from rich.markup import escape

from .screen import Screen, band


def contradictions(screen: Screen, document: Mapping[str, Any]) -> None:
    """contradictions/1: under each kind of contradiction the customers, those who pay most first."""
    found = document["contradictions"]
    for title, rows in groupby(found, key=lambda row: row["title"]):
        listed = list(rows)
        screen.line(f"[bold]{escape(title)}[/]  {len(listed):,}")
        for row in listed:
            _customer(screen, row)
        screen.line()
    screen.line(f"{len(found):,} contradictions as of {document['as_of']}")


def _customer(screen: Screen, row: Mapping[str, Any]) -> None:
    money = "–" if row["revenue"] is None else f"{row['revenue']:,.0f} {row['currency'] or ''}".strip()
    name = row["relationship_name"] or row["name"] or row["account"]
    last = "" if row["known"] else " (by what was last known)"
    screen.line(f"  {band(row['band'], row['score'])}  [bold]{escape(str(name))}[/]  {money} a year")
    screen.line(f"      {escape(row['text'])}{last}; {escape(str(row['owner'] or 'nobody'))} looks after it")
