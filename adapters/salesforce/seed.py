"""The demo company as records of a Salesforce org that has the objects of demo_org.yml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cs_connector.sandbox.company import Account, Company, Person, Subscription, Survey, Ticket, User
from cs_connector.sandbox.ids import sales_id
from cs_connector.sandbox.wire import SeedRow

from .recorded import recorded

__all__ = ["bare", "recorded", "rows", "tenants"]

_TYPES = {
    "customer": "Customer", "trial": "Prospect", "former": "Former Customer", "prospect": "Prospect", "partner": "Partner",
}  # fmt: skip
_CASE_TYPES = {"how-to": "Question", "problem": "Problem"}
_PRIORITIES = {"P1": "Critical", "P2": "High", "P3": "Medium", "P4": "Low"}
_SURVEYS = (("nps", 1, "Relationship NPS", "NPS"), ("executive", 2, "Executive check-in", "Rating"))


def rows(company: Company) -> Iterator[SeedRow]:
    """Every record, parents before children."""
    began = _at(company.as_of - timedelta(days=2600))
    for user in company.users:
        yield SeedRow("User", _user(user, began))
    yield from _questions(began)
    for account in company.everybody():
        if account.sales:
            yield from _account(account)


def bare(rows: Iterable[SeedRow]) -> Iterator[SeedRow]:
    """Rows for an org without our fields: what people keep in those is left out."""
    for name, record in rows:
        yield SeedRow(name, {key: value for key, value in record.items() if not key.startswith("CS_")})


def _user(user: User, began: datetime) -> dict[str, Any]:
    name = f"{user.first} {user.last}"
    return _row(
        "005", user.key, began, began,
        Name=name, FirstName=user.first, LastName=user.last, Username=f"{user.email}.org", Email=user.email,
        Alias=user.last[:8].lower(), IsActive=user.active, Title=user.title, UserType="Standard",
    )  # fmt: skip


def _questions(began: datetime) -> Iterator[SeedRow]:
    for _, number, name, kind in _SURVEYS:
        survey, version = sales_id("0Kd", number), sales_id("0Ke", number)
        yield SeedRow("Survey", _row("0Kd", number, began, began, Name=name, ActiveVersionId=version))
        yield SeedRow(
            "SurveyVersion",
            _row("0Ke", number, began, began, Name=name, SurveyId=survey, SurveyStatus="Active"),
        )
        question = _row("0Kh", number, began, began, Name=name, QuestionType=kind, SurveyVersionId=version)
        yield SeedRow("SurveyQuestion", question)


def _account(account: Account) -> Iterator[SeedRow]:
    assert account.sales
    parent = None if account.parent is None else sales_id("001", account.parent)
    yield SeedRow(
        "Account",
        _row(
            "001", account.index, account.created_at, account.touched_at,
            Name=account.sales.name, ParentId=parent, Website=account.sales.domain, Industry=account.industry,
            Type=_TYPES[account.kind], Segment__c=account.segment, OwnerId=sales_id("005", account.owner),
            CurrencyIsoCode=account.currency, Customer_Since__c=_day(account.customer_since),
            CS_CSM__c=_user_id(account.csm), CS_CSM_Judgement__c=account.judgement,
            CS_CSM_Judgement_On__c=_day(account.judgement_on), CS_Alerts_Paused_Until__c=None,
        ),
    )  # fmt: skip
    if account.csm is not None:
        yield SeedRow("AccountTeamMember", _member(account, account.csm))
    for person in account.people:
        yield from _person(account, person)
    yield from _sold(account)
    yield from _success(account)
    for ticket in account.tickets:
        if ticket.home == "sales":
            yield SeedRow("Case", _case(account, ticket))
    for survey in account.surveys:
        if survey.home == "sales":
            yield from _survey(survey)


def _member(account: Account, csm: int) -> dict[str, Any]:
    role = "Customer Success Manager"
    return _row(
        "01M", account.index, account.created_at, account.touched_at,
        AccountId=sales_id("001", account.index), UserId=_user_id(csm), TeamMemberRole=role, AccountAccessLevel="Edit",
    )  # fmt: skip


def _person(account: Account, person: Person) -> Iterator[SeedRow]:
    contact, owner = sales_id("003", person.key), sales_id("001", account.index)
    yield SeedRow(
        "Contact",
        _row(
            "003", person.key, account.created_at, account.touched_at,
            AccountId=owner, FirstName=person.first, LastName=person.last, Name=f"{person.first} {person.last}",
            Email=person.email, Title=person.title, Left_Company_On__c=_day(person.left_on),
        ),
    )  # fmt: skip
    roles = ("Decision Maker",) * person.decision_maker + ("Champion",) * person.champion
    yield SeedRow(
        "AccountContactRelation",
        _row(
            "07k", person.key, account.created_at, account.touched_at,
            AccountId=owner, ContactId=contact, Roles=";".join(roles) or None, IsDirect=True,
            IsActive=person.left_on is None,
        ),
    )  # fmt: skip


def _sold(account: Account) -> Iterator[SeedRow]:
    owner = sales_id("001", account.index)
    for sub in account.subscriptions:
        yield SeedRow("Subscription__c", _subscription(account, sub))
    for deal in account.opportunities:
        touched = _at(deal.close_on) if deal.closed else deal.created_at
        yield SeedRow(
            "Opportunity",
            _row(
                "006", deal.key, deal.created_at, touched,
                AccountId=owner, Name=deal.name[:120], Type=deal.type, StageName=deal.stage, Amount=float(deal.amount),
                CloseDate=_day(deal.close_on), IsWon=deal.won, IsClosed=deal.closed,
                OwnerId=sales_id("005", account.owner), CurrencyIsoCode=account.currency,
            ),
        )  # fmt: skip


def _subscription(account: Account, sub: Subscription) -> dict[str, Any]:
    start = _at(sub.start_on)
    return _row(
        "a0S", sub.key, start, start,
        Name=f"{account.name} · {sub.product}"[:80], Account__c=sales_id("001", account.index), Product__c=sub.product,
        Region__c=sub.region, Type__c=sub.type, Status__c=sub.status, Start_Date__c=_day(sub.start_on),
        End_Date__c=_day(sub.end_on), Renewal_Date__c=_day(sub.renewal_on), ARR__c=float(sub.arr),
        CurrencyIsoCode=sub.currency or account.currency, Seats__c=float(sub.seats), Features_Bought__c=float(sub.features),
        Partner__c=None if sub.partner is None else sales_id("001", sub.partner), Auto_Renew__c=sub.auto_renew, Notice_Date__c=_day(sub.notice_on), CSM__c=_user_id(sub.csm),
        OwnerId=sales_id("005", account.owner),
    )  # fmt: skip


def _success(account: Account) -> Iterator[SeedRow]:
    owner = sales_id("001", account.index)
    for event in account.events:
        at = _at(event.on) if event.on else account.created_at
        yield SeedRow(
            "Lifecycle_Event__c",
            _row(
                "a0L", event.key, at, at, Account__c=owner, Product__c=event.product, Kind__c=event.kind,
                Due_Date__c=_day(event.due), Date__c=_day(event.on),
            ),
        )  # fmt: skip
    for goal in account.goals:
        at = _at(goal.updated_on)
        yield SeedRow(
            "Success_Goal__c",
            _row(
                "a0G", goal.key, at, at, Account__c=owner, Product__c=goal.product, Status__c=goal.status,
                Due_Date__c=_day(goal.due_on), Updated_On__c=_day(goal.updated_on),
            ),
        )  # fmt: skip
    for meeting in account.meetings:
        yield SeedRow(
            "Event",
            _row(
                "00U", meeting.key, meeting.at, meeting.at,
                WhatId=owner, AccountId=owner, WhoId=sales_id("003", meeting.person.key), Subject=meeting.subject,
                StartDateTime=_stamp(meeting.at), EndDateTime=_stamp(meeting.at + timedelta(minutes=45)),
                ActivityDate=_day(meeting.at.date()), DurationInMinutes=45, IsAllDayEvent=False,
                OwnerId=_user_id(account.owner if account.csm is None else account.csm),
            ),
        )  # fmt: skip


def _case(account: Account, ticket: Ticket) -> dict[str, Any]:
    touched = ticket.closed_at or ticket.waiting_since or ticket.opened_at
    return _row(
        "500", ticket.key, ticket.opened_at, touched,
        CaseNumber=f"{ticket.key + 1000:08d}", AccountId=None if ticket.orphan else sales_id("001", account.index),
        ContactId=sales_id("003", ticket.person.key) if ticket.person else None, Subject=ticket.subject,
        Status=ticket.status, Priority=_PRIORITIES[ticket.priority], IsClosed=ticket.closed_at is not None,
        ClosedDate=_stamp(ticket.closed_at) if ticket.closed_at else None, Origin="Web",
        Type=_CASE_TYPES[ticket.kind],
        Waiting_Since__c=_stamp(ticket.waiting_since) if ticket.waiting_since else None, Product__c=ticket.product,
        OwnerId=sales_id("005", account.owner),
    )  # fmt: skip


def _survey(survey: Survey) -> Iterator[SeedRow]:
    kind = next(s for s in _SURVEYS if s[0] == survey.kind)
    number, contact = survey.key, sales_id("003", survey.person.key)
    invitation, done = sales_id("0Ki", number), survey.answered_at
    yield SeedRow(
        "SurveyInvitation",
        _row(
            "0Ki", number, survey.invited_at, done or survey.invited_at, SurveyId=sales_id("0Kd", kind[1]),
            Name=f"{number:010d}", ParticipantId=contact, ResponseStatus="Completed" if done else "NotStarted",
        ),
    )  # fmt: skip
    if done is None:
        return
    yield SeedRow(
        "SurveyResponse",
        _row(
            "0Kj", number, done, done, Name=f"{number:010d}", InvitationId=invitation, SubmitterId=contact,
            SurveyId=sales_id("0Kd", kind[1]), Status="Completed", CompletionDateTime=_stamp(done), Language="en_US",
        ),
    )  # fmt: skip
    yield SeedRow(
        "SurveyQuestionResponse",
        _row(
            "0Kr", number, done, done, ResponseId=sales_id("0Kj", number), InvitationId=invitation,
            QuestionId=sales_id("0Kh", kind[1]), NumberValue=survey.score, Datatype="Number",
        ),
    )  # fmt: skip


def _row(prefix: str, number: int, created: datetime, touched: datetime, **fields: Any) -> dict[str, Any]:
    """The fields with an id and the stamps that every record has."""
    stamp = _stamp(max(created, touched))
    return {
        "Id": sales_id(prefix, number),
        **fields,
        "CreatedDate": _stamp(created),
        "LastModifiedDate": stamp,
        "SystemModstamp": stamp,
    }


def _stamp(at: datetime) -> str:
    return at.isoformat()[:19] + ".000+0000"


def _at(on: date) -> datetime:
    return datetime.combine(on, time(9), UTC)


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None


def _user_id(key: int | None) -> str | None:
    return None if key is None else sales_id("005", key)


def tenants(company: Company) -> dict[str, Iterator[SeedRow]]:
    """The org of the company, with its rows."""
    return {"salesforce": rows(company)}
