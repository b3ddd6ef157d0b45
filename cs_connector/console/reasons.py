"""Why a score changed, and why something did not happen: trees that a customer-success manager reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rich.markup import escape

from .screen import Screen, band, figure

_KINDS = {
    "value": "what the customer did",
    "cap": "facts that cap the score",
    "coverage": "what we know, or no longer know",
    "configuration": "how we judge",
    "roll_up": "how relationships make up the account",
}
_READINGS = {
    "known": "each day as it was known then",
    "restated": "both days by what is known and configured now",
}
_MARKS = {True: "[green]yes[/]", False: "[red]no [/]", None: "[yellow]?  [/]"}
_OTHER = {"known": "restated", "restated": "known"}


def why_changed(screen: Screen, document: Mapping[str, Any]) -> None:
    """why-changed/1: the two scores, then the points of each part, then its lines, the largest first."""
    was, now = document["from"], document["to"]
    screen.line(
        f"[bold]{escape(str(document['name'] or document['id']))}[/]  {_head(was, now, document['change'])}"
    )
    screen.line(f"[dim]{_how(document)}[/]")
    if document["change"] is None:
        screen.line(_undecided(was))
    for kind, title in _KINDS.items():
        lines = [line for line in document["lines"] if line["kind"] == kind]
        points = (document["parts"] or {}).get(kind, 0.0)
        if lines or points:
            _part(screen, title, points, lines)
    if document["parts"] is not None:
        _sum(screen, document)


def _head(was: Mapping[str, Any] | None, now: Mapping[str, Any], change: int | None) -> str:
    head = f"{band(now['band'], now['score'])} on {_day(now['on'])}"
    if was is None:
        return head
    score = "unknown" if was["score"] is None else f"{was['score']:.0f} {was['band']}"
    moved = "" if change is None else f" ({change:+d})"
    return f"{head}, was {score} on {_day(was['on'])}{moved}"


def _how(document: Mapping[str, Any]) -> str:
    was, now, reading = document["from"], document["to"], document["reading"]
    card = escape(now["scorecard"])
    if was and was["scorecard"] != now["scorecard"]:
        card = f"{escape(was['scorecard'])}, now {card}"
    return f"{_READINGS[reading]}{_other(document)}; scorecard {card}"


def _other(document: Mapping[str, Any]) -> str:
    """How to ask for the other reading, where both of its days are there."""
    other = _OTHER[document["reading"]]
    days = [str(day) for day in document["days"][other]]
    was, now = document["from"], document["to"]
    there = was and {was["on"], now["on"]} <= set(days)
    return f" (the other reading: --reading {other})" if there else ""


def _undecided(was: Mapping[str, Any] | None) -> str:
    if was is None:
        return "It had no score on the first day: it was no customer yet, or its relationships had not begun."
    which = "first" if was["score"] is None else "second"
    return f"Nothing was known on the {which} day, so there are no points to share out."


def _part(screen: Screen, title: str, points: float, lines: Sequence[Mapping[str, Any]]) -> None:
    screen.line(f"\n{_points(points)}  [bold]{title}[/]")
    for line in sorted(lines, key=lambda n: (-abs(n["points"]), n["measure"] or n["override"] or "")):
        text = f"{line['title']}: {line['text']}" if line["title"] else line["text"]
        screen.line(f"    {_points(line['points'])}  {escape(text)}")


def _sum(screen: Screen, document: Mapping[str, Any]) -> None:
    """What is left over by rounding, of the scores and of the parts above; then the difference."""
    shown = sum(round(document["parts"][kind], 1) for kind in _KINDS)
    screen.line(f"\n{_points(document['change'] - shown)}  rounding")
    screen.line(f"[bold]{_points(document['change'])}  together[/]")


def _points(value: float) -> str:
    return f"{round(value, 1) + 0.0:+8.1f}"


def why_not(screen: Screen, document: Mapping[str, Any]) -> None:
    """why-not/1: what stood in the way, and everything else that was looked at."""
    name = escape(str(document["name"] or document["id"]))
    if document["list"]:
        listed = "is" if document["listed"] else "is not"
        screen.line(
            f"[bold]{name}[/]  {listed} in the list of accounts that need attention on {document['as_of']}"
        )
        screen.plain(f"  {document['because']}")
        return
    screen.line(f"[bold]{name}[/]  rule {escape(document['rule'])}, by the scores of {document['as_of']}")
    for each in document["relationships"]:
        screen.line(f"\n[bold]{escape(str(each['name'] or each['id']))}[/]: {escape(each['because'])}")
        for check in each["checks"]:
            text = document["when"] if check["name"] == "condition" else check["text"]
            screen.line(f"  {_MARKS[check['ok']]} {escape(text)}")
            if check["name"] == "condition":
                _condition(screen, each["condition"], document["words"], 2)
    if not document["relationships"]:
        screen.plain(f"  no rule speaks of it: {document['because']}")


def _condition(screen: Screen, condition: Mapping[str, Any], words: Mapping[str, Any], level: int) -> None:
    """A formula as a tree: what all of, or any of, has to hold, and with which values it does or does not."""
    mark = f"{'  ' * level}{_MARKS[condition['holds']]}"
    if condition["parts"]:
        screen.line(f"{mark} {condition['joined']} of")
        for part in condition["parts"]:
            _condition(screen, part, words, level + 1)
        return
    values = "; ".join(_value(words[name], value) for name, value in condition["values"].items())
    screen.line(f"{mark} {escape(condition['text'])}  [dim]{escape(values)}[/]")


def _value(word: Mapping[str, Any], value: float | None) -> str:
    told = "unknown" if value is None else f"{figure(value)} {word['unit']}".rstrip()
    return f"{word['title']}: {told}"


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day} {day:%b %Y}"
