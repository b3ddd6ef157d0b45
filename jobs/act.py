"""act: rules over scores become calls to action; those whose cause is gone are closed."""

from __future__ import annotations

from cs_connector.act import calls, rules
from cs_connector.measure.metrics import load_metrics
from cs_connector.runner import Engine
from cs_connector.runner.deciding import standing
from cs_connector.runner.summary import TaskLine


class Act:
    name = "act"

    def __call__(self, engine: Engine) -> None:
        digest = engine.digest(["entity/", "health/"])
        if engine.stage_done(self.name, digest):
            engine.summary.skipped.append(self.name)
            return
        with engine.talk.step("calls to action"), standing(engine) as con:
            metrics = sorted(load_metrics([*engine.project.shipped, engine.project.root]).by_name)
            listed = rules.load_rules(engine.project.declarations("rules"), metrics)
            rules.stand(con, metrics, engine.as_of)
            rules.fire(con, listed)
            desk = calls.Desk(
                engine.project.settings,
                engine.install_id(),
                engine.home(),
                engine.as_of,
                {rule.rule: rule for rule, _ in listed},
            )
            with engine.store.state.begin() as db:
                done = calls.decide(con, db, desk)
        held = sum(done.held.values())
        engine.summary.tasks = TaskLine(done.opened, done.updated, done.closed, held)
        engine.summary.held = dict(sorted(done.held.items()))
        engine.mark_stage(self.name, digest)


JOB = Act()
