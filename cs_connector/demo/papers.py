"""What is written between customers and us, and what is kept about them: letters, documents, reviews and mailings.

They have dice of their own, so that nothing else of an account depends on them.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from cs_connector.sandbox.company import Account, Document, Letter, Mailing, Person, Review, Subscription

from .builder import Builder, key
from .calendar import Calendar

FILED = 500  # so many accounts have papers, and those of the stories: more would say nothing new
_SUBJECTS = (
    "Agenda for our review", "Next steps", "Question about the roadmap", "Rollout plan", "Numbers for the board",
    "Training dates",
)  # fmt: skip
_SITES = ("App store", "App store", "Review portal", "Social network")


def file(make: Builder, seed: int) -> None:
    """Give a paying customer its papers."""
    a = make.account
    if a.kind != "customer" or a.csm is None or not a.subscriptions:
        return
    rng = random.Random(f"{seed}:{a.index}:papers")  # noqa: S311 — a story, not a secret
    well = a.judgement in (None, "Good")
    _documents(a, make.cal, rng, well=well)
    if a.people:
        _letters(a, make.cal, rng, well=well)
        _mailings(a, make.cal, rng, well=well)
        _reviews(a, make.cal, rng, well=well)


def _documents(a: Account, cal: Calendar, rng: random.Random, *, well: bool) -> None:
    """A contract for every product that is paid for, and mostly a plan for all of them."""
    for sub in a.subscriptions:
        if sub.status == "Active":
            contract(a, cal, sub)
    if rng.random() < 0.9:
        begun = min(s.start_on for s in a.subscriptions)
        worked = rng.randrange(3, 85) if well else rng.randrange(60, 260)
        plan(a, cal, begun, max(1, min(worked, cal.days(begun) - 20)))


def contract(a: Account, cal: Calendar, sub: Subscription) -> None:
    """The contract of a subscription, as it was signed when that began."""
    signed = min(sub.start_on, cal.ago(1))
    at = cal.at(cal.days(signed), 620)
    made = Document(
        key(a.index, len(a.documents)), "Contract", f"Contract {sub.product}", sub.product, at, at, signed,
        sub.renewal_on, "pdf" if a.index % 10 == 0 else "docx",
    )  # fmt: skip
    a.documents.append(made)


def plan(a: Account, cal: Calendar, begun: date, worked: int) -> None:
    """A success plan that was worked on so many days ago."""
    since = max(cal.days(begun), worked)
    number = key(a.index, len(a.documents))
    made, touched = cal.at(since, 640), cal.at(worked, 900)
    a.documents.append(Document(number, "Success plan", f"Success plan {a.name}", None, made, touched))


def _letters(a: Account, cal: Calendar, rng: random.Random, *, well: bool) -> None:
    """A question a month to those who do the work, mostly answered; with who decides only around meetings."""
    workers = [p for p in a.people if p.email and not p.decision_maker]
    for month in range(6) if workers else ():
        days = month * 30 + rng.randrange(3, 28)
        exchange(
            a,
            cal.at(days, rng.randrange(480, 900)),
            rng.choice(workers),
            rng,
            answered=rng.random() < (0.85 if well else 0.35),
        )
    head = a.people[0]
    for meeting in a.meetings if head.email else ():
        exchange(a, meeting.at - timedelta(days=rng.randrange(3, 9)), head, rng, answered=True)


def exchange(a: Account, at: datetime, person: Person, rng: random.Random, *, answered: bool) -> None:
    """A letter of ours, and perhaps the answer some hours later."""
    ours, subject = a.csm or 0, rng.choice(_SUBJECTS)
    number = key(a.index, len(a.letters))
    a.letters.append(Letter(number, person, ours, False, subject, at))
    if answered:
        back = at + timedelta(minutes=rng.randrange(20, 500))
        a.letters.append(Letter(number + 1, person, ours, True, f"Re: {subject}", back, number))


def _mailings(a: Account, cal: Calendar, rng: random.Random, *, well: bool) -> None:
    """Three in 90 days to everybody."""
    for days in (80, 50, 20):
        for person in (p for p in a.people if p.email):
            sent = cal.at(days, 540)
            opened = (
                sent + timedelta(hours=rng.randrange(1, 60))
                if rng.random() < (0.6 if well else 0.2)
                else None
            )
            clicked = opened + timedelta(minutes=3) if opened and rng.random() < 0.3 else None
            a.mailings.append(Mailing(key(a.index, len(a.mailings)), person, sent, opened, clicked))


def _reviews(a: Account, cal: Calendar, rng: random.Random, *, well: bool) -> None:
    if rng.random() < 0.3:
        stars = rng.choice((4, 4, 5, 5) if well else (1, 2, 3))
        a.reviews.append(Review(key(a.index, 0), rng.choice(_SITES), stars, cal.ago(rng.randrange(10, 300))))


def post(make: Builder, rng: random.Random) -> None:
    """What is in every mailbox besides: a robot's answer, a word among us, somebody whom nobody knows; and all of it since yesterday."""
    a, cal = make.account, make.cal
    ours = a.csm or 0
    worker = next(p for p in a.people if not p.decision_maker)
    exchange(a, cal.at(1, 500), worker, rng, answered=True)
    for person, inbound, subject, automatic in (
        (worker, True, "Out of office", True),
        (None, False, "Who takes the review?", False),
        (None, True, "An offer for you", False),
    ):
        number = key(a.index, len(a.letters))
        a.letters.append(
            Letter(number, person, ours, inbound, subject, cal.at(1, 600 + number % 8), None, automatic)
        )
