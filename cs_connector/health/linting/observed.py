"""What the scores of the last run say about the scorecards: overrides that never or always hold, measures that say the
same, measures that nobody has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from sqlglot import exp

from cs_connector.config.documents import Document, load
from cs_connector.errors import Place
from cs_connector.health.linting.doubts import Doubt, line_of
from cs_connector.health.scorecard import Cap, Card, Definitions, card_files
from cs_connector.language.compiler import column
from cs_connector.language.executor import Connection, sql
from cs_connector.measure.judgements import Judgement, namesakes, unheard
from cs_connector.measure.metrics import OF_ACCOUNT, OF_RELATIONSHIP
from cs_connector.measure.retirements import Retirement

Array: TypeAlias = Any  # of numpy
ENOUGH = 30  # relationships before anything is said about how two measures move
ALIKE = 0.9  # of a rank correlation
SAMPLE = 20_000  # relationships for a rank correlation


def observed(con: Connection, definitions: Definitions, layers: Sequence[Path]) -> list[Doubt]:
    """The warnings that need data, of scorecards by which somebody was judged in the last run.

    Needs the entities, and the views `metric_value` and `snapshot` of that run.
    """
    seen = _look(con, definitions)
    judged = dict(
        con.execute("SELECT scorecard, count(*) FROM seen GROUP BY scorecard ORDER BY scorecard").fetchall()
    )
    files = card_files(layers)
    found = list(_caps(con, definitions, layers, judged))
    for name in sorted(judged.keys() & files.keys()):
        card, document = definitions.cards[name], load(files[name])
        found += _nobody(con, card, document, seen)
        found += _alike(con, card, document, seen)
    words: list[Judgement | Retirement] = [*definitions.metrics.judgements, *definitions.retired]
    nobody = unheard(con, [one.entry.of for one in words])
    found += [_unheard(one) for one in words if one.entry.of in nobody]
    several = namesakes(con, [one.entry.of for one in words])
    found += [_several(one, several[one.entry.of]) for one in words if one.entry.of in several]
    return sorted(found, key=lambda d: (d.place.path, d.place.line or 0, d.what))


def _several(one: Judgement | Retirement, who: str) -> Doubt:
    return Doubt(
        one.document.place((one.key, one.index, "of")),
        f"{who} are called {one.entry.of!r}",
        f"the {_noun(one)} counts for each of them",
        "name the one that is meant by its id, or by the id of its record in the CRM",
    )


def _noun(one: Judgement | Retirement) -> str:
    return "judgement" if isinstance(one, Judgement) else "line"


def _unheard(one: Judgement | Retirement) -> Doubt:
    what = _noun(one)
    return Doubt(
        one.document.place((one.key, one.index, "of")),
        f"nobody is called {one.entry.of!r}",
        f"no account and no relationship has this id, key or name, so the {what} counts for nobody",
        f"name the account as the CRM does, or remove the {what}",
    )


def _look(con: Connection, definitions: Definitions) -> frozenset[str]:
    """Make `seen`: each relationship with its scorecard, columns and metrics on the last day; gives the metrics measured."""
    rows = con.execute("SELECT DISTINCT metric FROM metric_value").fetchall()
    measured = frozenset(row[0] for row in rows) & set(definitions.used)
    values = ", ".join(
        f"max(value) FILTER (metric = '{name}') AS \"m_{name}\""
        if name in measured
        else f'CAST(NULL AS DOUBLE) AS "m_{name}"'
        for name in definitions.used
    )
    mine = ", ".join(f'r."{name}"' for name in OF_RELATIONSHIP if name != "scorecard")
    theirs = ", ".join(f'a."{name.removeprefix("account_")}" AS "{name}"' for name in OF_ACCOUNT)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE seen AS
        WITH day AS (SELECT max(on_date) AS today FROM snapshot),
        measured AS (SELECT relationship_id AS measured_id, {values} FROM metric_value, day WHERE on_date = today GROUP BY ALL)
        SELECT s.scorecard, s.override, day.today, {mine}, {theirs}, measured.* EXCLUDE (measured_id)
        FROM snapshot AS s JOIN day ON s.on_date = day.today JOIN relationship AS r ON r.relationship_id = s.entity_id
        JOIN account AS a ON a.account_id = r.account_id LEFT JOIN measured ON measured_id = r.relationship_id
        WHERE s.entity = 'relationship' AND s.main
        """
    )
    return measured


