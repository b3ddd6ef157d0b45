"""Who is a customer: everybody else is counted with a reason and left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from cs_connector.config.documents import load, validate
from cs_connector.errors import ConfigError
from cs_connector.language.expression import parse_condition
from cs_connector.model import ACCOUNT, DATE

from .relations.rulebook import formula
from .sql import literal

Sign = Literal["live_subscription", "won_opportunity", "account_type"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Segment(Strict):
    """Accounts that meet `when`, a formula over their attributes and `today`, are of this segment."""

    segment: str
    when: str


class Customers(Strict):
    """customers.yml: an account with any of these signs is a customer; a won opportunity is one for `won_days`.

    The first of `segments` that an account meets stands above what the CRM says; without any, that stays.
    """

    version: Literal[1]
    any_of: tuple[Sign, ...] = Field(default=("live_subscription",), min_length=1)
    won_days: int = Field(default=365, ge=1)
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Population:
    accounts: int
    customers: int
    trials: int
    former: int
    not_scored: int


_NAMES = {c.name: c.type for c in ACCOUNT.columns} | {"today": DATE}


def load_customers(path: Path) -> Customers:
    """Read and check customers.yml. Raises ConfigError with file and line."""
    document = load(path)
    customers = validate(Customers, document)
    for index, each in enumerate(customers.segments):
        try:
            parse_condition(each.when, _NAMES)
        except ConfigError as error:
            at = ("segments", index, "when")
            raise document.error(at, error.what, why=error.why, fix=error.fix) from None
    return customers


_KIND = "lower(trim(a.kind))"  # it may be a word of the CRM's own
_SIGNS = {
    "live_subscription": ("s.live", "has a live subscription"),
    "won_opportunity": ("o.won", "won an opportunity in the last {days}"),
    "account_type": (f"{_KIND} = 'customer'", "called a customer"),
}

_FORMER = f"(s.ended AND NOT s.live) OR {_KIND} IN ('former', 'former customer')"


def count(con: duckdb.DuckDBPyConnection, customers: Customers, as_of: date) -> Population:
    """Set `customer_status` (Customer, Trial, Former customer or null) and `status_reason` of every account."""
    _signs(con, customers.won_days, as_of)
    last = "year" if customers.won_days == 365 else f"{customers.won_days} days"
    signs = [(held, told.format(days=last)) for held, told in map(_SIGNS.__getitem__, customers.any_of)]
    is_customer = " OR ".join(["FALSE", *(f"coalesce({sign}, FALSE)" for sign, _ in signs)])
    which = " ".join(f"WHEN {sign} THEN '{text}'" for sign, text in signs)
    con.execute(
        "UPDATE account SET customer_status = d.status, status_reason = d.reason FROM (SELECT a.account_id, "
        f"CASE WHEN {is_customer} THEN 'Customer' WHEN s.trial THEN 'Trial' "
        f"WHEN {_FORMER} THEN 'Former customer' END AS status, "
        f"CASE {which} WHEN s.trial THEN 'on trial' "
        f"WHEN {_FORMER} THEN 'was a customer' "
        "WHEN s.live THEN 'has a subscription, which is no sign of a customer here' "
        f"WHEN l.later THEN 'starts on a later date' WHEN s.tried THEN 'a trial that ended' WHEN {_KIND} = 'partner' THEN 'a partner' "
        f"WHEN {_KIND} = 'customer' THEN 'called a customer, but has no subscription' "
        f"WHEN {_KIND} = 'prospect' THEN 'a prospect' ELSE 'no subscription' END AS reason "
        "FROM account a LEFT JOIN sold s USING (account_id) LEFT JOIN won o USING (account_id) LEFT JOIN later l USING (account_id)) d "
        "WHERE d.account_id = account.account_id"
    )
    _segment(con, customers, as_of)
    return _counted(con)


def _signs(con: duckdb.DuckDBPyConnection, won_days: int, as_of: date) -> None:
    """Make `sold`, `won` and `later`: what accounts have with us, and what is still to begin."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE sold AS SELECT account_id, bool_or(status <> 'Ended' AND type <> 'Trial') AS live, "
        "bool_or(status <> 'Ended' AND type = 'Trial') AS trial, bool_or(status = 'Ended' AND type <> 'Trial') AS ended, "
        "bool_or(type = 'Trial') AS tried FROM relationship GROUP BY 1"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE won AS SELECT account_id, TRUE AS won FROM opportunity WHERE won "
        "AND close_on <= $as_of AND close_on >= $as_of - CAST($days AS INTEGER) GROUP BY 1",
        {"as_of": as_of, "days": won_days},
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE later AS SELECT account_id, TRUE AS later FROM line "
        "WHERE start_on > $as_of AND live GROUP BY 1",
        {"as_of": as_of},
    )


def _counted(con: duckdb.DuckDBPyConnection) -> Population:
    row = con.execute(
        "SELECT count(*), count(*) FILTER (customer_status = 'Customer'), count(*) FILTER (customer_status = 'Trial'), "
        "count(*) FILTER (customer_status = 'Former customer'), count(*) FILTER (customer_status IS NULL) FROM account"
    ).fetchone()
    assert row is not None
    return Population(*row)


def _segment(con: duckdb.DuckDBPyConnection, customers: Customers, as_of: date) -> None:
    if customers.segments:
        whens = " ".join(
            f"WHEN {formula(s.when, _NAMES)} THEN {literal(s.segment)}" for s in customers.segments
        )
        con.execute(
            f"UPDATE account SET segment = s.segment FROM (SELECT account_id, CASE {whens} ELSE segment END AS segment "
            "FROM (SELECT *, CAST($as_of AS DATE) AS today FROM account)) s WHERE s.account_id = account.account_id",
            {"as_of": as_of},
        )
