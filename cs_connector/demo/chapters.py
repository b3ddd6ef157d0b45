"""Accounts whose story is what happens next: a champion leaves, a start is late, a notice is given, a score hovers at an edge.

They come after the sagas, the same in a company of any size.
"""

from __future__ import annotations

from collections.abc import Callable

from .builder import Builder
from .calendar import MONTHS

Tell = Callable[[Builder], None]


def _sold(
    make: Builder,
    product: str,
    arr: int,
    users: int,
    *,
    started: int = 500,
    renews: int = 230,
    features: int = 12,
    late: int = 0,
) -> None:
    """A product of 100 seats and 20 features that is used by as many people each month, and paid."""
    make.subscription(
        product, arr=arr, seats=100, features=20, started=started, renews=renews, csm=make.account.csm
    )
    months = min(MONTHS, started // 31)
    make.usage(product, [users] * months, [features] * months)
    make.invoices(arr * 100 // 12, min(12, months), late)


def _loved(make: Builder, *scores: int) -> None:
    """A decision maker who is met, a champion and somebody else, with their answers in this order."""
    people = [make.person(decision_maker=True), make.person(champion=True), make.person()]
    for number, (person, score) in enumerate(zip(people, scores, strict=False)):
        make.survey("sales", person, 20 + 10 * number, score)
    for days in (15, 100):
        make.meeting(people[0], days)


def _well(make: Builder) -> None:
    """What goes well with a healthy customer: goals on track, judged good, quiet."""
    for number, status in enumerate(("On track", "Met")):
        make.goal(status, 20 + number, 90 + 30 * number)
    make.judge("Good", 25)
    make.ticket("sales", 75)


def _kestrel(make: Builder) -> None:
    """Its champion left forty days ago, and nobody was named since."""
    _loved(make, 8, 8, 8)
    make.account.people[1].left_on = make.cal.ago(40)
    _sold(make, "Signals", 58_000, 70)
    make.stages(make.cal.ago(500))
    _well(make)


def _lumen(make: Builder) -> None:
    """A customer since forty-five days, whose go-live was due thirty-five days ago."""
    _loved(make)
    _sold(make, "Planner", 44_000, 30, started=45, renews=320)
    make.milestone("Closed Won", make.cal.ago(57))
    make.milestone("Onboarding", make.cal.ago(43))
    make.milestone("Go-live", None, due=make.cal.ago(35))
    make.goal("On track", 20, 90)


def _onyx(make: Builder) -> None:
    """Used as much as ever, and acquired by a company that uses something else."""
    _loved(make, 8, 8, 8)
    _sold(make, "Ledger", 76_000, 80, renews=80)
    make.stages(make.cal.ago(500))
    make.milestone("Acquired", make.cal.ago(20))
    _well(make)


def _tundra(make: Builder) -> None:
    """Everybody works with it and praises it, and notice was given."""
    _loved(make, 9, 10, 10)
    _sold(make, "Dispatch", 92_000, 95, renews=100)
    make.account.subscriptions[0].notice_on = make.cal.ago(15)
    make.stages(make.cal.ago(500))
    _well(make)


def _umber(make: Builder) -> None:
    """Healthy and content for as long as anybody remembers, and nearly all seats are in use."""
    _loved(make, 10, 10, 9)
    _sold(make, "Analytics", 64_000, 94)
    make.stages(make.cal.ago(500))
    _well(make)


def _willow(make: Builder) -> None:
    """Hovers between 49 and 51: what its CSM thinks of it decides."""
    people = [make.person(decision_maker=True), make.person(), make.person()]
    for number, person in enumerate(people[1:]):
        make.survey("sales", person, 30 + number, 4)
    for days in (60, 80, 100, 120, 140, 160):
        make.survey("sales", people[0], days, None)
    _sold(make, "Planner", 52_000, 8, renews=110, features=1, late=20)
    make.stages(make.cal.ago(500))
    make.meeting(people[0], 170)
    make.goal("On track", 20, 90)
    make.goal("At risk", 20, 120)
    for days in range(1, 61, 2):
        make.ticket("sales", days)
    make.judge("Concerned", 60)


def _zephyr(make: Builder) -> None:
    """Red for a year: hardly anybody works with it, and they say so."""
    people = [make.person(decision_maker=True), make.person()]
    for days in (330, 150):
        make.survey("sales", people[1], days, 2)
    _sold(make, "Signals", 83_000, 8, renews=100, features=2, late=170)
    make.stages(make.cal.ago(500))
    make.goal("Missed", 40, 90)
    make.judge("At risk", 30)


def _pelican(make: Builder) -> None:
    """Renewed a hundred days ago for 70,000 instead of 120,000: 70 seats of 120, and most of those are used."""
    _loved(make, 8, 8, 8)
    csm = make.account.csm
    make.subscription("Planner", arr=70_000, seats=70, features=20, started=100, renews=265, csm=csm)
    make.subscription(
        "Planner", arr=120_000, seats=120, features=20, started=800, renews=-100, csm=csm, status="Ended"
    )
    make.usage("Planner", [56] * MONTHS, [12] * MONTHS)
    make.stages(make.cal.ago(800))
    make.invoices(70_000 * 100 // 12, 3)
    make.opportunity("Renewal", "Closed Won", 70_000, -100)
    _well(make)


CHAPTERS: dict[str, Tell] = {
    "Kestrel Energy": _kestrel,
    "Lumen Schools": _lumen,
    "Onyx Insurance": _onyx,
    "Tundra Mining": _tundra,
    "Umber Press": _umber,
    "Willow Media": _willow,
    "Zephyr Air": _zephyr,
    "Pelican Foods": _pelican,
}
