"""What has to be right before anybody is scored, beside the files themselves: who is claimed by which scorecard, and the day."""

from __future__ import annotations

from datetime import date
from typing import Any

from cs_connector.config import load
from cs_connector.errors import UsageError
from cs_connector.health.linting.mistakes import Types, misassigned
from cs_connector.language.executor import Connection, sql
from cs_connector.language.expression import parse
from cs_connector.model import ENTITIES
from cs_connector.runner.engine import Engine
from cs_connector.unify.relations.rulebook import load_rulebook

_BEGUN = {"relationship": "start_on", "subscription": "start_on", "account": "customer_since"}


def types(engine: Engine) -> Types:
    """The relationship types of the project, each with the scorecard that it carries."""
    path = engine.project.mapping("relationships")
    book = load_rulebook(path)
    return Types(load(path), {name: kind.scorecard for name, kind in book.types.items()})


def check(engine: Engine) -> None:
    """Raises ConfigError for a type that there is not, one that two scorecards claim, and a scorecard that is never in force."""
    for error in misassigned([*engine.project.shipped, engine.project.root], types(engine)):
        raise error


def reached(con: Connection, as_of: date) -> None:
    """Raises UsageError for a day before any data: nothing would be known of anybody."""
    dates = {name: e.dated or _BEGUN.get(name) for name, e in ENTITIES.items()}
    oldest_of = [
        f'SELECT min(CAST({_day(name, day)} AS DATE)) AS day FROM "{name}"'
        for name, day in dates.items()
        if day
    ]
    query = " UNION ALL ".join(oldest_of)
    row: tuple[Any, ...] | None = con.execute(f"SELECT min(day) FROM ({query})").fetchone()
    oldest = row[0] if row else None
    if oldest is not None and as_of < oldest:
        raise UsageError(
            f"there is no data of {as_of} or of a day before",
            why=f"the oldest is of {oldest}",
            safe="nothing was computed",
            fix=f"name a day from {oldest} on with --as-of",
        )


def _day(entity: str, formula: str) -> str:
    return sql(parse(formula, [column.name for column in ENTITIES[entity].columns]).tree)
