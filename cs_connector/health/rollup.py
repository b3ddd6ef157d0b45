"""Relationship → account: the worst counts. Account → ultimate parent: weighted by revenue, with a sentence."""

from __future__ import annotations

from cs_connector.health.scoring import band, half_up
from cs_connector.language.executor import Connection

SMALL = 0.10  # of the account's revenue
FLOOR = 74  # a small relationship pulls its account no lower than this
EXACT = "CAST(round(coverage, 9) AS DECIMAL(10, 9))"  # sums of it are the same in any order


ROLLED = "account_id, on_date, score, band, known_score, coverage, low, high, published, standing, arr"


def roll_up(con: Connection) -> None:
    """Add accounts, then groups, to `snapshot_raw`; also makes `binding`, the relationship that decides."""
    begin(con)
    accounts(con)
    groups(con)


def begin(con: Connection) -> None:
    """Make `family`: the accounts of groups of more than one account. Nothing is rolled up yet."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE family AS
        WITH several AS (SELECT ultimate_parent_id AS parent FROM account WHERE ultimate_parent_id IS NOT NULL
            GROUP BY parent HAVING count(*) > 1 OR any_value(account_id) <> parent)
        SELECT a.account_id, a.ultimate_parent_id AS parent, a.currency
        FROM account AS a JOIN several ON several.parent = a.ultimate_parent_id JOIN account AS p ON p.account_id = a.ultimate_parent_id
        WHERE lower(coalesce(p.kind, '')) <> 'partner'
        """
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE rolled AS SELECT {ROLLED} FROM snapshot_raw WHERE FALSE")
    _groups(con)


def accounts(con: Connection) -> None:
    """Add the accounts of the relationships in `snapshot_raw`: all relationships of an account at once. Makes `binding`."""
    _binding(con)
    con.execute(f"INSERT INTO snapshot_raw {_accounts()}")
    con.execute(
        f"INSERT INTO rolled SELECT {ROLLED} FROM snapshot_raw SEMI JOIN family USING (account_id) WHERE entity = 'account'"
    )


def groups(con: Connection) -> None:
    """Add the groups of all accounts so far to `snapshot_raw`. Makes `grouped`."""
    _groups(con)
    con.execute(f"INSERT INTO snapshot_raw {_group_rows()}")


def _binding(con: Connection) -> None:
    """The worst relationship of each account and date; one that is silent stands where it last stood."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE binding AS
        WITH shared AS (SELECT *, coalesce(arr, 0) / nullif(sum(coalesce(arr, 0)) OVER same, 0) AS share,
                sum(coalesce(arr, 0)) OVER same AS account_arr,
                CAST(sum({EXACT}) OVER same AS DOUBLE) / count(*) OVER same AS plain_coverage,
                CAST(sum({EXACT} * coalesce(arr, 0)) OVER same AS DOUBLE) AS weighted_coverage
            FROM snapshot_raw WHERE entity = 'relationship' AND main WINDOW same AS (PARTITION BY account_id, on_date)),
        floored AS (SELECT *, share < {SMALL} AND standing < {FLOOR} AS softened,
                CASE WHEN share < {SMALL} THEN greatest(standing, {FLOOR}) ELSE standing END AS weighs,
                CASE WHEN share < {SMALL} AND low < {FLOOR} THEN {FLOOR} ELSE low END AS low_weighs,
                CASE WHEN share < {SMALL} AND high < {FLOOR} THEN {FLOOR} ELSE high END AS high_weighs FROM shared)
        SELECT *, min(low_weighs) OVER same AS lowest, min(high_weighs) OVER same AS highest,
            row_number() OVER (PARTITION BY account_id, on_date
                ORDER BY round(weighs, 9) NULLS LAST, softened, entity_id) AS place
        FROM floored WINDOW same AS (PARTITION BY account_id, on_date)
        QUALIFY place = 1
        """
    )


