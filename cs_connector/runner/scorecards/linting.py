"""The scorecards of a project: what is wrong with them, what is hardly meant, and what the last run says of them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlglot import exp

from cs_connector.act.calling.rules import load_rules
from cs_connector.config import load
from cs_connector.errors import ConfigError, FormulaError, Place
from cs_connector.health import load_definitions
from cs_connector.health.linting.doubts import Doubt, Signal, conjuncts, doubts
from cs_connector.health.linting.mistakes import wrong
from cs_connector.health.linting.observed import observed
from cs_connector.language.expression import Formula, number, parse
from cs_connector.measure.metrics import Metrics
from cs_connector.runner.deciding import standing
from cs_connector.runner.engine import Engine

from . import claims

SCHEMA = "scorecard-lint/1"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer: an error stops a run, a warning does not."""

    level: Literal["error", "warning"]
    place: Place
    what: str
    why: str
    fix: str

    def document(self) -> dict[str, Any]:
        place = {"file": self.place.path, "line": self.place.line}
        return {"level": self.level, **place, "what": self.what, "why": self.why, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Linted:
    """`run` says whether the data of a last run was looked at; None where a mistake has to be mended first."""

    findings: tuple[Finding, ...]
    run: bool | None

    @property
    def errors(self) -> int:
        return sum(1 for f in self.findings if f.level == "error")

    def document(self) -> dict[str, Any]:
        """scorecard-lint/1."""
        found = [f.document() for f in self.findings]
        return {"schema": SCHEMA, "errors": self.errors, "last_run": self.run, "findings": found}


def lint(engine: Engine) -> Linted:
    """Every error of the files; without one, every warning: of the files, and of the data where there is a last run."""
    layers = [*engine.project.shipped, engine.project.root]
    types = claims.types(engine)
    errors = wrong(layers, types)
    if errors:
        return Linted(tuple(_error(error) for error in errors), None)
    definitions = load_definitions(layers)
    carried = {card for card in types.scorecards.values() if card}
    signals = _signals(engine.project.declarations("rules"), definitions.metrics)
    found = doubts(definitions, layers, signals, carried)
    ran = bool(engine.store.facts.files("health/snapshot"))
    if ran:
        with standing(engine) as con:
            found += observed(con, definitions, layers)
    return Linted(tuple(_warning(one) for one in found), ran)


def _error(error: ConfigError) -> Finding:
    return Finding("error", error.place or Place(""), error.what, error.why, error.fix)


def _warning(doubt: Doubt) -> Finding:
    return Finding("warning", doubt.place, doubt.what, doubt.why, doubt.fix)


def _signals(paths: Iterable[Path], metrics: Metrics) -> list[Signal]:
    """The metrics that rules look at where the score has no part in them. Raises ConfigError for a rule with a mistake."""
    found = []
    for path in paths:
        document = load(path)
        ((rule, _),) = load_rules([path], list(metrics.by_name))
        with suppress(FormulaError):  # where it looks at the score, it sees what the score sees
            names = _told(parse(rule.when, metrics.by_name.keys()), metrics)
            found.append(Signal(rule.rule, names, document.place(("when",)), rule.type))
    return found


def _told(when: Formula, metrics: Metrics) -> frozenset[str]:
    """What a condition looks at; a plain yes or no that must be no only keeps the rule quiet."""
    signs = [part for part in conjuncts(when.tree) if not _quiets(part, metrics)]
    return frozenset(column.name for part in signs for column in part.find_all(exp.Column))


def _quiets(part: exp.Expr, metrics: Metrics) -> bool:
    if not isinstance(part, exp.EQ) or not isinstance(part.left, exp.Column):
        return False
    zero = part.right == number(0)
    return zero and not metrics.by_name[part.left.name].unit
