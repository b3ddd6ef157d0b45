"""What a record lends to another one, and what a field that cannot be believed means for all records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from cs_connector.unify import Source, load_mapping

from .unify_kit import Records, account, company, con, rows, run

__all__ = ["con"]

TICKETS = """
version: 1
crm: hubspot
root: properties
read:
  - object: companies
    entity: account
    fields: {name: name}
  - object: tickets
    entity: ticket
    fields: {priority: subject}
  - object: tickets/companies
    entity: ticket
    adds_to: {link: ticket, object: tickets, field: /id}
    fields:
      account_id: {link: account, object: companies, field: /primary}
"""


@pytest.fixture
def hubspot(tmp_path: Path) -> Source:
    path = tmp_path / "hubspot.yml"
    path.write_text(TICKETS)
    return Source("hs", "hubspot", 0, load_mapping(path))


def records(primary: str | None) -> Records:
    return {
        ("hs", "companies"): [{"id": n, "properties": {"name": f"Firm {n}"}} for n in ("1", "2")],
        ("hs", "tickets"): [{"id": n, "properties": {"subject": f"Ticket {n}"}} for n in ("7", "8")],
        ("hs", "tickets/companies"): [
            {"id": "7", "primary": primary, "all": "1;2"},
            {"id": "99", "primary": "1"},
        ],
    }


OWNERS = "SELECT t.priority, a.name FROM ticket t LEFT JOIN account a USING (account_id) ORDER BY 1"


def test_a_link_lends_its_account_to_the_ticket_and_makes_none(
    con: duckdb.DuckDBPyConnection, hubspot: Source
) -> None:
    run(con, records("2"), [hubspot])
    assert rows(con, OWNERS) == [("Ticket 7", "Firm 2"), ("Ticket 8", None)]


def test_a_ticket_that_moved_keeps_its_id(con: duckdb.DuckDBPyConnection, hubspot: Source) -> None:
    run(con, records("1"), [hubspot])
    before = rows(con, "SELECT ticket_id FROM ticket ORDER BY 1")
    run(con, records("2"), [hubspot])
    assert rows(con, "SELECT ticket_id FROM ticket ORDER BY 1") == before
    assert rows(con, OWNERS)[0] == ("Ticket 7", "Firm 2")


def test_a_field_that_is_lost_is_unknown_for_every_record(
    con: duckdb.DuckDBPyConnection, hubspot: Source
) -> None:
    lost = replace(hubspot, unknown={"tickets": frozenset({"subject"})})
    run(con, records("1"), [lost])
    assert rows(con, "SELECT priority FROM ticket") == [(None,), (None,)]
    assert rows(con, "SELECT count(*) FROM account") == [(2,)]


CALLED = """
version: 1
crm: files
read:
  - object: people
    entity: user
    fields: {name: name, email: email}
  - object: firms
    entity: account
    fields:
      name: name
      domain: domain
      parent_id: {link: account, by: domain, field: group}
      csm_user_id: {link: user, by: email, field: csm}
"""


def test_an_account_can_name_its_csm_by_address_and_its_parent_by_domain(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "files.yml"
    path.write_text(CALLED)
    firms = [
        {"id": "1", "name": "Brantol Group", "domain": "brantol.example", "csm": "ADA@us.example"},
        {"id": "2", "name": "Hestrel", "domain": "hestrel.example", "group": "https://www.brantol.example/"},
        {
            "id": "3",
            "name": "Orphan",
            "domain": "orphan.example",
            "group": "nobody.example",
            "csm": "x@us.example",
        },
    ]
    told: Records = {
        ("f", "people"): [{"id": "u", "name": "Ada", "email": "ada@us.example"}],
        ("f", "firms"): firms,
    }
    run(con, told, [Source("f", "files", 0, load_mapping(path))])
    query = (
        "SELECT a.name, p.name, u.name, a.depth FROM account a LEFT JOIN account p ON p.account_id = a.parent_id "
        'LEFT JOIN "user" u ON u.user_id = a.csm_user_id ORDER BY 1'
    )
    assert rows(con, query) == [
        ("Brantol Group", None, "Ada", 0),
        ("Hestrel", "Brantol Group", None, 1),
        ("Orphan", None, None, 0),
    ]
    assert rows(con, "SELECT kind, detail FROM hierarchy_issue") == [
        ("unknown parent", "domain:nobody.example")
    ]
    assert rows(con, "SELECT count(*) FROM link WHERE entity = 'account'") == [(3,)]


PORTAL = """
version: 1
crm: hubspot
read:
  - object: companies
    entity: account
    fields: {name: name}
