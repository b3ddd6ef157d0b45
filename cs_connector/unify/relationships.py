"""Post-sale relationships: what a customer has going with us, with its dates, its revenue and its stage."""

from __future__ import annotations

from datetime import date

import duckdb

from cs_connector.model import RELATIONSHIP

from .declared.precedence import NOTHING, Precedence
from .declared.settling import settle
from .relations import attachment, lifecycle, lines, roles
from .relations.rulebook import Rulebook
from .sql import ident, literal

_FOREIGN = "coalesce(upper(l.currency) <> h.currency, FALSE)"
_NOW = "l.spell = l.spells"

# a line that begins more than the gap after all before it ended is the first of a new spell
_BEGUN = """CREATE OR REPLACE TEMP TABLE live AS
WITH many AS (SELECT whole FROM line GROUP BY whole HAVING count(*) > 1),
dated AS (SELECT *, max(coalesce(end_on, CASE WHEN live THEN DATE '9999-12-31' END, renewal_on, DATE '9999-12-31'))
        OVER (PARTITION BY whole ORDER BY start_on NULLS FIRST, live, entity, entity_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
    FROM line SEMI JOIN many USING (whole) WHERE coalesce(start_on, $as_of) <= $as_of),
spelt AS (SELECT * EXCLUDE (covered), sum((coalesce(date_diff('day', covered, start_on) > $gap, FALSE))::INTEGER)
        OVER (PARTITION BY whole ORDER BY start_on NULLS FIRST, live, entity, entity_id) AS spell FROM dated)
SELECT *, max(spell) OVER (PARTITION BY whole) AS spells FROM spelt
UNION ALL SELECT *, 0, 0 FROM line ANTI JOIN many USING (whole) WHERE coalesce(start_on, $as_of) <= $as_of"""

# the currency of what is not believed, or has no amount, counts only where there is no amount at all
_HOME = """CREATE OR REPLACE TEMP TABLE home AS WITH told AS (SELECT account_id, min(upper(currency)) AS one, count(DISTINCT upper(currency)) AS many,
    min(upper(currency)) FILTER (arr IS NOT NULL) AS paid, count(DISTINCT upper(currency)) FILTER (arr IS NOT NULL) AS paid_in
    FROM live WHERE live GROUP BY 1)
SELECT account_id, upper(coalesce(a.currency, CASE WHEN paid_in = 1 THEN paid WHEN paid_in = 0 AND many = 1 THEN one ELSE 'several' END))
    AS currency FROM told JOIN account a USING (account_id)"""

_OWN_CURRENCY = """UPDATE account SET currency = h.currency FROM home h
WHERE h.account_id = account.account_id AND account.currency IS NULL AND h.currency <> 'SEVERAL'"""

_ON_ACCOUNT = """UPDATE account SET arr = coalesce(r.arr, account.arr), renewal_on = coalesce(r.renewal_on, account.renewal_on), lifecycle_stage = r.stage FROM (SELECT account_id,
sum(arr) AS arr, min(renewal_on) AS renewal_on, first(stage ORDER BY arr DESC, relationship_id) AS stage
FROM relationship WHERE status <> 'Ended' GROUP BY account_id) r WHERE r.account_id = account.account_id"""


def derive(
    con: duckdb.DuckDBPyConnection, book: Rulebook, as_of: date, precedence: Precedence = NOTHING
) -> None:
    """Make `relationship`, `attachment`, `stage_reached` and `relationship_person`; set stage, revenue, its currency and next renewal of accounts.

    Expects `said`: what records of relationships say, by key. Amounts in a currency that is not the account's
    are in no figure; `mixed_currency` (account_id) lists where that is so. What makes no relationship goes to `quarantine`.
    """
    make(con, book, as_of, precedence)
    _same_key(con)
    attachment.prepare(con)
    roles.gather(con)
    attachment.attach(con, book)
    lifecycle.follow(con, book, as_of)
    _words(con)
    lifecycle.judge(con, book, as_of)
    roles.name(con)
    con.execute(_ON_ACCOUNT)
    con.execute(_OWN_CURRENCY)


def make(
    con: duckdb.DuckDBPyConnection, book: Rulebook, as_of: date, precedence: Precedence = NOTHING
) -> None:
    """Make `relationship` of what was sold, `mixed_currency` and `line`, before anything is said of it."""
    lines.gather(con, book, as_of)
    settle(con, precedence)
    con.execute(_BEGUN, {"as_of": as_of, "gap": book.gap_days})
    con.execute(_HOME)
    con.execute(
        "CREATE OR REPLACE TABLE mixed_currency AS SELECT DISTINCT l.account_id FROM live l "
        f"JOIN home h USING (account_id) WHERE l.live AND l.arr IS NOT NULL AND {_FOREIGN}"
    )
    _sold(con)
    _carry(con, book)


