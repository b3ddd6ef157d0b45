"""Where systems disagree, the one that is declared is believed, and what the others say is listed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from cs_connector.errors import ConfigError
from cs_connector.unify import Source, load_mapping
from cs_connector.unify.declared.precedence import NOTHING, Precedence, load_precedence
from cs_connector.unify.population import Customers
from cs_connector.unify.run import read, unify

from .unify_kit import AS_OF, SOURCES, Records, account, company, con, latest, rows, subscription

pytestmark = [pytest.mark.slow]

__all__ = ["con"]

CONNECTIONS = ["sf", "hs", "zd"]
RECORDS: Records = {
    ("sf", "Account"): [account("001A", "Ember Retail", Website="ember.example", Industry="Shops")],
    ("hs", "companies"): [
        company("1", name="Ember", domain="ember.example", industry="Metals", salesforceaccountid="001A")
    ],
    ("zd", "organizations"): [{"id": 9, "name": "EMBER retail ", "domain_names": [], "external_id": "001A"}],
}


PREVIOUS = (
    "CREATE TABLE previous_link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR, object VARCHAR, "
    "record_id VARCHAR, method VARCHAR, confidence DOUBLE, evidence VARCHAR)"
)


def unified(con: duckdb.DuckDBPyConnection, precedence: Precedence) -> tuple[str, str]:
    con.execute(PREVIOUS)
    read(con, SOURCES, latest(con, RECORDS))
    unify(con, SOURCES, [], Customers(version=1), AS_OF, None, precedence=precedence)
    (found,) = rows(con, "SELECT name, industry FROM account")
    return found


def declared(folder: Path, text: str) -> Precedence:
    (folder / "precedence.yml").write_text(text)
    return load_precedence([folder], CONNECTIONS)


def test_the_declared_system_is_believed_of_an_attribute_and_the_order_of_all_of_the_rest(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    precedence = declared(tmp_path, "version: 1\naccount: {name: [zd, hs]}\n")
    assert unified(con, precedence) == ("EMBER retail", "Shops")
    listed = rows(
        con,
        "SELECT attribute, connection, value, believed, believed_connection FROM disagreement ORDER BY ALL",
    )
    assert listed == [("name", "hs", "Ember", "EMBER retail", "zd")]


def test_without_a_declaration_the_first_connection_is_believed_and_the_rest_is_listed(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert unified(con, NOTHING) == ("Ember Retail", "Shops")
    assert rows(con, "SELECT attribute, connection, value FROM disagreement") == [("name", "hs", "Ember")]


def test_what_is_declared_is_listed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    precedence = declared(tmp_path, "version: 1\naccount: {industry: [hs]}\nlisted: []\n")
    assert unified(con, precedence) == ("Ember Retail", "Metals")
    assert rows(con, "SELECT attribute, connection, value FROM disagreement") == [("industry", "sf", "Shops")]


def test_what_another_record_adds_is_believed_by_its_system(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """HubSpot keeps what is above a company in a record of its own."""
    group = [account(n, n, ParentId="001U" if n == "001A" else None) for n in ("001A", "001U", "001V")]
    records: Records = {
        ("sf", "Account"): group,
        ("hs", "companies"): [company(n, name=f"001{n}", salesforceaccountid=f"001{n}") for n in "AV"],
        ("hs", "companies/companies"): [{"id": "A", "parent": "V"}],
    }
    con.execute(PREVIOUS)
    for text, above, other in (("", "001U", "hs"), ("account: {parent_id: [hs]}", "001V", "sf")):
        precedence = declared(tmp_path, f"version: 1\n{text}\nlisted: [parent_id]\n")
        read(con, SOURCES, latest(con, records))
        unify(con, SOURCES, [], Customers(version=1), AS_OF, None, precedence=precedence)
        found = rows(con, "SELECT p.name FROM account a JOIN account p ON p.account_id = a.parent_id")
        assert found == [(above,)]
        assert rows(con, "SELECT attribute, connection FROM disagreement") == [("parent_id", other)]


@pytest.mark.parametrize(
    ("text", "line", "what", "fix"),
    [
        ("version: 1\naccount: {nme: [sf]}\n", 2, "account.nme is not an attribute", "did you mean 'name'?"),
        ("version: 1\naccount: {name: [sg]}\n", 2, "no connection called 'sg'", "known: sf, hs, zd"),
        ("version: 1\nlisted: [arrr]\n", 2, "account.arrr is not an attribute", "did you mean 'arr'?"),
        ("version: 1\nrelationship: {arr: [sg]}\n", 2, "no connection called 'sg'", "known: sf, hs, zd"),
        ("version: 1\nacount: {}\n", 2, "acount is not a known key", "did you mean 'account'?"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, what: str, fix: str) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        declared(tmp_path, text)
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.fix) == (line, fix)


BILLING = """\
version: 1
crm: billing
read:
  - object: contracts
    entity: subscription
    fields:
      account_id: {link: account, object: Account, field: account, crm: salesforce}
      product: product
      status: {const: Active}
      arr: amount
      seats: seats
      renewal_on: renews