"""
BILLS = """
version: 1
crm: files
read:
  - object: bills
    entity: invoice
    fields:
      account_id: {link: account, object: companies, field: company, crm: hubspot}
  - object: desks
    entity: account
    same_as: {crm: hubspot, object: companies, field: company}
    fields: {name: name}
"""


def test_an_id_that_two_portals_have_leads_to_neither(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    mappings = {}
    for name, text in (("portal", PORTAL), ("bills", BILLS)):
        (tmp_path / f"{name}.yml").write_text(text)
        mappings[name] = load_mapping(tmp_path / f"{name}.yml")
    told: Records = {
        ("one", "companies"): [{"id": "1", "name": "Brantol"}, {"id": "2", "name": "Hestrel"}],
        ("two", "companies"): [{"id": "1", "name": "Quillmar"}],
        ("f", "bills"): [{"id": f"b{company}", "company": company} for company in ("1", "2")],
        ("f", "desks"): [{"id": f"d{n}", "company": n, "name": f"Desk {n}"} for n in ("1", "2")],
    }
    sources = [Source(name, "hubspot", rank, mappings["portal"]) for rank, name in enumerate(("one", "two"))]
    run(con, told, [*sources, Source("f", "files", 2, mappings["bills"])])
    query = "SELECT l.record_id, a.name FROM {} LEFT JOIN account a USING (account_id) JOIN link l ON l.entity_id = {} WHERE l.connection = 'f' ORDER BY 1"
    assert rows(con, query.format("invoice", "invoice_id")) == [("b1", None), ("b2", "Hestrel")]
    desks = "SELECT record_id, a.name FROM link JOIN account a ON a.account_id = entity_id WHERE object = 'desks' ORDER BY 1"
    assert rows(con, desks) == [("d1", "Desk 1"), ("d2", "Hestrel")]


def companies(*linked: tuple[str, str]) -> Records:
    """Two companies that a portal calls nearly alike, and who is under whom."""
    return {
        ("hs", "companies"): [
            company("1", name="Ember Retail", domain="ember.example"),
            company("2", name="Ember Retail GmbH", domain="ember.example"),
        ],
        ("hs", "companies/companies"): [{"id": low, "parent": high} for low, high in linked],
    }


def test_a_company_is_not_its_parent_though_only_an_association_tells(con: duckdb.DuckDBPyConnection) -> None:
    run(con, companies())
    assert rows(con, "SELECT count(*) FROM account") == [(1,)]
    run(con, companies(("1", "2")))
    under = (
        "SELECT a.name, p.name FROM account a LEFT JOIN account p ON p.account_id = a.parent_id ORDER BY 1"
    )
    assert rows(con, under) == [("Ember Retail", "Ember Retail GmbH"), ("Ember Retail GmbH", None)]
    assert rows(con, "SELECT * FROM hierarchy_issue") == []


def test_a_contact_is_known_by_its_name_and_the_company_of_its_association(
    con: duckdb.DuckDBPyConnection,
) -> None:
    told: Records = {
        ("sf", "Account"): [account("A", "Ember Retail", Website="ember.example")],
        ("sf", "Contact"): [{"Id": "C", "AccountId": "A", "Name": "Eva Lund"}],
        ("hs", "companies"): companies()[("hs", "companies")][:1],
        ("hs", "contacts"): [company(n, firstname="Eva", lastname="Lund") for n in ("7", "8")],
        ("hs", "contacts/companies"): [{"id": "7", "primary": "1"}],
    }
    run(con, told)
    found = dict(rows(con, "SELECT record_id, entity_id FROM link WHERE entity = 'person'"))
    assert found["7"] == found["C"] != found["8"]
