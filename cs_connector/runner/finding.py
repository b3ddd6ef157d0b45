"""What is meant by an id or a name that a person gives."""

from __future__ import annotations

import duckdb

from cs_connector.errors import UsageError


def find(con: duckdb.DuckDBPyConnection, id_: str) -> str:
    """The entity that an entity id, a record (its id, or connection/object/id) or an exact name means."""
    record = "concat_ws('/', connection, object, record_id)"
    found = con.execute(
        "SELECT DISTINCT account_id, name FROM account WHERE account_id = $id OR name = $id UNION "
        "SELECT DISTINCT relationship_id, name FROM relationship WHERE relationship_id = $id OR name = $id OR key = $id UNION "
        f"SELECT DISTINCT entity_id, entity FROM link WHERE entity = 'account' AND $id IN (record_id, {record})",
        {"id": id_},
    ).fetchall()
    entities = sorted({row[0] for row in found})
    if len(entities) == 1:
        return str(entities[0])
    if entities:
        raise UsageError(
            f"{id_!r} means {len(entities)} things",
            safe="nothing was changed",
            fix=f"name one: {', '.join(entities)}",
        )
    from rapidfuzz import process  # only a name that is not known is compared with all

    names = [row[0] for row in con.execute("SELECT name FROM account WHERE name IS NOT NULL").fetchall()]
    close = process.extractOne(id_, names, score_cutoff=60)
    raise UsageError(
        f"there is no account called {id_!r}",
        why="it is no entity id, no record id and no exact name",
        safe="nothing was changed",
        fix=f"did you mean {close[0]!r}?" if close else "look at cs-connector export",
    )
