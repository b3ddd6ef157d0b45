"""What is wrong with every real company's data, once each: told from the index, so from 50 accounts on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .builder import Builder
from .people import LEAVERS

NOWHERE = 99_999_999  # the index of an account that does not exist


def _alone_in_marketing(make: Builder) -> None:
    _empty(make)
    make.person()
    a = make.account
    make.present(marketing=a.name, linked=False)
    a.sales = None


def _alone_in_service(make: Builder) -> None:
    _empty(make)
    make.person()
    a = make.account
    make.present(service=a.name, linked=False)
    a.sales = None
    make.ticket("service", 8)


def _empty(make: Builder) -> None:
    """A customer by name only: nothing was ever sold or measured."""
    a = make.account
    a.marketing = a.service = None
    for records in (a.people, a.subscriptions, a.tickets, a.surveys, a.opportunities, a.events):
        records.clear()
    for others in (a.goals, a.meetings, a.usage, a.invoices):
        others.clear()
    a.kind, a.csm, a.judgement, a.judgement_on, a.customer_since = "customer", None, None, None, None


def _double(make: Builder) -> None:
    a = make.account
    make.present(marketing=a.name, linked=True)
    if a.marketing:
        a.copies = (replace(a.marketing, key=a.index + 500_000, name=a.name.lower(), linked=False),)


def _orphan(make: Builder) -> None:
    made = make.ticket("sales", 9)
    made.orphan, made.person = True, None


def _out_of_scale(make: Builder) -> None:
    make.present(marketing=make.account.name)
    make.survey("marketing", make.account.people[0], 20, 11)


def _bad_number(make: Builder) -> None:
    _spoil(make, "number")


def _short_line(make: Builder) -> None:
    _spoil(make, "column")


def _spoil(make: Builder, flaw: str) -> None:
    make.usage("Signals", [7], [3])
    make.account.usage[-1].flaw = flaw


def _no_address(make: Builder) -> None:
    make.person().email = None


def _left_owner(make: Builder) -> None:
    gone = min(LEAVERS)
    make.account.csm = gone
    for sub in make.account.subscriptions:
        sub.csm = gone


def _lost_parent(make: Builder) -> None:
    make.account.parent = NOWHERE


def _one_domain(make: Builder) -> None:
    make.account.domain = "shared-services.example"
    make.present(marketing=make.account.name, service=make.account.name, linked=True)


DISEASES: dict[int, Callable[[Builder], None]] = {
    38: _one_domain,
    39: _one_domain,
    40: _alone_in_marketing,
    41: _alone_in_service,
    42: _double,
    43: _orphan,
    44: _out_of_scale,
    45: _bad_number,
    46: _short_line,
    47: _no_address,
    48: _left_owner,
    49: _lost_parent,
}
