"""Where systems disagree, the one that is declared is believed, and what the others say is listed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cs_connector.errors import ConfigError
from cs_connector.unify.declared.precedence import NOTHING, Precedence, load_precedence
from cs_connector.unify.population import Customers
from cs_connector.unify.run import read, unify

from .test_unify import AS_OF, SOURCES, Records, account, company, con, latest, rows

__all__ = ["con"]

CONNECTIONS = ["sf", "hs", "zd"]
RECORDS: Records = {
    ("sf", "Account"): [account("001A", "Ember Retail", Website="ember.example", Industry="Shops")],
    ("hs", "companies"): [
        company("1", name="Ember", domain="ember.example", industry="Metals", salesforceaccountid="001A")
    ],
    ("zd", "organizations"): [{"id": 9, "name": "EMBER retail ", "domain_names": [], "external_id": "001A"}],
}


def unified(con: duckdb.DuckDBPyConnection, precedence: Precedence) -> tuple[str, str]:
    con.execute(
        "CREATE TABLE previous_link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR, object VARCHAR, "
        "record_id VARCHAR, method VARCHAR, confidence DOUBLE, evidence VARCHAR)"
    )
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


@pytest.mark.parametrize(
    ("text", "line", "what", "fix"),
    [
        ("version: 1\naccount: {nme: [sf]}\n", 2, "account.nme is not an attribute", "did you mean 'name'?"),
        ("version: 1\naccount: {name: [sg]}\n", 2, "no connection called 'sg'", "known: sf, hs, zd"),
        ("version: 1\nlisted: [arrr]\n", 2, "account.arrr is not an attribute", "did you mean 'arr'?"),
        ("version: 1\nacount: {}\n", 2, "acount is not a known key", "did you mean 'account'?"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, what: str, fix: str) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        declared(tmp_path, text)
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.fix) == (line, fix)