def _sold(con: duckdb.DuckDBPyConnection) -> None:
    """One row for each relationship, of all of its lines; where it starts again, its dates are those of the last spell."""
    newest = "ORDER BY l.live DESC, l.start_on DESC, l.entity, l.entity_id"
    given = {
        "relationship_id": "'rel_' || left(md5(l.whole), 16)",
        "account_id": "any_value(l.account_id)",
        "key": "'rel_' || left(md5(l.whole), 16)",
        "type": f"coalesce(first(l.type {newest}), first(l.type {newest}) FILTER (l.live AND l.type <> 'Trial'), 'Subscription')",
        "name": f"coalesce(first(l.name {newest}) FILTER (l.name IS NOT NULL), "
        "coalesce(any_value(a.name), 'Account') || ' · ' || any_value(l.what))",
        "product": "any_value(l.product)",
        "region": f"first(l.region {newest}) FILTER (l.region IS NOT NULL)",
        "status": "CASE WHEN bool_or(l.live) THEN 'Active' ELSE 'Ended' END",
        "start_on": f"min(l.start_on) FILTER ({_NOW})",
        "renewal_on": "min(coalesce(l.renewal_on, l.end_on)) FILTER (l.live)",
        "end_on": "CASE WHEN NOT bool_or(l.live) THEN max(l.end_on) END",
        "previous_end_on": f"max(l.end_on) FILTER (NOT {_NOW} AND l.type IS DISTINCT FROM 'Trial')",
        "arr": f"coalesce(sum(l.arr) FILTER (l.live AND NOT {_FOREIGN}), "
        "CASE WHEN NOT bool_or(l.live) THEN 0 END)",
        "seats": "sum(l.seats) FILTER (l.live)",
        "features_bought": "max(l.features_bought) FILTER (l.live)",
        "auto_renew": "bool_and(l.auto_renew) FILTER (l.live)",
        "notice_on": "min(l.notice_on) FILTER (l.live)",
        "owner_user_id": f"first(l.owner_user_id {newest}) FILTER (l.owner_user_id IS NOT NULL)",
        "partner_account_id": f"first(l.partner_account_id {newest}) FILTER (l.partner_account_id IS NOT NULL)",
    }
    columns = ", ".join(
        f"{given.get(c.name, 'NULL')}::{c.type} AS {ident(c.name)}" for c in RELATIONSHIP.columns
    )
    con.execute(
        f"CREATE OR REPLACE TABLE relationship AS SELECT {columns} FROM live l "
        "LEFT JOIN account a ON a.account_id = l.account_id LEFT JOIN home h ON h.account_id = l.account_id GROUP BY l.whole"
    )


def _carry(con: duckdb.DuckDBPyConnection, book: Rulebook) -> None:
    """The scorecard that a type carries."""
    for name, card in sorted(book.scorecards.items()):
        con.execute(f"UPDATE relationship SET scorecard = {literal(card)} WHERE type = {literal(name)}")


def _same_key(con: duckdb.DuckDBPyConnection) -> None:
    """Two records of one key: the first in rank counts, the other is set aside."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE doubled AS SELECT connection, object, record_id, key, "
        "first(concat_ws(' ', connection, object, record_id)) OVER w AS kept FROM said WHERE key IS NOT NULL "
        "WINDOW w AS (PARTITION BY key, connection, object ORDER BY record_id) QUALIFY row_number() OVER w > 1"
    )
    con.execute(
        "INSERT INTO quarantine SELECT connection, object, record_id, 'KEY', "
        "'its key is that of ' || kept || ', too, which counts' FROM doubled"
    )
    con.execute(
        "DELETE FROM said USING doubled d WHERE (said.connection, said.object, said.record_id) = (d.connection, d.object, d.record_id)"
    )


def _words(con: duckdb.DuckDBPyConnection) -> None:
    """Lay what the CRM says of a relationship over what was made, and what it says of the account under both."""
    names = [c.name for c in RELATIONSHIP.columns if c.name not in ("relationship_id", "account_id", "key")]
    known = {n: ident(n) for n in names} | {"csm_judgement_on": "csm_judgement"}
    first = ", ".join(
        f"first({ident(n)} ORDER BY rank, record_id) FILTER ({known[n]} IS NOT NULL) AS {ident(n)}"
        for n in names
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE own AS SELECT key, {first} FROM said WHERE key IS NOT NULL GROUP BY key"
    )
    laid = ", ".join(f"coalesce(o.{ident(n)}, r.{ident(n)}) AS {ident(n)}" for n in names)
    con.execute(
        f"CREATE OR REPLACE TABLE relationship AS SELECT r.* REPLACE (coalesce(r.csm_judgement, a.csm_judgement) AS csm_judgement, "
        "CASE WHEN r.csm_judgement IS NULL AND a.account_id IS NOT NULL THEN a.csm_judgement_on ELSE r.csm_judgement_on END "
        "AS csm_judgement_on, coalesce(r.alerts_paused_until, a.alerts_paused_until) AS alerts_paused_until) FROM ("
        f"SELECT r.* REPLACE ({laid}) FROM relationship r LEFT JOIN own o ON o.key = r.key) r "
        "LEFT JOIN account a ON a.account_id = r.account_id"
    )
    con.execute(
        "INSERT INTO linked SELECT r.relationship_id, 'relationship', s.connection, s.object, s.record_id, 'key', 1.0, '', "
        "r.account_id FROM said s JOIN relationship r USING (key)"
    )
