"""Accounts whose story is about who they are, not how they feel: merged, nested, resold, in three currencies, dearer, in season,
orphaned, back again.

They come beside the accounts that were asked for, the same in a company of any size.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from cs_connector.sandbox.company import Account, Kind, Subscription, Usage

from . import papers
from .builder import Builder, begin
from .calendar import MONTHS, Calendar
from .chapters import CHAPTERS, Tell
from .people import LEAVERS, team

FIRST = 300_000  # their indexes begin here, above those of every other account
_DIVISIONS = (
    "Fibre", "Mobile", "Cable", "Cloud", "Voice", "Media", "Rural", "Metro", "Marine", "Transit", "Campus", "Wholesale",
    "Broadcast", "Satellite",
)  # fmt: skip
SICK = "Nimbus Telecom Satellite"


def sagas(seed: int, cal: Calendar) -> tuple[Account, ...]:
    """All of them; a parent comes before its children."""
    return tuple(_made(seed, cal))


def _made(seed: int, cal: Calendar) -> Iterator[Account]:
    plans = [*_maple(), *_nimbus(), *_rowan(), *_sable(), *_others(), *_chapters()]
    places = {name: FIRST + number for number, (name, _, _, _) in enumerate(plans)}
    for name, parent, kind, tell in plans:
        index = places[name]
        rng = random.Random(f"{seed}:{name}")  # noqa: S311 — a story, not a secret
        account = begin(cal, rng, index, name, name.split()[1], kind)
        account.segment, account.currency, account.parent = "Mid-Market", "USD", places.get(parent or "")
        make = Builder(cal, rng, account)
        make.present()
        account.csm = rng.choice(team("csm"))
        tell(make, places)
        papers.file(make, seed)
        yield make.finish()


_Tell = Callable[[Builder, dict[str, int]], None]
_Plan = tuple[str, str | None, Kind, _Tell]


def _well(make: Builder, product: str, arr: int, *, started: int = 500, renews: int = 230) -> None:
    """A product that is used well by its people, and paid."""
    a = make.account
    make.subscription(product, arr=arr, seats=100, features=20, started=started, renews=renews, csm=a.csm)
    make.usage(product, [82, 80, 81, 82, 81, 83], [12] * 6)
    make.stages(make.cal.ago(started))
    make.invoices(arr * 100 // 12, 2)


def _badly(make: Builder, product: str, arr: int, renews: int) -> None:
    """A product that people stopped using while urgent tickets wait."""
    make.subscription(
        product, arr=arr, seats=100, features=20, started=500, renews=renews, csm=make.account.csm
    )
    make.usage(product, [80, 70, 60, 20, 15, 10], [12, 10, 8, 3, 2, 1])
    make.stages(make.cal.ago(500))
    make.invoices(arr * 100 // 12, 3, late=40)
    for days in (3, 8, 12):
        make.ticket("sales", days, "P1", status="Working", product=product)


def _maple() -> Iterator[_Plan]:
    """Two accounts of one company, which somebody will merge in the CRM."""

    def main(make: Builder, places: dict[str, int]) -> None:
        del places
        make.person(decision_maker=True)
        _badly(make, "Planner", 60_000, 80)

    def other(make: Builder, places: dict[str, int]) -> None:
        del places
        make.account.domain = "maple-robotics.example"
        make.present()
        _well(make, "Signals", 40_000)

    yield "Maple Robotics", None, "customer", main
    yield "Maple Robotics Works", None, "customer", other


def _nimbus() -> Iterator[_Plan]:
    """A parent that buys nothing itself, fourteen children, and the sick one has 18 % of their revenue."""

    def nothing(make: Builder, places: dict[str, int]) -> None:
        del make, places

    def child(make: Builder, places: dict[str, int]) -> None:
        del places
        if make.account.name == SICK:
            _badly(make, "Signals", 117_000, 80)
        else:
            _well(make, "Signals", 41_000)

    yield "Nimbus Telecom", None, "customer", nothing
    for division in _DIVISIONS:
        yield f"Nimbus Telecom {division}", "Nimbus Telecom", "customer", child


def _rowan() -> Iterator[_Plan]:
    """A reseller that manages three customers of its own, all of them on its domain."""

    def there(make: Builder) -> None:
        make.account.domain = "rowan-partners.example"
        make.present(marketing=make.account.name, linked=False)

    def partner(make: Builder, places: dict[str, int]) -> None:
        del places
        there(make)
        make.person(decision_maker=True)

    def end(make: Builder, places: dict[str, int]) -> None:
        there(make)
        if make.account.name.startswith("Rowan Bakery"):
            _badly(make, "Ledger", 24_000, 80)
        else:
            _well(make, "Ledger", 24_000)
        make.account.subscriptions[0].partner = places["Rowan Partners"]

    yield "Rowan Partners", None, "partner", partner
    for name in ("Rowan Bakery Chain", "Rowan Garden Centres", "Rowan Tool Hire"):
        yield name, None, "customer", end


def _sable() -> Iterator[_Plan]:
    """One group that pays in dollars, euros and yen."""

    def paying(currency: str, arr: int) -> _Tell:
        def tell(make: Builder, places: dict[str, int]) -> None:
            del places
            make.account.currency = currency
            _well(make, "Ledger", arr)

        return tell

    def moved(make: Builder, places: dict[str, int]) -> None:
        """Paid 66,000 dollars until half a year ago, and pays 60,000 euros for the same since: less in figures only."""
        paying("EUR", 60_000)(make, places)
        _renewed(make, 66_000, ago=150).currency = "USD"

    yield "Sable Pharma", None, "customer", paying("USD", 90_000)
    yield "Sable Pharma Europe", "Sable Pharma", "customer", moved
    yield "Sable Pharma Japan", "Sable Pharma", "customer", paying("JPY", 9_000_000)


def _renewed(make: Builder, before: int, *, ago: int) -> Subscription:
    """The one subscription began anew so many days ago, at another price than `before`. Gives the one that ended."""
    (now,) = make.account.subscriptions
    old = make.subscription(
        now.product, arr=before, seats=now.seats, features=now.features, started=make.cal.days(now.start_on),
        renews=-ago, csm=now.csm, status="Ended",
    )  # fmt: skip
    now.start_on = make.cal.ago(ago)
    return old


def _quartz(make: Builder, places: dict[str, int]) -> None:
    """Renewed at a price that is 12 % higher, for as many seats, and is used as much as ever."""
    del places
    make.subscription(
        "Planner", arr=56_000, seats=100, features=20, started=900, renews=175, csm=make.account.csm
    )
    _renewed(make, 50_000, ago=190)
    make.usage("Planner", [78] * MONTHS, [12] * MONTHS)
    make.stages(make.cal.ago(900))
    make.invoices(56_000 * 100 // 12, 6)
    make.opportunity("Renewal", "Closed Won", 56_000, -190)


SEASON = 3  # months of a year in which few people work there, the last of which has just ended


def _juniper(make: Builder, places: dict[str, int]) -> None:
    """Few work there in the quiet months of every year; and we run a project for them, within its plan."""
    del places
    a, cal = make.account, make.cal
    make.person(decision_maker=True)
    make.person(champion=True)
    make.person()
    make.subscription("Signals", arr=64_000, seats=500, features=20, started=800, renews=230, csm=a.csm)
    quiet = [back % 12 < SEASON for back in range(MONTHS)][::-1]
    make.usage("Signals", [60 if q else 150 for q in quiet], [13] * MONTHS)
    make.stages(cal.ago(800))
    make.invoices(64_000 * 100 // 12)
    for number, status in enumerate(("On track", "Met")):
        make.goal(status, 20 + number, 90 + 30 * number)
    for days in (20, 110, 200):
        make.meeting(a.people[0], days)
    for person in a.people:
        make.survey("sales", person, 30, 8)
    make.present(service=a.name)
    make.ticket("service", 70).rating = "good"
    make.judge("Good", 25)
    _project(make, "Season readiness")


def _project(make: Builder, product: str) -> None:
    """A services engagement of half a year: one milestone late, the others on time, the next one ahead; a little under budget."""
    a, cal = make.account, make.cal
    make.subscription(
        product,
        arr=18_000,
        seats=0,
        features=0,
        started=100,
        renews=130,
        csm=a.csm,
        kind="Services engagement",
    )
    for kind, days in (("Kick-off", 96), ("Go-live", 44)):
        make.milestone(kind, cal.ago(days), product)
    for due, reached in ((80, 82), (50, 44), (20, 25), (-30, None)):
        on = None if reached is None else cal.ago(reached)
        make.milestone(f"Milestone {due}", on, product, cal.ago(due))
    for month in cal.months[-3:]:
        for metric, value in (("budget_planned", 3_000), ("budget_spent", 2_700)):
            a.usage.append(Usage(product, metric, month, "month", value))


def _violet(make: Builder, places: dict[str, int]) -> None:
    """Nobody looks after it any more: its CSM left the company."""
    del places
    make.account.csm = min(LEAVERS)
    _badly(make, "Planner", 48_000, 80)


def _xenon(make: Builder, places: dict[str, int]) -> None:
    """Its renewal date passed, it renewed by itself, and nobody recorded it."""
    del places
    _well(make, "Signals", 36_000, started=395, renews=-30)
    make.account.subscriptions[0].auto_renew = True


def _yarrow(make: Builder, places: dict[str, int]) -> None:
    """Sales calls it a customer, and it never bought anything."""
    del places
    make.person(decision_maker=True)


def _cedar(make: Builder, places: dict[str, int]) -> None:
    """Left two years ago and came back."""
    del places
    a = make.account
    make.stages(make.cal.ago(1500))
    gone = make.subscription(
        "Ledger", arr=20_000, seats=50, features=20, started=1500, renews=-700, csm=a.csm, status="Ended"
    )
    gone.notice_on = make.cal.ago(760)
    make.milestone("Churned", make.cal.ago(700))
    make.opportunity("Renewal", "Closed Lost", 20_000, -700)
    _well(make, "Ledger", 30_000, started=240)
    make.opportunity("New Business", "Closed Won", 30_000, -250)


def _others() -> Iterator[_Plan]:
    yield "Violet Care", None, "customer", _violet
    yield "Xenon Labs", None, "customer", _xenon
    yield "Yarrow Foods", None, "customer", _yarrow
    yield "Cedar Winery", None, "customer", _cedar
    yield "Quartz Tools", None, "customer", _quartz
    yield "Juniper Travel", None, "customer", _juniper


def _chapters() -> Iterator[_Plan]:
    def alone(story: Tell) -> _Tell:
        return lambda make, _places: story(make)

    for name, story in CHAPTERS.items():
        yield name, None, "customer", alone(story)
