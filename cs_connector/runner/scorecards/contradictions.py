"""Who says the one and does the other."""

from __future__ import annotations

from datetime import date
from typing import Any

from cs_connector.health.explain import rows_of
from cs_connector.language.sizes import size
from cs_connector.runner.asking import scored_on
from cs_connector.runner.deciding import standing
from cs_connector.runner.engine import Engine

SCHEMA = "contradictions/1"
_LISTED = f"""
    SELECT c.account_id AS account, a.name, c.relationship_id AS relationship, r.name AS relationship_name, c.contradiction, c.kind,
        c.title, c.text, c.known, s.score, s.band, CAST(r.arr AS DOUBLE) AS revenue, a.currency, r.renewal_on, u.name AS owner
    FROM contradiction AS c JOIN account AS a USING (account_id) JOIN relationship AS r USING (relationship_id)
    JOIN (SELECT relationship_id, {size("r.arr", "a.currency")} AS size FROM relationship AS r JOIN account AS a USING (account_id)) AS z
        USING (relationship_id)
    LEFT JOIN snapshot AS s ON s.entity = 'relationship' AND s.main AND s.entity_id = c.relationship_id AND s.on_date = c.on_date
    LEFT JOIN "user" AS u ON u.user_id = r.owner_user_id
    WHERE c.on_date = ? ORDER BY c.place, z.size DESC NULLS LAST, a.name, c.relationship_id"""


def contradictions(engine: Engine, on: date | None = None) -> dict[str, Any]:
    """contradictions/1: each that holds, by the newest scores or those of a day, with whom it holds for, those who pay most of their currency first; `known` says whether by what
    was known then, or by what was last known. Raises UsageError where nothing was scored, and for a day without scores.
    """
    with standing(engine) as con:
        day = scored_on(con, on)
        return {"schema": SCHEMA, "as_of": day, "contradictions": rows_of(con, _LISTED, [day])}
