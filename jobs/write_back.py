"""write_back: plan, guard, and write what differs; a second run with nothing new writes nothing."""

from __future__ import annotations

import sqlalchemy as sa

from cs_connector.act import plan
from cs_connector.runner import Engine, WriteLine
from cs_connector.runner.applying import write
from cs_connector.runner.deciding import planned
from cs_connector.runner.plans import holding, permission
from cs_connector.runner.settling import settle
from cs_connector.runner.undoing import deleted
from cs_connector.store import tables


class WriteBack:
    name = "write_back"

    def __call__(self, engine: Engine) -> None:
        settle(engine)
        deleted.land(engine)
        digest = _digest(engine)
        if engine.stage_done(self.name, digest):
            engine.summary.skipped.append(self.name)
            return
        frozen = engine.project.state / "plans" / f"{engine.run}.parquet"
        with planned(engine) as (con, checks, held):
            missed = held.kept.missed
            for row in con.execute("SELECT connection, object, records FROM target ORDER BY ALL").fetchall():
                rejected = missed[row[0], row[1]]
                engine.summary.writes.append(
                    WriteLine(row[0], row[1], unchanged=max(0, row[2] - rejected), rejected=rejected)
                )
            counted = con.execute(
                "SELECT connection, count(*) FROM plan_change GROUP BY 1 ORDER BY 1"
            ).fetchall()
            engine.summary.notes += held.notes
            names = [name for name, _ in counted]
            permission.grant(engine, checks, names, whole=held.whole(len(names)))
            plan.freeze(con, frozen)
        holding.remember(engine, held.kept, held.away)
        try:
            clean = write(engine, plan.thaw(frozen), dict(counted), holding.watched(engine))
        finally:
            frozen.unlink()
        for error in held.away.values():  # everything else is written
            raise error
        if clean and not missed:
            engine.mark_stage(self.name, _digest(engine))


def _digest(engine: Engine) -> str:
    lost = [(s.connection, sorted((o, *sorted(f)) for o, f in s.unknown.items())) for s in engine.sources()]
    return engine.digest(["raw/", "entity/", "health/"], _marks(engine), lost)


def _marks(engine: Engine) -> list[tuple[object, ...]]:
    """What the store itself adds to the inputs of a plan: open calls, what was written, and what is still to be sent."""
    calls, told, left = tables.calls, tables.written, tables.outbox
    with engine.store.state.read() as db:
        opened = db.execute(sa.select(calls.c.key, calls.c.state, calls.c.sent).order_by(calls.c.key)).all()
        written = db.execute(sa.select(sa.func.count(), sa.func.max(told.c.at))).all()
        open_ = db.execute(sa.select(left.c.key, left.c.state).order_by(left.c.key)).all()
    return [tuple(row) for row in (*opened, *written, *open_)]


JOB = WriteBack()
