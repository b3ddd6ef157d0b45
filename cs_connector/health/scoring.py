"""The score of a relationship: measures, weighted mean, coverage, interval, caps, rounding, band."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Self

from cs_connector.health.bands import DEFAULT, Bands
from cs_connector.health.fewwords import BAND, ENTITY, PUBLISHED, Words, one_of
from cs_connector.health.scorecard import Card, Definitions, Measure
from cs_connector.language.compiler import column
from cs_connector.language.executor import Connection, sql
from cs_connector.language.expression import Formula, number
from cs_connector.unify.sql import literal

ROUNDS = 4  # of lowering the mean; every round but the last drops a carried measure
_LASTS = "carried_weight > known_weight"  # of the others, most by far, engines leave the sums out
_TELLING = ("account", "subscription", "opportunity")  # what a relationship and its account are made of
EDGE = 1e-9  # below this, two unrounded scores are the same

GROUP = "group"  # what a group of accounts has in the place of a scorecard
SNAPSHOT = {
    "entity": ENTITY, "entity_id": "VARCHAR", "account_id": "VARCHAR", "scorecard": "VARCHAR", "main": "BOOLEAN", "on_date": "DATE",
    "score": "INTEGER", "band": BAND, "uncapped": "DOUBLE", "coverage": "DOUBLE", "low": "DOUBLE", "high": "DOUBLE",
    "published": PUBLISHED, "known_score": "INTEGER", "known_band": BAND, "cap": "INTEGER", "override": "VARCHAR",
    "cap_unsure": "VARCHAR", "standing": "DOUBLE", "arr": "DOUBLE",
}  # fmt: skip

_SCORED = "score, band, uncapped, coverage, low, high, published, known_score, known_band, cap, override, cap_unsure, standing, arr"

EMPTY = (
    "SELECT NULL::VARCHAR AS relationship_id, NULL::VARCHAR AS account_id, NULL::VARCHAR AS scorecard, "
    "NULL::DATE AS on_date, NULL::VARCHAR AS group_name, NULL::VARCHAR AS measure, NULL::VARCHAR AS metric, "
    "NULL::DOUBLE AS value, NULL::VARCHAR AS unit, NULL::DOUBLE AS score, NULL::DOUBLE AS weight, "
    "NULL::DOUBLE AS contribution, NULL::BOOLEAN AS known, NULL::BOOLEAN AS carried, NULL::DATE AS carried_from "
    "WHERE FALSE"
)


def half_up(value: str) -> str:
    """SQL: rounded once, half up; the ninth digit takes away what binary fractions leave."""
    return f"CAST(floor(round({value}, 9) + 0.5) AS INTEGER)"


def capped(value: str) -> str:
    """SQL: at most the cap; an unknown score stays unknown."""
    return f"CASE WHEN cap IS NULL OR {value} <= cap THEN {value} WHEN {value} IS NOT NULL THEN cap END"


def choose(con: Connection, definitions: Definitions) -> set[str]:
    """Make `chosen` (r, scorecard, main): the scorecard in force at as_of holds for the whole grid. Who begins later has none.

    Where it is not known whether a scorecard fits while what tells of the customer cannot be read as a whole, who had it in the run
    before (`snapshot_before`) keeps it; what is empty though all was read fits nothing.
    Gives the names of the scorecards that are used.
    """
    cards = ", ".join(f"'{name}'" for name in definitions.cards)
    whens = [f"WHEN scorecard IN ({cards}) THEN scorecard"]
    whens += [_fits(name, when) for name, when in definitions.assign]
    also = ", ".join(f"'{name}'" for name in definitions.also)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE chosen AS
        WITH main AS (SELECT r, CASE {" ".join(whens)} END AS scorecard FROM wide LEFT JOIN ({_had(con, definitions)}) USING (relationship_id)
            WHERE today = (SELECT max(on_date) FROM grid) AND coalesce(start_on <= today, TRUE)),
        others AS (SELECT r, unnest([{also}]::VARCHAR[]) AS scorecard FROM main)
        SELECT r, scorecard, TRUE AS main FROM main WHERE scorecard IS NOT NULL
        UNION ALL SELECT o.r, o.scorecard, FALSE FROM others AS o JOIN main AS m USING (r)
        WHERE o.scorecard IS DISTINCT FROM m.scorecard
        """
    )
    return {str(row[0]) for row in con.execute("SELECT DISTINCT scorecard FROM chosen").fetchall()}


