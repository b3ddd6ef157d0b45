"""Who gets the tasks: relationship owner → CSM field → account team → the parent's CSM → fallback."""

from __future__ import annotations

import duckdb


def assign(con: duckdb.DuckDBPyConnection, fallback: str | None) -> None:
    """Set `owner_user_id`, `owner_source` and `sales_owner_user_id` of relationships; drop inactive renewal managers.

    Only active users are chosen; `fallback` is the e-mail address of a user. An inactive owner that was
    passed over shows in `unowned` (relationship_id, user_id), for the weekly digest.
    """
    con.execute(
        "CREATE OR REPLACE TABLE unowned AS SELECT r.relationship_id, u.user_id FROM relationship r "
        'LEFT JOIN account a USING (account_id) JOIN "user" u ON u.user_id = coalesce(r.owner_user_id, a.csm_user_id) '
        "WHERE u.active = FALSE AND r.status <> 'Ended'"
    )
    con.execute(
        'CREATE OR REPLACE TEMP TABLE able AS SELECT user_id, lower(email) AS email FROM "user" WHERE active IS NOT FALSE'
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE chosen AS SELECT r.relationship_id, "
        "coalesce(o.user_id, c.user_id, t.user_id, p.user_id, f.user_id) AS owner, "
        "CASE WHEN o.user_id IS NOT NULL THEN 'relationship' WHEN c.user_id IS NOT NULL THEN 'CSM field' "
        "WHEN t.user_id IS NOT NULL THEN 'account team' WHEN p.user_id IS NOT NULL THEN 'CSM of the parent' "
        "WHEN f.user_id IS NOT NULL THEN 'fallback' END AS source, s.user_id AS sales, m.user_id AS manager FROM relationship r "
        "LEFT JOIN account a ON a.account_id = r.account_id "
        "LEFT JOIN account up ON up.account_id = a.parent_id LEFT JOIN account top ON top.account_id = a.ultimate_parent_id "
        "LEFT JOIN able o ON o.user_id = r.owner_user_id LEFT JOIN able c ON c.user_id = a.csm_user_id "
        "LEFT JOIN able t ON t.user_id = a.team_csm_user_id "
        "LEFT JOIN able p ON p.user_id = coalesce(up.csm_user_id, top.csm_user_id) "
        "LEFT JOIN able s ON s.user_id = a.owner_user_id LEFT JOIN able m ON m.user_id = r.renewal_manager_user_id "
        "LEFT JOIN (SELECT min(user_id) AS user_id FROM able WHERE email = lower($fallback)) f ON TRUE",
        {"fallback": fallback},
    )
    con.execute(
        "UPDATE relationship SET owner_user_id = c.owner, owner_source = c.source, sales_owner_user_id = c.sales, "
        "renewal_manager_user_id = c.manager FROM chosen c WHERE c.relationship_id = relationship.relationship_id"
    )
