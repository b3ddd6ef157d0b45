"""Relationships → account, and accounts → ultimate parent with a sentence, by what `rollup.yml` and `bands.yml` declare."""

from __future__ import annotations

from dataclasses import dataclass, field

from cs_connector.health.bands import DEFAULT, Bands
from cs_connector.health.rolling.pooled import pooled
from cs_connector.health.rolling.upward import RollUp
from cs_connector.health.scoring import half_up
from cs_connector.language.executor import Connection
from cs_connector.unify.sql import literal

EXACT = "CAST(round(coverage, 9) AS DECIMAL(10, 9))"  # sums of it are the same in any order
ROLLED = "account_id, on_date, score, band, known_score, coverage, low, high, published, cap, standing, arr"


@dataclass(frozen=True, slots=True)
class Way:
    """How scores go up, and what they are called."""

    rule: RollUp
    bands: Bands = field(default=DEFAULT)


def roll_up(con: Connection, way: Way) -> None:
    """Add accounts, then groups, to `snapshot_raw`; also makes `binding`, the relationship that decides.

    Needs `account`, and where types are rolled up otherwise, `relationship`.
    """
    begin(con, way)
    accounts(con, way)
    groups(con, way)


def begin(con: Connection, way: Way) -> None:
    """Make `family`: the accounts of groups of more than one account. Nothing is rolled up yet."""
    without = ", ".join(map(literal, way.rule.groups.without)) or "NULL"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE family AS
        WITH several AS (SELECT ultimate_parent_id AS parent FROM account WHERE ultimate_parent_id IS NOT NULL
            GROUP BY parent HAVING count(*) > 1 OR any_value(account_id) <> parent)
        SELECT a.account_id, a.ultimate_parent_id AS parent, a.currency
        FROM account AS a JOIN several ON several.parent = a.ultimate_parent_id JOIN account AS p ON p.account_id = a.ultimate_parent_id
        WHERE coalesce(lower(coalesce(p.kind, '')) NOT IN ({without}), TRUE)
        """
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE rolled AS SELECT {ROLLED} FROM snapshot_raw WHERE FALSE")
    _groups(con, way)


def accounts(con: Connection, way: Way) -> None:
    """Add the accounts of the relationships in `snapshot_raw`: all relationships of an account at once. Makes `binding`."""
    _binding(con, way)
    con.execute(f"INSERT INTO snapshot_raw {_accounts(way.bands)}")
    con.execute(
        f"INSERT INTO rolled SELECT {ROLLED} FROM snapshot_raw SEMI JOIN family USING (account_id) WHERE entity = 'account'"
    )


def groups(con: Connection, way: Way) -> None:
    """Add the groups of all accounts so far to `snapshot_raw`. Makes `grouped`."""
    _groups(con, way)
    con.execute(f"INSERT INTO snapshot_raw {_group_rows(way)}")


def _binding(con: Connection, way: Way) -> None:
    """The worst relationship of each account and date, in the worst type where types are pooled.

    One that is silent stands where it last stood; of what is not known at all, NULL, any other is worse. `note` is said before its reason where it does not count as it stands.
    """
    rule, bands = way.rule.accounts, way.bands
    together = f", {pooled(bands)}" if rule.pools else ", judged AS (SELECT *, 0 AS lead FROM floored)"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE binding AS
        WITH shared AS (SELECT *, arr / nullif(sum(coalesce(arr, 0)) OVER same, 0) AS share,
                sum(coalesce(arr, 0)) OVER same AS account_arr, count(*) OVER same > 1 AS several,
                CAST(sum({EXACT}) OVER same AS DOUBLE) / count(*) OVER same AS plain_coverage,
                CAST(sum({EXACT} * coalesce(arr, 0)) OVER same AS DOUBLE) AS weighted_coverage
            FROM ({_related(way)}) WINDOW same AS (PARTITION BY account_id, on_date)),
        floored AS (SELECT *, coalesce(share < below AND standing < floor, FALSE) AS softened,
                CASE WHEN share < below THEN greatest(standing, floor) ELSE standing END AS weighs, weighs AS own,
                CASE WHEN share < below AND low < floor THEN floor ELSE low END AS low_weighs,
                CASE WHEN share < below AND high < floor THEN floor ELSE high END AS high_weighs,
                CASE WHEN share < below AND standing < floor THEN {_small(bands)} END AS note FROM shared)
        {together},
        decisive AS (SELECT account_id, on_date, min(low_weighs) AS lowest, min(high_weighs) AS highest,
                arg_min(entity_id, row(round(weighs, 9), softened, lead, round(own, 9), entity_id)) AS entity_id
            FROM judged GROUP BY ALL)
        SELECT judged.*, lowest, highest FROM judged JOIN decisive USING (account_id, on_date, entity_id)
        """
    )


