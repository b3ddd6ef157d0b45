"""What is about which relationship: tickets, answers, usage and the like, by declared rules; what is about none is counted."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from cs_connector.model import ATTACHMENT, ENTITIES, RELATIONSHIP, ROLE
from cs_connector.unify.sql import ident, literal

from .rulebook import ATTACHABLE, AttachRule, Rulebook, formula

_COLUMNS = ", ".join(f"{c.name} {c.type}" for c in ATTACHMENT.columns)

# the records that relationships were made of, and those that stand for them in a CRM; by their connection, and by their
# vendor where no other connection of it has such a record
_MAKERS = """CREATE OR REPLACE TEMP TABLE maker AS WITH made AS (
SELECT l.connection, l.object || '|' || l.record_id AS record, r.relationship_id
FROM line n JOIN relationship r ON r.relationship_id = 'rel_' || left(md5(n.whole), 16)
JOIN link l ON l.entity = n.entity AND l.entity_id = n.entity_id AND n.entity <> 'account'
UNION SELECT s.connection, s.object || '|' || s.record_id, r.relationship_id FROM said s JOIN relationship r USING (key))
SELECT connection || '|' || record AS ref, relationship_id FROM made
UNION SELECT 'crm:' || crm || '|' || record, min(relationship_id) FROM made JOIN connection_crm USING (connection)
GROUP BY crm, record HAVING min(connection) = max(connection)"""

# what names a relationship of another customer: one account may speak for another of its tree, and a partner for whom it manages
_NONE_ASTRAY = "CREATE OR REPLACE TEMP TABLE astray(entity VARCHAR, entity_id VARCHAR, account_id VARCHAR, relationship_id VARCHAR)"
_ASTRAY = """INSERT INTO astray SELECT DISTINCT {named}, e.{key}, e.account_id, r.relationship_id
FROM {rows} e JOIN maker m ON m.ref = e.relationship JOIN relationship r USING (relationship_id)
LEFT JOIN account a ON a.account_id = e.account_id LEFT JOIN account h ON h.account_id = r.account_id
WHERE e.account_id NOT IN (r.account_id, coalesce(r.partner_account_id, r.account_id))
AND coalesce(a.ultimate_parent_id, e.account_id) <> coalesce(h.ultimate_parent_id, r.account_id)"""

# what names its relationship and no account is of the relationship's account
_HOMED = """UPDATE {table} SET account_id = r.account_id FROM attachment a JOIN relationship r USING (relationship_id)
WHERE a.entity = {named} AND a.entity_id = {table}.{key} AND {table}.account_id IS NULL"""

_LINKED = """UPDATE linked SET account_id = e.account_id FROM {table} e
WHERE linked.entity = {named} AND linked.entity_id = e.{key} AND linked.account_id IS NULL"""

_NO_MAKERS = "CREATE OR REPLACE TEMP TABLE maker(ref VARCHAR, relationship_id VARCHAR)"

# how the rows of an entity found their relationships; `product` and `account` are what is left to the metrics
_COUNTED = """INSERT INTO attached
WITH grouped AS (SELECT e.account_id, {product} AS product, {rule} AS rule, {astray} AS astray, count(*) AS n FROM {rows} e GROUP BY ALL),
sold AS (SELECT account_id, list(DISTINCT product) AS products FROM relationship GROUP BY 1)
SELECT {named}, CASE WHEN g.rule IS NOT NULL THEN g.rule WHEN g.astray THEN 'relationship of another customer' WHEN g.account_id IS NULL THEN 'no account'
    WHEN s.account_id IS NULL THEN 'account without relationships' WHEN g.product IS NULL THEN 'account'
    WHEN list_contains(s.products, g.product) THEN 'product' ELSE 'unknown product' END, sum(n)::BIGINT
FROM grouped g LEFT JOIN sold s ON s.account_id = g.account_id GROUP BY ALL"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make `maker` (ref, relationship_id): which records stand for a relationship; none where no row names one."""
    con.execute(_MAKERS if any(_naming(con, name) for name in ATTACHABLE) else _NO_MAKERS)


def attach(con: duckdb.DuckDBPyConnection, book: Rulebook) -> None:
    """Fill `attachment` (model.ATTACHMENT), `attached` (entity, how, rows) and `astray` (entity, entity_id, account_id, relationship_id).

    Expects `maker` and `named_person`. A record that names its relationship is about that one, unless it is another customer's:
    then it is astray, and stays with its account. Else the first rule that finds any counts, and it is about all that
    this rule finds. What no rule attaches has no row: it counts for the relationships of its product, or for all of its account.
    """
    con.execute(f"CREATE OR REPLACE TABLE attachment({_COLUMNS})")
    con.execute("CREATE OR REPLACE TABLE attached(entity VARCHAR, how VARCHAR, rows BIGINT)")
    con.execute(_NONE_ASTRAY)
    for name in ATTACHABLE:
        if _naming(con, name):
            if name != ROLE.name:  # a consultant may have a role at several customers
                con.execute(_ASTRAY.format(named=literal(name), key=ENTITIES[name].key, rows=_staged(name)))
            con.execute(f"INSERT INTO attachment {_by_record(name)}")
            for query in (_HOMED, _LINKED):
                con.execute(query.format(table=ident(name), named=literal(name), key=ENTITIES[name].key))
        for number, rule in enumerate(book.attach.get(name, ())):
            _ruled(con, name, f"rule {number + 1}", rule)
    for name in ATTACHABLE:
        con.execute(_counted(con, name))


