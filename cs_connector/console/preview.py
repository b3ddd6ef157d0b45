"""How an account comes about, attribute by attribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from .screen import Screen


def preview(screen: Screen, document: Mapping[str, Any]) -> None:
    """mapping-preview/1: each attribute, and under it what every record says; ✓ is what counts, ≠ says something else."""
    screen.line(f"[bold]{escape(str(document['name'] or document['id']))}[/]  {escape(document['id'])}")
    for record in document["records"]:
        screen.plain(f"  {record['connection']} {record['object']} {record['id']}")
    for one in document["attributes"]:
        if not one["said"] and not one["made_of"]:
            continue
        made_of = f"  [dim]from {one['made_of']}[/]" if one["made_of"] else ""
        screen.line(f"\n[bold]{one['attribute']}[/]  {_shown(one['value'])}{made_of}")
        for said in one["said"]:
            _said(screen, said)
    for aside in document["set_aside"]:
        screen.line(
            f"\n[red]set aside[/] {escape(' '.join(str(aside[k]) for k in ('connection', 'object', 'id')))}: {escape(aside['wrong'])}"
        )


def _said(screen: Screen, said: Mapping[str, Any]) -> None:
    mark = "[green]✓[/]" if said["counts"] else "[yellow]≠[/]" if said["disagrees"] else " "
    fields = ", ".join(f"{name} = {_raw(value)}" for name, value in said["fields"].items()) or "constant"
    read = (
        ""
        if [_raw(said["read"])] == [_raw(v) for v in said["fields"].values()]
        else f" → {_shown(said['read'])}"
    )
    screen.line(
        f"  {mark} [dim]{escape(said['connection'])} {escape(said['object'])}[/]  {escape(fields)}{read}"
    )


def _raw(value: Any) -> str:
    return "(empty)" if value in (None, "") else str(value)


def _shown(value: Any) -> str:
    return "[dim]unknown[/]" if value is None else escape(str(value))