def _related(way: Way) -> str:
    """The relationships with what is taken of them: `take`, `below`, `floor`."""
    rule = way.rule.accounts
    take = rule.by_type(lambda t: t.take)
    below = rule.by_type(lambda t: t.small.below if t.small else None)
    floor = rule.by_type(lambda t: t.small.floor if t.small else None)
    columns = f"{take} AS take, CAST({below} AS DOUBLE) AS below, CAST({floor} AS INTEGER) AS floor"
    if not rule.types:
        return f"SELECT *, NULL AS type, {columns} FROM snapshot_raw WHERE entity = 'relationship' AND main"
    named = ", ".join(literal(name) for name in sorted(rule.types))
    typed = f"SELECT relationship_id AS entity_id, CASE WHEN type IN ({named}) THEN type END AS type FROM relationship"
    return f"""SELECT *, {columns} FROM snapshot_raw LEFT JOIN ({typed}) USING (entity_id)
        WHERE entity = 'relationship' AND main"""


def _small(bands: Bands) -> str:
    band = bands.sql("floor")
    return (
        f"upper(left({band}, 1)) || substr({band}, 2) || ' ' || floor || ': a small relationship is worse: '"
    )


def _accounts(bands: Bands) -> str:
    softened = "CASE WHEN score IS NULL THEN NULL ELSE greatest(score, floor) END"
    known = "CASE WHEN known_score IS NULL THEN NULL ELSE greatest(known_score, floor) END"
    return f"""
    SELECT 'account', account_id, account_id, scorecard, TRUE, on_date,
        CASE WHEN softened THEN {softened} ELSE score END,
        CASE WHEN softened THEN {bands.sql(softened)} ELSE band END,
        uncapped, coalesce(weighted_coverage / nullif(account_arr, 0), plain_coverage), lowest, highest, published,
        CASE WHEN softened THEN {known} ELSE known_score END,
        CASE WHEN softened THEN {bands.sql(known)} ELSE known_band END,
        CASE WHEN NOT softened THEN cap END, CASE WHEN NOT softened THEN override END, cap_unsure, weighs, account_arr
    FROM binding"""


