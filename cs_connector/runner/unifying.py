"""What unify needs of a project, for the job and for questions about what was known earlier."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import duckdb

from cs_connector.errors import ConfigError
from cs_connector.model import LINK
from cs_connector.unify.declared import silence
from cs_connector.unify.declared.precedence import Precedence, load_precedence
from cs_connector.unify.population import Customers, Population, load_customers
from cs_connector.unify.relations.rulebook import Rulebook, load_rulebook
from cs_connector.unify.run import FeedMark, unify

from .engine import Engine
from .identity.decisions import before

PREVIOUS = {c.name: c.type for c in LINK.columns}


def rulebook(engine: Engine) -> Rulebook:
    """The relationships that the project declares. Raises ConfigError with file and line."""
    cards = [path.stem for path in engine.project.declarations("scorecards") if path.stem != "assign"]
    return load_rulebook(engine.project.mapping("relationships"), cards)


def precedence(engine: Engine) -> Precedence:
    """Who is believed where systems disagree. Raises ConfigError with file and line."""
    return load_precedence(engine.project.layers, list(engine.project.settings.connections))


def customers(engine: Engine) -> Customers:
    """Who is a customer. Raises ConfigError with file and line."""
    return load_customers(engine.project.mapping("customers"))


def declared(engine: Engine) -> tuple[Customers, Rulebook, Precedence]:
    """All that a project declares for unify, beside its mappings. Raises ConfigError with file and line."""
    return customers(engine), rulebook(engine), precedence(engine)


def mistakes(engine: Engine) -> list[ConfigError]:
    """The first mistake of each of these files."""
    found = []
    for load in (customers, rulebook, precedence):
        try:
            load(engine)
        except ConfigError as error:
            found.append(error)
    return found


def resolve(engine: Engine, con: duckdb.DuckDBPyConnection, marks: Iterable[FeedMark]) -> Population:
    """Unify what `read` staged; entities keep the ids that they have in the last published links."""
    engine.store.facts.attach(con, "entity/link", "links_before", PREVIOUS)
    con.execute("CREATE TABLE previous_link AS SELECT * FROM links_before")
    before(engine, con)
    engine.store.facts.attach(con, "entity/subscription", silence.BEFORE, silence.KEPT)
    return unified(engine, con, marks, engine.as_of)


def unified(
    engine: Engine, con: duckdb.DuckDBPyConnection, marks: Iterable[FeedMark], as_of: date
) -> Population:
    """The same where `previous_link` is there already."""
    who, book, believed = declared(engine)
    fallback = engine.project.settings.tasks.fallback_owner
    return unify(con, engine.sources(), marks, who, as_of, fallback, book, believed)
