"""Sentences for every relationship of a bucket: read the judged rows, write the table `words`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cs_connector.health.levers import Part
from cs_connector.health.reason import Scored, driver, next_step, override_reason, reason
from cs_connector.health.scorecard import Card, Definitions, Measure
from cs_connector.health.words import Template
from cs_connector.language.executor import Connection

COLUMNS = ("relationship_id", "scorecard", "reason", "driver", "next_step", "override_reason")
WORDS = pa.schema([(name, pa.string()) for name in COLUMNS])
BATCH = 5_000
ALWAYS = ("relationship_id", "account_segment", "renewal_on")

Row = Mapping[str, Any]


def begin(con: Connection) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE words ({', '.join(f'{name} VARCHAR' for name in COLUMNS)})")


def write(con: Connection, card: Card, definitions: Definitions) -> None:
    """Add the words of the bucket in `judged`: at as_of, for the scorecard in force."""
    table = con.sql(_query(card, definitions)).to_arrow_table()
    units = {m.measure: definitions.metrics.by_name[m.metric].unit for m in card.rule.measures}
    read = [Read.of(m, card, units[m.measure]) for m in card.rule.measures]
    for batch in table.to_batches(BATCH):
        words = [_words(scored_of(row, card, read)) for row in batch.to_pylist()]
        con.register("words_batch", pa.Table.from_pylist(words, WORDS))
        con.execute("INSERT INTO words SELECT * FROM words_batch")
        con.unregister("words_batch")


def _words(scored: Scored) -> dict[str, Any]:
    return {
        "relationship_id": scored.values["relationship_id"],
        "scorecard": scored.card.name,
        "reason": reason(scored),
        "driver": driver(scored),
        "next_step": next_step(scored),
        "override_reason": override_reason(scored),
    }


def _query(card: Card, definitions: Definitions) -> str:
    """As-of rows of `judged` with their score, and the score at the last month end."""
    names = sorted(
        n for n in _named(card) if n not in definitions.used and n not in (*ALWAYS, "value", "today")
    )
    listed = [f'ready."{name}"' for name in (*ALWAYS, *names)]
    listed += [f'ready."k_{name}" AS "{name}"' for name in definitions.used]
    for m in card.rule.measures:
        listed += [
            f'j."v_{m.measure}" AS "v#{m.measure}"',
            f'j."s_{m.measure}" AS "s#{m.measure}"',
            f'j."since_{m.measure}" AS "d#{m.measure}"',
        ]
    return f"""
        WITH days AS (SELECT max(on_date) AS now,
            (SELECT max(on_date) FROM grid WHERE on_date < (SELECT max(on_date) FROM grid)) AS before FROM grid)
        SELECT {", ".join(listed)}, j.weight AS "w#", j.today AS "today#", s.score AS "score#", s.band AS "band#",
            s.uncapped AS "uncapped#", s.override AS "override#",
            p.score AS "old_score#", p.band AS "old_band#", p.on_date AS "old_date#"
        FROM judged AS j JOIN ready USING (r, today) CROSS JOIN days
        JOIN snapshot_raw AS s ON s.entity_id = j.relationship_id AND s.on_date = j.today AND s.scorecard = '{card.name}'
        LEFT JOIN snapshot_raw AS p ON p.entity_id = j.relationship_id AND p.on_date = days.before
            AND p.scorecard = s.scorecard
        WHERE j.main AND j.today = days.now"""


def _named(card: Card) -> set[str]:
    texts = (*card.phrases.values(), *(cap.reason for cap in card.caps))
    return {name for text in texts for name in text.names}


@dataclass(frozen=True, slots=True)
class Read:
    """Where a measure stands in a row, and what is the same in every row: looked up once, not for every customer."""

    measure: Measure
    unit: str
    lever: Template | None
    value: str
    score: str
    since: str

    @classmethod
    def of(cls, m: Measure, card: Card, unit: str) -> Read:
        places = (f"{kind}#{m.measure}" for kind in "vsd")
        return cls(m, unit, card.levers.get(m.measure), *places)


def scored_of(row: Row, card: Card, read: Sequence[Read]) -> Scored:
    cap = next((cap for cap in card.caps if cap.name == row["override#"]), None)
    return Scored(
        card=card,
        today=row["today#"],
        score=row["score#"],
        band=row["band#"],
        uncapped=row["uncapped#"],
        cap=cap,
        parts=tuple(_part(row, one) for one in read),
        values=row,
        carried={one.measure.measure: row[one.since] for one in read if row[one.since] is not None},
        before=None if row["old_score#"] is None else (row["old_score#"], row["old_band#"], row["old_date#"]),
    )


def _part(row: Row, read: Read) -> Part:
    m, score = read.measure, row[read.score]
    weight = 0.0 if score is None or not row["w#"] else m.weight / row["w#"]
    curve = m.curve_for(row["account_segment"])
    return Part(m.measure, m.driver, row[read.value], read.unit, score, weight, curve, read.lever, m.effort)
