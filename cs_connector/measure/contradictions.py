"""What people say against what they do."""

from __future__ import annotations

from cs_connector.language.executor import Connection

DARK_SHARE, DARK_CHANGE = 0.1, -0.5


def publish(con: Connection) -> None:
    """Make the table `contradiction` (relationship_id, account_id, on_date, kind, text) from `metric_wide`."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE contradiction AS
        SELECT relationship_id, account_id, on_date, 'promoter_while_dark' AS kind,
            'Recommends us, but ' || CASE WHEN m_active_share < {DARK_SHARE} THEN 'hardly anyone logs in'
                ELSE 'usage has halved' END AS text
        FROM metric_wide
        WHERE m_promoter = 1 AND (m_active_share < {DARK_SHARE} OR m_usage_change <= {DARK_CHANGE})
        """
    )
