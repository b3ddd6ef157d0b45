"""score: metrics, scorecards, caps and roll-up, for today and the month ends before it."""

from __future__ import annotations

from cs_connector import health
from cs_connector.health import history, kept
from cs_connector.model import ENTITIES
from cs_connector.runner import Engine
from cs_connector.runner.deciding import scored
from cs_connector.runner.scorecards import configurations
from cs_connector.runner.summary import Scores

KEEPS = "scores and what they were based on"  # other words make every project score anew


class Score:
    name = "score"

    def __call__(self, engine: Engine) -> None:
        digest = engine.digest(["entity/"], KEEPS)
        if engine.stage_done(self.name, digest):
            engine.summary.skipped.append(self.name)
            engine.summary.scores = _counts(engine)
        else:
            engine.summary.scores = self._compute(engine)
            engine.mark_stage(self.name, digest)
            configurations.keep(engine)

    def _compute(self, engine: Engine) -> Scores:
        definitions = health.load_definitions([*engine.project.shipped, engine.project.root])
        with engine.talk.step("scores"), engine.tables([*ENTITIES, "link", "feed", "attachment"]) as con:
            engine.store.facts.attach(con, "measure/metric", "metric_before", _METRIC)
            engine.store.facts.attach(con, "health/snapshot", "snapshot_before", history.BEFORE)
            outcome = health.run(con, engine.as_of, definitions)
            snapshot = (
                "SELECT * REPLACE (round(coverage, 9) AS coverage, TIMESTAMP "
                f"'{engine.clock.now():%Y-%m-%d %H:%M:%S}' AS known_at) FROM snapshot"
            )
            published = {
                "measure/metric": "SELECT * FROM metric_value",
                "health/measure": "SELECT * FROM measure_score",
                "health/snapshot": snapshot,
                "health/scorecard": "SELECT * FROM scorecard",
            }
            if engine.as_of == engine.clock.now().date():  # a past that is computed today was not known then
                published |= kept.queries(engine.as_of, snapshot)
            engine.publish(con, published)
        kept.forget(engine.store.facts, engine.run, engine.clock.now().date())
        return Scores(outcome.computed, outcome.unknown, outcome.moved_band)


def _counts(engine: Engine) -> Scores:
    """The scores that stand: none moved since the last run."""
    with engine.tables() as con:
        scored(con, engine)
        row = con.execute(
            "SELECT count(*), count(*) FILTER (band = 'unknown') FROM snapshot "
            "WHERE entity = 'account' AND main AND on_date = $day",
            {"day": engine.as_of},
        ).fetchone()
    assert row is not None
    return Scores(*row)


_METRIC = {
    "relationship_id": "VARCHAR",
    "account_id": "VARCHAR",
    "metric": "VARCHAR",
    "on_date": "DATE",
    "value": "DOUBLE",
    "known": "BOOLEAN",
}

JOB = Score()
