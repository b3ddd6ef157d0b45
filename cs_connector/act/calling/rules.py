"""Rules as data: when a relationship needs somebody, who that is, and by when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cs_connector.config.documents import Document, load, validate
from cs_connector.errors import ConfigError
from cs_connector.health.words import template
from cs_connector.language import executor
from cs_connector.language.expression import parse_condition
from cs_connector.model import DATE, NUMBER

CallType = Literal["Risk", "Renewal", "Onboarding", "Adoption", "Feedback", "Advocacy", "Expansion", "Trial"]
STANDING = {
    "is_red": "red now, by what is known",
    "is_yellow": "yellow now, by what is known",
    "is_green": "green now, by what is known",
    "was_green": "green about a month before",
    "known_score": "score by what is known",
    "value_change": "points by what the customer did in about a month",
    "value_score": "score that what the customer did makes of the one a month before",
    "value_red": "red by what the customer did in about a month",
    "is_trial": "a trial",
    "has_owner": "somebody active looks after it, and not only the fallback",
    "tenure": "days since it began",
    "account_red": "something of its account is red now, by what is known",
    "contradictions": "contradictions of its account now: what is said against what is done",
    "top_third": "in the upper third by yearly revenue, among those of its currency",
}
MOVING = frozenset({"value_change", "value_score", "value_red"})
SCORES = frozenset({"is_red", "is_yellow", "is_green", "known_score", *MOVING})
"""Names that hover with the score: who speaks of them waits for a second day where it is close."""
BACK = 3
"""Month ends that a condition may look back to: `known_score_1` is that of the last one, `_2` of the one before."""
DATES = {"renewal_on": DATE}


class Rule(BaseModel):
    """One rule file. `when` is a formula over metrics and the standing of a relationship.

    Standing: is_red, is_yellow, is_green (now, by what is known), known_score; and against the month end at least
    SETTLED days before: was_green, value_score (what facts alone make of the score of then), value_red (that is red) and
    value_change (by how many points; never by coverage, configuration or a broken feed). A metric, or known_score, with `_1`, `_2` or `_3` is
    that of the last month end and of those before.
    `level: account` raises it once for an account, at its largest relationship; `level: book` once for all, about those
    for which it holds. `short` is said in the subject, `why` in the text; both may name {metrics}. `contact` says who at
    the customer it is about.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: Literal[1]
    rule: str
    rank: int
    type: CallType
    level: Literal["relationship", "account", "book"] = "relationship"
    when: str
    to: Literal["csm", "renewal_manager", "sales", "manager"] = "csm"
    contact: Literal["decision_maker", "champion", "unhappy"] | None = None
    due_days: int = Field(ge=0)
    cool_down_days: int = Field(default=30, ge=0)
    short: str = Field(max_length=100)
    why: str
    do: tuple[str, ...] = Field(max_length=3)
    closes_when: str


def load_rules(paths: Sequence[Path], metrics: Sequence[str]) -> list[tuple[Rule, str]]:
    """Rules in order of rank, each with its condition as SQL. Raises ConfigError with file and line."""
    found = [_compiled(load(path), metrics) for path in paths]
    return sorted(found, key=lambda pair: (pair[0].rank, pair[0].rule))


def _compiled(document: Document, metrics: Sequence[str]) -> tuple[Rule, str]:
    rule = validate(Rule, document)
    known = names(metrics)
    try:
        formula = parse_condition(rule.when, known)
    except ConfigError as error:
        raise document.told(("when",), error) from None
    for at, text in _texts(rule):
        template(document, at, text, {*known, *DATES})
    return rule, executor.sql(formula.tree)


def _texts(rule: Rule) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of a rule that may name metrics, with its place in the file."""
    yield ("short",), rule.short
    yield ("why",), rule.why
    yield ("closes_when",), rule.closes_when
    for index, step in enumerate(rule.do):
        yield ("do", index), step


def names(metrics: Sequence[str]) -> dict[str, str]:
    """What a condition may speak of, with its type."""
    backs = [f"{name}_{back}" for name in ("known_score", *metrics) for back in range(1, BACK + 1)]
    return dict.fromkeys((*backs, *metrics, *STANDING), NUMBER)
