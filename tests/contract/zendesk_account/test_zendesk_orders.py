from __future__ import annotations

from datetime import timedelta

import pytest

from cs_connector.sandbox.wire import SeedRow

from .house import at, organization, seed


@pytest.mark.parametrize("api", ["vendor"], indirect=True)
def test_the_vendor_limits_hold(api):
    seed(api, SeedRow("users", {"id": 1, "name": "Ada", "created_at": at(9), "updated_at": at(9)}))
    path = "incremental/users/cursor.json?start_time=0"
    answers = [api("GET", path) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[9].headers["zendesk-ratelimit-incremental-exports"].startswith("total=10; remaining=0")
    assert answers[10].json()["error"] == "APIRateLimitExceeded"
    updates = [api("PUT", "users/1.json", {"user": {"notes": str(n)}}) for n in range(6)]
    assert updates[5].text.startswith("You have exceeded the rate limit for updating a single unique user")
    wait = int(updates[5].headers["retry-after"])
    assert 0 < wait <= 60
    api.sandbox.world.clock.advance(timedelta(seconds=wait))
    assert api("GET", path).status_code == 200
    statuses = [api("GET", "users/1.json") for _ in range(700)]
    assert statuses[0].headers["x-rate-limit"] == "700"
    assert statuses[-1].text == "Number of allowed API requests per minute exceeded"


@pytest.mark.parametrize("api", ["small"], indirect=True)
def test_the_small_profile_has_small_pages(api):
    seed(api, *(organization(number, 600 - number) for number in range(1, 30)))
    assert len(api.get("organizations.json", **{"page[size]": 100})["organizations"]) == 1
    assert len(api.get("incremental/organizations.json", start_time=0)["organizations"]) == 10


def test_orders_hide_records_and_take_fields_away(api):
    seed(api, *(organization(number, notes="n") for number in range(1, 11)))
    simulator = api.sandbox.simulators["zendesk"]
    simulator.control({"hide": {"object": "organizations", "share": 0.3}})
    for field in ("notes", "cs_health_score"):
        simulator.control({"remove_field": {"object": "organizations", "field": field}})
    simulator.control(
        {"retype_field": {"object": "organizations", "field": "cs_health_band", "type": "integer"}}
    )
    rows = api.get("organizations.json")["organizations"]
    assert len(rows) == 7
    assert "notes" not in rows[0]
    assert "cs_health_score" not in rows[0]["organization_fields"]
    shown = api.get("organization_fields/cs_health_band.json")["organization_field"]
    assert shown["type"] == "integer"


def test_a_snapshot_brings_records_and_fields_back(api):
    seed(api, organization(1))
    simulator = api.sandbox.simulators["zendesk"]
    kept = simulator.snapshot()
    for _ in range(2):
        api("PUT", "organizations/1.json", {"organization": {"notes": "x"}})
        api("POST", "organizations.json", {"organization": {"name": "Two"}})
        api("POST", "organization_fields.json", {"organization_field": {"key": "k", "title": "K"}})
        simulator.restore(kept)
        rows = api.get("organizations.json")["organizations"]
        assert [(row["name"], row["notes"]) for row in rows] == [("Org 1", None)]
        assert api("GET", "organization_fields/k.json").status_code == 404