def _counted(con: duckdb.DuckDBPyConnection, name: str) -> str:
    entity = ENTITIES[name]
    product = "e.product" if entity.column("product") else "NULL::VARCHAR"
    told = f"(SELECT entity_id, min(rule) AS rule FROM attachment WHERE entity = {literal(name)} GROUP BY 1)"
    lost = f"(SELECT DISTINCT entity_id AS lost FROM astray WHERE entity = {literal(name)})"
    rows, rule, astray = ident(name), "NULL::VARCHAR", "FALSE"
    if con.execute(f"SELECT 1 FROM {told} LIMIT 1").fetchone():
        rows, rule = f"(SELECT * FROM {rows} LEFT JOIN {told} ON entity_id = {entity.key})", "e.rule"
    if con.execute(f"SELECT 1 FROM {lost} LIMIT 1").fetchone():
        rows, astray = f"(SELECT * FROM {rows} LEFT JOIN {lost} ON lost = {entity.key})", "e.lost IS NOT NULL"
    return _COUNTED.format(named=literal(name), rows=rows, rule=rule, astray=astray, product=product)


def _naming(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    query = f"SELECT 1 FROM {ident('stage_' + name)} WHERE relationship IS NOT NULL LIMIT 1"
    return con.execute(query).fetchone() is not None


def _staged(name: str) -> str:
    """Rows of an entity with what their records said of relationships; the first of several records that says anything."""
    entity = ENTITIES[name]
    told = ", ".join(
        f"first(s.{c.name} ORDER BY s.rank, s.record_id) FILTER (s.{c.name} IS NOT NULL) AS {c.name}"
        for c in entity.evidence
    )
    return (
        f"(SELECT e.*, t.* EXCLUDE (entity_id) FROM {ident(name)} e JOIN (SELECT l.entity_id, {told} FROM link l "
        f"JOIN {ident('stage_' + name)} s ON (s.connection, s.object, s.record_id) = (l.connection, l.object, l.record_id) "
        f"WHERE l.entity = {literal(name)} GROUP BY 1) t ON t.entity_id = e.{entity.key})"
    )


def _by_record(name: str) -> str:
    key = ENTITIES[name].key
    return (
        f"SELECT DISTINCT {literal(name)}, e.{key}, m.relationship_id, 'record' FROM {_staged(name)} e "
        "JOIN maker m ON m.ref = e.relationship ANTI JOIN astray s "
        f"ON s.entity = {literal(name)} AND (s.entity_id, s.relationship_id) = (e.{key}, m.relationship_id)"
    )


def _ruled(con: duckdb.DuckDBPyConnection, name: str, called: str, rule: AttachRule) -> None:
    """Attach what nothing has attached yet."""
    entity = ENTITIES[name]
    names = {c.name: c.type for c in entity.staged}
    rows = f"{_staged(name)} e"
    if rule.when:
        rows = f"(SELECT * FROM {rows} WHERE coalesce({formula(rule.when, names)}, FALSE)) e"
    con.execute(
        f"INSERT INTO attachment SELECT DISTINCT {literal(name)}, e.{entity.key}, r.relationship_id, {literal(called)} FROM {rows} "
        f"JOIN {_among(rule)} r ON r.account_id = e.account_id AND {' AND '.join(_fits(rule))} "
        f"ANTI JOIN attachment a ON a.entity = {literal(name)} AND a.entity_id = e.{entity.key}"
    )


def _among(rule: AttachRule) -> str:
    """The relationships that a rule may lead to."""
    if rule.by:
        return "(SELECT r.relationship_id, r.account_id, p.person_id FROM relationship r JOIN named_person p USING (relationship_id))"
    if rule.to:
        names = {c.name: c.type for c in RELATIONSHIP.columns}
        return f"(SELECT * FROM relationship WHERE coalesce({formula(rule.to, names)}, FALSE))"
    return "relationship"


def _fits(rule: AttachRule) -> Iterator[str]:
    yield "TRUE"
    if rule.by:
        yield "r.person_id = e.person_id"
    for mine, theirs in rule.same.items():
        yield f"lower(CAST(r.{ident(theirs)} AS VARCHAR)) = lower(CAST(e.{ident(mine)} AS VARCHAR))"
