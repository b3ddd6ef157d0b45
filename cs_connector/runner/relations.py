"""Relationships for people: those of one account with their stages and people, or how all of them stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb

from cs_connector.errors import UsageError
from cs_connector.model import ENTITIES

from .engine import Engine
from .finding import find
from .known import known
from .perspectives import perspective

TABLES = {
    "stage_reached": {
        "relationship_id": "VARCHAR", "account_id": "VARCHAR", "place": "INTEGER", "stage": "VARCHAR",
        "reached_on": "DATE", "due_on": "DATE", "state": "VARCHAR", "days_late": "BIGINT",
    },
    "relationship_person": {
        "relationship_id": "VARCHAR", "person_id": "VARCHAR", "role": "VARCHAR", "named": "BOOLEAN",
    },
    "relationship_issue": {"relationship_id": "VARCHAR", "kind": "VARCHAR", "detail": "VARCHAR"},
    "attached": {"entity": "VARCHAR", "how": "VARCHAR", "rows": "BIGINT"},
}  # fmt: skip
_SNAPSHOT = {
    "entity": "VARCHAR", "entity_id": "VARCHAR", "main": "BOOLEAN", "on_date": "DATE", "score": "INTEGER", "band": "VARCHAR",
}  # fmt: skip
_BAND = """CREATE OR REPLACE TEMP VIEW band AS SELECT entity_id AS relationship_id, arg_max(band, on_date) AS band,
arg_max(score, on_date) AS score FROM snapshot WHERE main AND entity = 'relationship' AND on_date <= DATE '{day}' GROUP BY 1"""
_ONE = """SELECT r.relationship_id AS id, r.name, r.type, r.product, r.region, r.status, r.stage, u.name AS owner, r.owner_source,
r.start_on, r.previous_end_on, r.renewal_on, r.end_on, r.arr::DOUBLE AS arr, a.currency, b.score, b.band
FROM relationship r JOIN account a USING (account_id) LEFT JOIN band b USING (relationship_id)
LEFT JOIN "user" u ON u.user_id = r.owner_user_id WHERE r.account_id = $id ORDER BY r.status = 'Ended', r.arr DESC, r.name"""
_STAGES = "SELECT stage, state, reached_on, due_on, days_late FROM stage_reached WHERE relationship_id = $id ORDER BY place"
_PEOPLE = """SELECT n.role, p.name, n.named FROM relationship_person n JOIN person p USING (person_id)
WHERE n.relationship_id = $id ORDER BY n.named DESC, n.role, p.name"""
_POPULATION = """SELECT customer_status, status_reason, count(*) FROM account GROUP BY ALL
ORDER BY customer_status NULLS LAST, count(*) DESC, status_reason"""
_ODD = "SELECT kind, detail FROM relationship_issue WHERE relationship_id = $id ORDER BY ALL"


@contextmanager
def unified(engine: Engine, known_on: date | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The entities as last unified, or as known on a day, with `band` and the tables of TABLES. Raises UsageError."""
    if known_on is not None:
        with known(engine, known_on) as con:
            _banded(engine, con, known_on)
            yield con
        return
    if not engine.store.facts.files("entity/relationship"):
        raise UsageError("nothing has been unified yet", safe="nothing was changed", fix="cs-connector run")
    with engine.tables([*ENTITIES, "link"]) as con:
        for name, columns in TABLES.items():
            engine.store.facts.attach(con, f"unify/{name}", name, columns)
        _banded(engine, con, engine.as_of)
        yield con


def _banded(engine: Engine, con: duckdb.DuckDBPyConnection, day: date) -> None:
    engine.store.facts.attach(con, "health/snapshot", "snapshot", _SNAPSHOT)
    con.execute(_BAND.format(day=day))


def of_account(engine: Engine, id_: str, known_on: date | None = None) -> dict[str, Any]:
    """relationships/1 of one account: each relationship with its stages, people and what is odd about it. Raises UsageError."""
    with unified(engine, known_on) as con:
        found = find(con, id_)
        query = "SELECT account_id, name, customer_status, status_reason FROM account WHERE account_id = $id OR account_id = (SELECT account_id FROM relationship WHERE relationship_id = $id)"
        ((account, name, status, reason),) = con.execute(query, {"id": found}).fetchall()
        rows = _rows(con, _ONE, account)
        for row in rows:
            row["stages"] = _rows(con, _STAGES, row["id"])
            row["people"] = _rows(con, _PEOPLE, row["id"])
            row["issues"] = _rows(con, _ODD, row["id"])
    said = {"id": account, "name": name, "customer_status": status, "status_reason": reason}
    return {"schema": "relationships/1", **said, "relationships": rows}


def overview(engine: Engine, known_on: date | None = None) -> dict[str, Any]:
    """relationships-overview/1: by type, what is odd, and how rows of every entity found their relationships."""
    with unified(engine, known_on) as con:
        odd = con.execute(
            "SELECT i.kind, r.name, i.relationship_id, i.detail FROM relationship_issue i JOIN relationship r USING (relationship_id) ORDER BY ALL"
        ).fetchall()
        people = con.execute(_POPULATION).fetchall()
        attached = con.execute("SELECT entity, how, rows FROM attached ORDER BY ALL").fetchall()
        return {
            "schema": "relationships-overview/1",
            "population": [dict(zip(("status", "reason", "accounts"), row, strict=True)) for row in people],
            "types": perspective(con, "type")["groups"],
            "issues": [dict(zip(("kind", "name", "id", "detail"), row, strict=True)) for row in odd],
            "attached": [dict(zip(("entity", "how", "rows"), row, strict=True)) for row in attached],
        }


def seen_by(engine: Engine, by: str, known_on: date | None = None) -> dict[str, Any]:
    """perspective/1: the customers by one of perspectives.BY. Raises UsageError."""
    with unified(engine, known_on) as con:
        day = known_on or engine.as_of
        return {"schema": "perspective/1", "as_of": day, **perspective(con, by)}


def _rows(con: duckdb.DuckDBPyConnection, query: str, id_: str) -> list[dict[str, Any]]:
    found = con.execute(query, {"id": id_})
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
