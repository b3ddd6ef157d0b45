"""Who is a customer, on trial, or was one; and why everybody else is not."""

from __future__ import annotations

import duckdb
import pytest

from cs_connector.unify import population
from cs_connector.unify.population import Customers

from .kin import TODAY, Kin
from .unify_kit import Records, account, con, rows, run, subscription

__all__ = ["con"]

pytestmark = [pytest.mark.slow]


def test_a_subscription_that_starts_later_makes_nobody_a_former_customer(
    con: duckdb.DuckDBPyConnection,
) -> None:
    records: Records = {
        ("sf", "Account"): [account("A", "Later", Type="Prospect"), account("B", "Renewed")],
        ("sf", "Subscription__c"): [
            subscription("1", "A", Start_Date__c="2026-12-01"),
            subscription("2", "B", End_Date__c="2026-12-31"),
            subscription("3", "B", Start_Date__c="2027-01-01", ARR__c=99, Product__c="Q"),
        ],
    }
    counted = run(con, records)
    assert (counted.customers, counted.former) == (1, 0)
    assert rows(con, "SELECT name, customer_status, status_reason FROM account ORDER BY 1") == [
        ("Later", None, "starts on a later date"),
        ("Renewed", "Customer", "has a live subscription"),
    ]
    assert rows(con, "SELECT product, status, CAST(arr AS INTEGER) FROM relationship") == [
        ("P", "Active", 10)
    ]


def test_who_only_tried_was_no_customer(con: duckdb.DuckDBPyConnection) -> None:
    tried = {"Type__c": "Trial", "Start_Date__c": "2026-09-01", "End_Date__c": "2026-10-01"}
    records: Records = {
        ("sf", "Account"): [
            account("A", "Tried"),
            account("B", "Left"),
            account("C", "Called", Type="Former Customer"),
        ],
        ("sf", "Subscription__c"): [
            subscription("1", "A", **tried),
            subscription("2", "B", **tried),
            subscription("3", "B", Product__c="Q", End_Date__c="2026-10-01"),
            subscription("4", "C", **tried),
        ],
    }
    assert run(con, records).former == 2
    assert rows(con, "SELECT name, customer_status, status_reason FROM account ORDER BY 1") == [
        ("Called", "Former customer", "was a customer"),
        ("Left", "Former customer", "was a customer"),
        ("Tried", None, "a trial that ended"),
    ]


def test_the_type_of_an_account_is_known_in_whatever_letters_its_system_writes_it() -> None:
    kin = Kin()
    for number, kind in enumerate(("Customer", "CUSTOMER ", "Former Customer", "Partner", None)):
        kin.account(f"a{number}", kind=kind)
    kin.derive()
    population.count(kin.con, Customers(version=1, any_of=("account_type",)), TODAY)
    assert kin.rows("SELECT customer_status, status_reason FROM account ORDER BY account_id") == [
        ("Customer", "called a customer"),
        ("Customer", "called a customer"),
        ("Former customer", "was a customer"),
        (None, "a partner"),
        (None, "no subscription"),
    ]


def test_a_sign_that_is_not_asked_for_is_no_untrue_reason(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [account("A", "Called", Type="Customer"), account("B", "None", Type="Prospect")],
        ("sf", "Subscription__c"): [subscription("1", "A"), subscription("2", "B")],
    }
    run(con, records, customers=Customers(version=1, any_of=("won_opportunity",)))
    assert rows(con, "SELECT DISTINCT customer_status, status_reason FROM account") == [
        (None, "has a subscription, which is no sign of a customer here")
    ]


def test_the_reason_names_the_sign_that_makes_a_customer(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [
            account("A", "Sold"),
            account("B", "Won", Type="Customer"),
            account("C", "Called", Type="Customer"),
            account("D", "None"),
        ],
        ("sf", "Subscription__c"): [subscription("1", "A")],
        ("sf", "Opportunity"): [{"Id": "6", "AccountId": "B", "IsWon": True, "CloseDate": "2026-05-01"}],
    }
    signs = Customers(version=1, any_of=("account_type", "live_subscription", "won_opportunity"))
    counted = run(con, records, customers=signs)
    assert counted.customers == 3
    assert dict(rows(con, "SELECT name, status_reason FROM account")) == {
        "Sold": "has a live subscription",
        "Won": "called a customer",
        "Called": "called a customer",
        "None": "no subscription",
    }
    signs = Customers(version=1, any_of=("won_opportunity",))
    run(con, records, customers=signs)
    assert dict(rows(con, "SELECT name, status_reason FROM account WHERE customer_status = 'Customer'")) == {
        "Won": "won an opportunity in the last year"
    }
    run(con, records, customers=signs.model_copy(update={"won_days": 300}))
    assert rows(con, "SELECT status_reason FROM account WHERE customer_status = 'Customer'") == [
        ("won an opportunity in the last 300 days",)
    ]
