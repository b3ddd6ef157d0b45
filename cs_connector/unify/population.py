"""Who is a customer: everybody else is counted with a reason and left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel, ConfigDict

from cs_connector.config.documents import load, validate

Sign = Literal["live_subscription", "won_opportunity", "account_type"]


class Customers(BaseModel):
    """customers.yml: an account with any of these signs is a customer."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: Literal[1]
    any_of: tuple[Sign, ...] = ("live_subscription",)


@dataclass(frozen=True, slots=True)
class Population:
    accounts: int
    customers: int
    trials: int
    former: int
    not_scored: int


def load_customers(path: Path) -> Customers:
    return validate(Customers, load(path))


_SIGNS = {
    "live_subscription": ("s.live", "has a live subscription"),
    "won_opportunity": ("o.won", "won an opportunity in the last year"),
    "account_type": ("a.kind = 'customer'", "called a customer"),
}


def count(con: duckdb.DuckDBPyConnection, customers: Customers, as_of: date) -> Population:
    """Set `customer_status` (Customer, Trial, Former customer or null) and `status_reason` of every account."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE sold AS SELECT account_id, bool_or(status <> 'Ended' AND type <> 'Trial') AS live, "
        "bool_or(status <> 'Ended' AND type = 'Trial') AS trial, bool_or(status = 'Ended') AS ended FROM relationship GROUP BY 1"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE won AS SELECT account_id, TRUE AS won FROM opportunity WHERE won "
        "AND close_on <= $as_of AND close_on >= $as_of - INTERVAL 365 DAY GROUP BY 1",
        {"as_of": as_of},
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE later AS SELECT account_id, TRUE AS later FROM subscription "
        "WHERE start_on > $as_of AND coalesce(status, 'Active') <> 'Ended' GROUP BY 1",
        {"as_of": as_of},
    )
    signs = [_SIGNS[s] for s in customers.any_of]
    is_customer = " OR ".join(["FALSE", *(f"coalesce({sign}, FALSE)" for sign, _ in signs)])
    which = " ".join(f"WHEN {sign} THEN '{text}'" for sign, text in signs)
    con.execute(
        "UPDATE account SET customer_status = d.status, status_reason = d.reason FROM (SELECT a.account_id, "
        f"CASE WHEN {is_customer} THEN 'Customer' WHEN s.trial THEN 'Trial' "
        "WHEN s.ended OR a.kind = 'former' THEN 'Former customer' END AS status, "
        f"CASE {which} WHEN s.trial THEN 'on trial' "
        "WHEN s.ended OR a.kind = 'former' THEN 'was a customer' "
        "WHEN l.later THEN 'starts on a later date' WHEN a.kind = 'partner' THEN 'a partner' "
        "WHEN a.kind = 'customer' THEN 'called a customer, but has no subscription' "
        "WHEN a.kind = 'prospect' THEN 'a prospect' ELSE 'no subscription' END AS reason "
        "FROM account a LEFT JOIN sold s USING (account_id) LEFT JOIN won o USING (account_id) LEFT JOIN later l USING (account_id)) d "
        "WHERE d.account_id = account.account_id"
    )
    row = con.execute(
        "SELECT count(*), count(*) FILTER (customer_status = 'Customer'), count(*) FILTER (customer_status = 'Trial'), "
        "count(*) FILTER (customer_status = 'Former customer'), count(*) FILTER (customer_status IS NULL) FROM account"
    ).fetchone()
    assert row is not None
    return Population(*row)
