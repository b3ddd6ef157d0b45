"""The profiles have other figures and the same laws: one test a law, driven at the size of each profile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cs_connector.adapters.hubspot.simulator import limits as hubspot
from cs_connector.adapters.salesforce.simulator import limits as salesforce
from cs_connector.adapters.zendesk.simulator import limits as zendesk

from cs_connector.sandbox.wire import SeedRow

from .town import Town, opened

pytestmark = [pytest.mark.slow]

PROFILES = ("vendor", "small", "unlimited")
LIMITED = PROFILES[:2]
QUERY = "/services/data/v67.0/query?q=SELECT+Id+FROM+Account"
OLD = "2026-01-01T00:00:00Z"


def companies(count: int) -> Iterator[SeedRow]:
    for n in range(count):
        yield SeedRow("companies", {"id": str(900_000 + n), "properties": {"name": f"C{n}"}})


def organizations(count: int) -> Iterator[SeedRow]:
    for n in range(count):
        yield SeedRow(
            "organizations", {"id": 900_000 + n, "name": f"O{n}", "created_at": OLD, "updated_at": OLD}
        )


@pytest.fixture(params=PROFILES)
def town(request) -> Iterator[Town]:
    with opened(profile=request.param) as town:
        town.control("POST", "/clock", {"running": False})
        yield town


@pytest.fixture(params=LIMITED)
def limited(request) -> Iterator[Town]:
    with opened(profile=request.param) as town:
        town.control("POST", "/clock", {"running": False})
        yield town


def profile(town: Town) -> str:
    return town.sandbox.world.profile


def test_salesforce_ends_a_page_where_the_profile_says(town):
    size = salesforce.PAGE[profile(town)]
    town.sandbox.load("salesforce", (SeedRow("Account", {"Name": f"A{n}"}) for n in range(size)))
    page = town.call("salesforce", QUERY).json()
    assert (len(page["records"]), page["done"]) == (size, False)
    rest = town.call("salesforce", page["nextRecordsUrl"]).json()
    assert len(page["records"]) + len(rest["records"]) == page["totalSize"] or not rest["done"]


def test_salesforce_counts_the_day_and_ends_it(town):
    daily = salesforce.DAILY[profile(town)]
    assert town.call("salesforce", QUERY).headers["sforce-limit-info"] == f"api-usage=1/{daily}"
    town.order({"crm": "salesforce", "do": {"daily_quota_left": 2}})
    answers = [town.call("salesforce", QUERY) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 403]
    assert answers[2].json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    town.advance("PT25H")
    town.log_in("salesforce")
    assert town.call("salesforce", QUERY).ok


def test_hubspot_ends_a_page_where_the_profile_says(town):
    size = hubspot.PROFILES[profile(town)].list_page
    town.sandbox.load("hubspot", companies(size))
    page = town.call("hubspot", "/crm/v3/objects/companies?limit=100").json()
    assert len(page["results"]) == size
    assert page["paging"]["next"]["after"]


def test_hubspot_search_ends_at_the_ceiling(town):
    ceiling = hubspot.PROFILES[profile(town)].ceiling
    town.sandbox.load("hubspot", companies(ceiling + 5))
    town.advance("PT1H")

    def search(after: int) -> int:
        asked = {"filterGroups": [], "limit": 1, "after": str(after)}
        return town.call("hubspot", "/crm/v3/objects/companies/search", "POST", json=asked).status_code

    assert (search(ceiling - 1), search(ceiling)) == (200, 400)


def test_hubspot_lets_so_many_calls_through_in_ten_seconds(town):
    most = hubspot.PROFILES[profile(town)].app
    calls = most or 300
    seen = [town.accounts("hubspot").status_code for _ in range(calls)]
    assert set(seen) == {200}
    assert town.accounts("hubspot").status_code == (429 if most else 200)
    town.advance("PT10S")
    assert town.accounts("hubspot").ok


def test_hubspot_counts_the_day_and_ends_it(limited):
    daily = hubspot.PROFILES[profile(limited)].daily
    assert limited.accounts("hubspot").headers["x-hubspot-ratelimit-daily"] == str(daily)
    limited.order({"crm": "hubspot", "do": {"daily_quota_left": 1}})
    answers = [limited.accounts("hubspot") for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 429]
    assert answers[1].json()["policyName"] == "DAILY"
    limited.advance("P1D")
    assert limited.accounts("hubspot").ok


def test_zendesk_ends_a_page_where_the_profile_says(town):
    size = zendesk.PROFILES[profile(town)].page
    town.sandbox.load("zendesk", organizations(size))
    page = town.call("zendesk", "/api/v2/organizations.json?page[size]=100").json()
    assert (len(page["organizations"]), page["meta"]["has_more"]) == (size, True)


def test_zendesk_numbered_pages_end_at_their_depth(town):
    limits = zendesk.PROFILES[profile(town)]
    last = limits.depth // limits.page
    town.sandbox.load("zendesk", organizations(limits.depth))
    ways = [
        town.call("zendesk", f"/api/v2/organizations.json?page={n}").status_code for n in (last, last + 1)
    ]
    assert ways == [200, 400]


def test_zendesk_exports_as_much_as_the_profile_says(town):
    size = zendesk.PROFILES[profile(town)].export
    town.sandbox.load("zendesk", organizations(size))
    page = town.call("zendesk", "/api/v2/incremental/organizations.json?start_time=0").json()
    assert (page["count"] >= size, page["end_of_stream"]) == (True, False)


@pytest.mark.slow
def test_zendesk_lets_so_many_calls_through_in_a_minute(town):
    rate = zendesk.PROFILES[profile(town)].rates.get("account")
    calls = rate.calls if rate else 800
    seen = {town.accounts("zendesk").status_code for _ in range(calls)}
    assert seen == {200}
    answer = town.accounts("zendesk")
    assert answer.status_code == (429 if rate else 200)
    town.advance(f"PT{answer.headers.get('retry-after', 1)}S")
    assert town.accounts("zendesk").ok
