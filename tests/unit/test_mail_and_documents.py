"""Letters find the person and the company that wrote them, documents and reviews the customer whom they are about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from cs_connector import registry
from cs_connector.unify import load_mapping
from cs_connector.unify.mapping import FieldRule

from .unify_kit import FILES, SOURCES, Records, account, con, rows, run

pytestmark = [pytest.mark.slow]

__all__ = ["con"]


def of_files(mapping: str) -> Any:
    return replace(FILES, connection="them", mapping=load_mapping(registry.shipped()[0] / f"{mapping}.yml"))


def contact(record_id: str, on: str, email: str | None) -> dict[str, Any]:
    return {"Id": record_id, "AccountId": on, "Name": f"Person {record_id}", "Email": email}


def letter(number: int, address: str | None, **more: Any) -> dict[str, Any]:
    base = {
        "id": str(number),
        "at": "2026-11-20T08:00:00Z",
        "automatic": False,
        "in_reply_to": None,
        "direction": "in",
    }
    domain = address.rpartition("@")[2] if address else None
    return {**base, "other_address": address, "other_domain": domain, **more}


PEOPLE: Records = {
    ("sf", "Account"): [
        account("001A", "Anvil", Website="https://www.Anvil.example/start"), account("001B", "Bolt", Website="shared.example"),
        account("001C", "Clamp", Website="shared.example"), account("001D", "Drill", Website="gmail.com"),
    ],
    ("sf", "Contact"): [
        contact("003A", "001A", "Ann@anvil.example"), contact("003B", "001B", "bo@shared.example"),
        contact("003C", "001C", "desk@other.example"), contact("003D", "001D", "desk@other.example"),
    ],
}  # fmt: skip


def found(con: duckdb.DuckDBPyConnection, *letters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Account, person and whether it is contact in both directions, of each letter that counts."""
    run(con, {**PEOPLE, ("them", "mail"): list(letters)}, [*SOURCES, of_files("mail_files")])
    return rows(
        con,
        "SELECT a.name, p.name, x.two_way FROM activity x JOIN link l ON l.entity_id = x.activity_id AND l.object = 'mail' "
        "LEFT JOIN account a USING (account_id) LEFT JOIN person p USING (person_id) ORDER BY CAST(l.record_id AS INT)",
    )


def test_a_letter_is_of_the_person_with_its_address_else_of_the_company_with_its_domain(
    con: duckdb.DuckDBPyConnection,
) -> None:
    addresses = ("ann@ANVIL.example", "new@anvil.example", "bo@shared.example", "new@shared.example", "me@gmail.com",
                 "desk@other.example", "x@nowhere.example", None)  # fmt: skip
    assert [row[:2] for row in found(con, *(letter(n, a) for n, a in enumerate(addresses)))] == [
        ("Anvil", "Person 003A"),
        ("Anvil", None),
        ("Bolt", "Person 003B"),
        (None, None),  # two companies have the domain
        (None, None),  # anybody can have it
        (None, None),  # two people have the address
        (None, None),
        (None, None),
    ]


def test_only_an_answer_from_outside_is_contact_in_both_directions(con: duckdb.DuckDBPyConnection) -> None:
    answer = {"in_reply_to": "1"}
    letters = [
        letter(1, "ann@anvil.example"),
        letter(2, "ann@anvil.example", **answer),
        letter(3, "ann@anvil.example", direction="out", **answer),
        letter(4, "ann@anvil.example", automatic=True, **answer),
        letter(5, None, direction="internal", **answer),
        letter(6, "ann@anvil.example", direction=None, **answer),
    ]
    assert [row[2] for row in found(con, *letters)] == [False, True, False, True]


def test_letters_link_their_customer_to_the_log(con: duckdb.DuckDBPyConnection) -> None:
    found(con, letter(1, "ann@anvil.example"))
    linked = (
        "SELECT a.name FROM link l JOIN account a ON a.account_id = l.entity_id WHERE l.connection = 'them'"
    )
    assert rows(con, linked) == [("Anvil",)]


def test_documents_and_reviews_are_read_by_what_they_say_of_themselves(
    con: duckdb.DuckDBPyConnection,
) -> None:
    plan = {
        "id": "plan", "category": "Success plan", "title": "Plan of Ann", "created_at": "2026-01-05T08:00:00Z",
        "changed_at": None, "modified_at": "2026-10-01T08:00:00Z", "custom": {"CustomerId": "001A"},
    }  # fmt: skip
    contract = {
        "id": "contract", "category": "Contract", "created_at": "2026-01-05T08:00:00Z", "changed_at": "2026-02-03T08:00:00+00:00",
        "modified_at": "2026-10-01T08:00:00Z",
        "custom": {"CustomerId": "001A", "Product": "P", "SignedOn": "2026-02-01T00:00:00Z", "ExpiresOn": "2027-01-31"},
    }  # fmt: skip
    odd = {"id": "odd", "category": None, "modified_at": "2026-10-01T08:00:00Z", "custom": {}}
    late = {"id": "late", "modified_at": "2026-10-01T08:00:00Z", "custom": {"SignedOn": "soon"}}
    reviews = [
        {"id": "1", "crm_id": "001A", "site": "App store", "stars": "4", "written": "2026-10-01"},
        {"id": "2", "crm_id": "001A", "site": "Somewhere", "stars": "1", "written": "2026-10-01"},
        {"id": "3", "crm_id": "001A", "site": "App store", "stars": "6", "written": "2026-10-01"},
    ]
    records = {**PEOPLE, ("them", "documents"): [plan, contract, odd, late], ("others", "reviews"): reviews}
    market = replace(of_files("market_files"), connection="others")
    run(con, records, [*SOURCES, of_files("document_files"), market])
    kept = "SELECT a.name, d.kind, d.title, d.product, d.modified_on::VARCHAR, d.signed_on::VARCHAR, d.expires_on::VARCHAR FROM document d LEFT JOIN account a USING (account_id) ORDER BY d.kind"
    assert rows(con, kept) == [
        ("Anvil", "contract", None, "P", "2026-02-03", "2026-02-01", "2027-01-31"),
        (None, "other", None, None, "2026-10-01", None, None),
        ("Anvil", "success plan", "Plan of Ann", None, "2026-10-01", None, None),
    ]
    assert rows(con, "SELECT kind, score_10 FROM survey_response ORDER BY 1") == [
        ("app_review", 7.5),
        ("social_review", 0),
    ]
    assert [reason for (reason,) in rows(con, "SELECT reason FROM quarantine ORDER BY 1")] == [
        "custom.SignedOn is 'soon', not a date",
        "score is 6.0, outside 1 to 5",
    ]


@pytest.mark.parametrize(
    "rule",
    [
        {"link": "account", "by": "email"},
        {"link": "person", "by": "domain"},
        {"link": "person", "by": "email", "object": "Contact"},
        {"by": "email"},
    ],
)
def test_by_what_a_link_goes_must_fit_where_it_leads(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="goes with link"):
        FieldRule.model_validate({"field": "x", **rule})
