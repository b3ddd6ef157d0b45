"""Rules as data: when a relationship needs somebody, who that is, and by when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from cs_connector.config.documents import Document, load, validate
from cs_connector.errors import ConfigError
from cs_connector.language import executor
from cs_connector.language.expression import parse_condition
from cs_connector.model import NUMBER

CallType = Literal["Risk", "Renewal", "Onboarding", "Adoption", "Feedback", "Advocacy", "Expansion", "Trial"]
_STANDING = ("is_red", "is_yellow", "is_green", "was_green", "known_score", "value_change")


class Rule(BaseModel):
    """One rule file. `when` is a formula over metrics and the standing of a relationship.

    Standing: is_red, is_yellow, is_green (now, by what is known), was_green and value_change (against the
    month end about 30 days before), known_score. `level: account` raises it once for an account, at its
    largest relationship. `short` is said in the subject, `why` in the text; both may name {metrics}.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: Literal[1]
    rule: str
    rank: int
    type: CallType
    level: Literal["relationship", "account"] = "relationship"
    when: str
    to: Literal["csm", "renewal_manager", "sales"] = "csm"
    due_days: int = Field(ge=0)
    cool_down_days: int = Field(default=30, ge=0)
    short: str = Field(max_length=50)
    why: str
    do: tuple[str, ...] = Field(max_length=3)
    closes_when: str


def load_rules(paths: Sequence[Path], metrics: Sequence[str]) -> list[tuple[Rule, str]]:
    """Rules in order of rank, each with its condition as SQL. Raises ConfigError with file and line."""
    found = [_compiled(load(path), metrics) for path in paths]
    return sorted(found, key=lambda pair: (pair[0].rank, pair[0].rule))


def _compiled(document: Document, metrics: Sequence[str]) -> tuple[Rule, str]:
    rule = validate(Rule, document)
    try:
        formula = parse_condition(rule.when, dict.fromkeys((*metrics, *_STANDING), NUMBER))
    except ConfigError as error:
        raise document.told(("when",), error) from None
    return rule, executor.sql(formula.tree)


def stand(con: duckdb.DuckDBPyConnection, metrics: Sequence[str], as_of: date) -> None:
    """Fill `standing`: one row for each scored relationship with its metrics and how it moved."""
    columns = ", ".join(f"max(value) FILTER (metric = '{name}' AND known) AS \"{name}\"" for name in metrics)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE metric_now AS SELECT relationship_id, {columns} FROM metric_value "
        "WHERE on_date = $as_of GROUP BY relationship_id",
        {"as_of": as_of},
    )
    con.execute(
        "CREATE OR REPLACE TABLE standing AS SELECT r.relationship_id, r.account_id, r.name, r.arr, r.renewal_on, "
        "r.owner_user_id, r.renewal_manager_user_id, r.sales_owner_user_id, r.alerts_paused_until, r.type AS relation, "
        "a.name AS account_name, s.band, s.reason, s.known_score::DOUBLE AS known_score, "
        "(s.known_band = 'red')::INTEGER::DOUBLE AS is_red, (s.known_band = 'yellow')::INTEGER::DOUBLE AS is_yellow, "
        "(s.known_band = 'green')::INTEGER::DOUBLE AS is_green, (b.known_band = 'green')::INTEGER::DOUBLE AS was_green, "
        "CASE WHEN b.coverage = s.coverage THEN s.known_score - b.known_score END::DOUBLE AS value_change, "
        "m.* EXCLUDE (relationship_id) FROM relationship r JOIN account a USING (account_id) "
        "JOIN snapshot s ON s.entity = 'relationship' AND s.main AND s.on_date = $as_of AND s.entity_id = r.relationship_id "
        "LEFT JOIN snapshot b ON b.entity = 'relationship' AND b.main AND b.entity_id = r.relationship_id AND b.on_date = "
        "(SELECT max(on_date) FROM snapshot WHERE on_date <= $before) "
        "LEFT JOIN metric_now m ON m.relationship_id = r.relationship_id WHERE r.status <> 'Ended'",
        {"as_of": as_of, "before": as_of - timedelta(days=15)},
    )


def fire(con: duckdb.DuckDBPyConnection, rules: Sequence[tuple[Rule, str]]) -> None:
    """Fill `candidate`: at most one call of a type for each relationship, the first rule in rank.

    `undecided` gets the relationships for which a rule cannot be judged now: a feed that is lost is no answer.
    """
    con.execute("CREATE OR REPLACE TABLE undecided(relationship_id VARCHAR, rule VARCHAR)")
    con.execute(
        "CREATE OR REPLACE TABLE candidate(rule VARCHAR, rank INTEGER, type VARCHAR, relationship_id VARCHAR, "
        "account_id VARCHAR)"
    )
    for rule, condition in rules:
        among = "account_id" if rule.level == "account" else "relationship_id"
        con.execute(
            "INSERT INTO candidate SELECT ?, ?, ?, relationship_id, account_id FROM standing "
            f"WHERE coalesce({condition}, FALSE) "
            f"QUALIFY row_number() OVER (PARTITION BY {among} ORDER BY arr DESC, relationship_id) = 1",
            [rule.rule, rule.rank, rule.type],
        )
        con.execute(
            f"INSERT INTO undecided SELECT relationship_id, ? FROM standing WHERE ({condition}) IS NULL",
            [rule.rule],
        )
    con.execute(
        "CREATE OR REPLACE TABLE candidate AS SELECT * FROM candidate "
        "QUALIFY row_number() OVER (PARTITION BY relationship_id, type ORDER BY rank, rule) = 1"
    )
