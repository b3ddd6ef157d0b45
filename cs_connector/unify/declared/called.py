"""What a link may go by instead of the id of a record: an e-mail address, or the domain of a company."""

from __future__ import annotations

import duckdb

from cs_connector.model import Entity
from cs_connector.unify.lexicon.words import FREE
from cs_connector.unify.sql import ident, literal

BY = {"email": ("person", "user"), "domain": ("account",)}
"""The attribute, and the entities that it tells."""
_HOST = r"^(?:[a-z]+://)?(?:[^@/]*@)?(?:www\.)?([^/:?]*).*$"


def reference(by: str, text: str) -> str:
    """SQL: the reference that a text makes; a domain may be written as an address of the web or of e-mail."""
    plain = f"lower(trim({text}))"
    told = f"regexp_extract({plain}, {literal(_HOST)}, 1)" if by == "domain" else plain
    return f"{literal(f'{by}:')} || nullif({told}, '')"


def add(con: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Add to `reference` what the attributes of an entity refer to, where they are of one alone.

    A domain that anybody can have is nobody's.
    """
    for by in (by for by, told in BY.items() if entity.name in told):
        con.execute(
            f"INSERT INTO reference SELECT {literal(entity.name)}, ref, min(id) FROM (SELECT {entity.key} AS id, "
            f"{reference(by, ident(by))} AS ref FROM {ident(entity.name)}) WHERE ref IS NOT NULL "
            "AND ref NOT IN (SELECT 'domain:' || unnest($free)) GROUP BY ref HAVING count(*) = 1",
            {"free": sorted(FREE)},
        )
