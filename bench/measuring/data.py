"""The data that metrics are measured on: a company of any size as Parquet, the same bytes for the same size.

At 100,000 accounts: 150,000 relationships, 25 million rows of usage (ten metrics, 18 months), 10 million tickets, a million surveys,
2 million invoices, 3 million activities. Nothing is drawn: every value comes from a hash of its keys.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from cs_connector.model import ATTACHMENT, ENTITIES, FEED, LINK, Entity

AS_OF = "DATE '2026-11-15'"
ROWS = 100_000  # of a group of rows in a file
USED = ("active_users", "key_features_used", *(f"feature_{n}" for n in range(8)))

NUMBER = "(hash({0}, {1}) % 1000000 / 1000000.0)::DOUBLE"


def drawn(*keys: str, salt: int) -> str:
    """SQL: a number in [0, 1) that is always the same for these keys."""
    return NUMBER.format(" || '/' || ".join(f"({key})::VARCHAR" for key in keys), salt)


SEATS = f"(5 + floor(200 * {drawn('n', salt=1)}))::BIGINT"
WHEN = f"{AS_OF} - (540 * {drawn('i', salt=21)})::INTEGER"

TABLES = {
    "account": f"""SELECT 'acc_' || n AS account_id, 'Account ' || n AS name,
        ['Enterprise', 'Mid', 'Small'][1 + n % 3] AS segment, 'Customer' AS customer_status, 'USD' AS currency,
        (1000 + 90000 * {drawn("n", salt=2)})::DECIMAL(18, 2) AS arr, 'usr_' || n % 500 AS owner_user_id
        FROM range({{accounts}}) t(n)""",
    "person": f"""SELECT 'per_' || i AS person_id, 'acc_' || i // 5 AS account_id, i % 5 = 0 AS decision_maker, i % 5 = 1 AS champion,
        {drawn("i", salt=3)} > 0.05 AS active FROM range(5 * {{accounts}}) t(i)""",
    "relationship": f"""SELECT 'rel_' || n AS relationship_id, 'acc_' || n % {{accounts}} AS account_id, 'k' || n AS key,
        'Subscription' AS type, ['Core', 'Plus'][1 + n // {{accounts}}] AS product, 'Active' AS status, 'Renewal' AS stage,
        {AS_OF} - (200 + 900 * {drawn("n", salt=4)})::INTEGER AS start_on,
        {AS_OF} + (365 * {drawn("n", salt=5)} - 20)::INTEGER AS renewal_on,
        (1000 + 60000 * {drawn("n", salt=6)})::DECIMAL(18, 2) AS arr, {SEATS} AS seats, 8 AS features_bought,
        CASE WHEN {drawn("n", salt=7)} < 0.02 THEN {AS_OF} - 10 END AS notice_on,
        CASE WHEN n % 4 = 0 THEN ['Good', 'Concerned', 'At risk'][1 + n % 3] END AS csm_judgement,
        CASE WHEN n % 4 = 0 THEN {AS_OF} - (n % 120)::INTEGER END AS csm_judgement_on
        FROM range(3 * {{accounts}} // 2) t(n)""",
    "usage": f"""SELECT 'use_' || n || '_' || k || '_' || m AS usage_id, 'acc_' || n % {{accounts}} AS account_id,
        CASE WHEN {drawn("n", "k", salt=8)} >= 0.03 THEN ['Core', 'Plus'][1 + n // {{accounts}}] END AS product,
        {list(USED)}[1 + k] AS metric, (date_trunc('month', {AS_OF}) - to_months(m::INTEGER))::DATE AS on_date, 'month' AS grain,
        CASE WHEN {drawn("n", "k", "m", salt=9)} >= 0.01 THEN
        floor(CASE WHEN k = 1 THEN 9 ELSE {SEATS} END * {drawn("n", "k", "m", salt=10)}) END::DOUBLE AS value
        FROM range(3 * {{accounts}} // 2) a(n), range(10) b(k), range(18) c(m)
        WHERE {drawn("n", "k", "m", salt=11)} >= 0.02 AND {drawn("n", salt=12)} >= 0.03""",
    "ticket": f"""SELECT 'tic_' || i AS ticket_id, 'acc_' || i % {{accounts}} AS account_id, 'per_' || (5 * (i % {{accounts}}) + i % 3) AS person_id,
        [NULL, 'Core', 'Plus'][1 + i % 3] AS product, ['P1', 'P2', 'P3', 'P4', NULL][1 + (i % 23) % 5] AS priority,
        'Closed' AS status, ({WHEN})::TIMESTAMP + to_seconds(i % 86400) AS opened_at,
        CASE WHEN {drawn("i", salt=13)} >= 0.02 THEN ({WHEN})::TIMESTAMP + to_hours((400 * {drawn("i", salt=14)})::BIGINT) END AS closed_at,
        CASE WHEN i % 50 = 0 THEN ({WHEN})::TIMESTAMP END AS waiting_since FROM range(100 * {{accounts}}) t(i)""",
    "survey_response": f"""SELECT 'sur_' || i AS survey_response_id, 'acc_' || i % {{accounts}} AS account_id,
        'per_' || (5 * (i % {{accounts}}) + i % 5) AS person_id, ['nps', 'nps', 'csat'][1 + i % 3] AS kind,
        CASE WHEN answered THEN floor(11 * {drawn("i", salt=15)}) END::DOUBLE AS score, 0::DOUBLE AS scale_min, 10::DOUBLE AS scale_max,
        score AS score_10, {WHEN} AS invited_on, CASE WHEN answered THEN invited_on + (i % 9)::INTEGER END AS answered_on
        FROM (SELECT i, {drawn("i", salt=16)} < 0.6 AS answered FROM range(10 * {{accounts}}) t(i))""",
    "invoice": f"""SELECT 'inv_' || i AS invoice_id, 'acc_' || i % {{accounts}} AS account_id, {WHEN} AS issued_on,
        issued_on + 30 AS due_on, CASE WHEN {drawn("i", salt=17)} >= 0.03 THEN due_on + ((i % 40) - 20)::INTEGER END AS paid_on,
        (100 + 9000 * {drawn("i", salt=18)})::DECIMAL(18, 2) AS amount, 'USD' AS currency FROM range(20 * {{accounts}}) t(i)""",
    "activity": f"""SELECT 'act_' || i AS activity_id, 'acc_' || i % {{accounts}} AS account_id, 'per_' || (5 * (i % {{accounts}}) + i % 7 % 5) AS person_id,
        'email' AS kind, i % 3 > 0 AS two_way, ({WHEN})::TIMESTAMP AS "at" FROM range(30 * {{accounts}}) t(i)""",
    "goal": f"""SELECT 'goa_' || i AS goal_id, 'acc_' || i % {{accounts}} AS account_id,
        ['On track', 'At risk', 'Met', 'Missed'][1 + (i * 7 % 11) % 4] AS status, {WHEN} AS updated_on FROM range(2 * {{accounts}}) t(i)""",
    "link": """SELECT 'acc_' || n AS entity_id, 'account' AS entity, connection, 'accounts' AS object, n::VARCHAR AS record_id,
        'id' AS method, 1::DOUBLE AS confidence FROM range({accounts}) t(n), (VALUES ('desk'), ('crm')) c(connection)""",
    "feed": f"""SELECT entity, connection, TRUE AS complete, ({AS_OF} + 1)::TIMESTAMP AS watermark
        FROM (VALUES ('ticket', 'desk'), ('invoice', 'crm')) f(entity, connection)""",
    "attachment": """SELECT 'ticket' AS entity, 'tic_' || i AS entity_id, 'rel_' || i % {accounts} AS relationship_id, 'record' AS rule
        FROM range(0, 100 * {accounts}, 40) t(i)""",
}


def make(folder: Path, accounts: int) -> int:
    """Write `<entity>.parquet` for every entity, rows of an account side by side where that is how they come; gives the rows."""
    rows = 0
    entities = (*ENTITIES.values(), LINK, FEED, ATTACHMENT)
    with duckdb.connect(config={"threads": 2, "memory_limit": "6GB"}) as con:
        for entity in entities:
            made = TABLES.get(entity.name, "SELECT 1 WHERE FALSE").replace("{accounts}", str(accounts))
            path = folder / f"{entity.name}.parquet"
            con.execute(
                f"COPY (SELECT {listed(con, entity, made)} FROM ({made})) TO '{path}' (COMPRESSION zstd, ROW_GROUP_SIZE {ROWS})"
            )
            found = con.execute(f"SELECT count(*) FROM '{path}'").fetchone()
            rows += found[0] if found else 0
    return rows


def listed(con: duckdb.DuckDBPyConnection, entity: Entity, made: str) -> str:
    """SQL: the columns of an entity, of what a query makes of them."""
    given = [c[0] for c in con.execute(f"DESCRIBE {made}").fetchall()]
    return ", ".join(f'{_column(c.name, given)}::{c.type} AS "{c.name}"' for c in entity.columns)


def _column(name: str, given: list[str]) -> str:
    return f'"{name}"' if name in given else "NULL"
