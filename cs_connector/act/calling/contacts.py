"""Who at the customer a call is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from .rules import Rule

Need = tuple[Rule, Mapping[str, Any]]
ANSWERS = 180  # days: as long as an answer counts
_NAMED = """SELECT relationship_id, role, person_id FROM relationship_person JOIN person p USING (person_id)
WHERE relationship_id IN (SELECT unnest($relationships)) AND p.active IS NOT FALSE
QUALIFY row_number() OVER (PARTITION BY relationship_id, role ORDER BY named DESC, person_id) = 1"""
_UNHAPPY = f"""WITH last AS (SELECT p.account_id, s.* FROM survey_response s JOIN person p USING (person_id)
WHERE p.account_id IN (SELECT unnest($accounts)) AND p.decision_maker AND p.active IS NOT FALSE AND s.score IS NOT NULL
AND s.answered_on <= $day AND date_diff('day', s.answered_on, CAST($day AS DATE)) < {ANSWERS}
QUALIFY row_number() OVER (PARTITION BY s.person_id, s.kind ORDER BY s.answered_on DESC, s.survey_response_id) = 1)
SELECT account_id, person_id FROM last
QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY score / scale_max, answered_on DESC, person_id) = 1"""
_ROLES = {"decision_maker": "Decision Maker", "champion": "Champion"}


def contacts(con: duckdb.DuckDBPyConnection, needs: Sequence[Need], day: date) -> list[str | None]:
    """For each rule and row the person whom the rule names.

    Nobody at a customer that a partner looks after: they hear from the partner.
    """
    asked = [(rule, row) for rule, row in needs if rule.contact and not row.get("partner_account_id")]
    named = _named(con, (row["relationship_id"] for rule, row in asked if rule.contact != "unhappy"))
    unhappy = _unhappy(con, (row["account_id"] for rule, row in asked if rule.contact == "unhappy"), day)
    found = {
        (rule.rule, row["relationship_id"]): unhappy.get(row["account_id"])
        if rule.contact == "unhappy"
        else named.get((row["relationship_id"], _ROLES[str(rule.contact)]))
        for rule, row in asked
    }
    return [found.get((rule.rule, row["relationship_id"])) for rule, row in needs]


def _named(con: duckdb.DuckDBPyConnection, relationships: Iterable[str]) -> dict[tuple[str, str], str]:
    """The first person in each role, by relationship and role."""
    asked = sorted({*relationships})
    rows = con.execute(_NAMED, {"relationships": asked}).fetchall() if asked else []
    return {(relationship, role): person for relationship, role, person in rows}


def _unhappy(con: duckdb.DuckDBPyConnection, accounts: Iterable[str], day: date) -> dict[str, str]:
    """The decision maker who answered worst of late, by account."""
    asked = sorted({*accounts})
    return dict(con.execute(_UNHAPPY, {"accounts": asked, "day": day}).fetchall()) if asked else {}
