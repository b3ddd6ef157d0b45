"""May it be done? Limits that a plan must keep, each with its figure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf

import duckdb

from cs_connector.config.settings import Safety
from cs_connector.errors import GuardStopped

from . import begun, figures
from .begun import Begins
from .figures import Figure
from .past import Past
from .ways import PLAN, Way

FEW = 20.0  # no share allows fewer: small projects move by whole customers
FEW_AFTER = 3.0  # after a file has changed: it may be what moves them, and a small CRM has no twenty to lose
SHOWN = 8  # broken limits that are told one by one


@dataclass(frozen=True, slots=True)
class Check:
    """One limit of one connection: what was found, what is allowed, and what did it."""

    rule: str
    figure: float
    limit: float
    text: str
    connection: str = ""
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.figure <= self.limit

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{counted(self.figure, self.text)}, at most {self.limit:,.0f} allowed{detail}"


_NOUNS = ("records", "fields", "accounts", "tasks", "days")
_VERBS = {
    "lose their": "loses its", "lose": "loses", "change": "changes", "become customers": "becomes a customer", "end": "ends", "are": "is", "get": "gets",
}  # fmt: skip


def counted(figure: float, text: str) -> str:
    """How many of what; `text` says it of several."""
    if figure != 1:
        return f"{figure:,.0f} {text}"
    noun = next((noun for noun in _NOUNS if re.search(rf"\b{noun}\b", text)), None)
    one = re.sub(rf"\b{noun}\b", noun[:-1], text, count=1) if noun else text
    verbs = "|".join(_VERBS)
    return "1 " + re.sub(rf"\bthat ({verbs})\b", lambda found: f"that {_VERBS[found[1]]}", one)


TEXTS = {
    "scores changed": "records whose score changes",
    "scores moved": f"records whose score moves {figures.FAR} points or more",
    "scores cleared": "records that lose their score",
    "values cleared": "records that lose a value",
    "fields changed": "records in which one field is overwritten",
    "fields begun": "records in which a field that was never written by us is filled",
    "fields emptied": "fields that no record has a value of any more",
    "bands moved": "accounts that change band",
    "customers gained": "accounts that become customers",
    "relationships created": "new relationship records",
    "relationships ended": "relationship records that end",
    "records deleted": "records that are deleted",
    "tasks created": "new tasks",
    "tasks handed over": "open tasks that get another owner",
    "tasks per owner": "new tasks for one owner",
    "as of": "days between today and the day that is written",
}
_CLEARS = ("scores cleared", "values cleared", "relationships ended", "records deleted")
_FIRSTS = ("customers gained", "relationships created")  # all are new at first
# what a usual night does not do, and the share that every night may; scores and bands move when a month's figures come in,
# so that no night tells what is usual of them, and tasks follow them
_USUAL = dict.fromkeys(
    (
        "scores cleared", "values cleared", "fields changed", "customers gained", "relationships created",
        "relationships ended", "tasks handed over",
    ), 0.02,
) | {"tasks created": 0.1}  # fmt: skip


def inspect(
    con: duckdb.DuckDBPyConnection,
    safety: Safety,
    past: Past = Past(),  # noqa: B008 — frozen
    changed: Sequence[str] = (),
    begins: Begins = begun.nothing,
) -> list[Check]:
    """Every limit of every connection over `plan_change`, `target` and `wanted_…`; a first value in the CRM is no change.

    `past` are the plans before this one, and `changed` the declarations that differ from the newest of them. `begins` says
    of fields that they were never ours: their first values count.
    """
    figures.prepare(con)
    bounds = Bounds(safety, past, FEW_AFTER if changed else FEW)
    found = [_check(f, bounds) for f in figures.figures(con, begins, strict=bool(changed))]
    return [_explained(con, c) for c in found]


def dated(as_of: date, today: date) -> Check:
    """Scores of another day must not stand in the CRM as those of today; a plan may be a day old."""
    return Check("as of", abs((as_of - today).days), 1, TEXTS["as of"])


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a figure is held against; `few` records may always change."""

    safety: Safety
    past: Past
    few: float

    def share(self, share: float, of: float) -> float:
        """No share allows none."""
        return max(self.few, share * of) if share else 0.0

    def limit(self, figure: Figure) -> float:
        safety, rule = self.safety, figure.rule
        share = self.share(safety.max_changed_share, figure.of)
        if rule in _CLEARS:
            return max(self._always, safety.max_cleared_share * figure.of)
        if rule in _FIRSTS:
            return share if figure.of else max(share, figure.count)
        if rule == "scores changed" and share and figure.most <= self.few:
            return max(share, figure.count)  # an account and its relationship are one customer
        if rule == "bands moved":
            return self.share(safety.max_band_moves_share, figure.of)
        if rule == "tasks created":
            began = figure.there > 0 and self.past.began(
                figure.connection, rule
            )  # not if that run was killed
            return min(safety.max_created, share) if began else safety.max_created
        return {"fields emptied": 0.0, "tasks per owner": float(safety.max_tasks_per_owner)}.get(rule, share)

    def usual(self, figure: Figure) -> tuple[float, str]:
        """At most so many, as past plans tell it, and in words; any number where they do not."""
        ever = _USUAL.get(figure.rule)
        usual = None if ever is None else self.past.usual(figure.connection, figure.rule)
        if ever is None or usual is None:
            return inf, ""
        always = self._always if figure.rule in _CLEARS else 0.0
        most = max(self.few, always, ever * figure.of, usual * self.safety.max_times_usual)
        return most, f"usual are {usual:g}"

    @property
    def _always(self) -> float:
        """So many may be emptied whatever their share; after a file has changed no more than the few that anything may."""
        most = float(self.safety.max_cleared)
        return min(most, self.few) if self.few < FEW else most


