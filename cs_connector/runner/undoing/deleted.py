"""What we deleted is known to be gone before it is read again, so that a plan that is made right after it is true."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from cs_connector.ports import Verdict
from cs_connector.runner import shrink
from cs_connector.runner.engine import Engine
from cs_connector.store.tables import audit, stages

STAGE = "deleted"  # its digest is the last row of the audit that was looked at


def land(engine: Engine) -> None:
    """Land the records that were deleted since this was last done as deleted, also those of a run that was killed.

    What was changed is known already, by what was written. What was read after it was deleted is believed.
    """
    with engine.store.state.read() as db:
        done = int(db.scalar(sa.select(stages.c.digest).where(stages.c.name == STAGE)) or 0)
        last = db.scalar(sa.select(sa.func.max(audit.c.id))) or 0
        mine = audit.c.id.between(done + 1, last) & (audit.c.verdict == Verdict.DELETED)
        columns = (audit.c.connection, audit.c.object, audit.c.record_id, audit.c.at)
        query = sa.select(*columns).where(mine, audit.c.record_id.is_not(None)).order_by(*columns)
        rows = db.execute(query).all() if last > done else []
    for (connection, name), group in groupby(rows, key=lambda row: (row.connection, row.object)):
        shrink.land(
            engine, connection, name, _held(engine, connection, name, ((r.record_id, r.at) for r in group))
        )
    if last > done:
        engine.mark_stage(STAGE, str(last))


def _held(engine: Engine, connection: str, name: str, gone: Iterable[tuple[str, datetime]]) -> list[str]:
    """The ids that we hold as alive, read before they were deleted."""
    listed = [(record, at.replace(tzinfo=None)) for record, at in gone]
    with duckdb.connect() as con:
        engine.store.facts.latest(con, connection, name, "records")
        times = pa.array([at for _, at in listed], pa.timestamp("us"))
        con.register("gone", pa.table({"id": [key for key, _ in listed], "at": times}))
        found = con.execute(
            "SELECT DISTINCT id FROM records JOIN gone USING (id) WHERE NOT deleted AND known_at <= gone.at ORDER BY id"
        )
        return [key for (key,) in found.fetchall()]
