"""How many records of an object are there, kept up by every fold so that nobody has to count them."""

from __future__ import annotations

import duckdb
import sqlalchemy as sa

from .facts import Facts
from .tables import feeds
from .upkeep import bound


def add(db: sa.Connection, connection: str, object_name: str, born: int, *, first: bool) -> None:
    """Note by how much the living became more; a number that was never counted stays unknown."""
    here = (feeds.c.connection == connection) & (feeds.c.object == object_name)
    if first:
        if db.execute(feeds.update().where(here).values(live=born)).rowcount == 0:
            row = {"connection": connection, "object": object_name, "complete": False, "live": born}
            db.execute(feeds.insert().values(row))
    elif born:
        db.execute(feeds.update().where(here, feeds.c.live.is_not(None)).values(live=feeds.c.live + born))


def count(facts: Facts, connection: str, object_name: str) -> int | None:
    """The number kept, or counted once where a store has records but no number."""
    here = (feeds.c.connection == connection) & (feeds.c.object == object_name)
    with facts.state.read() as db:
        known = db.scalar(sa.select(feeds.c.live).where(here))
    if known is not None or not facts.files(f"raw/{connection}/{object_name}"):
        return known
    with duckdb.connect() as con:
        bound(con)
        facts.latest(con, connection, object_name, "records")
        found = con.execute("SELECT count(*) FROM records WHERE NOT deleted").fetchall()[0][0]
    with facts.state.begin() as db:
        db.execute(feeds.update().where(here).values(live=found))
    return int(found)
