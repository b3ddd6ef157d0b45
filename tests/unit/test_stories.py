"""The planted stories come out as promised, whatever the seed, the date and the size of the company."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from cs_connector.demo import STORIES, generate
from cs_connector.sandbox.company import Account

from .story_oracle import STANDARD, USAGE_ONLY, Reading, halving, measured, month, read, ten

DATES = (date(2026, 11, 25), date(2027, 3, 1), date(2026, 2, 28), date(2028, 2, 29))
PLACES = [(seed, on) for on in DATES for seed in (0, 7)]


@pytest.fixture(params=PLACES, ids=lambda p: f"{p[0]}-{p[1]}")
def place(request):
    return request.param


def told(place, name: str) -> Account:
    seed, on = place
    account = generate(seed, 20, on).accounts[STORIES.index(name)]
    assert account.name == name
    return account


def standard(place, name: str) -> Reading:
    account = told(place, name)
    return read(account, account.subscriptions[0], place[1])


def test_aurora_is_loved_by_its_users_and_hated_by_its_decision_maker(place):
    account = told(place, "Aurora Freight")
    only = read(account, account.subscriptions[0], place[1], USAGE_ONLY)
    assert only.uncapped == pytest.approx(92, abs=0.01)
    whole = standard(place, "Aurora Freight")
    assert 75 < whole.uncapped <= 91
    assert (whole.published, whole.band) == (40, "red")
    assert min(whole.caps, key=whole.caps.get) == "decision_maker_unhappy_renewal"
    (bad,) = [s for s in account.surveys if s.kind == "executive"]
    assert (bad.score, bad.low, bad.high) == (2, 1, 10)
    assert ten(bad) == pytest.approx(1.1111, abs=1e-4)
    assert bad.person.decision_maker
    assert 20 <= whole.metrics["days_to_renewal"] <= 80


def test_bluebird_says_what_it_does_not_do(place):
    found = standard(place, "Bluebird Media")
    assert found.metrics["nps"] == 10
    assert found.metrics["active_share"] == pytest.approx(0.05, abs=0.005)
    assert found.uncapped > 74
    assert found.caps == {"says_not_does": 60}


def test_cobalt_is_silent_but_busy(place):
    found = standard(place, "Cobalt Clinics")
    assert found.metrics["invitations_unanswered"] >= 4
    assert found.metrics["tickets_90d"] >= 5
    assert found.scores["nps"] is None
    assert found.scores["survey_response"] == 0
    assert found.uncapped > 74.5
    assert found.caps == {"silent_but_busy": 74}


def test_delta_glows_while_its_users_are_gone(place):
    found = standard(place, "Delta Grid")
    assert found.metrics["promoter"] == 1
    assert found.metrics["usage_change"] == pytest.approx(-0.6)
    assert found.metrics["waiting_days"] > 14
    assert found.caps == {"champion_dark_users": 45}
    assert found.band == "red"


def test_ember_has_three_owners_and_one_red_relationship(place):
    account = told(place, "Ember Retail")
    found = {s.product: read(account, s, place[1]) for s in account.subscriptions}
    assert {p: r.band for p, r in found.items()} == {
        "Analytics": "green",
        "Commerce": "green",
        "Loyalty": "red",
    }
    assert found["Loyalty"].uncapped < 50
    assert len({s.csm for s in account.subscriptions}) == 3
    (red,) = [s for s in account.subscriptions if s.product == "Loyalty"]
    assert red.arr > 0.1 * account.arr


def test_fjord_gets_worse_by_waiting_alone_and_recovers(place):
    found = standard(place, "Fjord Bank")
    assert (found.metrics["open_p1"], found.metrics["p1_days"]) == (3, 5)
    assert found.metrics["days_to_renewal"] == 60
    account = told(place, "Fjord Bank")
    support = {days: _urgency(account, place[1], days) for days in (200, 30)}
    assert support == {200: pytest.approx(70.7, abs=0.05), 30: pytest.approx(35.36, abs=0.05)}
    for ticket in account.tickets:
        ticket.closed_at = ticket.closed_at or ticket.opened_at
    assert _urgency(account, place[1], 30) == 100


def _urgency(account: Account, on: date, days: int) -> float:
    sub = account.subscriptions[0]
    sub.renewal_on = on + timedelta(days=days)
    return read(account, sub, on).scores["urgent_x_renewal"]


def test_garnet_is_63_and_four_tickets_make_it_67(place):
    found = standard(place, "Garnet Foods")
    assert found.uncapped == pytest.approx(63, abs=0.04)
    assert found.metrics["support_requests"] == 12
    assert found.scores["support_requests"] == pytest.approx(25)
    assert [n for n, s in found.scores.items() if s is None] == ["csm_judgement"]
    assert found.caps == {}
    share = STANDARD["support_requests"] / 95
    assert share == pytest.approx(4 / 38)
    assert found.uncapped + share * (halving(6, 4) - 25) == pytest.approx(67, abs=0.05)
    assert found.uncapped + share * (44 - 25) == pytest.approx(65, abs=0.04)


def test_harbor_is_a_trial_that_sales_looks_after(place):
    account, on = told(place, "Harbor Trial"), place[1]
    (sub,) = account.subscriptions
    assert (account.kind, sub.status, sub.type, sub.csm, account.csm) == (
        "trial",
        "Trial",
        "Trial",
        None,
        None,
    )
    assert (on - sub.start_on).days == 9
    company = generate(place[0], 20, on)
    assert company.users[account.owner].role == "sales"
    assert company.users[account.owner].active
    days = [u.on for u in account.usage if u.metric == "active"]
    assert days == [on - timedelta(days=back) for back in range(9, 0, -1)]
    last = {u.metric: u.value for u in account.usage if u.on == days[-1]}
    assert last["key_actions"] / last["key_actions_goal"] >= 0.5
    assert last["people_invited"] > 0
    assert {u.grain for u in account.usage} == {"day"}


def test_iris_lost_its_feed_two_months_ago(place):
    account, on = told(place, "Iris Labs"), place[1]
    (sub,) = account.subscriptions
    assert {u.feed for u in account.usage} == {"iris"}
    assert max(u.on for u in account.usage) == month(on, 3)
    found = measured(account, sub, on)
    assert (found["active_share"], found["overdue"]) == (None, 0)
    assert measured(account, sub, month(on, 2))["active_share"] == 0.3
    assert sub.product == "Iris Signals"


@pytest.mark.parametrize("name", [n for n in STORIES if n != "Harbor Trial"])
def test_apart_from_its_story_everything_is_known(place, name):
    unknown = {"Cobalt Clinics": {"nps"}, "Garnet Foods": {"csm_judgement"}}
    unknown["Iris Labs"] = {"active_share", "usage_trend", "feature_breadth"}
    account = told(place, name)
    for sub in account.subscriptions:
        found = read(account, sub, place[1])
        assert {n for n, s in found.scores.items() if s is None} == unknown.get(name, set())
        assert found.scores["overdue"] == 100
    assert account.sales
    assert account.marketing
    assert account.service
