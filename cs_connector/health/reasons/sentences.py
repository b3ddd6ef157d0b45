"""Sentences for every relationship of a bucket: read the scored rows, write the table `words`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from cs_connector.health import scoring
from cs_connector.health.bands import Bands
from cs_connector.health.fewwords import one_of
from cs_connector.health.levers import Part
from cs_connector.health.reasons.losses import NOBODY, Array, Losses, numbers
from cs_connector.health.reasons.reason import (
    INSIDE,
    MOST,
    WORTH,
    WORTH_OF_GOOD,
    Costly,
    Scored,
    driver,
    next_step,
    override_reason,
    reason,
)
from cs_connector.health.scorecard import GROUPS, Card, Definitions, Measure
from cs_connector.health.words import Template
from cs_connector.language.executor import Connection

COLUMNS = ("relationship_id", "name", "scorecard", "reason", "driver", "next_step", "override_reason")
SINCE = "#since"  # ends the columns that say from when a value is carried
DRIVER = one_of((*GROUPS, NOBODY))
WORDS = pa.schema([(name, pa.string()) for name in COLUMNS])
ALWAYS = ("relationship_id", "name", "renewal_on", "type")
_SCORED = ("today#", "score#", "band#", "uncapped#", "override#", "old_score#", "old_band#", "old_date#")


def begin(con: Connection) -> None:
    kinds = ", ".join(f"{name} {DRIVER if name == 'driver' else 'VARCHAR'}" for name in COLUMNS)
    con.execute(f"CREATE OR REPLACE TEMP TABLE words ({kinds})")


def write(con: Connection, card: Card, definitions: Definitions) -> None:
    """Add the words of the bucket in `ready`, as the scorecard judged it: at as_of, for the scorecard in force."""
    table = con.sql(_query(card, definitions)).to_arrow_table()
    if not table.num_rows:
        return
    told: tuple[list[str | None], ...] = ([], [], [], [])
    for scored in _scored(table, card, definitions):
        for column, text in zip(told, _words(scored), strict=True):
            column.append(text)
    named = pa.repeat(pa.scalar(card.name), table.num_rows)
    texts = (pa.array(column, pa.string()) for column in told)
    who = (table["relationship_id"], table["name"])
    con.register("words_batch", pa.Table.from_arrays([*who, named, *texts], schema=WORDS))
    con.execute("INSERT INTO words SELECT * FROM words_batch")
    con.unregister("words_batch")


def _words(scored: Scored) -> tuple[str | None, ...]:
    capped = override_reason(scored)
    return reason(scored, capped), driver(scored), next_step(scored), capped


def _query(card: Card, definitions: Definitions) -> str:
    """The rows of as_of with their score, and the score at the last month end."""
    named = _named(card) - {*ALWAYS, "value", "today"}
    listed = [f'ready."{name}"' for name in (*ALWAYS, *sorted(named.difference(definitions.used)))]
    for name in sorted(named.intersection(definitions.used)):
        listed += [f'ready."k_{name}" AS "{name}"', f'ready."d_{name}" AS "{name}{SINCE}"']
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
    """A measure and what it came to, relationship by relationship; `since` is the date that it is carried from."""

    measure: Measure
    unit: str
    phrase: Template
    lever: Template | None
    values: Sequence[float | None]
    scores: Sequence[float | None]
    shares: Sequence[float]
    since: Sequence[Any]
    segments: Sequence[str | None]

    def part(self, n: int) -> Part:
        m = self.measure
        curve = m.curve_for(self.segments[n])
        return Part(
            m.measure, m.driver, self.values[n], self.unit, self.scores[n], self.shares[n], curve, self.lever, m.effort,
        )  # fmt: skip


def _read(table: pa.Table, card: Card, definitions: Definitions, losses: Losses) -> list[Read]:
    segments = table["segment#"].to_pylist()
    return [
        Read(
            m, definitions.metrics.by_name[m.metric].unit, card.phrases[m.measure], card.levers.get(m.measure),
            table[f"v#{m.measure}"].to_pylist(), table[f"s#{m.measure}"].to_pylist(), shares.tolist(),
            table[f"d#{m.measure}"].to_numpy().tolist(), segments,
        )
        for m, shares in zip(card.rule.measures, losses.share, strict=True)
    ]  # fmt: skip


def _scored(table: pa.Table, card: Card, definitions: Definitions) -> Iterator[Scored]:
    losses = Losses.of(table, card.rule.measures)
    read, caps = _read(table, card, definitions, losses), {cap.name: cap for cap in card.caps}
    named = {name: table[name].to_pylist() for name in table.column_names if "#" not in name}
    since = {name: table[name].to_pylist() for name in table.column_names if name.endswith(SINCE)}
    targets = [definitions.bands.above.get(band) for band in table["band#"].to_pylist()]
    missing = np.array(targets, dtype=float) - numbers(table, "uncapped#")
    told = zip(*(table[name].to_pylist() for name in _SCORED), strict=True)
    found = zip(
        losses.costly(_worth(losses, definitions.bands), MOST),
        losses.drivers(WORTH),
        losses.movable(missing),
        losses.heaviest(),
        targets,
        strict=True,
    )
    for n, (one, (costly, costs, movable, heaviest, target)) in enumerate(zip(told, found, strict=True)):
        today, score, band, uncapped, override, *before = one
        part = partial(_part, read, n)
        yield Scored(
            today, score, band, uncapped, target, caps.get(override), partial(_value, named, n),
            [Costly(read[p].phrase, read[p].measure.metric, read[p].values[n], read[p].since[n]) for p in costly],
            list(_silent(read, n)) if band == "unknown" else [],
            costs, map(part, movable), map(part, heaviest),
            None if before[0] is None else tuple(before), partial(_since, since, n),
        )  # fmt: skip


def _silent(read: Sequence[Read], n: int) -> Iterator[str]:
    """The groups of which something is missing: an optional measure may be, and one without weight would not help."""
    wanted = (one.measure for one in read if one.scores[n] is None)
    return (m.driver for m in wanted if m.weight and not m.optional)


def _worth(losses: Losses, bands: Bands) -> Array:
    """The points that are worth a word, by measure and relationship."""
    good = bands.green[0] + INSIDE * (100 - bands.green[0])
    return np.where(losses.score >= good, WORTH_OF_GOOD, WORTH)


def _part(read: Sequence[Read], n: int, place: int) -> Part:
    return read[place].part(n)


def _since(since: Mapping[str, Sequence[Any]], n: int, name: str) -> Any:
    return _value(since, n, f"{name}{SINCE}")


def _value(named: Mapping[str, Sequence[Any]], n: int, name: str) -> Any:
    return named[name][n] if name in named else None
