"""What is asked of each simulated CRM: single records, and lists by the vendor's largest page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import quote_plus

from cs_connector.sandbox.ids import sales_id

from .tickets import FIRST

HUBSPOT = "subject,content,hs_pipeline,hs_pipeline_stage,hs_ticket_priority,createdate,hs_lastmodifieddate"
SALESFORCE = (
    "Id, CaseNumber, AccountId, ContactId, Subject, Status, Priority, CreatedDate, ClosedDate, IsClosed, "
    "SystemModstamp, IsDeleted"
)


class Asked(Protocol):
    """Targets for one CRM; `base` is its address."""

    @property
    def page(self) -> str: ...

    @property
    def size(self) -> int:
        """Records of a page."""
        ...

    @property
    def extra(self) -> str: ...

    def one(self, number: int) -> str:
        """A ticket by its id, counted from 0."""
        ...

    def first(self) -> str:
        """The first page of all tickets."""
        ...

    def after(self, body: bytes) -> str | None:
        """The page after this one."""
        ...

    def strange(self) -> Asked | None:
        """The same list with other fields, where that is another matter."""
        ...


@dataclass(frozen=True, slots=True)
class Salesforce:
    base: str
    page: str = "2,000 records of SOQL"
    size: int = 2000
    extra: str = "Sforce-Query-Options: batchSize=2000\r\n"
    fields: str = SALESFORCE

    def one(self, number: int) -> str:
        return f"/services/data/v67.0/sobjects/Case/{sales_id('500', number + 1)}"

    def first(self) -> str:
        query = f"SELECT {self.fields} FROM Case ORDER BY SystemModstamp, Id"
        return f"/services/data/v67.0/queryAll?q={quote_plus(query)}"

    def after(self, body: bytes) -> str | None:
        return json.loads(body).get("nextRecordsUrl")  # type: ignore[no-any-return]

    def strange(self) -> Salesforce:
        return replace(self, fields=", ".join(["Id", *SALESFORCE.split(", ")[:0:-1]]))


@dataclass(frozen=True, slots=True)
class HubSpot:
    base: str
    page: str = "100 listed records"
    size: int = 100
    extra: str = ""

    def one(self, number: int) -> str:
        return f"/crm/v3/objects/tickets/{FIRST['tickets'] + number}?properties={HUBSPOT}"

    def first(self) -> str:
        return f"/crm/v3/objects/tickets?limit=100&properties={HUBSPOT}"

    def after(self, body: bytes) -> str | None:
        paging = json.loads(body).get("paging")
        return f"{self.first()}&after={paging['next']['after']}" if paging else None

    def strange(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Zendesk:
    base: str
    page: str = "100 listed records"
    size: int = 100
    extra: str = ""

    def one(self, number: int) -> str:
        return f"/api/v2/tickets/{1001 + number}.json"

    def first(self) -> str:
        return "/api/v2/tickets.json?page[size]=100"

    def after(self, body: bytes) -> str | None:
        answer = json.loads(body)
        return answer["links"]["next"].removeprefix(self.base) if answer["meta"]["has_more"] else None

    def strange(self) -> None:
        return None


ASKED: dict[str, type[Salesforce | HubSpot | Zendesk]] = {
    "salesforce": Salesforce,
    "hubspot": HubSpot,
    "zendesk": Zendesk,
}


def pages(asked: Asked, ask: Pager, most: int) -> Iterator[str]:
    """Targets of a list's pages, each asked for by `ask`, which gives the body."""
    target: str | None = asked.first()
    for _ in range(most):
        if target is None:
            return
        body = ask(target)
        yield target
        target = asked.after(body)


class Pager(Protocol):
    def __call__(self, target: str) -> bytes: ...
