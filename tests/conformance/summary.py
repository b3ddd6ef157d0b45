"""The two tables at the end of a run: what the clients of strangers did, and how near recorded answers are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CLIENT, OPERATIONS, SHARE = "client", "operations", "recorded_share"


def lines(stats: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """Markdown, as docs/sandbox.md quotes it; nothing where no such test ran."""
    reports = [
        (how, dict(r.user_properties)) for how in ("passed", "failed", "skipped") for r in _calls(stats, how)
    ]
    yield from _clients(reports)
    yield from _shares(reports)


def _calls(stats: Mapping[str, Sequence[Any]], how: str) -> list[Any]:
    return [r for r in stats.get(how, ()) if hasattr(r, "user_properties")]


def _clients(reports: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for how, properties in reports:
        if CLIENT in properties:
            found.setdefault(properties[CLIENT], []).extend([how] * properties.get(OPERATIONS, 1))
    if found:
        yield from ("", "| client | operations | passed |", "|---|---|---|")
    for client, how in sorted(found.items(), key=lambda item: item[0].lower()):
        yield f"| {client} | {len(how)} | {how.count('passed')} |"


def _shares(reports: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    found = [json.loads(p[SHARE]) for _, p in reports if SHARE in p]
    if found:
        yield from (
            "",
            "| recorded at | exchanges | simulated | the same | points | the same |",
            "|---|---|---|---|---|---|",
        )
    for share in sorted(found, key=lambda s: str(s["crm"])):
        same = share["points"] - share["differences"]
        yield (
            f"| {share['crm']} | {share['exchanges']} | {share['simulated']} | {share['same'] / share['simulated']:.1%} |"
            f" {share['points']} | {same / share['points']:.2%} |"
        )
