"""Puts records on one account: every maker adds one, dates it within the calendar, and returns it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from cs_connector.sandbox.company import (
    Account,
    Goal,
    Home,
    Invoice,
    Kind,
    Meeting,
    Milestone,
    Opportunity,
    Person,
    Presence,
    Priority,
    Subscription,
    Survey,
    Ticket,
    Usage,
)

from . import names
from .calendar import Calendar, noon
from .people import team

REVIEWS = 175  # days from one business review to the next
STRIDE = 64  # room for so many records of one kind on an account


def key(index: int, count: int) -> int:
    return index * STRIDE + count


def begin(cal: Calendar, rng: random.Random, index: int, name: str, trade: str, kind: Kind) -> Account:
    """An account with nothing on it yet."""
    age = rng.randrange(420, 2400)
    created = cal.at(age, 540 + rng.randrange(400))
    touched = cal.at(rng.randrange(1, 60), rng.randrange(480, 1080))
    return Account(
        index=index,
        name=name,
        domain=f"{names.slug(name)}.example",
        industry=names.TRADES.get(trade, "Other"),
        kind=kind,
        segment=rng.choices(("Enterprise", "Mid-Market", "Small Business"), (15, 45, 40))[0],
        currency=rng.choices(("USD", "EUR", "GBP", "JPY"), (50, 34, 12, 4))[0],
        owner=rng.choice(team("sales")),
        created_at=created,
        touched_at=touched,
    )


class Builder:
    """Makers for the records of one account."""

    __slots__ = ("account", "cal", "rng")

    def __init__(self, cal: Calendar, rng: random.Random, account: Account) -> None:
        self.cal, self.rng, self.account = cal, rng, account

    def present(
        self, *, marketing: str | None = None, service: str | None = None, linked: bool = True
    ) -> None:
        """Put the account into the sales system, and into the others under the names given."""
        a = self.account
        a.sales = Presence(a.index, a.name, f"https://www.{a.domain}")
        if marketing:
            a.marketing = Presence(a.index, marketing, a.domain, linked)
        if service:
            a.service = Presence(a.index, service, a.domain, linked)

    def person(self, *, decision_maker: bool = False, champion: bool = False) -> Person:
        rng, people = self.rng, self.account.people
        first, last = rng.choice(names.FIRST), rng.choice(names.LAST)
        title = rng.choice(names.HEADS if decision_maker else names.TITLES)
        local = f"{first}.{last}".lower()
        if any(p.first == first and p.last == last for p in people):
            local += str(len(people) + 1)
        number = key(self.account.index, len(people))
        made = Person(number, first, last, f"{local}@{self.account.domain}", title, decision_maker, champion)
        people.append(made)
        return made

    def subscription(
        self,
        product: str,
        *,
        arr: int,
        seats: int,
        features: int,
        started: int,
        renews: int,
        csm: int | None,
        status: str = "Active",
        kind: str = "Subscription",
    ) -> Subscription:
        """`started` days ago, renewing in `renews` days."""
        a, cal = self.account, self.cal
        renewal = cal.ago(-renews)
        over = status == "Ended"
        made = Subscription(
            key(a.index, len(a.subscriptions)),
            product,
            kind,
            self.rng.choice(names.REGIONS),
            status,
            cal.ago(started),
            renewal if over else None,
            None if over else renewal,
            arr,
            seats,
            features,
            auto_renew=self.rng.random() < 0.5,
            csm=csm,
        )
        a.subscriptions.append(made)
        return made

    def usage(
        self, product: str, active: Sequence[int], features: Sequence[int], feed: str = "usage"
    ) -> None:
        """Two lines a month, oldest first; the series end with the last full month, or are shorter."""
        rows = self.account.usage
        for on, people, used in zip(self.cal.months[-len(active) :], active, features, strict=True):
            rows.append(Usage(product, "active_users", on, "month", people, feed=feed))
            rows.append(Usage(product, "key_features_used", on, "month", used, feed=feed))

    def ticket(
        self,
        home: Home,
        days: int,
        priority: Priority = "P3",
        *,
        status: str = "Closed",
        took: int = 2,
        product: str | None = None,
        person: Person | None = None,
    ) -> Ticket:
        """Opened so many days ago; closed after `took` days at most, or waiting since `took` days later."""
        a, cal, rng = self.account, self.cal, self.rng
        minute = rng.randrange(420, 1200)
        opened = cal.at(days, minute)
        later = cal.at(max(days - took, 1), min(minute + rng.randrange(20, 200), 1430))
        made = Ticket(
            key(a.index, len(a.tickets)),
            home,
            person or (rng.choice(a.people) if a.people else None),
            product,
            rng.choice(names.SUBJECTS),
            priority,
            status,
            opened,
            later if status == "Closed" else None,
            later if status == "Waiting" else None,
        )
        made.kind = "how-to" if made.subject in names.HOW_TO else "problem"
        a.tickets.append(made)
        return made

    def survey(
        self,
        home: Home,
        person: Person,
        days: int,
        score: int | None,
        kind: str = "nps",
        scale: tuple[int, int] = (0, 10),
    ) -> Survey:
        """Answered so many days ago after an invitation a few days before; never, without a score."""
        a, cal = self.account, self.cal
        answered = None if score is None else cal.at(days, self.rng.randrange(480, 1200))
        invited = cal.at(days + (0 if score is None else 3), 480)
        made = Survey(key(a.index, len(a.surveys)), home, person, kind, *scale, invited, answered, score)
        a.surveys.append(made)
        return made

    def goal(self, status: str, updated: int, due: int, product: str | None = None) -> None:
        a, cal = self.account, self.cal
        a.goals.append(Goal(key(a.index, len(a.goals)), product, status, cal.ago(-due), cal.ago(updated)))

    def meeting(self, person: Person, days: int) -> None:
        a = self.account
        at = self.cal.at(days, self.rng.randrange(9, 17) * 60)
        a.meetings.append(Meeting(key(a.index, len(a.meetings)), person, self.rng.choice(names.MEETINGS), at))

    def milestone(
        self, kind: str, on: date | None, product: str | None = None, due: date | None = None
    ) -> None:
        """Reached on a day, if that has come; one with a due date may wait."""
        if due or (on and on < self.cal.as_of):
            a = self.account
            a.events.append(Milestone(key(a.index, len(a.events)), product, kind, on, due))

    def stages(self, start: date) -> None:
        """The stages that a subscription passed on the way, each as far as its date has come."""
        steps = (
            ("Closed Won", -12),
            ("Onboarding", 2),
            ("First Value", 55),
            ("Executive Business Review", 210),
        )
        for kind, days in steps:
            self.milestone(kind, start + timedelta(days=days))
        if self.account.index % 8:  # all but some go on meeting twice a year
            for days in range(210 + REVIEWS, self.cal.days(start), REVIEWS):
                self.milestone("Executive Business Review", start + timedelta(days=days))

    def opportunity(self, kind: str, stage: str, amount: int, closes: int) -> Opportunity:
        """Closing in so many days (negative: closed so many days ago)."""
        a, cal = self.account, self.cal
        made = Opportunity(
            key(a.index, len(a.opportunities)),
            f"{a.name} – {kind} {cal.ago(-closes).year}",
            kind,
            stage,
            amount,
            cal.ago(-closes),
            cal.at(max(1, 90 - closes)),
            won=stage == "Closed Won",
            closed=stage.startswith("Closed"),
        )
        a.opportunities.append(made)
        return made

    def invoices(self, amount: int, count: int = 12, late: int = 0, pays: int = 12) -> None:
        """One a month in hundredths, due after 30 days. With `late`, the oldest unpaid is so many days over."""
        a, cal = self.account, self.cal
        first = cal.ago(29 if not late else (30 + late) % 30 or 30)
        limit = cal.ago(30 + late)
        for back in range(count):
            issued = first - timedelta(days=30 * back)
            unpaid = late > 0 and issued >= limit
            paid = None if unpaid else min(issued + timedelta(days=pays), cal.ago(1))
            number = f"INV-{a.index:06d}-{issued:%y%m%d}"
            a.invoices.append(Invoice(number, issued, issued + timedelta(days=30), paid, amount))

    def judge(self, judgement: str | None, days: int) -> None:
        """The CSM's own view, given so many days ago."""
        if judgement:
            self.account.judgement, self.account.judgement_on = judgement, self.cal.ago(days)

    def finish(self) -> Account:
        """Set what follows from the rest."""
        a = self.account
        starts = [s.start_on for s in a.subscriptions if s.status != "Trial"]
        if starts:
            a.customer_since = min(starts)
            a.created_at = min(a.created_at, noon(min(starts) - timedelta(days=30)))
        return a
