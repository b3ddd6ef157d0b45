"""act: rules over scores become calls to action; those whose cause is gone are closed."""

from __future__ import annotations

from cs_connector.runner import Engine, judging
from cs_connector.runner.deciding import standing
from cs_connector.runner.summary import TaskLine


class Act:
    name = "act"

    def __call__(self, engine: Engine) -> None:
        digest = engine.digest(["entity/", "health/"])
        if engine.stage_done(self.name, digest):
            engine.summary.skipped.append(self.name)
        else:
            with engine.talk.step("calls to action"), standing(engine) as con:
                done = judging.act(engine, con)
            engine.summary.tasks = TaskLine(done.opened, done.updated, done.closed)
            engine.mark_stage(self.name, digest)
        engine.summary.held, engine.summary.waiting = judging.waiting(engine)
        engine.summary.tasks.held_back = sum(engine.summary.held.values())
        engine.summary.notes += judging.notes(engine)


JOB = Act()
