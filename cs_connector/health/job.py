"""The whole of it: from entities to scores, bucket by bucket."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from cs_connector.health import basis, carry, history, rollup, scoring, sentences
from cs_connector.health.scorecard import Definitions
from cs_connector.language.executor import Connection
from cs_connector.measure import contradictions, evaluate

BUCKET = 50_000  # relationships at a time: memory follows this, not the number of customers


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to, for its summary; relationships by the scorecard in force."""

    computed: int
    unknown: int
    moved_band: int


def run(con: Connection, as_of: date, definitions: Definitions, *, bucket: int = BUCKET) -> Outcome:
    """Score every relationship, account and group at as_of and at six month ends before it.

    Needs a table or view an entity, `link` and `feed`; the views `metric_before` (earlier metric rows) and
    `snapshot_before` (the snapshots of the run before) where there was an earlier run. Leaves `metric_value`,
    `measure_score`, `snapshot`, `scorecard` and `contradiction`.
    """
    count = evaluate.prepare(con, as_of, definitions.metrics)
    scoring.begin(con)
    sentences.begin(con)
    cards: set[str] = set()
    for low in range(1, max(count, 1) + 1, bucket):
        cards |= score_bucket(con, definitions, low, low + bucket, cards)
    rollup.roll_up(con)
    history.publish(con)
    evaluate.publish(con, definitions.metrics)
    scoring.publish(con, definitions, cards)
    basis.publish(con, definitions, cards)
    contradictions.publish(con)
    return _outcome(con, as_of)


def score_bucket(
    con: Connection, definitions: Definitions, low: int, high: int, made: Collection[str]
) -> set[str]:
    """Measure and score the relationships numbered low ≤ r < high; gives the scorecards that they use."""
    evaluate.evaluate(con, definitions.metrics, low, high)
    evaluate.keep(con, definitions.metrics, low == 1)
    carry.ready(con, definitions)
    used = scoring.choose(con, definitions)
    for name in sorted(used):
        card = definitions.cards[name]
        scoring.score(con, card, name not in made)
        sentences.write(con, card, definitions)
    return used


def _outcome(con: Connection, as_of: date) -> Outcome:
    """Counts of accounts at as_of; a band moved if the run before gave another one as its latest."""
    row = con.execute(
        """
        WITH before AS (SELECT entity_id, arg_max(band, on_date) AS band FROM snapshot_before
            WHERE entity = 'account' AND main AND on_date <= $day GROUP BY entity_id)
        SELECT count(*), count(*) FILTER (n.band = 'unknown'), count(*) FILTER (n.band <> p.band)
        FROM snapshot AS n LEFT JOIN before AS p USING (entity_id)
        WHERE n.entity = 'account' AND n.main AND n.on_date = $day
        """,
        {"day": as_of},
    ).fetchone()
    assert row is not None
    return Outcome(*row)
