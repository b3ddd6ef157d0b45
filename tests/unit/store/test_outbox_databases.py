"""The outbox does the same on every database: planned, sent, refused, looked up, and what was told is kept."""

from __future__ import annotations

import sqlalchemy as sa

from cs_connector.act import outbox
from cs_connector.act.outbox import Outbox, refused, written
from cs_connector.ports import Receipt, Verdict
from cs_connector.store import leases, tables
from cs_connector.store.store import Store
from cs_connector.testing import FixedClock, System
from tests.unit.outbox_kit import OTHER, TASK, Line, task


def test_what_becomes_of_changes_on_every_database(store: Store) -> None:
    clock = FixedClock()
    lease = leases.take(store.state, "run", "me", clock)
    box = Outbox(store.state, lease, "r1", config_hash="c")
    crm = Line(System((TASK, OTHER)))
    crm.said = lambda c: Receipt(c.key, Verdict.UNKNOWN) if c.key == "k3" else None
    assert box.lay([task("k1"), task("k2", "far too long a text"), task("k3")]) == []
    (tally,) = outbox.send(box, {"crm": crm})
    assert (tally.created, tally.rejected, tally.unknown) == (1, 1, 1)
    assert outbox.recover(box, {"crm": crm}).undone == 1
    with store.state.begin() as db:
        assert list(refused.known(db, "c")) == ["crm|Task|k2"]
        assert [row.name for row in written.unread(db, "crm", "Task")] == ["k1"]
        (told,) = written.last(db, "crm", "Task", list(crm._system.rows["Task"]))
        assert told.fields == '{"Subject":"call"}'
        assert db.scalar(sa.select(sa.func.count()).select_from(tables.outbox)) == 0
        assert refused.retry(db, "crm", None, "k2") == ["crm|Task|k2"]