def _fits(name: str, when: Formula | None) -> str:
    return (
        f"WHEN coalesce({_formula(when)}, had = '{name}') THEN '{name}'"
        if when
        else f"WHEN TRUE THEN '{name}'"
    )


def _had(con: Connection, definitions: Definitions) -> str:
    """A query of the scorecards that relationships of the bucket `had` in the run before; of nobody, where all is known."""
    unsure = " OR ".join(f"{_formula(when)} IS NULL" for _, when in definitions.assign if when) or "FALSE"
    newest = "today = (SELECT max(on_date) FROM grid)"
    ((low, high),) = con.execute(
        f"SELECT min(account_id), max(account_id) FROM wide WHERE {newest} AND ({unsure})"
    ).fetchall()
    before = con.execute(
        "SELECT 1 FROM duckdb_views() WHERE view_name = 'snapshot_before' LIMIT 1"
    ).fetchone()
    if low is None or not before:
        return "SELECT NULL::VARCHAR AS relationship_id, NULL::VARCHAR AS had WHERE FALSE"
    broken = f"SELECT account_id FROM linked JOIN feed USING (connection) WHERE entity IN {_TELLING} AND NOT complete AND watermark IS NOT NULL"
    return f"""SELECT entity_id AS relationship_id, arg_max(scorecard::VARCHAR, on_date) AS had FROM snapshot_before
        WHERE entity = 'relationship' AND main AND on_date <= (SELECT max(on_date) FROM grid)
            AND account_id BETWEEN {literal(low)} AND {literal(high)} AND account_id IN ({broken}) GROUP BY entity_id"""


def _formula(formula: Formula) -> str:
    return f"({sql(formula.tree)})"