"""


def sold(con: duckdb.DuckDBPyConnection, folder: Path, text: str) -> tuple[list[object], list[object]]:
    """Relationships by product, and what was not believed, of one subscription that two systems know."""
    (folder / "billing.yml").write_text(BILLING)
    sources = [SOURCES[0], Source("bill", "billing", 1, load_mapping(folder / "billing.yml"))]
    (folder / "precedence.yml").write_text(text)
    precedence = load_precedence([folder], ["sf", "bill"])
    ours = {"Seats__c": 5, "Renewal_Date__c": "2027-01-01"}
    records: Records = {
        ("sf", "Account"): [account("001A", "Ember")],
        ("sf", "Subscription__c"): [
            subscription("S1", "001A", **ours),
            subscription("S2", "001A", Product__c="Q", **ours),
        ],
        ("bill", "contracts"): [
            {
                "id": "1",
                "account": "001A",
                "product": "P",
                "amount": 12,
                "seats": None,
                "renews": "2027-03-01",
            },
            {"id": "2", "account": "001A", "product": "P", "amount": 1, "seats": None, "renews": None},
        ],
    }
    con.execute(PREVIOUS)
    read(con, sources, latest(con, records))
    unify(con, sources, [], Customers(version=1), AS_OF, None, precedence=precedence)
    return (
        rows(con, "SELECT product, arr::INTEGER, seats, renewal_on FROM relationship ORDER BY product"),
        rows(con, "SELECT attribute, connection, object, value, believed FROM disagreement ORDER BY ALL"),
    )


@pytest.mark.parametrize(
    ("text", "first", "listed"),
    [
        ("version: 1", ("P", 23, 5, date(2027, 1, 1)), []),
        (
            "version: 1\nrelationship: {arr: [bill], renewal_on: [bill], seats: [bill]}",
            ("P", 13, 5, date(2027, 3, 1)),
            [
                ("relationship arr", "sf", "Subscription__c", "10.00", "13.00"),
                ("relationship renewal_on", "sf", "Subscription__c", "2027-01-01", "2027-03-01"),
            ],
        ),
        (
            "version: 1\nrelationship: {arr: [sf]}",
            ("P", 10, 5, date(2027, 1, 1)),
            [("relationship arr", "bill", "contracts", "13.00", "10.00")],
        ),
    ],
)  # fmt: skip
def test_one_subscription_in_two_systems_counts_once_where_that_is_declared(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, text: str, first: object, listed: list[object]
) -> None:
    assert sold(con, tmp_path, text) == ([first, ("Q", 10, 5, date(2027, 1, 1))], listed)


@pytest.mark.parametrize(("believed", "counts"), [("bill", (12, "EUR")), ("sf", (10, "USD"))])
def test_the_currency_of_what_is_not_believed_takes_no_revenue_away(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, believed: str, counts: tuple[int, str]
) -> None:
    (tmp_path / "billing.yml").write_text(BILLING + "      currency: {const: EUR}\n")
    sources = [SOURCES[0], Source("bill", "billing", 1, load_mapping(tmp_path / "billing.yml"))]
    (tmp_path / "precedence.yml").write_text(f"version: 1\nrelationship: {{arr: [{believed}]}}\n")
    records: Records = {
        ("sf", "Account"): [account("001A", "Ember")],
        ("sf", "Subscription__c"): [subscription("S1", "001A", CurrencyIsoCode="USD")],
        ("bill", "contracts"): [{"id": "1", "account": "001A", "product": "P", "amount": 12}],
    }
    con.execute(PREVIOUS)
    read(con, sources, latest(con, records))
    precedence = load_precedence([tmp_path], ["sf", "bill"])
    unify(con, sources, [], Customers(version=1), AS_OF, None, precedence=precedence)
    assert rows(con, "SELECT arr::INTEGER, currency FROM account") == [counts]
    assert rows(con, "SELECT * FROM mixed_currency") == []
