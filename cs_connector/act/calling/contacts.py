"""Who at the customer a call is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb

from .rules import Rule

ANSWERS = 180  # days: as long as an answer counts
_NAMED = """SELECT person_id FROM relationship_person JOIN person p USING (person_id) WHERE relationship_id = $relationship
AND role = $role AND p.active IS NOT FALSE ORDER BY named DESC, person_id LIMIT 1"""
_UNHAPPY = f"""SELECT s.person_id FROM survey_response s JOIN person p USING (person_id) WHERE p.account_id = $account
AND p.decision_maker AND p.active IS NOT FALSE AND s.score IS NOT NULL AND s.answered_on <= $day
AND date_diff('day', s.answered_on, CAST($day AS DATE)) < {ANSWERS}
QUALIFY row_number() OVER (PARTITION BY s.person_id, s.kind ORDER BY s.answered_on DESC, s.survey_response_id) = 1
ORDER BY s.score / s.scale_max, s.answered_on DESC, s.person_id LIMIT 1"""
_ROLES = {"decision_maker": "Decision Maker", "champion": "Champion"}


def contact(con: duckdb.DuckDBPyConnection, rule: Rule, row: Mapping[str, Any], day: date) -> str | None:
    """The person whom a rule names. Nobody at a customer that a partner looks after: they hear from the partner."""
    if rule.contact is None or row.get("partner_account_id"):
        return None
    if rule.contact == "unhappy":
        found = con.execute(_UNHAPPY, {"account": row["account_id"], "day": day}).fetchone()
    else:
        names = {"relationship": row["relationship_id"], "role": _ROLES[rule.contact]}
        found = con.execute(_NAMED, names).fetchone()
    return found[0] if found else None
