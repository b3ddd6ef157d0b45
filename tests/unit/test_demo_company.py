"""The demo company: the same at every size, nothing from the future, and as untidy as life."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, date, datetime, time

import pytest

from cs_connector.demo import generate
from cs_connector.demo.tree import parent_of
from cs_connector.errors import UsageError
from cs_connector.sandbox.company import Account

from .story_oracle import read

AS_OF = date(2026, 11, 25)


@pytest.fixture(scope="module")
def company():
    return generate(7, 320, AS_OF)


@pytest.fixture(scope="module")
def accounts(company) -> list[Account]:
    return list(company.accounts)


def test_an_account_is_the_same_in_a_company_of_any_size(accounts):
    small = generate(7, 20, AS_OF)
    assert [asdict(a) for a in small.accounts] == [asdict(a) for a in accounts[:20]]
    assert generate(7, 100_000, AS_OF).accounts[300] == accounts[300]
    assert generate(8, 320, AS_OF).accounts[300] != accounts[300]


@pytest.mark.parametrize("size", [19, 100_001])
def test_a_size_out_of_bounds_is_refused(size):
    with pytest.raises(UsageError, match="20 to 100,000"):
        generate(0, size, AS_OF)


@pytest.mark.parametrize("as_of", [AS_OF, date(2027, 3, 1), date(2028, 2, 29)])
def test_nothing_is_dated_after_the_day_of_the_company(as_of):
    limit = datetime.combine(as_of, time(), UTC)
    ahead = {"renewal_on", "due_on", "close_on", "expires_on", "due"}
    for account in generate(3, 120, as_of).accounts:
        for name, value in _dates(account):
            if name not in ahead:
                assert (value < limit) if isinstance(value, datetime) else (value < as_of), (
                    account.index,
                    name,
                )


def _dates(account: Account):
    held = asdict(account)
    for name, value in held.items():
        for record in value if isinstance(value, list) else [{name: value}]:
            yield from ((n, v) for n, v in record.items() if isinstance(v, date))


def test_a_ticket_is_opened_before_it_is_closed_and_a_survey_asked_before_it_is_answered(accounts):
    for account in accounts:
        for ticket in account.tickets:
            assert ticket.opened_at < (
                ticket.closed_at or ticket.waiting_since or datetime.max.replace(tzinfo=UTC)
            )
        for survey in account.surveys:
            assert survey.answered_at is None or survey.invited_at < survey.answered_at


def test_kinds_of_accounts_are_mixed(accounts):
    shares = {kind: n / len(accounts) for kind, n in Counter(a.kind for a in accounts).items()}
    assert 0.38 < shares["customer"] < 0.52
    assert 0.02 < shares["trial"] < 0.07
    assert 0.04 < shares["former"] < 0.12
    assert shares["prospect"] > 0.25
    assert shares["partner"] > 0.03


def test_most_customers_are_well_and_some_are_not(accounts):
    customers = [a for a in accounts if a.kind == "customer" and a.subscriptions]
    worst = [min(read(a, s, AS_OF).published for s in a.subscriptions) for a in customers]
    red = sum(score < 50 for score in worst) / len(worst)
    green = sum(score >= 75 for score in worst) / len(worst)
    assert 0.07 <= red <= 0.16
    assert 0.6 <= green <= 0.78


def test_groups_are_five_deep_and_parents_come_first(accounts):
    def depth(index: int) -> int:
        above = parent_of(index)
        return 1 if above is None else 1 + depth(above)

    assert max(depth(a.index) for a in accounts) == 5
    assert max(depth(index) for index in range(20)) == 5
    assert all(a.parent < a.index for a in accounts if a.parent is not None and a.index != 49)


def test_names_and_domains_are_each_of_one_account(accounts):
    names = Counter(a.name for a in accounts)
    domains = Counter(a.domain for a in accounts)
    assert names.most_common(1)[0][1] == 1
    assert [d for d, n in domains.items() if n > 1] == ["shared-services.example"]


def test_systems_spell_a_customer_in_their_own_way():
    shared = [a for a in generate(7, 1500, AS_OF).accounts if a.sales and a.marketing]
    linked = sum(a.marketing.linked for a in shared) / len(shared)
    assert 0.6 < linked < 0.8
    assert any(a.marketing.name != a.sales.name for a in shared)
    assert any(a.marketing.domain is None for a in shared)
    assert any((a.marketing.domain or "").startswith("www.") for a in shared)


def test_some_accounts_have_several_relationships_and_some_owners_have_left(company, accounts):
    assert {len(a.subscriptions) for a in accounts if a.kind == "customer"} >= {1, 2, 3}
    gone = {u.key for u in company.users if not u.active}
    assert gone
    assert accounts[48].csm in gone


def test_every_disease_is_there_once(accounts):
    assert [a.index for a in accounts if a.marketing and not a.sales] == [40]
    assert [a.index for a in accounts if a.service and not a.sales] == [41]
    assert [a.index for a in accounts if a.copies] == [42]
    assert [a.index for a in accounts if any(t.orphan for t in a.tickets)] == [43]
    assert [a.index for a in accounts if any((s.score or 0) > s.high for s in a.surveys)] == [44]
    assert [(a.index, u.flaw) for a in accounts for u in a.usage if u.flaw] == [
        (45, "number"),
        (46, "column"),
    ]
    assert [a.index for a in accounts if any(p.email is None for p in a.people)] == [47]
    assert [a.index for a in accounts if a.parent is not None and a.parent >= 100_000] == [49]
