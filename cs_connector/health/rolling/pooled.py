"""Relationships of one type that count together for their account: their mean, and what a fatal one does to it."""

from __future__ import annotations

from cs_connector.health.bands import Bands
from cs_connector.health.scoring import half_up

SAID = "CASE take WHEN 'mean' THEN ' on average over ' ELSE ' by revenue over ' END"
BLIND = 0.5  # share of the weight whose band is known, below which the band of all is unknown


def pooled(bands: Bands) -> str:
    """SQL: `judged` from `floored`, in which each relationship that is pooled stands as all of its type do.

    Its `own` standing and its `uncapped` score stay. `lead` puts first the relationship that tells of the others: of those
    with a red cap, where such a cap decides.
    """
    fatal = f"FILTER (take = 'any_fatal' AND cap < {bands.red[1]}) OVER part"
    score, known = half_up("pool"), half_up("known_pool")
    blind = f"NOT decided AND seen < {BLIND}"
    return f"""
    headed AS (SELECT *, CASE WHEN take = 'mean' OR sum(coalesce(arr, 0)) OVER part <= 0 THEN 1 ELSE coalesce(arr, 0) END AS heavy,
            count(*) OVER part AS members, take <> 'worst' AND count(*) OVER part > 1 AS pools
        FROM floored WINDOW part AS (PARTITION BY account_id, on_date, take, type)),
    meant AS (SELECT *, {_mean("standing")} AS mean, {_mean("known_score")} AS known_mean,
            {_mean("coalesce(low, 0)")} AS low_mean, {_mean("coalesce(high, 100)")} AS high_mean,
            {_mean("CASE WHEN band = 'unknown' THEN 0 ELSE 1 END")} AS seen,
            count(score) OVER part AS scores, bool_or(published = 'carried') OVER part AS carries,
            min(standing) {fatal} AS fatal, min(known_score) {fatal} AS known_fatal,
            min(low) {fatal} AS low_fatal, min(high) {fatal} AS high_fatal
        FROM headed WINDOW part AS (PARTITION BY account_id, on_date, take, type)),
    decided AS (SELECT *, least(mean, fatal) AS pool, least(known_mean, known_fatal) AS known_pool,
            coalesce(fatal <= mean, FALSE) AS decided FROM meant),
    read AS (SELECT *, CASE WHEN scores > 0 THEN {score} END AS pool_score, {known} AS pool_known, {blind} AS blind FROM decided),
    judged AS (SELECT * REPLACE (
            CASE WHEN pools THEN pool ELSE weighs END AS weighs,
            CASE WHEN pools THEN least(low_mean, low_fatal) ELSE low_weighs END AS low_weighs,
            CASE WHEN pools THEN least(high_mean, high_fatal) ELSE high_weighs END AS high_weighs,
            CASE WHEN pools THEN pool_score ELSE score END AS score,
            CASE WHEN pools THEN {_band(bands, "pool_score")} ELSE band END AS band,
            CASE WHEN pools THEN pool_known ELSE known_score END AS known_score,
            CASE WHEN pools THEN {_band(bands, "pool_known")} ELSE known_band END AS known_band,
            CASE WHEN NOT pools THEN published WHEN carries THEN 'carried' ELSE 'known' END AS published,
            CASE WHEN NOT pools OR decided THEN cap END AS cap,
            CASE WHEN NOT pools OR decided THEN override END AS override,
            CASE WHEN pools AND NOT decided THEN {_note(bands)} ELSE note END AS note),
        CASE WHEN pools AND decided AND NOT coalesce(cap < {bands.red[1]}, FALSE) THEN 1 ELSE 0 END AS lead
        FROM read)"""


def _mean(value: str) -> str:
    """The mean over what has a value: sums of decimals are the same in any order."""
    points = f"CAST(sum(CAST(heavy * {value} AS DECIMAL(38, 6))) OVER part AS DOUBLE)"
    weight = f"CAST(sum(CAST(heavy AS DECIMAL(18, 2))) FILTER (({value}) IS NOT NULL) OVER part AS DOUBLE)"
    return f"{points} / nullif({weight}, 0)"


def _band(bands: Bands, score: str) -> str:
    return f"CASE WHEN blind THEN 'unknown' ELSE {bands.sql(score)} END"


def _note(bands: Bands) -> str:
    band = _band(bands, "pool_score")
    score = "CASE WHEN pool_score IS NULL THEN '' ELSE ' ' || pool_score END"
    return f"""upper(left({band}, 1)) || substr({band}, 2) || {score} || {SAID} || members || ' relationships; the worst: '"""
