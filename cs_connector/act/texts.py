"""The words of a task: who, why, what to do, and when it closes."""

from __future__ import annotations

from .rules import Rule

SUBJECT, DESCRIPTION = 80, 1500


def subject(rule: Rule, account: str) -> str:
    """`Risk: Aurora Freight – red, renews within 120 days`, at most 80 characters."""
    room = SUBJECT - len(rule.type) - len(rule.short) - 5
    name = account if len(account) <= room else account[: room - 1].rstrip() + "…"
    return f"{rule.type}: {name} – {rule.short}"


def description(rule: Rule, reason: str, relationship: str) -> str:
    """WHY, EVIDENCE, DO NEXT and CLOSES WHEN, at most 1,500 characters."""
    steps = "\n".join(f"{n}. {step}" for n, step in enumerate(rule.do, 1))
    text = (
        f"WHY\n{rule.why}\n\nEVIDENCE\n{reason or 'See the health fields of the account.'}\n"
        f"Relationship: {relationship}\n\nDO NEXT\n{steps}\n\nCLOSES WHEN\n{rule.closes_when}.\n\n"
        "Not useful? Set CS Outcome."
    )
    return text if len(text) <= DESCRIPTION else text[: DESCRIPTION - 1] + "…"
