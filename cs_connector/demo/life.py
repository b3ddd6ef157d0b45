"""Ordinary accounts: customers, trials, former customers, prospects and partners, drawn by dice."""

from __future__ import annotations

import random

from cs_connector.sandbox.company import Account, Home, Kind, Person, Priority, Subscription, Usage

from . import names
from .builder import Builder, begin
from .calendar import MONTHS, Calendar
from .moods import HEALTHY, MIXED, SICK, Mood
from .people import LEAVERS, team
from .tree import parent_of, title_of

KINDS: tuple[Kind, ...] = ("customer", "trial", "former", "partner", "prospect")
_SHARES = (45, 4, 8, 7, 36)
_GOALS = ("On track", "Met", "At risk", "Missed")
_JUDGEMENTS = (None, "Good", "Concerned", "At risk")
_PRIORITIES: tuple[Priority, ...] = ("P2", "P3", "P3", "P3", "P4")


def ordinary(seed: int, index: int, cal: Calendar) -> Account:
    """The account of an index, the same in a company of any size."""
    rng = random.Random(f"{seed}:{index}")  # noqa: S311 — a story, not a secret
    name, trade = title_of(seed, index)
    kind = rng.choices(KINDS, _SHARES)[0]
    form = rng.choice(names.FORMS)
    account = begin(cal, rng, index, name, trade, kind)
    account.name = f"{name} {form}".strip()
    account.parent = parent_of(index)
    make = Builder(cal, rng, account)
    _places(make)
    _LIVES[kind](make)
    return make.finish()


def _places(make: Builder) -> None:
    """Which systems know the account, and how it is spelled there."""
    rng, a = make.rng, make.account
    known = a.kind in {"customer", "trial", "former"}
    make.present(
        marketing=names.spelling(rng, a.name).strip() if rng.random() < (0.85 if known else 0.7) else None,
        service=names.spelling(rng, a.name).strip() if known and rng.random() < 0.75 else None,
    )
    for place in (a.marketing, a.service):
        if place is None:
            continue
        place.linked = rng.random() < 0.7
        if place.linked:
            place.domain = rng.choice((a.domain, a.domain, f"www.{a.domain}", None))
        else:
            place.domain = _address(rng, a.domain, place.name == a.name)


def _address(rng: random.Random, domain: str, same_name: bool) -> str | None:
    """An address as another system has it; another or none only where the name still tells."""
    if same_name and rng.random() < 0.5:
        return rng.choice((None, domain.replace(".example", ".test")))
    return rng.choice((domain, domain, domain.upper(), f"www.{domain}"))


def _contacts(make: Builder) -> None:
    make.person(decision_maker=True)
    make.person(champion=True)
    for _ in range(make.rng.choice((0, 1, 1, 2))):
        make.person()


def _csm(rng: random.Random) -> int:
    return rng.choice(tuple(LEAVERS)) if rng.random() < 0.02 else rng.choice(team("csm"))


def _customer(make: Builder) -> None:
    rng, a = make.rng, make.account
    mood = rng.choices((HEALTHY, MIXED, SICK), (69, 22, 9))[0]
    _contacts(make)
    a.csm = _csm(rng)
    started = rng.randrange(30, 115) if rng.random() < 0.06 else rng.randrange(200, 1500)
    count = rng.choices((1, 2, 3), (72, 20, 8))[0]
    for product in rng.sample(names.PRODUCTS, count):
        _product(make, product, mood, started)
    renews = min((s.renewal_on - make.cal.as_of).days for s in a.subscriptions if s.renewal_on)
    make.stages(make.cal.ago(started))
    _money(make, mood, started, renews)
    _support(make, mood)
    _voices(make, mood)
    _success(make, mood)


