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
from cs_connector.health import moved
from cs_connector.language import executor
from cs_connector.language.expression import parse_condition
from cs_connector.model import NUMBER

CallType = Literal["Risk", "Renewal", "Onboarding", "Adoption", "Feedback", "Advocacy", "Expansion", "Trial"]
STANDING = {
    "is_red": "red now, by what is known",
    "is_yellow": "yellow now, by what is known",
    "is_green": "green now, by what is known",
    "was_green": "green about a month before",
    "known_score": "score by what is known",
    "value_change": "points by what the customer did in about a month",
    "value_score": "score that what the customer did makes of the one a month before",
}
MOVING = frozenset({"value_change", "value_score"})
SETTLED = 15  # days: a score is compared with one that is at least so old


class Rule(BaseModel):
    """One rule file. `when` is a formula over metrics and the standing of a relationship.

    Standing: is_red, is_yellow, is_green (now, by what is known), known_score; and against the month end at least
    SETTLED days before: was_green, value_score (what facts alone make of the score of then) and value_change (by how
    many points; never by coverage, configuration or a broken feed). `level: account` raises it once for an account,
    at its largest relationship. `short` is said in the subject, `why` in the text; both may name {metrics}.
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
        formula = parse_condition(rule.when, names(metrics))
    except ConfigError as error:
        raise document.told(("when",), error) from None
    return rule, executor.sql(formula.tree)


def names(metrics: Sequence[str]) -> dict[str, str]:
    """What a condition may speak of, with its type."""
    return dict.fromkeys((*metrics, *STANDING), NUMBER)


def stand(con: duckdb.DuckDBPyConnection, metrics: Sequence[str], as_of: date) -> None:
    """Fill `standing`: one row for each scored relationship with its metrics and how it moved."""
    columns = ", ".join(f"max(value) FILTER (metric = '{name}' AND known) AS \"{name}\"" for name in metrics)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE metric_now AS SELECT relationship_id, {columns} FROM metric_value "
        "WHERE on_date = $as_of GROUP BY relationship_id",
        {"as_of": as_of},
    )
    before = _settled(con, as_of)
    moved.publish(con, as_of, before)
    con.execute(
        "CREATE OR REPLACE TABLE standing AS SELECT r.relationship_id, r.account_id, r.name, r.arr, r.renewal_on, "
        "r.owner_user_id, r.renewal_manager_user_id, r.sales_owner_user_id, r.alerts_paused_until, r.type AS relation, "
        "a.name AS account_name, s.band, s.reason, s.known_score::DOUBLE AS known_score, "
        "(s.known_band = 'red')::INTEGER::DOUBLE AS is_red, (s.known_band = 'yellow')::INTEGER::DOUBLE AS is_yellow, "
        "(s.known_band = 'green')::INTEGER::DOUBLE AS is_green, (b.band = 'green')::INTEGER::DOUBLE AS was_green, "
        "v.value_score::DOUBLE AS value_score, (v.value_score - v.was)::DOUBLE AS value_change, "
        "coalesce(v.lost, FALSE) AS lost, "
        "m.* EXCLUDE (relationship_id) FROM relationship r JOIN account a USING (account_id) "
        "JOIN snapshot s ON s.entity = 'relationship' AND s.main AND s.on_date = $as_of AND s.entity_id = r.relationship_id "
        "LEFT JOIN snapshot b ON b.entity = 'relationship' AND b.main AND b.entity_id = r.relationship_id AND b.on_date = $before "
        "LEFT JOIN moved v ON v.relationship_id = r.relationship_id "
        "LEFT JOIN metric_now m ON m.relationship_id = r.relationship_id WHERE r.status <> 'Ended'",
        {"as_of": as_of, "before": before},
    )


def _settled(con: duckdb.DuckDBPyConnection, as_of: date) -> date:
    """The newest date with scores that is old enough; before all of them, where there is none."""
    latest = as_of - timedelta(days=SETTLED)
    found = con.execute("SELECT max(on_date) FROM snapshot WHERE on_date <= ?", [latest]).fetchone()
    return found[0] if found and found[0] else date.min


def fire(con: duckdb.DuckDBPyConnection, rules: Sequence[tuple[Rule, str]]) -> None:
    """Fill `candidate`: at most one call of a type for each relationship, the first rule in rank.

    `undecided` gets the relationships for which a rule cannot be judged now: a feed that is lost is no answer, nor is
    a score that did not fall by what is left of it.
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
        blind = " OR lost" if any(name in condition for name in MOVING) else ""
        con.execute(
            f"INSERT INTO undecided SELECT relationship_id, ? FROM standing WHERE ({condition}) IS NULL{blind}",
            [rule.rule],
        )
    con.execute(
        "CREATE OR REPLACE TABLE candidate AS SELECT * FROM candidate "
        "QUALIFY row_number() OVER (PARTITION BY relationship_id, type ORDER BY rank, rule) = 1"
    )
