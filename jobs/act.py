"""act: rules over scores become calls to action; those whose cause is gone are closed."""

from __future__ import annotations

from cs_connector.act import calls
from cs_connector.runner import Engine
from cs_connector.runner.deciding import judged, standing
from cs_connector.runner.summary import TaskLine


class Act:
    name = "act"

    def __call__(self, engine: Engine) -> None:
        digest = engine.digest(["entity/", "health/"])
        if engine.stage_done(self.name, digest):
            engine.summary.skipped.append(self.name)
            return
        with engine.talk.step("calls to action"), standing(engine) as con:
            desk = judged(engine, con, engine.as_of)
            with engine.store.state.begin() as db:
                done = calls.decide(con, db, desk)
        held = sum(done.held.values())
        engine.summary.tasks = TaskLine(done.opened, done.updated, done.closed, held)
        engine.summary.held = dict(sorted(done.held.items()))
        engine.mark_stage(self.name, digest)


JOB = Act()
