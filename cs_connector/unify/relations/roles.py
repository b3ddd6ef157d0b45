"""Who is what at a customer: people and relationships, many to many, by role."""

from __future__ import annotations

import duckdb

from cs_connector.unify.sql import ident

# what somebody said of one relationship: the CRM's record of it, and records that give a person a role
_SAID = """SELECT r.relationship_id, p.entity_id AS person_id, {role} AS role
FROM said s JOIN stage_relationship t ON (t.connection, t.object, t.record_id) = (s.connection, s.object, s.record_id)
JOIN relationship r ON r.key = s.key JOIN reference p ON p.entity = 'person' AND p.ref = t.{column}"""

_ROLES = """CREATE OR REPLACE TEMP TABLE named_person AS
{said}
UNION SELECT m.relationship_id, o.person_id, o.role FROM role o
JOIN link l ON l.entity = 'role' AND l.entity_id = o.role_id
JOIN stage_role s ON (s.connection, s.object, s.record_id) = (l.connection, l.object, l.record_id)
JOIN maker m ON m.ref = s.relationship WHERE o.active IS NOT FALSE AND o.person_id IS NOT NULL AND o.role IS NOT NULL
UNION SELECT r.relationship_id, o.person_id, o.role FROM role o
JOIN relationship r ON r.account_id = o.account_id AND r.product = o.product
WHERE o.active IS NOT FALSE AND o.person_id IS NOT NULL AND o.role IS NOT NULL"""

_EVERY = """CREATE OR REPLACE TABLE relationship_person AS
WITH here AS (SELECT n.* FROM named_person n JOIN person p USING (person_id) WHERE p.active IS NOT FALSE)
SELECT n.relationship_id, n.person_id, n.role, TRUE AS named FROM here n
UNION
SELECT r.relationship_id, p.person_id, p.role, FALSE FROM relationship r JOIN (
    SELECT account_id, person_id, 'Decision Maker' AS role FROM person WHERE decision_maker
    UNION SELECT account_id, person_id, 'Champion' FROM person WHERE champion
    UNION SELECT o.account_id, o.person_id, o.role FROM role o JOIN person p USING (person_id)
    WHERE o.product IS NULL AND o.active IS NOT FALSE AND p.active IS NOT FALSE AND o.role IS NOT NULL
        AND NOT EXISTS (FROM attachment a WHERE a.entity = 'role' AND a.rule = 'record' AND a.entity_id = o.role_id)
) p USING (account_id)
WHERE NOT EXISTS (FROM here n WHERE n.relationship_id = r.relationship_id AND n.role = p.role)"""


def gather(con: duckdb.DuckDBPyConnection) -> None:
    """Make `named_person` (relationship_id, person_id, role): people whom a record names for one relationship."""
    said = " UNION ".join(
        _SAID.format(role=f"'{role}'", column=ident(column))
        for role, column in (("Decision Maker", "decision_maker"), ("Champion", "champion"))
    )
    con.execute(_ROLES.format(said=said))


def name(con: duckdb.DuckDBPyConnection) -> None:
    """Make `relationship_person` (relationship_id, person_id, role, named): of a role that nobody who is still there is named for, the account's people."""
    con.execute(_EVERY)
