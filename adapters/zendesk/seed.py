"""The demo company as records of a Zendesk account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from cs_connector.sandbox.company import Account, Company, Presence, Ticket, User
from cs_connector.sandbox.ids import sales_id, service_id
from cs_connector.sandbox.wire import SeedRow

from .recorded import recorded

__all__ = ["recorded", "rows", "tenants"]

_PRIORITIES = {"P1": "urgent", "P2": "high", "P3": "normal", "P4": "low"}
_STATUSES = {"New": "new", "Working": "open", "Waiting": "pending"}
_AGENTS = 9_000_000_000  # added to a colleague's key, far from everybody else's


def rows(company: Company) -> Iterator[SeedRow]:
    """Every record, organizations before their people and people before their tickets."""
    for user in company.users:
        if user.role == "manager":
            yield SeedRow("users", _agent(user))
    for account in company.everybody():
        if account.service:
            yield from _organization(account, account.service, company)


def _agent(user: User) -> dict[str, Any]:
    made = "2021-03-01T09:00:00Z"
    return {
        "id": service_id("users", _AGENTS + user.key), "name": f"{user.first} {user.last}", "email": user.email,
        "organization_id": None, "role": "admin" if user.key == 0 else "agent", "active": True, "verified": True,
        "created_at": made, "updated_at": made,
    }  # fmt: skip


def _organization(account: Account, place: Presence, company: Company) -> Iterator[SeedRow]:
    made, touched = _stamp(account.created_at), _stamp(max(account.created_at, account.touched_at))
    number = service_id("organizations", place.key)
    yield SeedRow(
        "organizations",
        {
            "id": number, "name": place.name, "domain_names": [place.domain] if place.domain else [],
            "external_id": sales_id("001", account.index) if place.linked and account.sales else None,
            "organization_fields": {}, "tags": [], "created_at": made, "updated_at": touched,
        },
    )  # fmt: skip
    for person in account.people:
        yield SeedRow(
            "users",
            {
                "id": service_id("users", person.key), "name": f"{person.first} {person.last}", "email": person.email,
                "organization_id": number, "role": "end-user", "active": True, "verified": True, "suspended": person.left_on is not None,
                "created_at": made, "updated_at": touched,
            },
        )  # fmt: skip
    for ticket in account.tickets:
        if ticket.home == "service":
            yield SeedRow("tickets", _ticket(ticket, number, company))
            if ticket.rating and ticket.closed_at:
                yield SeedRow("satisfaction_ratings", _rating(ticket, ticket.closed_at))


def _ticket(ticket: Ticket, organization: int, company: Company) -> dict[str, Any]:
    touched = ticket.closed_at or ticket.waiting_since or ticket.opened_at
    requester = _requester(ticket)
    return {
        "id": service_id("tickets", ticket.key), "subject": ticket.subject, "raw_subject": ticket.subject,
        "description": ticket.subject, "status": _status(ticket, company), "priority": _PRIORITIES[ticket.priority],
        "type": "question" if ticket.kind == "how-to" else "problem", "organization_id": organization,
        "requester_id": requester, "submitter_id": requester, "tags": [],
        "satisfaction_rating": {"score": ticket.rating or "unoffered"},
        "created_at": _stamp(ticket.opened_at), "updated_at": _stamp(touched),
        "generated_timestamp": int(touched.timestamp()),
    }  # fmt: skip


def _status(ticket: Ticket, company: Company) -> str:
    """A solved ticket is closed for good after four weeks."""
    if ticket.closed_at is None:
        return _STATUSES[ticket.status]
    return "closed" if (company.as_of - ticket.closed_at.date()).days > 28 else "solved"


def _rating(ticket: Ticket, closed: datetime) -> dict[str, Any]:
    answered = closed if ticket.rating == "offered" else closed + timedelta(minutes=5)
    return {
        "id": service_id("satisfaction_ratings", ticket.key), "score": ticket.rating,
        "ticket_id": service_id("tickets", ticket.key), "requester_id": _requester(ticket), "comment": None,
        "created_at": _stamp(closed), "updated_at": _stamp(answered),
    }  # fmt: skip


def _requester(ticket: Ticket) -> int | None:
    return service_id("users", ticket.person.key) if ticket.person else None


def _stamp(at: datetime) -> str:
    return at.isoformat()[:19] + "Z"


def tenants(company: Company) -> dict[str, Iterator[SeedRow]]:
    """The account of the company, with its rows."""
    return {"zendesk": rows(company)}
