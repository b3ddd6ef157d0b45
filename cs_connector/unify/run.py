"""The whole of unify: raw records in, entities, links and feeds out, as tables of one connection."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from cs_connector.model import ENTITIES, RELATIONSHIP

from . import aliases, entities, hierarchy, owners, population, relationships
from .declared import silence
from .declared.precedence import NOTHING, Precedence
from .extraction import stage
from .population import Customers, Population
from .relations import oddities
from .relations.rulebook import Rulebook
from .source import Latest, Source
from .sql import ident


@dataclass(frozen=True, slots=True)
class FeedMark:
    """How far an object of a connection was read completely."""

    connection: str
    object: str
    complete: bool
    watermark: datetime | None


def read(con: duckdb.DuckDBPyConnection, sources: Sequence[Source], latest: Latest) -> str:
    """Read the mapped attributes of every record into staging tables, `alias`, `quarantine` and `seen`.

    Returns a digest of what was read: our own writes come back in the records, but not in it.
    """
    con.execute("SET checkpoint_threshold = '1TB'")  # tables that live for a run need no tidying
    con.execute("CREATE OR REPLACE TABLE connection_crm(connection VARCHAR, crm VARCHAR)")
    for source in sources:
        con.execute("INSERT INTO connection_crm VALUES (?, ?)", [source.connection, source.crm])
    aliases.collect(con, sources, latest)
    stage(con, sources, latest)
    aliases.follow(con, sources)
    return _digest(con)


def _digest(con: duckdb.DuckDBPyConnection) -> str:
    """Independent of the order of rows: the sum and the exclusive or of the hashes of all of them."""
    total = hashlib.sha256()
    told = ", ".join(f"CAST({ident(c.name)} AS VARCHAR)" for c in RELATIONSHIP.staged if c.name != "key")
    words = f"(SELECT * FROM stage_relationship WHERE coalesce({told}) IS NOT NULL)"
    plain = [f"stage_{name}" for name in sorted(ENTITIES) if name != RELATIONSHIP.name]
    for table in [*plain, words, "alias", "quarantine"]:
        rows = con.execute(
            f"SELECT count(*), coalesce(bit_xor(h), 0), coalesce(sum(h), 0) FROM (SELECT hash(t) AS h FROM {table} t)"
        ).fetchall()
        total.update(repr((table, rows)).encode())
    return total.hexdigest()


def unify(
    con: duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    feeds: Iterable[FeedMark],
    customers: Customers,
    as_of: date,
    fallback_owner: str | None,
    book: Rulebook | None = None,
    precedence: Precedence = NOTHING,
) -> Population:
    """Fill the entity tables, `link`, `feed`, `unowned`, `mixed_currency`, `disagreement` and what relationships.derive makes from what `read` staged.

    Expects `previous_link` (may be empty) with the columns of model.LINK. Without `book` relationships are as they ship.
    """
    book = book or Rulebook()
    from . import identity  # what compares names is heavy

    _distinct(con, sources)
    silence.hold(con, sources)
    identity.resolve(con, as_of)
    entities.assemble(con, as_of, precedence)
    entities.normalise(con)
    hierarchy.climb(con)
    relationships.derive(con, book, as_of, precedence)
    entities.mention(con, sources)
    counted = population.count(con, customers, as_of)
    owners.assign(con, book, fallback_owner)
    oddities.find(con)
    _feeds(con, sources, feeds)
    return counted


def _distinct(con: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> None:
    con.execute("CREATE OR REPLACE TABLE distinct_object(entity VARCHAR, connection VARCHAR, object VARCHAR)")
    for source in sources:
        for entity, name in sorted({(r.entity, r.object) for r in source.mapping.read if r.distinct}):
            con.execute("INSERT INTO distinct_object VALUES (?, ?, ?)", [entity, source.connection, name])


def _feeds(con: duckdb.DuckDBPyConnection, sources: Sequence[Source], feeds: Iterable[FeedMark]) -> None:
    """A feed of an entity is as far as the least far of the objects that it comes from."""
    marks = {(f.connection, f.object): f for f in feeds}
    con.execute(
        "CREATE OR REPLACE TABLE feed(entity VARCHAR, connection VARCHAR, complete BOOLEAN, watermark TIMESTAMP)"
    )
    for source in sources:
        objects: dict[str, list[FeedMark | None]] = {}
        for rule in source.mapping.read:
            objects.setdefault(rule.entity, []).append(marks.get((source.connection, rule.object)))
        for entity, found in sorted(objects.items()):
            complete = all(f is not None and f.complete for f in found)
            times = [f.watermark for f in found if f is not None and f.watermark is not None]
            con.execute(
                "INSERT INTO feed VALUES (?, ?, ?, ?)",
                [entity, source.connection, complete, min(times) if times else None],
            )
