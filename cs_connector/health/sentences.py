"""Sentences for every relationship of a bucket: read the scored rows, write the table `words`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from cs_connector.health import scoring
from cs_connector.health.levers import Part
from cs_connector.health.reason import Scored, driver, next_step, override_reason, reason
from cs_connector.health.scorecard import Card, Definitions, Measure
from cs_connector.health.words import Template
from cs_connector.language.executor import Connection

COLUMNS = ("relationship_id", "scorecard", "reason", "driver", "next_step", "override_reason")
WORDS = pa.schema([(name, pa.string()) for name in COLUMNS])
BATCH = 5_000
ALWAYS = ("relationship_id", "renewal_on")
_SCORED = ("today#", "score#", "band#", "uncapped#", "override#", "old_score#", "old_band#", "old_date#")


def begin(con: Connection) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE words ({', '.join(f'{name} VARCHAR' for name in COLUMNS)})")


def write(con: Connection, card: Card, definitions: Definitions) -> None:
    """Add the words of the bucket in `ready`, as the scorecard judged it: at as_of, for the scorecard in force."""
    table = con.sql(_query(card, definitions)).to_arrow_table()
    read = [Read.of(m, card, definitions) for m in card.rule.measures]
    for batch in table.to_batches(BATCH):
        columns = [_words(scored) for scored in _scored(batch, card, read)]
        con.register("words_batch", pa.Table.from_arrays(_turned(columns), schema=WORDS))
        con.execute("INSERT INTO words SELECT * FROM words_batch")
        con.unregister("words_batch")


def _turned(rows: Sequence[tuple[str | None, ...]]) -> list[pa.Array]:
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]


def _words(scored: Scored) -> tuple[str | None, ...]:
    return (
        scored.values["relationship_id"],
        scored.card.name,
        reason(scored),
        driver(scored),
        next_step(scored),
        override_reason(scored),
    )


def _query(card: Card, definitions: Definitions) -> str:
    """The rows of as_of with their score, and the score at the last month end."""
    named = _named(card) - {*ALWAYS, "value", "today"}
    listed = [f'ready."{name}"' for name in (*ALWAYS, *sorted(named.difference(definitions.used)))]
    listed += [f'ready."k_{name}" AS "{name}"' for name in sorted(named.intersection(definitions.used))]
    for m in card.rule.measures:
        listed += [
            f'j."v_{m.measure}" AS "v#{m.measure}"',
            f'j."s_{m.measure}" AS "s#{m.measure}"',
            f'j."since_{m.measure}" AS "d#{m.measure}"',
        ]
    scored = scoring.table(card)
    return f"""
        WITH days AS (SELECT max(on_date) AS now,
            (SELECT max(on_date) FROM grid WHERE on_date < (SELECT max(on_date) FROM grid)) AS before FROM grid)
        SELECT {", ".join(listed)}, account_segment AS "segment#", j.weight AS "w#", j.today AS "today#", j.score AS "score#",
            j.band AS "band#", j.uncapped AS "uncapped#", j.override AS "override#",
            p.score AS "old_score#", p.band AS "old_band#", p.today AS "old_date#"
        FROM {scored} AS j JOIN ready USING (r, today) CROSS JOIN days
        LEFT JOIN {scored} AS p ON p.r = j.r AND p.today = days.before
        WHERE j.main AND j.today = days.now"""


def _named(card: Card) -> set[str]:
    texts = (*card.phrases.values(), *(cap.reason for cap in card.caps))
    return {name for text in texts for name in text.names}


@dataclass(frozen=True, slots=True)
class Read:
    """A measure, and what is the same of it in every row: looked up once, not for every customer."""

    measure: Measure
    unit: str
    lever: Template | None

    @classmethod
    def of(cls, m: Measure, card: Card, definitions: Definitions) -> Read:
        return cls(m, definitions.metrics.by_name[m.metric].unit, card.levers.get(m.measure))

    def parts(self, batch: pa.RecordBatch) -> list[Part]:
        """The measure in every row: column by column, which takes a fraction of row by row."""
        m = self.measure
        name, group, weight, effort = m.measure, m.driver, m.weight, m.effort
        told = (batch[f"{kind}#{name}"].to_pylist() for kind in "vs")
        return [
            Part(
                name, group, value, self.unit, score, 0.0 if score is None or not total else weight / total,
                m.by_segment.get(segment or "", m.curve), self.lever, effort,
            )
            for value, score, total, segment in zip(
                *told, batch["w#"].to_pylist(), batch["segment#"].to_pylist(), strict=True
            )
        ]  # fmt: skip


def _scored(batch: pa.RecordBatch, card: Card, read: Sequence[Read]) -> Iterator[Scored]:
    caps = {cap.name: cap for cap in card.caps}
    rows = batch.select([name for name in batch.schema.names if "#" not in name]).to_pylist()
    told = zip(*(batch[name].to_pylist() for name in _SCORED), strict=True)
    parts = zip(*(one.parts(batch) for one in read), strict=True)
    carried = _carried(batch, read)
    for n, (row, some, each) in enumerate(zip(rows, told, parts, strict=True)):
        today, score, band, uncapped, override, *before = some
        then = None if before[0] is None else (before[0], before[1], before[2])
        yield Scored(
            card, today, score, band, uncapped, caps.get(override), each, row, carried.get(n, {}), then
        )


def _carried(batch: pa.RecordBatch, read: Sequence[Read]) -> dict[int, dict[str, date]]:
    """By row the measures that are carried, and since when; few are."""
    found: dict[int, dict[str, Any]] = {}
    for one in read:
        name = one.measure.measure
        for n, since in enumerate(batch[f"d#{name}"].to_pylist()):
            if since is not None:
                found.setdefault(n, {})[name] = since
    return found
