"""What a record lends to another one, and what a field that cannot be believed means for all records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from cs_connector.unify import Source, load_mapping

from .test_unify import Records, con, rows, run

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