def _product(make: Builder, product: str, mood: Mood, started: int) -> Subscription:
    """A subscription, a little off the customer's general mood, with its usage."""
    rng = make.rng
    size = {"Enterprise": 400, "Mid-Market": 90, "Small Business": 20}[make.account.segment]
    seats = round(size * rng.uniform(0.6, 2.4))
    features = rng.randrange(8, 26)
    arr = round(seats * rng.uniform(240, 520), -2)
    sub = make.subscription(
        product,
        arr=int(arr),
        seats=seats,
        features=features,
        started=started,
        renews=365 - started % 365,
        csm=make.account.csm if rng.random() < 0.8 else _csm(rng),
        kind=rng.choices(("Subscription", "Product line"), (85, 15))[0],
    )
    months = min(MONTHS, max(1, started // 31))
    _series(make, sub, mood, months)
    return sub


def _series(make: Builder, sub: Subscription, mood: Mood, months: int) -> None:
    """Active people a month, walked back from today's share by the quarterly trend, with some noise."""
    rng = make.rng
    step = rng.uniform(*mood.trend) ** (1 / 3)
    level = rng.uniform(*mood.share) * sub.seats
    active = []
    for _ in range(months):
        active.append(min(sub.seats, max(1, round(level * (0.97 + 0.06 * rng.random())))))
        level /= step
        step = 1 + (step - 1) * 0.9
    active.reverse()
    used = max(1, round(rng.uniform(*mood.breadth) * sub.features))
    make.usage(sub.product, active, [used] * months)


def _money(make: Builder, mood: Mood, started: int, renews: int) -> None:
    rng, a = make.rng, make.account
    late = rng.randrange(*mood.overdue) if rng.random() < mood.late else 0
    make.invoices(a.arr * 100 // 12, min(12, max(1, started // 30)), late, rng.randrange(5, 28))
    make.opportunity("New Business", "Closed Won", a.arr, -started)
    if started > 365:
        make.opportunity("Renewal", "Closed Won", a.arr, renews - 365)
    if renews < 150:
        stage = rng.choice(("Qualification", "Proposal", "Negotiation"))
        make.opportunity("Renewal", stage, a.arr, renews)


def _home(make: Builder, other: Home) -> Home:
    """The system in which something happens: the other one where the account is known there, mostly."""
    there = make.account.marketing if other == "marketing" else make.account.service
    return other if there and make.rng.random() < 0.65 else "sales"


def _support(make: Builder, mood: Mood) -> None:
    rng = make.rng
    for _ in range(round(mood.tickets * rng.uniform(0.4, 1.6))):
        _request(make, rng.randrange(1, 30))
    for _ in range(rng.randrange(2, 8)):
        _request(make, rng.randrange(30, 360))
    if rng.random() < mood.urgent:
        status = rng.choice(("New", "Working", "Waiting"))
        make.ticket(_home(make, "service"), rng.randrange(1, 21), rng.choice(("P1", "P2")), status=status)


def _request(make: Builder, days: int) -> None:
    rng = make.rng
    home = _home(make, "service")
    status = "Closed" if days > 12 or rng.random() < 0.7 else rng.choice(("New", "Working", "Waiting"))
    made = make.ticket(home, days, rng.choice(_PRIORITIES), status=status, took=rng.randrange(10))
    if home == "service" and status == "Closed" and rng.random() < 0.3:
        made.rating = rng.choice(("good", "good", "offered", "bad"))


def _voices(make: Builder, mood: Mood) -> None:
    """NPS now and half a year ago; sometimes a short question after a call."""
    for person in make.account.people:
        _nps(make, mood, person, make.rng.randrange(8, 170))
        if make.rng.random() < 0.35:
            _nps(make, mood, person, make.rng.randrange(190, 350))
    if make.account.marketing and make.rng.random() < 0.25:
        person = make.rng.choice(make.account.people)
        make.survey("marketing", person, make.rng.randrange(5, 200), make.rng.randrange(3, 6), "csat", (1, 5))


def _nps(make: Builder, mood: Mood, person: Person, days: int) -> None:
    rng = make.rng
    if rng.random() < mood.answers:
        make.survey(_home(make, "marketing"), person, days, rng.choice(mood.nps))
    else:
        make.survey("sales", person, days, None)


def _success(make: Builder, mood: Mood) -> None:
    rng, a = make.rng, make.account
    for _ in range(rng.choice((1, 2, 2, 3))):
        make.goal(rng.choices(_GOALS, mood.goals)[0], rng.randrange(3, 110), rng.randrange(20, 200))
    head = a.people[0]
    for days in (rng.randrange(*mood.met), rng.randrange(150, 300)):
        make.meeting(head, days)
    make.judge(rng.choices(_JUDGEMENTS, mood.judgement)[0], rng.randrange(2, 85))


def _trial(make: Builder) -> None:
    rng, cal = make.rng, make.cal
    make.person(decision_maker=True)
    make.person()
    started = rng.randrange(2, 28)
    trial(make, started, rng.choice(names.PRODUCTS), eager=rng.random())
    make.opportunity("New Business", "Qualification", rng.randrange(8, 60) * 1000, 30 - started)
    make.milestone("Trial started", cal.ago(started))


def trial(make: Builder, started: int, product: str, *, eager: float) -> None:
    """A trial of 30 days with a line a day: the more eager, the more days with work done."""
    rng, cal, rows = make.rng, make.cal, make.account.usage
    make.subscription(
        product, arr=0, seats=10, features=12, started=started, renews=30 - started, csm=None,
        status="Trial", kind="Trial",
    )  # fmt: skip
    done, invited = 0, 0
    for days in range(started, 0, -1):
        active = rng.random() < 0.25 + 0.75 * eager
        done += active and rng.random() < 0.5 + 0.5 * eager
        invited += active and rng.random() < 0.4
        values = {
            "active": int(active),
            "key_actions": min(done, 8),
            "key_actions_goal": 8,
            "people_invited": invited,
        }
        rows += [Usage(product, name, cal.ago(days), "day", value) for name, value in values.items()]


def _former(make: Builder) -> None:
    rng, cal = make.rng, make.cal
    _contacts(make)
    ended = rng.randrange(20, 500)
    started = ended + 365 * rng.randrange(1, 4)
    sub = make.subscription(
        rng.choice(names.PRODUCTS), arr=rng.randrange(6, 90) * 1000, seats=rng.randrange(10, 200), features=12,
        started=started, renews=-ended, csm=None, status="Ended",
    )  # fmt: skip
    sub.notice_on = cal.ago(ended + 60)
    make.opportunity("Renewal", "Closed Lost", sub.arr, -ended)
    make.stages(sub.start_on)
    make.milestone("Churned", cal.ago(ended))


def _prospect(make: Builder) -> None:
    rng = make.rng
    for _ in range(rng.choice((1, 1, 2))):
        make.person()
    if rng.random() < 0.4:
        stage = rng.choice(("Prospecting", "Qualification", "Proposal"))
        make.opportunity("New Business", stage, rng.randrange(5, 120) * 1000, rng.randrange(10, 120))


def _partner(make: Builder) -> None:
    make.person(decision_maker=True)
    make.person()


_LIVES = {
    "customer": _customer,
    "trial": _trial,
    "former": _former,
    "prospect": _prospect,
    "partner": _partner,
}
