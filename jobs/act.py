"""act: rules over scores become calls to action; those whose cause is gone are closed."""

from __future__ import annotations

import sqlalchemy as sa

from cs_connector.act.outbox.refused import WRITE
from cs_connector.runner import Engine, judging
from cs_connector.runner.deciding import standing
from cs_connector.runner.identity import unfit
from cs_connector.runner.summary import TaskLine
from cs_connector.store.tables import refused


class Act:
    name = "act"

    def __call__(self, engine: Engine) -> None:
        digest = engine.digest(["entity/", "health/"], _refused(engine), sorted(unfit.users(engine)))
        if engine.stage_done(self.name, digest) and not judging.taken_back(engine):
            engine.summary.skipped.append(self.name)
        else:
            with engine.talk.step("calls to action"), standing(engine) as con:
                done = judging.act(engine, con)
            engine.summary.tasks = TaskLine(done.opened, done.updated, done.closed)
            engine.mark_stage(self.name, digest)
        engine.summary.held, engine.summary.waiting = judging.waiting(engine)
        engine.summary.tasks.held_back = sum(engine.summary.held.values())
        engine.summary.notes += judging.notes(engine)


def _refused(engine: Engine) -> list[tuple[object, ...]]:
    """What CRMs refused: a task may need another owner."""
    query = sa.select(refused.c.key, refused.c.at).where(refused.c.stage == WRITE).order_by(refused.c.key)
    with engine.store.state.read() as db:
        return [tuple(row) for row in db.execute(query)]


JOB = Act()
