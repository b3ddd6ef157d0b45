"""score: metrics, scorecards, caps and roll-up, for today and the month ends before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, replace

from cs_connector import health
from cs_connector.health import Outcome, history, kept
from cs_connector.measure import tally
from cs_connector.measure.days import Days
from cs_connector.measure.months import Months
from cs_connector.model import ENTITIES
from cs_connector.runner import Engine
from cs_connector.runner.deciding import scored
from cs_connector.runner.reading import absent
from cs_connector.runner.scorecards import claims, configurations, earlier, outcomes
from cs_connector.runner.summary import MonthsLine, Scores

KEEPS = "scores, what they were based on and what explains them"  # other words make every project score anew


class Score:
    name = "score"

    def __call__(self, engine: Engine) -> None:
        absent.tell(engine)
        digest = engine.digest(["entity/"], KEEPS)
        if engine.stage_done(self.name, digest):
            engine.summary.skipped.append(self.name)
            engine.summary.scores = _counts(engine)
        else:
            engine.summary.scores = self._compute(engine)
            engine.mark_stage(self.name, digest)
            configurations.keep(engine)

    def _compute(self, engine: Engine) -> Scores:
        claims.check(engine)
        definitions = health.load_definitions([*engine.project.shipped, engine.project.root])
        months = Months(engine.store.facts, engine.run, engine.lease)
        days = Days(engine.store.facts, engine.run, engine.lease)
        counted = tally.under(months.under(definitions.metrics))
        definitions = replace(definitions, metrics=days.under(counted))
        with engine.talk.step("scores"), engine.tables([*ENTITIES, "link", "feed", "attachment"]) as con:
            claims.reached(con, engine.as_of)
            earlier.attach(engine, con)
            engine.store.facts.attach(con, "health/snapshot", "snapshot_before", history.BEFORE)
            outcome = Outcome()

            def parts() -> Iterator[dict[str, str]]:
                nonlocal outcome
                for part in health.parts(con, engine.as_of, definitions):
                    outcome += part
                    yield _published(engine)
                if engine.as_of < engine.clock.now().date():
                    yield {"measure/past": earlier.later(engine.as_of)}

            engine.publish_parts(con, parts())
            days.keep(con)
            tally.keep(con, counted, engine.store.facts, engine.run, engine.clock.now(), engine.lease)
            outcomes.keep(engine, con)
            earlier.keep(engine, con)
        engine.summary.months = [MonthsLine(*astuple(one)) for one in months.told]
        kept.forget(engine.store.facts, engine.run, engine.clock.now().date())
        return Scores(outcome.computed, outcome.unknown, outcome.moved_band)


def _published(engine: Engine) -> dict[str, str]:
    """What is published of a part, as dataset → query; rows of an account lie side by side, so that they are found by its id."""
    now = engine.clock.now()
    snapshot = f"SELECT * REPLACE (round(coverage, 9) AS coverage, TIMESTAMP '{now:%Y-%m-%d %H:%M:%S}' AS known_at) FROM snapshot"
    published = {
        "measure/metric": "SELECT * FROM metric_value",
        "measure/past": "SELECT * FROM metric_past",
        "health/measure": "SELECT * FROM measure_score",
        "health/snapshot": f"{snapshot} ORDER BY account_id",
        "health/scorecard": "SELECT * FROM scorecard",
        "health/outline": "SELECT * FROM outline",
        "health/contradiction": "SELECT * FROM contradiction ORDER BY account_id, relationship_id, on_date, place",
    }
    if engine.as_of == now.date():  # a past that is computed today was not known then
        published |= kept.queries(engine.as_of, snapshot)
    return published


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


JOB = Score()
