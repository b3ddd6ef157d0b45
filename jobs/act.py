"""act: rules over scores become calls to action; those whose cause is gone are closed."""

from __future__ import annotations

import duckdb

from cs_connector.act import calls, rules
from cs_connector.act.desk import Desk
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
            _deleted(engine, con)
            desk = Desk(
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


def _deleted(engine: Engine, con: duckdb.DuckDBPyConnection) -> None:
    """Tasks that a person deleted in the CRM: `deleted_task`."""
    con.execute("CREATE OR REPLACE TABLE deleted_task(record_id VARCHAR)")
    latest = engine.latest(con)
    for source in engine.sources():
        for rule in source.mapping.write:
            if rule.source == "call" and source.connection == engine.home():
                con.execute(
                    f"INSERT INTO deleted_task SELECT id FROM {latest(source.connection, rule.object)} WHERE deleted"
                )


JOB = Act()