def begin(con: Connection, cards: Iterable[Card]) -> None:
    """Empty results of these scorecards."""
    named = {card.name: [cap.name for cap in card.caps] for card in cards}
    kinds = {"scorecard": one_of((*named, GROUP)), "override": one_of(chain.from_iterable(named.values()))}
    columns = ", ".join(f"{name} {kinds.get(name, kind)}" for name, kind in SNAPSHOT.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE snapshot_raw ({columns})")


def score(con: Connection, card: Card, bands: Bands = DEFAULT) -> None:
    """Score the bucket in `ready` by one scorecard; leaves `table(card)`, adds to `snapshot_raw`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table(card)} AS {_judged(card, bands)}")
    con.execute(
        f"""INSERT INTO snapshot_raw SELECT 'relationship', relationship_id, account_id, '{card.name}', main, today, {_SCORED}
        FROM {table(card)}"""
    )


def table(card: Card) -> str:
    """The quoted table of what a scorecard makes of the bucket: relationships and dates with their score, and of each measure
    what counts in the published reading: value (`v_`), score (`s_`), whether it is known (`has_`) and since when it is carried (`since_`).
    """
    return f'"scored_{card.name}"'


def _judged(card: Card, bands: Bands) -> str:
    """Every measure as known (`a_`), as carried (`b_`) and as published (`s_`), and what they come to: one pass, and of its columns
    only those stay that somebody reads.
    """
    measures = card.rule.measures
    known = ", ".join(f'{card.curves[m.measure, "m"]} AS "a_{m.measure}"' for m in measures)
    carried = ", ".join(
        f'coalesce("a_{m.measure}", {card.curves[m.measure, "k"]}) AS "b_{m.measure}"' for m in measures
    )
    sums = ", ".join(f"{_sum(card, weigh)} AS {name}" for name, weigh in SUMS.items())
    steps = "".join(f", step_{n} AS ({_lower(card, n)})" for n in range(1, ROUNDS + 1))
    return f"""
        WITH measured AS (SELECT {_needed(card)}, chosen.main, {known} FROM ready JOIN chosen USING (r)
            WHERE chosen.scorecard = '{card.name}'),
        lasting AS (SELECT *, {carried} FROM measured),
        summed AS (SELECT *, {sums} FROM lasting),
        step_0 AS (SELECT *, known_points / nullif(known_weight, 0) AS mean_0, known_weight AS weight_0 FROM summed)
        {steps},
        read AS (SELECT * EXCLUDE ({_steps()}), mean_0 AS known_mean, mean_{ROUNDS} AS lowest,
            mean_{ROUNDS - 1} AS edge, coalesce(mean_{ROUNDS} < mean_0 - {EDGE}, FALSE) AS is_carried,
            CASE WHEN is_carried THEN weight_{ROUNDS} ELSE known_weight END AS weight FROM step_{ROUNDS}),
        {_capped(card, bands)}
        SELECT r, today, relationship_id, account_id, main, weight, {_snapshot(bands)}, {", ".join(map(_published, measures))}
        FROM capped"""


def _needed(card: Card) -> str:
    """The columns of `ready` that a scorecard looks at: of some two hundred, a fraction."""
    metrics = {m.metric for m in card.rule.measures}.union(*(cap.metrics for cap in card.caps))
    names = {"r", "today", "relationship_id", "account_id", "account_segment", "arr"}.union(
        *(cap.when.names - cap.metrics for cap in card.caps)
    )
    names |= {f"{side}_{name}" for name in metrics for side in "mkd"}
    return ", ".join(f'ready."{name}"' for name in sorted(names))


def _lower(card: Card, step: int) -> str:
    """The mean with the carried measures that lie below the last mean: each round drops some, or is the end.

    What is published is the lowest mean of the known measures with any of the carried ones. To count all of
    them would let an old good answer hide a new bad one when a second feed breaks.
    """
    before = f"mean_{step - 1}"
    pulls = [(m, f'"a_{m.measure}" IS NULL AND "b_{m.measure}" < {before}') for m in card.rule.measures]
    points = " + ".join(
        f'CASE WHEN {test} THEN "b_{m.measure}" * {_weight(m)} ELSE 0 END' for m, test in pulls
    )
    weights = " + ".join(f"CASE WHEN {test} THEN {_weight(m)} ELSE 0 END" for m, test in pulls)
    return f"""SELECT *, CASE WHEN {_LASTS} THEN known_weight + {weights} ELSE known_weight END AS weight_{step},
        CASE WHEN {_LASTS} THEN (known_points + {points}) / nullif(weight_{step}, 0) ELSE mean_0 END AS mean_{step}
        FROM step_{step - 1}"""


def _steps() -> str:
    return ", ".join(f"mean_{n}, weight_{n}" for n in range(ROUNDS + 1))


def _published(m: Measure) -> str:
    """Score, value and the date it is carried from, as they count in the published reading."""
    used = f'is_carried AND "a_{m.measure}" IS NULL AND "b_{m.measure}" < edge'
    return f"""CASE WHEN {used} THEN "b_{m.measure}" ELSE "a_{m.measure}" END AS "s_{m.measure}",
        CASE WHEN {used} THEN "k_{m.metric}" ELSE "m_{m.metric}" END AS "v_{m.measure}",
        CASE WHEN {used} THEN "d_{m.metric}" END AS "since_{m.measure}", "m_{m.metric}" IS NOT NULL AS "has_{m.measure}" """


def _sum(card: Card, weigh: Callable[[Measure], str]) -> str:
    return " + ".join(f"({weigh(m)})" for m in card.rule.measures)


def _weight(measure: Measure) -> str:
    return sql(number(measure.weight))


def _if_known(side: str, measure: Measure) -> str:
    return f'CASE WHEN "{side}_{measure.measure}" IS NULL THEN 0 ELSE {_weight(measure)} END'


def _points(side: str, measure: Measure) -> str:
    return f'coalesce("{side}_{measure.measure}" * {_weight(measure)}, 0)'


def _applies(measure: Measure) -> str:
    """The weight of a measure; an optional one that was never set is left out."""
    return _if_known("b", measure) if measure.optional else _weight(measure)


SUMS: dict[str, Callable[[Measure], str]] = {
    "known_weight": lambda m: _if_known("a", m),
    "known_points": lambda m: _points("a", m),
    "carried_weight": lambda m: _if_known("b", m),
    "carried_points": lambda m: _points("b", m),
    "total_weight": _applies,
}


def _capped(card: Card, bands: Bands) -> str:
    """The lowest cap that holds, its name, and the score below it."""
    holds = " ".join(f"WHEN {cap.holds} THEN {place}" for place, cap in enumerate(card.caps))
    caps = " ".join(f"WHEN {place} THEN {cap.rule.cap}" for place, cap in enumerate(card.caps))
    names = " ".join(f"WHEN {place} THEN '{cap.name}'" for place, cap in enumerate(card.caps))
    held = f"CASE {holds} END" if card.caps else "CAST(NULL AS INTEGER)"
    return f"""
        held AS (SELECT *, {held} AS held, CASE WHEN is_carried THEN lowest ELSE known_mean END AS uncapped,
            known_weight / nullif(total_weight, 0) AS coverage FROM read),
        caps AS (SELECT *, CAST({f"CASE held {caps} END" if caps else "NULL"} AS INTEGER) AS cap,
            CAST({f"CASE held {names} END" if names else "NULL"} AS VARCHAR) AS override, {_unsure(card)} AS cap_unsure FROM held),
        capped AS (SELECT *, {half_up(capped("uncapped"))} AS score, {half_up(capped("known_mean"))} AS known_score,
            (coverage IS NULL OR coverage < {card.rule.minimum_coverage} - {EDGE}) AND coalesce(cap >= {bands.red[1]}, TRUE)
                AS blind FROM caps)"""


def _snapshot(bands: Bands) -> str:
    return f"""score, CASE WHEN blind THEN 'unknown' ELSE {bands.sql("score")} END AS band, uncapped, coalesce(coverage, 0) AS coverage,
        {capped("known_points / nullif(total_weight, 0)")} AS low,
        {capped("(known_points + 100 * (total_weight - known_weight)) / nullif(total_weight, 0)")} AS high,
        CASE WHEN is_carried THEN 'carried' ELSE 'known' END AS published,
        known_score, CASE WHEN blind THEN 'unknown' ELSE {bands.sql("known_score")} END AS known_band, cap, override, cap_unsure,
        coalesce({capped("uncapped")}, {capped("carried_points / nullif(carried_weight, 0)")}, cap) AS standing,
        CAST(arr AS DOUBLE) AS arr"""


def _unsure(card: Card) -> str:
    """The overrides that what is known now says neither yes nor no to, with a blank between."""
    if not card.caps:
        return "''"
    known = [(cap.name, sql(cap.when.over({n: column(f"m_{n}") for n in cap.metrics}))) for cap in card.caps]
    listed = ", ".join(f"CASE WHEN ({test}) IS NULL THEN '{name}' END" for name, test in known)
    return f"concat_ws(' ', {listed})"


def publish(con: Connection, definitions: Definitions, cards: Collection[str]) -> None:
    """Make the view `measure_score` of the bucket: one row a measure; contributions sum to the uncapped score."""
    told = Told.of(definitions)
    parts = [_long(definitions.cards[name], told) for name in sorted(cards)]
    con.execute(f"CREATE OR REPLACE TEMP VIEW measure_score AS {' UNION ALL '.join(parts) or EMPTY}")


def _long(card: Card, told: Told) -> str:
    """One pass over the bucket, so that the rows of a relationship stay together."""
    measures = card.rule.measures
    columns = {
        "group_name": told.group.those(m.driver for m in measures),
        "measure": told.measure.those(m.measure for m in measures),
        "metric": told.metric.those(m.metric for m in measures),
        "value": _list(f'"v_{m.measure}"' for m in measures),
        "unit": told.unit.those(told.units[m.metric] for m in measures),
        "score": _list(f'"s_{m.measure}"' for m in measures),
        "share": _list(map(_weight, measures)),
        "known": _list(f'"has_{m.measure}"' for m in measures),
        "carried_from": _list(f'"since_{m.measure}"' for m in measures),
    }
    each = ", ".join(f"unnest({values}) AS {name}" for name, values in columns.items())
    return f"""SELECT relationship_id, account_id, {told.scorecard.this(card.name)} AS scorecard, today AS on_date, group_name, measure, metric,
        value, unit, score, CASE WHEN score IS NULL THEN 0 ELSE share / total END AS weight,
        coalesce(score * CASE WHEN score IS NULL THEN 0 ELSE share / total END, 0) AS contribution,
        known, carried_from IS NOT NULL AS carried, carried_from
        FROM (SELECT relationship_id, account_id, today, weight AS total, {each} FROM {table(card)})"""


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(values)}]"


@dataclass(frozen=True, slots=True)
class Told:
    """The words that rows of measures are told in, those of all scorecards; `units` by metric."""

    scorecard: Words
    group: Words
    measure: Words
    metric: Words
    unit: Words
    units: Mapping[str, str]

    @classmethod
    def of(cls, definitions: Definitions) -> Self:
        measures = [m for card in definitions.cards.values() for m in card.rule.measures]
        units = {m.metric: definitions.metrics.by_name[m.metric].unit for m in measures}
        return cls(
            Words.of((*definitions.cards, GROUP)), Words.of(m.driver for m in measures), Words.of(m.measure for m in measures),
            Words.of(units), Words.of(units.values()), units,
        )  # fmt: skip
