"""The words of a task: who, why, what to do, and when it closes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from string import Formatter
from typing import Any

from cs_connector.health.words import Template, day

from .rules import Rule

SUBJECT, DESCRIPTION, SHORT, EVIDENCE = 80, 1500, 50, 3
Values = Mapping[str, Any]


@lru_cache(maxsize=256)
def _template(text: str) -> Template:
    """A text that was checked when its rule was read."""
    parts = tuple((before, name, kind or "plain") for before, name, kind, _ in Formatter().parse(text))
    return Template(text, parts, frozenset(name for _, name, _ in parts if name))


def filled(text: str, values: Values, today: date) -> str:
    return _template(text).fill(values, today)


def subject(rule: Rule, account: str, values: Values, today: date) -> str:
    """`Risk: Aurora Freight – decision maker scored 2/10`, at most 80 characters; the reason is never lost."""
    short = _cut(filled(rule.short, values, today), SHORT)
    room = SUBJECT - len(rule.type) - len(short) - 5
    return f"{rule.type}: {_cut(account, room)} – {short}"


def description(
    rule: Rule, values: Values, reason: str, relationship: str | None, evidence: Sequence[str], today: date
) -> str:
    """WHY, EVIDENCE, DO NEXT and CLOSES WHEN, at most 1,500 characters; what does not fit is left out of the evidence."""
    for count in range(min(len(evidence), EVIDENCE), -1, -1):
        text = _described(rule, values, reason, relationship, evidence[:count], today)
        if len(text) <= DESCRIPTION:
            return text
    return _cut(text, DESCRIPTION)


def _described(
    rule: Rule, values: Values, reason: str, relationship: str | None, evidence: Sequence[str], today: date
) -> str:
    about = [f"Relationship: {relationship}"] if relationship else []
    parts = {
        "WHY": [filled(rule.why, values, today), *([reason] if reason else [])],
        "EVIDENCE": [*(evidence or ["See the health fields of the account."]), *about],
        "DO NEXT": [f"{n}. {filled(step, values, today)}" for n, step in enumerate(rule.do, 1)],
        "CLOSES WHEN": [f"{filled(rule.closes_when, values, today)}."],
    }
    told = [f"{head}\n" + "\n".join(lines) for head, lines in parts.items()]
    return "\n\n".join([*told, "Not useful? Set CS Outcome."])


def ended(text: str, why: str, today: date) -> str:
    """The text of a task that is closed for its owner, because what it was about is over."""
    return _cut(f"Closed on {day(today)}: {why}.\n\n{text}", DESCRIPTION)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"
