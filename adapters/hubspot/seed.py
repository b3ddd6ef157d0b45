"""The demo company as records of a HubSpot portal: the first one, or the small one of `hubspot_emea`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from cs_connector.sandbox.company import Account, Company, Opportunity, Person, Presence, Survey, User
from cs_connector.sandbox.ids import marketing_id, sales_id
from cs_connector.sandbox.wire import SeedRow

from .recorded import recorded

__all__ = ["recorded", "rows", "tenants"]

EMEA = "hubspot_emea"
SHARED, LOOKED_AT = 4, 60
_STAGES = {
    "customer": "customer",
    "trial": "opportunity",
    "former": "other",
    "prospect": "lead",
    "partner": "other",
}
_DEALS = {
    "Closed Won": "closedwon", "Closed Lost": "closedlost", "Proposal": "presentationscheduled",
    "Negotiation": "contractsent", "Qualification": "qualifiedtobuy", "Prospecting": "appointmentscheduled",
}  # fmt: skip
_GROUPS = ((6, "DETRACTOR"), (8, "PASSIVE"))
_Link = tuple[str, str, int]


def rows(company: Company, portal: str = "hubspot") -> Iterator[SeedRow]:
    """Every record of a portal; the ids of both portals overlap."""
    emea = portal == EMEA
    for user in company.users[:6] if emea else company.users:
        yield SeedRow("owners", _owner(user))
    there: set[int] = set()
    for account in _listed(company, emea):
        if account.marketing:
            there.add(account.index)
            yield from _company(
                account, account.marketing, account.parent if account.parent in there else None
            )
    if emea:
        yield from _shared(company)


def _listed(company: Company, emea: bool) -> Iterable[Account]:
    return company.emea if emea else company.everybody()


def _shared(company: Company) -> Iterator[SeedRow]:
    """A few customers that the second portal has too, under ids that mean other companies in the first."""
    able = [
        a for a in islice(company.accounts, 9, LOOKED_AT) if a.kind == "customer" and a.sales and not a.copies
    ]
    shared = [(a, a.marketing.key) for a in able if a.marketing][:SHARED]
    keys = [key for _, key in shared]
    for (account, _), key in zip(shared, keys[1:] + keys[:1], strict=True):
        props = {
            "name": account.name, "domain": account.domain, "lifecyclestage": "customer",
            "salesforceaccountid": sales_id("001", account.index),
        }  # fmt: skip
        yield _row("companies", key, account.created_at, account.touched_at, props, [])


def _owner(user: User) -> dict[str, Any]:
    owner = marketing_id("owners", user.key)
    made = "2021-03-01T09:00:00.000Z"
    return {
        "id": owner, "email": user.email, "type": "PERSON", "firstName": user.first, "lastName": user.last,
        "userId": int(owner) if user.active else None, "userIdIncludingInactive": int(owner),
        "createdAt": made, "updatedAt": made, "archived": not user.active,
    }  # fmt: skip


def _company(account: Account, place: Presence, parent: int | None) -> Iterator[SeedRow]:
    above = None if parent is None else marketing_id("companies", parent)
    links = [("companies", above, 14)] if above else []
    for copy in (place, *account.copies):
        props = {
            "name": copy.name, "domain": copy.domain, "industry": account.industry.upper(),
            "lifecyclestage": _STAGES[account.kind], "hubspot_owner_id": marketing_id("owners", account.owner),
            "salesforceaccountid": sales_id("001", account.index) if copy.linked and account.sales else None,
            "hs_parent_company_id": above,
        }  # fmt: skip
        yield _row("companies", copy.key, account.created_at, account.touched_at, props, links)
    for person in account.people:
        yield _contact(account, place, person)
    for survey in account.surveys:
        if survey.home == "marketing" and survey.answered_at is not None:
            yield _answer(survey, survey.answered_at)
    for deal in account.opportunities:
        yield _deal(place, deal)


def _contact(account: Account, place: Presence, person: Person) -> SeedRow:
    company = marketing_id("companies", place.key)
    known = place.linked and account.sales
    props = {
        "email": person.email, "firstname": person.first, "lastname": person.last, "jobtitle": person.title,
        "associatedcompanyid": company, "salesforcecontactid": sales_id("003", person.key) if known else None,
    }  # fmt: skip
    links = [("companies", company, 1), ("companies", company, 279)]
    return _row("contacts", person.key, account.created_at, account.touched_at, props, links)


def _answer(survey: Survey, at: datetime) -> SeedRow:
    score, nps = survey.score or 0, survey.kind == "nps"
    group = next((name for top, name in _GROUPS if score <= top), "PROMOTER")
    contact = marketing_id("contacts", survey.person.key)
    props = {
        "hs_survey_type": "NPS" if nps else "CSAT", "hs_survey_channel": "EMAIL", "hs_value": str(score),
        "hs_survey_name": "Relationship NPS" if nps else "After your call", "hs_contact_id": contact,
        "hs_response_group": group if nps else None, "hs_submission_timestamp": _stamp(at),
    }  # fmt: skip
    return _row("feedback_submissions", survey.key, at, at, props, [("contacts", contact, 98)])


def _deal(place: Presence, deal: Opportunity) -> SeedRow:
    company = marketing_id("companies", place.key)
    closed = datetime.fromisoformat(f"{deal.close_on}T12:00:00+00:00")
    props = {
        "dealname": deal.name, "dealstage": _DEALS[deal.stage], "pipeline": "default", "amount": str(deal.amount),
        "closedate": _stamp(closed),
    }  # fmt: skip
    touched = max(deal.created_at, closed) if deal.closed else deal.created_at
    return _row(
        "deals",
        deal.key,
        deal.created_at,
        touched,
        props,
        [("companies", company, 5), ("companies", company, 341)],
    )


def _row(
    kind: str,
    number: int,
    created: datetime,
    touched: datetime,
    props: Mapping[str, str | None],
    links: list[_Link],
) -> SeedRow:
    """A record as the API holds it; properties without a value are left out."""
    record, first = marketing_id(kind, number), _stamp(created)
    last = _stamp(max(created, touched) + timedelta(milliseconds=number % 997))
    made = "hs_createdate" if kind == "feedback_submissions" else "createdate"
    changed = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    held = {name: value for name, value in props.items() if value is not None}
    return SeedRow(
        kind,
        {
            "id": record,
            "properties": {**held, made: first, changed: last, "hs_object_id": record},
            "createdAt": first,
            "updatedAt": last,
            "archived": False,
            "associations": [
                {"to_object": to, "to_id": key, "type_id": kind_id} for to, key, kind_id in links
            ],
        },
    )


def _stamp(at: datetime) -> str:
    return f"{at.isoformat()[:19]}.{at.microsecond // 1000:03d}Z"


def tenants(company: Company) -> dict[str, Iterator[SeedRow]]:
    """The portals of the company, each with its rows."""
    return {"hubspot": rows(company), "hubspot_emea": rows(company, "hubspot_emea")}
