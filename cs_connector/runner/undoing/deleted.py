"""What a run deleted is known to be gone before it is read again, so that a plan that is made right after it is true."""

from __future__ import annotations

from itertools import groupby

import sqlalchemy as sa

from cs_connector.ports import Verdict
from cs_connector.runner import shrink
from cs_connector.runner.engine import Engine
from cs_connector.store.tables import audit


def land(engine: Engine) -> None:
    """Land the records that this run deleted as deleted: what it changed is known already, by what it wrote."""
    mine = (audit.c.run == engine.run) & (audit.c.verdict == Verdict.DELETED) & audit.c.record_id.is_not(None)
    columns = (audit.c.connection, audit.c.object, audit.c.record_id)
    with engine.store.state.read() as db:
        rows = db.execute(sa.select(*columns).where(mine).order_by(*columns)).all()
    for (connection, name), group in groupby(rows, key=lambda row: (row.connection, row.object)):
        shrink.land(engine, connection, name, [row.record_id for row in group])
