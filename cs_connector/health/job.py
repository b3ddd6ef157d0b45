"""The whole of it: from entities to scores, bucket by bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cs_connector.health import (
    basis,
    contradictions,
    history,
    outcomes,
    outline,
    scoring,
)
from cs_connector.health.reasons import sentences
from cs_connector.health.rolling import rollup
from cs_connector.health.scorecard import Definitions
from cs_connector.health.silence import carry
from cs_connector.language.executor import Connection
from cs_connector.measure import evaluate

BUCKET = 20_000  # relationships at a time: memory follows this, not the number of customers
PARTS = {
    "metric_value": "VIEW", "measure_score": "VIEW", "snapshot": "TABLE", "contradiction": "TABLE", "scorecard": "TABLE",
    "outline": "TABLE", "metric_past": "TABLE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run or a part of it came to, for its summary: accounts by the scorecard in force."""

    computed: int = 0
    unknown: int = 0
    moved_band: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.computed + other.computed, self.unknown + other.unknown, self.moved_band + other.moved_band
        )


def run(con: Connection, as_of: date, definitions: Definitions, *, bucket: int = BUCKET) -> Outcome:
    """Score every relationship, account and group at as_of and at six month ends before it.

    Needs a table or view an entity, `link` and `feed`; the views `metric_before` (earlier metric rows) and
    `snapshot_before` (the snapshots of the run before) where there was an earlier run. Leaves `metric_value`, `metric_past`,
    `measure_score`, `snapshot`, `scorecard`, `outline` and `contradiction`, all in memory: see `parts` for many customers.
    """
    outcome, first = Outcome(), True
    for part in parts(con, as_of, definitions, bucket=bucket):
        outcome += part
        for name in PARTS:
            verb = f"CREATE OR REPLACE TEMP TABLE all_{name} AS" if first else f"INSERT INTO all_{name}"
            con.execute(f"{verb} SELECT {_as_text(con, name)} FROM {name}")
        first = False
    for name, kind in PARTS.items():
        con.execute(f"CREATE OR REPLACE TEMP {kind} {name} AS SELECT * FROM all_{name}")
    return outcome


def _as_text(con: Connection, name: str) -> str:
    """The columns of a table, those of a few words as text."""
    columns = con.execute(f"DESCRIBE {name}").fetchall()
    return ", ".join(f"{c}::VARCHAR AS {c}" if kind.startswith("ENUM") else c for c, kind, *_ in columns)


def parts(
    con: Connection, as_of: date, definitions: Definitions, *, bucket: int = BUCKET
) -> Iterator[Outcome]:
    """The same part by part: PARTS are the rows of some accounts each time, and with the last part those of groups.

    `scorecard` and `outline` are of the scorecards that no part before used.
    """
    evaluate.prepare(con, as_of, definitions.metrics)
    begin(con, definitions)
    cards: set[str] = set()
    buckets = evaluate.buckets(con, bucket)
    for low, high in buckets:
        evaluate.evaluate(con, definitions.metrics, low, high)
        used = judge(con, definitions, last=(low, high) == buckets[-1])
        basis.publish(con, definitions, used - cards)
        outline.publish(con, definitions, used - cards)
        cards |= used
        yield _outcome(con, as_of)


def begin(con: Connection, definitions: Definitions) -> None:
    """Nothing is scored yet."""
    scoring.begin(con, definitions.cards.values())
    rollup.begin(con, _way(definitions))
    outcomes.begin(con)


def judge(con: Connection, definitions: Definitions, *, last: bool) -> set[str]:
    """Make PARTS of the relationships in `wide`, with the groups after the `last` of them; gives the scorecards that are used."""
    scoring.begin(con, definitions.cards.values())
    sentences.begin(con)
    contradictions.begin(con)
    carry.ready(con, definitions)
    _measured(con, definitions)
    contradictions.find(con, definitions.contradictions, definitions.used)
    used = scoring.choose(con, definitions)
    for name in sorted(used):
        scoring.score(con, definitions.cards[name], definitions.bands)
        sentences.write(con, definitions.cards[name], definitions)
    rollup.accounts(con, _way(definitions))
    if last:
        rollup.groups(con, _way(definitions))
    history.publish(con, last=last)
    evaluate.publish(con, definitions.metrics)
    scoring.publish(con, definitions, used)
    return used


def _measured(con: Connection, definitions: Definitions) -> None:
    """Make `metric_wide` of the bucket."""
    listed = ", ".join(f'"m_{name}"' for name in definitions.metrics.by_name)
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW metric_wide AS SELECT relationship_id, account_id, today AS on_date, {listed} FROM ready"
    )


def _way(definitions: Definitions) -> rollup.Way:
    return rollup.Way(definitions.roll_up, definitions.bands)


def _outcome(con: Connection, as_of: date) -> Outcome:
    """Counts of accounts at as_of; a band moved if the run before gave another one as its latest."""
    row = con.execute(
        """
        WITH before AS (SELECT entity_id, arg_max(band, on_date) AS band FROM line_before
            WHERE entity = 'account' AND main AND on_date <= $day GROUP BY entity_id)
        SELECT count(*), count(*) FILTER (n.band = 'unknown'), count(*) FILTER (n.band <> p.band)
        FROM snapshot AS n LEFT JOIN before AS p USING (entity_id)
        WHERE n.entity = 'account' AND n.main AND n.on_date = $day
        """,
        {"day": as_of},
    ).fetchone()
    assert row is not None
    return Outcome(*row)
