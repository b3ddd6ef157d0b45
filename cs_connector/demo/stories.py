"""The nine accounts with a story: the same names and the same facts in every company, whatever the dice say.

Dice only choose people's names and hours of the day.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from cs_connector.sandbox.company import Account, Kind, Usage

from . import papers
from .builder import Builder, begin
from .calendar import MONTHS, Calendar
from .people import team

STORIES = (
    "Aurora Freight",
    "Bluebird Media",
    "Cobalt Clinics",
    "Delta Grid",
    "Ember Retail",
    "Fjord Bank",
    "Garnet Foods",
    "Harbor Trial",
    "Iris Labs",
)
_TRADES = ("Logistics", "Media", "Clinics", "Energy", "Retail", "Bank", "Foods", "Software", "Diagnostics")


def story(seed: int, index: int, cal: Calendar) -> Account:
    """The account of a story; `index` counts through STORIES."""
    rng = random.Random(f"{seed}:{index}")  # noqa: S311 — a story, not a secret
    name = STORIES[index]
    kind: Kind = "trial" if name == "Harbor Trial" else "customer"
    account = begin(cal, rng, index, name, _TRADES[index], kind)
    account.segment, account.currency = "Mid-Market", "USD"
    make = Builder(cal, rng, account)
    make.present(marketing=f"{name} Ltd.", service=name.lower())
    if account.marketing:
        account.marketing.domain = f"www.{account.domain}"
    _people(make)
    _TELL[name](make)
    papers.file(make, seed)
    if index == 0:
        papers.post(make, rng)
    return make.finish()


def _people(make: Builder) -> None:
    """A decision maker, a champion and two who do the work."""
    make.person(decision_maker=True)
    make.person(champion=True)
    make.person()
    make.person()


def wave(base: int, months: int = MONTHS, swing: int = 0) -> list[int]:
    """Months that go up and down by `swing` and whose every three, counted from the last, add up to 3 × base."""
    swings = (0, swing, -swing)
    return [base + swings[back % 3] for back in range(months - 1, -1, -1)]


def _sold(make: Builder, product: str, *, arr: int, seats: int, features: int, renews: int = 240) -> None:
    make.subscription(
        product, arr=arr, seats=seats, features=features, started=800, renews=renews, csm=make.account.csm
    )


def _well(
    make: Builder, *, goals: tuple[str, ...] = ("On track", "Met"), judgement: str | None = "Good"
) -> None:
    """What goes well with a healthy customer: paid, met, on track, judged, and quiet."""
    rng, cal, a = make.rng, make.cal, make.account
    a.csm = a.csm if a.csm is not None else rng.choice(team("csm"))
    make.stages(cal.ago(800))
    make.invoices(a.arr * 100 // 12)
    make.opportunity("New Business", "Closed Won", a.arr, -800)
    for number, status in enumerate(goals):
        make.goal(status, 20 + number, 90 + 30 * number)
    make.meeting(a.people[0], 20)
    make.meeting(a.people[0], 110)
    make.judge(judgement, 25)
    for days in (75, 140, 220):
        make.ticket("service", days)


def _asked(make: Builder, *scores: int | None) -> None:
    """NPS of the account's people in their order; None: not asked. The champion's answer is the newest."""
    for number, (person, score) in enumerate(zip(make.account.people, scores, strict=True)):
        if score is not None:
            days = 15 if person.champion else 30 + 10 * number
            make.survey("marketing" if number % 2 else "sales", person, days, score)


def _manager(make: Builder) -> None:
    make.account.csm = make.rng.choice(team("csm"))


def _aurora(make: Builder) -> None:
    """Its users love it; its decision maker gave 2 of 10 and renews in 55 days."""
    _manager(make)
    _sold(make, "Dispatch", arr=96_000, seats=200, features=25, renews=55)
    make.usage("Dispatch", wave(160, swing=4), [13] * MONTHS)
    _well(make, goals=("On track", "At risk"))
    _asked(make, None, 10, 9, 10)
    make.survey("sales", make.account.people[0], 12, 2, "executive", (1, 10))
    for days in (4, 11, 19):
        make.ticket("service", days)
    make.opportunity("Renewal", "Proposal", 96_000, 55)


def _bluebird(make: Builder) -> None:
    """A promoter whose people almost never sign in."""
    _manager(make)
    _sold(make, "Planner", arr=54_000, seats=400, features=20)
    make.usage("Planner", wave(20, swing=1), [2] * MONTHS)
    _well(make)
    _asked(make, 10, 10, 10, 10)


def _cobalt(make: Builder) -> None:
    """Never answers a survey, files tickets all the time."""
    _manager(make)
    _sold(make, "Ledger", arr=72_000, seats=120, features=20)
    make.usage("Ledger", wave(96, swing=3), [12] * MONTHS)
    _well(make)
    for number, person in enumerate(make.account.people):
        make.survey("sales", person, 40 + 15 * number, None)
    make.survey("sales", make.account.people[0], 220, None)
    for number, days in enumerate((5, 18, 33, 47, 61, 80)):
        make.ticket("service" if number % 2 else "sales", days)


def _delta(make: Builder) -> None:
    """Its champion glows, its users went dark, its tickets wait for weeks."""
    _manager(make)
    _sold(make, "Signals", arr=88_000, seats=250, features=20)
    make.usage("Signals", [*wave(200, MONTHS - 3, swing=0), 150, 110, 80], [*[12] * (MONTHS - 3), 9, 7, 6])
    _well(make)
    _asked(make, 8, 10, 8, None)
    make.ticket("sales", 26, status="Waiting", took=3)
    make.ticket("sales", 33, status="Waiting", took=4)


def _ember(make: Builder) -> None:
    """Three products with an owner each; nobody uses one of them any more."""
    owners = make.rng.sample(team("csm"), 3)
    make.account.csm = owners[0]
    products = (("Analytics", 60_000, 150), ("Commerce", 48_000, 120), ("Loyalty", 42_000, 100))
    for (product, arr, seats), owner in zip(products, owners, strict=True):
        make.subscription(
            product,
            arr=arr,
            seats=seats,
            features=20,
            started=800,
            renews=75 if product == "Loyalty" else 240,
            csm=owner,
            kind="Product line",
        )
    make.usage("Analytics", wave(126, swing=3), [13] * MONTHS)
    make.usage("Commerce", wave(98, swing=2), [12] * MONTHS)
    make.usage("Loyalty", [*wave(80, MONTHS - 6), 60, 40, 25, 6, 0, 0], [*[12] * (MONTHS - 4), 6, 2, 0, 0])
    _well(make, goals=())
    for product, status in (("Analytics", "On track"), ("Commerce", "Met"), ("Loyalty", "Missed")):
        make.goal(status, 20, 90, product)
    _asked(make, 9, 9, 9, None)
    for days in (3, 6, 9, 12, 16, 20, 23, 26):
        make.ticket("sales", days, product="Loyalty")


def _fjord(make: Builder) -> None:
    """Three urgent tickets stay open while the renewal comes nearer."""
    _manager(make)
    make.account.segment = "Enterprise"
    _sold(make, "Ledger", arr=180_000, seats=500, features=20, renews=60)
    make.usage("Ledger", wave(390, swing=6), [12] * MONTHS)
    _well(make)
    _asked(make, 9, 9, 10, 9)
    for status in ("New", "Working", "Working"):
        make.ticket("sales", 5, "P1", status=status)
    make.opportunity("Renewal", "Negotiation", 180_000, 60)


def _garnet(make: Builder) -> None:
    """63 in total: twelve tickets in 30 days, half of everything else, and a judgement that was never given."""
    _manager(make)
    _sold(make, "Planner", arr=240_000, seats=4795, features=20)
    make.usage("Planner", [*wave(1140, MONTHS - 3), *wave(969, 3, swing=12)], [6] * MONTHS)
    _well(make, goals=("On track", "At risk"), judgement=None)
    _asked(make, 7, 7, 7, 7)
    for number in range(12):
        make.ticket("service" if number % 2 else "sales", 2 + 2 * number)


def _harbor(make: Builder) -> None:
    """A trial of nine days, used every working day, that sales looks after."""
    make.subscription(
        "Signals", arr=0, seats=10, features=12, started=9, renews=21, csm=None, status="Trial", kind="Trial"
    )
    for days in range(9, 0, -1):
        done = min(8, 9 - days)
        values = {
            "active": int(days != 4),
            "key_actions": done,
            "key_actions_goal": 10,
            "people_invited": done // 2,
        }
        make.account.usage += [Usage("Signals", m, make.cal.ago(days), "day", v) for m, v in values.items()]
    make.milestone("Trial started", make.cal.ago(9))
    make.opportunity("New Business", "Qualification", 24_000, 21)


def _iris(make: Builder) -> None:
    """Everything is paid; the feed of its usage stopped two months ago."""
    _manager(make)
    _sold(make, "Iris Signals", arr=36_000, seats=100, features=20)
    make.usage("Iris Signals", [30] * MONTHS, [12] * MONTHS, feed="iris")
    del make.account.usage[-4:]
    _well(make)
    _asked(make, 9, 9, 9, 9)


_TELL: dict[str, Callable[[Builder], None]] = {
    "Aurora Freight": _aurora,
    "Bluebird Media": _bluebird,
    "Cobalt Clinics": _cobalt,
    "Delta Grid": _delta,
    "Ember Retail": _ember,
    "Fjord Bank": _fjord,
    "Garnet Foods": _garnet,
    "Harbor Trial": _harbor,
    "Iris Labs": _iris,
}