def _check(figure: Figure, bounds: Bounds) -> Check:
    limit, detail = bounds.limit(figure), figure.detail
    most, usual = bounds.usual(figure)
    if most < limit:
        limit, detail = most, "; ".join(filter(None, (detail, usual)))
    return Check(figure.rule, figure.count, limit, TEXTS[figure.rule], figure.connection, detail)


def _explained(con: duckdb.DuckDBPyConnection, check: Check) -> Check:
    """A broken limit of scores says where the points are lost."""
    column = {"scores changed": "score", "scores moved": "score", "bands moved": "band"}.get(check.rule)
    if check.ok or column is None:
        return check
    mostly = figures.drivers(con, check.connection, column)
    detail = "; ".join(filter(None, (check.detail, f"most points are lost by {mostly}" if mostly else "")))
    return Check(check.rule, check.figure, check.limit, check.text, check.connection, detail)


def broken(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if not check.ok]


def enforce(checks: Sequence[Check], changed: Sequence[str] = (), way: Way = PLAN) -> None:
    """Raises GuardStopped naming every limit that the plan would break, and the declarations that have changed."""
    if stopped := broken(checks):
        raise GuardStopped(
            "the plan was stopped by a safety limit"
            if len(stopped) == 1
            else f"the plan was stopped by {len(stopped)} safety limits",
            why="; ".join(_why(stopped, changed)),
            safe="nothing was written to any CRM",
            fix=_fix(changed, way),
        )


def _why(stopped: Sequence[Check], changed: Sequence[str]) -> Iterator[str]:
    """What has changed first: it mostly is the one cause of all that follows."""
    if changed:
        yield f"changed since the last write: {named(changed)}"
    for check in stopped[:SHOWN]:
        yield f"{check.connection}: {check}" if check.connection else str(check)
    if len(stopped) > SHOWN:
        yield f"and {len(stopped) - SHOWN} more"


def _fix(changed: Sequence[str], way: Way) -> str:
    mend = f"if it is a mistake, mend {named(changed)}" if changed else "if it is a mistake, mend its cause"
    return f"see it with: {way.look}; {way.less or mend}; if it is right: {way.let}"


def named(files: Sequence[str], most: int = 4) -> str:
    more = f" and {len(files) - most} more" if len(files) > most else ""
    return ", ".join(files[:most]) + more


def figures_of(checks: Iterable[Check]) -> Mapping[str, Mapping[str, float]]:
    """Connection → rule → figure, as `past` keeps it."""
    found: dict[str, dict[str, float]] = {}
    for check in checks:
        found.setdefault(check.connection, {})[check.rule] = check.figure
    return found
