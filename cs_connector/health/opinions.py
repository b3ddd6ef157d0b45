"""What customers said, by period: NPS with its margin, CSAT, CES, response rates and advocacy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from cs_connector.health.program import rate
from cs_connector.language.executor import Connection

PROMOTER, DETRACTOR, SATISFIED = 9.0, 6.0, 7.5  # of 10: 7.5 is 4 of 1 to 5
ADVOCATE_DAYS = 180  # how long an answer says that somebody recommends us
Z = 1.959963984540054  # of 95 %
VALUES = {"all": "NULL", "segment": "a.segment", "owner": "a.csm_user_id"}


@dataclass(frozen=True, slots=True)
class Nps:
    """−100 to 100, and half of its 95 % interval; None without answers."""

    score: float | None
    margin: float | None
    answers: int


def nps(promoters: int, detractors: int, answers: int) -> Nps:
    """Share of promoters less share of detractors; margin = z·sqrt((p + d − (p − d)²) / n), in points.

    Where few or all say the same that comes near 0, which nobody should believe: the margin is at least the one with
    three more answers, ¾ of a promoter, 1½ passive and ¾ of a detractor.
    """
    if not answers:
        return Nps(None, None, 0)
    more = _margin(promoters + 0.75, detractors + 0.75, answers + 3)
    margin = max(_margin(promoters, detractors, answers), more)
    return Nps(round(100 * (promoters - detractors) / answers, 6), round(100 * margin, 6), answers)


def _margin(promoters: float, detractors: float, answers: float) -> float:
    p, d = promoters / answers, detractors / answers
    return Z * math.sqrt(max(p + d - (p - d) ** 2, 0.0) / answers)


def answers(con: Connection, by: str) -> dict[tuple[str, str, Any], dict[str, Any]]:
    """By month, span and value: nps, csat (share of 4 and 5 on 1 to 5), ces (mean of 10), each with its count.

    Needs `survey_response`, `account` and what `program.prepare` makes: who was no customer at either end of a period has
    no part in it. Of a person the last answer of a kind in the period counts.
    """
    rows = con.execute(
        f"""
        WITH said AS (SELECT p.month, p.span, {VALUES[by]} AS value, lower(s.kind) AS kind, s.score_10
            FROM period AS p JOIN survey_response AS s ON s.answered_on > p.since AND s.answered_on <= p.until
            JOIN among USING (month, span, account_id) LEFT JOIN account AS a USING (account_id) WHERE s.score_10 IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY p.month, p.span, lower(s.kind), coalesce(s.person_id, s.survey_response_id)
                ORDER BY s.answered_on DESC, s.survey_response_id DESC) = 1)
        SELECT month, span, value, count(*) FILTER (kind = 'nps' AND score_10 >= {PROMOTER}),
            count(*) FILTER (kind = 'nps' AND score_10 <= {DETRACTOR}), count(*) FILTER (kind = 'nps'),
            count(*) FILTER (kind = 'csat' AND score_10 >= {SATISFIED}), count(*) FILTER (kind = 'csat'),
            CAST(sum(CAST(score_10 AS DECIMAL(18, 9))) FILTER (kind = 'ces') AS DOUBLE), count(*) FILTER (kind = 'ces')
        FROM said GROUP BY ALL"""
    ).fetchall()
    return {row[:3]: _answers(*row[3:]) for row in rows}


def _answers(
    promoters: int, detractors: int, said: int, satisfied: int, rated: int, effort: float | None, efforts: int
) -> dict[str, Any]:
    found = nps(promoters, detractors, said)
    return {
        "nps": {"score": found.score, "margin": found.margin, "answers": found.answers},
        "csat": {"share": rate(satisfied, rated), "answers": rated},
        "ces": {"mean": rate(effort or 0, efforts), "answers": efforts},
    }


def responses(con: Connection, by: str, as_of: Any) -> dict[tuple[str, str, Any], dict[str, Any]]:
    """By month, span and value: invitations of the period, and how many were answered by as_of."""
    rows = con.execute(
        f"""SELECT p.month, p.span, {VALUES[by]} AS value, count(*), count(*) FILTER (s.answered_on <= $as_of)
        FROM period AS p JOIN survey_response AS s ON s.invited_on > p.since AND s.invited_on <= p.until
        JOIN among USING (month, span, account_id) LEFT JOIN account AS a USING (account_id) GROUP BY ALL""",
        {"as_of": as_of},
    ).fetchall()
    return {row[:3]: {"invited": row[3], "answered": row[4], "rate": rate(row[4], row[3])} for row in rows}


def advocacy(con: Connection, by: str) -> dict[tuple[str, str, Any], dict[str, Any]]:
    """By month, span and value: accounts whose last NPS answers of 180 days hold a promoter and no detractor, of those that answered."""
    rows = con.execute(
        f"""
        WITH latest AS (SELECT p.month, p.span, s.account_id, s.score_10
            FROM period AS p JOIN survey_response AS s ON s.answered_on > p.until - {ADVOCATE_DAYS} AND s.answered_on <= p.until
            JOIN among USING (month, span, account_id) WHERE lower(s.kind) = 'nps' AND s.score_10 IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY p.month, p.span, coalesce(s.person_id, s.survey_response_id)
                ORDER BY s.answered_on DESC, s.survey_response_id DESC) = 1),
        told AS (SELECT month, span, account_id, max(score_10) >= {PROMOTER} AND min(score_10) > {DETRACTOR} AS advocates
            FROM latest GROUP BY ALL)
        SELECT month, span, {VALUES[by]} AS value, count(*) FILTER (advocates), count(*)
        FROM told LEFT JOIN account AS a USING (account_id) GROUP BY ALL"""
    ).fetchall()
    return {row[:3]: {"advocates": row[3], "answered": row[4], "share": rate(row[3], row[4])} for row in rows}