def _groups(con: Connection, way: Way) -> None:
    """Groups of more than one account. Revenue in several currencies is not added up: accounts count alike."""
    take = way.rule.groups.take
    heavy = "1" if take == "mean" else "weight"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE grouped AS
        WITH members AS (SELECT * FROM rolled JOIN family USING (account_id)),
        single AS (SELECT parent, on_date, count(DISTINCT coalesce(currency, '')) = 1 AND sum(arr) > 0 AS one_currency
            FROM members GROUP BY ALL HAVING count(*) > 1 OR any_value(account_id) <> parent),
        weighted AS (SELECT *, {heavy} AS heavy FROM (SELECT members.*, one_currency, CASE WHEN one_currency THEN arr ELSE 1 END AS weight
            FROM members JOIN single USING (parent, on_date))),
        summed AS (SELECT parent, on_date, any_value(one_currency) AS one_currency,
            count(*) AS accounts, count(*) FILTER (band = 'red') AS reds,
            sum(CAST(weight AS DECIMAL(18, 2))) AS weight, sum(CAST(heavy AS DECIMAL(18, 2))) AS heavy,
            CAST(sum(CAST(weight AS DECIMAL(18, 2))) FILTER (band = 'red') AS DOUBLE) AS red_weight,
            CAST(sum(CAST(heavy * coalesce(score, standing) AS DECIMAL(38, 6))) AS DOUBLE)
                / nullif(CAST(sum(CAST(heavy AS DECIMAL(18, 2))) FILTER (standing IS NOT NULL) AS DOUBLE), 0) AS mean,
            CAST(sum(CAST(heavy * known_score AS DECIMAL(38, 6))) AS DOUBLE)
                / nullif(CAST(sum(CAST(heavy AS DECIMAL(18, 2))) FILTER (known_score IS NOT NULL) AS DOUBLE), 0) AS known_mean,
            CAST(sum(CAST(heavy * coverage AS DECIMAL(38, 6))) AS DOUBLE) AS covered,
            CAST(sum(CAST(heavy * coalesce(low, 0) AS DECIMAL(38, 6))) AS DOUBLE) AS low,
            CAST(sum(CAST(heavy * coalesce(high, 100) AS DECIMAL(38, 6))) AS DOUBLE) AS high,
            {_least(take, way.bands)},
            bool_or(published = 'carried') AS carried, sum(CAST(arr AS DECIMAL(18, 2))) AS arr
        FROM weighted GROUP BY ALL),
        meant AS (SELECT * REPLACE (low / nullif(CAST(heavy AS DOUBLE), 0) AS low, high / nullif(CAST(heavy AS DOUBLE), 0) AS high,
            covered / nullif(CAST(heavy AS DOUBLE), 0) AS covered) FROM summed)
        {_taken(take)}
        """
    )


def _least(take: str, bands: Bands) -> str:
    """The worst of the members that can pull a group below its mean: all of them, or those that a red cap holds down."""
    which = f"FILTER (cap < {bands.red[1]})" if take == "any_fatal" else ""
    return f"""min(coalesce(score, standing)) {which} AS worst, min(known_score) {which} AS known_worst,
        min(coalesce(low, 0)) {which} AS low_worst, min(coalesce(high, 100)) {which} AS high_worst"""


def _taken(take: str) -> str:
    """Mean, known mean and interval, as far down as `take` lets the worst pull them."""
    worst = {"mean": "worst", "known_mean": "known_worst", "low": "low_worst", "high": "high_worst"}
    if take in ("weighted", "mean"):
        return "SELECT * FROM meant"
    if take == "worst":
        return f"SELECT * REPLACE ({', '.join(f'CAST({low} AS DOUBLE) AS {name}' for name, low in worst.items())}) FROM meant"
    return f"SELECT * REPLACE ({', '.join(f'least({name}, {low}) AS {name}' for name, low in worst.items())}) FROM meant"


def _group_rows(way: Way) -> str:
    blind = f"covered < {way.rule.groups.minimum_coverage}"
    score, known = half_up("mean"), half_up("known_mean")
    return f"""
    SELECT 'group', parent, parent, 'group', TRUE, on_date, {score},
        CASE WHEN {blind} THEN 'unknown' ELSE {way.bands.sql(score)} END, mean, covered, low, high,
        CASE WHEN carried THEN 'carried' ELSE 'known' END,
        {known}, CASE WHEN {blind} THEN 'unknown' ELSE {way.bands.sql(known)} END, NULL, NULL, NULL, mean, CAST(arr AS DOUBLE)
    FROM grouped"""


SENTENCE = """
    reds || ' of ' || accounts || ' accounts red' || CASE WHEN one_currency AND reds > 0 THEN
    ', ' || CAST(floor(round(100 * red_weight / CAST(weight AS DOUBLE), 9) + 0.5) AS INTEGER) || ' % of revenue'
    ELSE '' END"""
