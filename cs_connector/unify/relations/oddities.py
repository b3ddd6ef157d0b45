"""What a person should look at: owners who left, relationships without one, renewals that no system records, rows of others that name one."""

from __future__ import annotations

import duckdb

_ODD = """CREATE OR REPLACE TABLE relationship_issue AS
SELECT u.relationship_id, 'owner left' AS kind, 'tasks go to ' || CASE WHEN r.owner_user_id IS NULL THEN 'nobody'
    ELSE 'another active user (' || r.owner_source || ')' END AS detail
FROM unowned u JOIN relationship r USING (relationship_id)
UNION SELECT relationship_id, 'no owner', 'no active user in any of the declared places' FROM relationship
WHERE owner_user_id IS NULL AND status <> 'Ended' AND type <> 'Trial' AND relationship_id NOT IN (SELECT relationship_id FROM unowned)
UNION SELECT s.relationship_id, 'renewal overdue', 'the renewal of ' || s.due_on || ' is recorded nowhere'
    || CASE WHEN r.auto_renew THEN '; it renews by itself' ELSE '' END
FROM stage_reached s JOIN relationship r USING (relationship_id) WHERE s.state = 'overdue' AND s.due_on = r.renewal_on
UNION SELECT relationship_id, 'came back', 'it had ended on ' || previous_end_on FROM relationship
WHERE previous_end_on IS NOT NULL AND status <> 'Ended'
UNION SELECT s.relationship_id, 'named by another customer', count(*) || CASE WHEN count(*) = 1 THEN ' row of ' ELSE ' rows of ' END
    || s.entity || ' of ' || coalesce(any_value(a.name), s.account_id) || CASE WHEN count(*) = 1 THEN ', which stays there' ELSE ', which stay there' END
FROM astray s LEFT JOIN account a USING (account_id) GROUP BY s.relationship_id, s.entity, s.account_id"""


def find(con: duckdb.DuckDBPyConnection) -> None:
    """Make `relationship_issue` (relationship_id, kind, detail)."""
    con.execute(_ODD)
