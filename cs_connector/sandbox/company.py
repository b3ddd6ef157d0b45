"""A company as nobody's CRM holds it: neutral records, from which each vendor's rows are made.

Systems are named by what they do: `sales`, `marketing`, `service`, `files`. Times are aware, in UTC. Money is
whole units of the account's currency for revenue, and hundredths for invoices. Keys are numbers that are
unique within a kind; `ids` turns them into the ids of a system.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

Home = Literal["sales", "marketing", "service"]
Kind = Literal["customer", "trial", "former", "prospect", "partner"]
Priority = Literal["P1", "P2", "P3", "P4"]


@dataclass(slots=True)
class User:
    """Somebody who works for us: role is csm, sales, renewals or manager."""

    key: int
    first: str
    last: str
    email: str
    title: str
    role: str
    active: bool = True


@dataclass(slots=True)
class Presence:
    """An account in one system: as it is spelled there; `linked` when it holds the sales system's id."""

    key: int
    name: str
    domain: str | None
    linked: bool = True


@dataclass(slots=True)
class Person:
    """Somebody at a customer."""

    key: int
    first: str
    last: str
    email: str | None
    title: str
    decision_maker: bool = False
    champion: bool = False
    left_on: date | None = None


@dataclass(slots=True)
class Subscription:
    """One product that an account pays for or tries; status is Active, Trial or Ended. `csm` is a user's key,
    `partner` the index of the account that manages it for us, `currency` another one than the account's.
    """

    key: int
    product: str
    type: str
    region: str
    status: str
    start_on: date
    end_on: date | None
    renewal_on: date | None
    arr: int
    seats: int
    features: int
    auto_renew: bool = False
    notice_on: date | None = None
    csm: int | None = None
    partner: int | None = None
    currency: str | None = None


@dataclass(slots=True)
class Ticket:
    """A request for help, in the sales or the service system; status is New, Working, Waiting or Closed, kind how-to or
    problem.

    `rating` is good, bad, offered or None where nobody was asked. An `orphan` names no account.
    """

    key: int
    home: Home
    person: Person | None
    product: str | None
    subject: str
    priority: Priority
    status: str
    opened_at: datetime
    closed_at: datetime | None = None
    waiting_since: datetime | None = None
    rating: str | None = None
    orphan: bool = False
    kind: str = "problem"


@dataclass(slots=True)
class Survey:
    """One person asked once: kind is nps, csat or executive; score is None until it is answered."""

    key: int
    home: Home
    person: Person
    kind: str
    low: int
    high: int
    invited_at: datetime
    answered_at: datetime | None = None
    score: int | None = None


@dataclass(slots=True)
class Opportunity:
    key: int
    name: str
    type: str
    stage: str
    amount: int
    close_on: date
    created_at: datetime
    won: bool = False
    closed: bool = False


@dataclass(slots=True)
class Milestone:
    """Something that happened in the customer's life: Closed Won, Onboarding, First Value, …; `due` is when it was to be."""

    key: int
    product: str | None
    kind: str
    on: date | None
    due: date | None = None


@dataclass(slots=True)
class Goal:
    """What the customer wants to reach: status is On track, At risk, Met or Missed."""

    key: int
    product: str | None
    status: str
    due_on: date
    updated_on: date


@dataclass(slots=True)
class Meeting:
    key: int
    person: Person
    subject: str
    at: datetime


@dataclass(slots=True)
class Usage:
    """A line of a usage file. `flaw` spoils the line on purpose: number or column. `feed` is its folder."""

    product: str
    metric: str
    on: date
    grain: str
    value: int
    flaw: str = ""
    feed: str = "usage"


@dataclass(slots=True)
class Invoice:
    number: str
    issued_on: date
    due_on: date
    paid_on: date | None
    amount: int


@dataclass(slots=True)
class Letter:
    """A message between a person and a user of ours (`ours` is a key); `answers` is the key of another one.

    Without a person it is one among us, or of somebody whom nobody knows where it is `inbound`.
    """

    key: int
    person: Person | None
    ours: int
    inbound: bool
    subject: str
    at: datetime
    answers: int | None = None
    automatic: bool = False


@dataclass(slots=True)
class Document:
    """A file that is kept about a customer, as .docx or .pdf: kind is Success plan, Contract, …"""

    key: int
    kind: str
    title: str
    product: str | None
    created_at: datetime
    modified_at: datetime
    signed_on: date | None = None
    expires_on: date | None = None
    ending: str = "docx"


@dataclass(slots=True)
class Review:
    """Stars from 1 to 5 that somebody of a customer gave in public."""

    key: int
    site: str
    stars: int
    on: date


@dataclass(slots=True)
class Mailing:
    """A message to many, of which one person's copy was sent, perhaps opened, perhaps clicked."""

    key: int
    person: Person
    sent_at: datetime
    opened_at: datetime | None = None
    clicked_at: datetime | None = None


@dataclass(slots=True)
class Account:
    """An account with everything that hangs on it. `parent` is another account's index; None of a system
    means that the account is not there; `copies` are doubles of it in the marketing system.
    """

    index: int
    name: str
    domain: str
    industry: str
    kind: Kind
    segment: str
    currency: str
    owner: int
    created_at: datetime
    touched_at: datetime
    parent: int | None = None
    csm: int | None = None
    customer_since: date | None = None
    judgement: str | None = None
    judgement_on: date | None = None
    sales: Presence | None = None
    marketing: Presence | None = None
    service: Presence | None = None
    copies: tuple[Presence, ...] = ()
    people: list[Person] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    surveys: list[Survey] = field(default_factory=list)
    opportunities: list[Opportunity] = field(default_factory=list)
    events: list[Milestone] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    usage: list[Usage] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    mailings: list[Mailing] = field(default_factory=list)

    @property
    def arr(self) -> int:
        """Revenue of a year over what is active."""
        return sum(s.arr for s in self.subscriptions if s.status == "Active")


class Accounts(Protocol):
    """Accounts by index, made as they are asked for; iterating again gives the same again."""

    def __iter__(self) -> Iterator[Account]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Account: ...


@dataclass(frozen=True, slots=True)
class Company:
    """The whole company at `as_of`; `emea` is what only the second marketing portal knows, `beside` are accounts that were
    not asked for: those whose stories are about who they are.
    """

    seed: int
    as_of: date
    users: tuple[User, ...]
    accounts: Accounts
    emea: Iterable[Account] = ()
    beside: Iterable[Account] = ()

    def everybody(self) -> Iterator[Account]:
        """The accounts, and those beside them."""
        yield from self.accounts
        yield from self.beside