def _caps(
    con: Connection, definitions: Definitions, layers: Sequence[Path], judged: dict[str, int]
) -> Iterator[Doubt]:
    """An override is looked at over all scorecards in force that have it."""
    caps = {cap.name: cap for card in definitions.cards.values() for cap in card.caps}
    for name, cap in sorted(caps.items()):
        cards = [
            c.name
            for c in definitions.cards.values()
            if c.name in judged and name in [k.name for k in c.caps]
        ]
        total = sum(judged[card] for card in cards)
        if total:
            yield from _cap(con, cap, cards, total, _place(layers, name))


def _cap(con: Connection, cap: Cap, cards: list[str], total: int, place: Place) -> Iterator[Doubt]:
    test = sql(cap.when.over({name: column(f"m_{name}") for name in cap.metrics}))
    known = " AND ".join(f'"m_{name}" IS NOT NULL' for name in sorted(cap.metrics)) or "TRUE"
    row = con.execute(
        f"""SELECT count(*) FILTER (coalesce({test}, FALSE) OR override = $name), count(*) FILTER ({known})
        FROM seen WHERE list_contains($cards, scorecard)""",
        {"name": cap.name, "cards": cards},
    ).fetchone()
    held, told = row or (0, 0)
    who = f"{total:,} relationships of {', '.join(cards)}"
    if held == 0:
        why = f"none of {who} met its condition; what it looks at is known of {told:,}"
        yield Doubt(
            place, f"{cap.name} held nobody down in the last run", why, "check its condition, or wait"
        )
    elif held == total:
        why = f"all {who} met its condition, so no score was above {cap.rule.cap}"
        yield Doubt(place, f"{cap.name} held everybody down in the last run", why, "check its condition")


def _place(layers: Sequence[Path], name: str) -> Place:
    """Where the override that is in force stands."""
    paths = [path for layer in layers if (path := layer / "overrides.yml").exists()]
    documents = [d for path in paths if ("overrides", name) in (d := load(path)).lines]
    return documents[-1].place(("overrides", name))


def _nobody(con: Connection, card: Card, document: Document, seen: frozenset[str]) -> Iterator[Doubt]:
    for m in card.rule.measures:
        if m.optional or m.metric not in seen:
            continue
        query = f'SELECT count("m_{m.metric}"), count(*) FROM seen WHERE scorecard = ?'
        known, total = con.execute(query, [card.name]).fetchone() or (0, 0)
        if not known:
            yield Doubt(
                line_of(document, m.measure, "metric"),
                f"nobody judged by {card.name} has {m.measure}",
                f"{m.metric} was unknown for all of them ({total:,}) in the last run, so its weight cannot matter",
                "see that its feed is connected and read, or remove the measure",
            )


def _alike(con: Connection, card: Card, document: Document, seen: frozenset[str]) -> Iterator[Doubt]:
    measures = [m for m in card.rule.measures if m.weight and m.metric in seen]
    names = sorted({m.metric for m in measures})
    if len(names) < 2:
        return
    rows = _matrix(con, card.name, names)
    for one, other in combinations(measures, 2):
        if one.metric == other.metric:
            continue
        count, correlation = spearman(rows[names.index(one.metric)], rows[names.index(other.metric)])
        if count >= ENOUGH and abs(correlation) >= ALIKE:
            yield Doubt(
                line_of(document, other.measure),
                f"{one.measure} and {other.measure} say the same",
                f"their rank correlation is {correlation:.2f} over {count:,} relationships of {card.name}, so one thing counts twice",
                "remove one of them, or halve their weights",
            )


def _matrix(con: Connection, card: str, names: Sequence[str]) -> Array:
    """A row a metric; unknown is NaN."""
    listed = ", ".join(sql(exp.cast(column(f"m_{name}"), "double")) for name in names)
    found = con.execute(
        f"SELECT {listed} FROM seen WHERE scorecard = ? ORDER BY md5(relationship_id), relationship_id LIMIT {SAMPLE}",
        [card],
    ).fetchall()
    return np.array(found, dtype=float).T


def spearman(one: Array, other: Array) -> tuple[int, float]:
    """Over how many pairs both are known, and their rank correlation: 0 where one of them does not vary."""
    both = ~(np.isnan(one) | np.isnan(other))
    left, right = (_ranks(values[both]) for values in (one, other))
    if len(left) < 2 or np.ptp(left) == 0 or np.ptp(right) == 0:
        return len(left), 0.0
    return len(left), float(np.corrcoef(left, right)[0, 1])


def _ranks(values: Array) -> Array:
    """Equal values share the mean of their places."""
    _, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[back]
