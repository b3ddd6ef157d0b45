"""score --plan: what a change of the configuration would do to everybody's score, before it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cs_connector.errors import UsageError
from cs_connector.health import Definitions, history, load_definitions
from cs_connector.health.causes import Cause, causes, main_cause
from cs_connector.health.compare import Moved, compare, moved, stayed, total, unfit
from cs_connector.health.differences import differences
from cs_connector.language.executor import Connection
from cs_connector.model import ENTITIES
from cs_connector.runner.engine import Engine

from . import claims, configurations, earlier

SCHEMA = "score-plan/1"
Money = dict[str, float]


def make(engine: Engine, against: Path | None) -> dict[str, Any]:
    """score-plan/1: the project's files held against those of the last run, or of a folder. Nothing is written.

    Raises UsageError where there is nothing to compare and for a day before any data, ConfigError with file and line.
    """
    if not engine.store.facts.files("entity/account"):
        raise UsageError(
            "there is nobody to score yet",
            why="this project has no data",
            safe="nothing was written",
            fix="cs-connector run --dry-run",
        )
    after = load_definitions(configurations.layers(engine))
    reference = configurations.of_folder(engine, against) if against else configurations.last(engine)
    with reference as (named, before), engine.tables([*ENTITIES, "link", "feed", "attachment"]) as con:
        claims.reached(con, engine.as_of)
        earlier.attach(engine, con)
        engine.store.facts.attach(con, "health/snapshot", "snapshot_before", history.BEFORE)
        with engine.talk.step("scores by both configurations") as tick:
            compare(con, engine.as_of, before, after, tick=tick)
        return _document(con, named, before, after) | {"as_of": engine.as_of.isoformat()}


def _document(con: Connection, named: str, before: Definitions, after: Definitions) -> dict[str, Any]:
    totals = total(con)
    because: dict[tuple[str, str], list[Moved]] = defaultdict(list)
    accounts = []
    for one in moved(con, before, after):
        found = causes(one, before, after)
        cause = main_cause(found, one)
        because[(cause.kind, cause.name) if cause else ("rounding", "")].append(one)
        accounts.append(_account(one, found))
    kept, down, up = stayed(con)
    lacking = unfit(con)
    return {
        "schema": SCHEMA,
        "as_of": None,
        "against": named,
        "differences": differences(before, after),
        "accounts": sum(row[3] for row in totals),
        "revenue": _revenue((row[2], row[4]) for row in totals),
        "changed": {
            "accounts": len(accounts),
            "revenue": _revenue((row[2], row[4]) for row in totals if row[0] != row[1]),
        },
        "score_only": {"accounts": kept, "down": down, "up": up},
        "no_scorecard": {
            side: _lacking(row for row in lacking if row[0] == side) for side in ("before", "after")
        },
        "bands": list(_bands(totals)),
        "because": list(_because(because)),
        "changes": accounts,
    }


def _revenue(amounts: Iterable[tuple[str, float | None]]) -> Money:
    """By currency: amounts in several are not added up."""
    found: Money = defaultdict(float)
    for currency, amount in amounts:
        found[currency] += amount or 0
    return {currency: round(found[currency], 2) for currency in sorted(found) if found[currency]}


def _lacking(found: Iterable[tuple[str, str, int, float | None]]) -> dict[str, Any]:
    """How many relationships have a score by the other configuration alone, and what they pay."""
    rows = list(found)
    return {
        "relationships": sum(row[2] for row in rows),
        "revenue": _revenue((row[1], row[3]) for row in rows),
    }


def _bands(totals: Iterable[tuple[str, str, str, int, float]]) -> Iterator[dict[str, Any]]:
    pairs: dict[tuple[str, str], list[tuple[str, str, str, int, float]]] = defaultdict(list)
    for row in totals:
        if row[0] != row[1]:
            pairs[row[0], row[1]].append(row)
    for (one, two), rows in sorted(pairs.items()):
        money = _revenue((row[2], row[4]) for row in rows)
        yield {"from": one, "to": two, "accounts": sum(row[3] for row in rows), "revenue": money}


def _because(found: Mapping[tuple[str, str], list[Moved]]) -> Iterator[dict[str, Any]]:
    """What did most of each change of band, the most frequent first."""
    for (kind, name), rows in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        money = _revenue((row.currency, row.revenue) for row in rows)
        yield {"kind": kind, "name": name or None, "accounts": len(rows), "revenue": money}


def _account(one: Moved, found: Iterable[Cause]) -> dict[str, Any]:
    first, second = one.accounts
    return {
        "id": one.account_id,
        "name": one.name,
        "segment": one.segment,
        "from": {"band": first.band, "score": first.score, "scorecard": first.scorecard},
        "to": {"band": second.band, "score": second.score, "scorecard": second.scorecard},
        "coverage": [round(first.coverage, 4), round(second.coverage, 4)],
        "revenue": one.revenue,
        "currency": one.currency or None,
        "renewal_on": one.renewal_on.isoformat() if one.renewal_on else None,
        "because": [{"kind": c.kind, "name": c.name or None, "points": round(c.points, 6)} for c in found],
    }