def _accounts() -> str:
    softened = f"CASE WHEN score IS NULL THEN NULL ELSE greatest(score, {FLOOR}) END"
    known = f"CASE WHEN known_score IS NULL THEN NULL ELSE greatest(known_score, {FLOOR}) END"
    return f"""
    SELECT 'account', account_id, account_id, scorecard, TRUE, on_date,
        CASE WHEN softened THEN {softened} ELSE score END,
        CASE WHEN softened THEN {band(softened)} ELSE band END,
        uncapped, coalesce(weighted_coverage / nullif(account_arr, 0), plain_coverage), lowest, highest, published,
        CASE WHEN softened THEN {known} ELSE known_score END,
        CASE WHEN softened THEN {band(known)} ELSE known_band END,
        CASE WHEN NOT softened THEN cap END, CASE WHEN NOT softened THEN override END, cap_unsure, weighs, account_arr
    FROM binding"""


def _groups(con: Connection) -> None:
    """Groups of more than one account. Revenue in several currencies is not added up: accounts count alike."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE grouped AS
        WITH members AS (SELECT * FROM rolled JOIN family USING (account_id)),
        single AS (SELECT parent, on_date, count(DISTINCT coalesce(currency, '')) = 1 AND sum(arr) > 0 AS one_currency
            FROM members GROUP BY ALL HAVING count(*) > 1 OR any_value(account_id) <> parent)
        SELECT parent, on_date, any_value(one_currency) AS one_currency,
            count(*) AS accounts, count(*) FILTER (band = 'red') AS reds,
            sum(CAST(weight AS DECIMAL(18, 2))) AS weight,
            CAST(sum(CAST(weight AS DECIMAL(18, 2))) FILTER (band = 'red') AS DOUBLE) AS red_weight,
            CAST(sum(CAST(weight * coalesce(score, standing) AS DECIMAL(38, 6))) AS DOUBLE)
                / nullif(CAST(sum(CAST(weight AS DECIMAL(18, 2))) FILTER (standing IS NOT NULL) AS DOUBLE), 0) AS mean,
            CAST(sum(CAST(weight * known_score AS DECIMAL(38, 6))) AS DOUBLE)
                / nullif(CAST(sum(CAST(weight AS DECIMAL(18, 2))) FILTER (known_score IS NOT NULL) AS DOUBLE), 0) AS known_mean,
            CAST(sum(CAST(weight * coverage AS DECIMAL(38, 6))) AS DOUBLE) AS covered,
            CAST(sum(CAST(weight * coalesce(low, 0) AS DECIMAL(38, 6))) AS DOUBLE) AS low,
            CAST(sum(CAST(weight * coalesce(high, 100) AS DECIMAL(38, 6))) AS DOUBLE) AS high,
            bool_or(published = 'carried') AS carried, sum(CAST(arr AS DECIMAL(18, 2))) AS arr
        FROM (SELECT members.*, one_currency, CASE WHEN one_currency THEN arr ELSE 1 END AS weight
            FROM members JOIN single USING (parent, on_date))
        GROUP BY ALL
        """
    )


def _group_rows() -> str:
    blind = "covered / nullif(CAST(weight AS DOUBLE), 0) < 0.5"
    score, known = half_up("mean"), half_up("known_mean")
    return f"""
    SELECT 'group', parent, parent, 'group', TRUE, on_date, {score},
        CASE WHEN {blind} THEN 'unknown' ELSE {band(score)} END, mean,
        covered / nullif(CAST(weight AS DOUBLE), 0), low / nullif(CAST(weight AS DOUBLE), 0),
        high / nullif(CAST(weight AS DOUBLE), 0), CASE WHEN carried THEN 'carried' ELSE 'known' END,
        {known}, CASE WHEN {blind} THEN 'unknown' ELSE {band(known)} END, NULL, NULL, NULL, mean, CAST(arr AS DOUBLE)
    FROM grouped"""


SENTENCE = """
    reds || ' of ' || accounts || ' accounts red' || CASE WHEN one_currency AND reds > 0 THEN
    ', ' || CAST(floor(round(100 * red_weight / CAST(weight AS DOUBLE), 9) + 0.5) AS INTEGER) || ' % of revenue'
    ELSE '' END"""
