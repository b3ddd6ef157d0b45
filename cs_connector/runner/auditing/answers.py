"""Who wrote what, when and from what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cs_connector.errors import UsageError
from cs_connector.runner.engine import Engine
from cs_connector.runner.finding import find
from cs_connector.store.audit.finding import Question, Row, export, rows
from cs_connector.store.tables import audit, calls, runs


def write_out(engine: Engine, file: Path) -> int:
    """Every row as a line of JSON. Raises UsageError for a file that is there already."""
    with engine.store.state.read() as db:
        try:
            target = file.open("xb")
        except FileExistsError:
            raise UsageError(
                f"{file} exists already", safe="nothing was written", fix="choose another name"
            ) from None
        with target:
            return export(db, target)


def question(
    engine: Engine,
    run: str | None,
    record: str | None,
    account: str | None,
    field: str | None,
    since: date | None,
) -> Question:
    """What is asked for. Raises UsageError for an account that nobody knows, and for one and a record at once."""
    if record and account:
        raise UsageError(
            "--record and --account ask for two things", safe="nothing was changed", fix="use one of them"
        )
    records = frozenset([record]) if record else None
    return Question(
        run, _records(engine, account) if account else records, field, midnight(since) if since else None
    )


def _records(engine: Engine, account: str) -> frozenset[str]:
    """The ids of the records of an account, and the keys of its relationships, calls and snapshots."""
    with engine.tables(("account", "relationship", "link")) as con:
        entity = find(con, account)
        found = con.execute(
            "SELECT record_id FROM link WHERE entity = 'account' AND entity_id = $id UNION SELECT key FROM relationship "
            "WHERE $id IN (account_id, relationship_id) UNION SELECT $id",
            {"id": entity},
        ).fetchall()
    mine = (calls.c.account_id == entity) | (calls.c.relationship_id == entity)
    with engine.store.state.read() as db:
        keys = db.scalars(sa.select(calls.c.key).where(mine)).all()
        snapshots = audit.c.key.startswith(f"{entity} ", autoescape=True)
        dated = db.scalars(sa.select(audit.c.key).where(snapshots)).all()
    return frozenset([*(row[0] for row in found if row[0]), *keys, *dated])


def answers(engine: Engine, asked: Question) -> dict[str, Any]:
    """audit/1: the rows, oldest first, with the day whose scores a run wrote and the account that a record is of."""
    with engine.store.state.read() as db:
        found = list(rows(db, asked))
        scored = sa.select(runs.c.id, runs.c.as_of).where(runs.c.job != "provision")
        days = {r.id: r.as_of for r in db.execute(scored)}
    names = _names(engine, found)
    return {
        "schema": "audit/1",
        "rows": [
            {
                **row.document(),
                "as_of": days.get(row.run),
                "account": names.get((row.connection, row.record_id or "")),
            }
            for row in found
        ],
    }


def _names(engine: Engine, found: Sequence[Row]) -> dict[tuple[str, str], str]:
    """The names of the accounts whose records were written, by connection and record."""
    if not found or not engine.store.facts.datasets("entity/account"):
        return {}
    with engine.tables(("account", "link")) as con:
        told = con.execute(
            "SELECT connection, record_id, name FROM link JOIN account ON account_id = entity_id "
            "WHERE entity = 'account' AND name IS NOT NULL ORDER BY ALL"
        ).fetchall()
    wanted = {(row.connection, row.record_id) for row in found}
    return {(c, r): name for c, r, name in told if (c, r) in wanted}


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
