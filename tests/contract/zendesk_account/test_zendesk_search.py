from __future__ import annotations

import base64

import pytest

from .house import at, numbers, organization, seed, ticket, user


@pytest.fixture
def filled(api):
    seed(api, organization(1, 500, name="Aurora Freight", external_id="001A", tags=["vip"]))
    seed(api, organization(2, 400, name="Bluebird Media", organization_fields={"cs_health_score": 70}))
    seed(api, user(7, 300, name="Ada Byron", email="ada@aurora.test", organization_id=1, role="end-user"))
    seed(api, ticket(11, 200, subject="Printer on fire", status="open", priority="urgent", organization_id=1))
    seed(api, ticket(12, 100, subject="Fire drill", status="solved", requester_id=7, tags=["drill", "fire"]))
    seed(api, ticket(13, 50, subject="Gone", status="deleted"))
    return api


def found(api, query, **more):
    return [row["id"] for row in api.get("search.json", query=query, **more)["results"]]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("type:ticket", [12, 11]),
        ("type:organization", [2, 1]),
        ("type:ticket status<solved", [11]),
        ("type:ticket status:open status:solved", [12, 11]),
        ("type:ticket -status:open", [12]),
        ("type:ticket priority>normal", [11]),
        ("type:ticket organization:1", [11]),
        ('type:ticket organization:"aurora freight"', [11]),
        ("type:ticket organization:none", [12]),
        ("type:ticket requester:ada@aurora.test", [12]),
        ("type:ticket assignee:none tags:fire", [12]),
        ("type:organization external_id:001a", [1]),
        ("type:organization tags:vip", [1]),
        ("type:organization cs_health_score>=70", [2]),
        ("type:organization name:blue*", [2]),
        ("type:user email:ada@aurora.test", [7]),
        ("type:user role:agent", []),
        ("fire", [12, 11]),
        ('"printer on fire"', [11]),
        ("ada", [7]),
        ("type:ticket created>2hours", [12]),
        ("nothing", []),
        ("blueb", [2]),
        ("bird", []),
        ('"printer on fi"', []),
        ("type:ticket via:web", [12, 11]),
        ("type:ticket via:mail", []),
        ("type:user is_suspended:false", [7]),
        ("type:user is_verified:false", []),
    ],
)
def test_the_language_of_queries(filled, query, ids):
    assert found(filled, query) == ids


@pytest.mark.parametrize(
    "word", ["brand:main", "-has_attachment:true", "type:ticket commenter:me", "satisfaction:good"]
)
def test_a_keyword_that_is_not_simulated_says_so_and_finds_no_wrong_nothing(filled, word):
    for path in (
        "search.json?query=",
        "search/count.json?query=",
        "search/export.json?filter[type]=ticket&query=",
    ):
        answer = filled("GET", f"{path}{word}")
        assert (answer.status_code, answer.json()["error"]) == (501, "NotSimulated")


def test_times_are_days_or_moments(filled):
    day = at(0)[:10]
    assert found(filled, f"type:ticket created>={day}") == [12, 11]
    assert found(filled, f"type:ticket created<{day}") == []
    assert found(filled, f"type:ticket updated>{at(150)}") == [12]
    refused = filled("GET", "search.json?query=created>soon")
    assert (refused.status_code, refused.json()["error"]) == (422, "invalid")


def test_results_are_sorted_as_asked(filled):
    assert found(filled, "type:ticket order_by:created sort:asc") == [11, 12]
    assert found(filled, "type:ticket", sort_by="status", sort_order="asc") == [11, 12]
    row = filled.get("search.json", query="type:ticket tags:drill")["results"][0]
    assert (row["result_type"], row["subject"]) == ("ticket", "Fire drill")


def test_search_ends_at_a_thousand_results_and_counts_all(api):
    seed(api, *(ticket(number, 5000 - number) for number in range(1, 1102)))
    page = api.get("search.json", query="type:ticket", page=10, per_page=100)
    assert (page["count"], len(page["results"]), page["next_page"]) == (1101, 100, None)
    beyond = api("GET", "search.json?query=type:ticket&page=11&per_page=100")
    text = "Invalid search: Requested response size was greater than Search Response Limits"
    assert (beyond.status_code, beyond.json()) == (422, {"error": "invalid", "description": text})
    cursor = api("GET", "search.json?query=type:ticket&page[size]=2")
    assert (cursor.status_code, cursor.json()["error"]["title"]) == (400, "Invalid attribute")
    assert api.get("search/count.json", query="type:ticket") == {"count": 1101}


def test_the_export_of_a_search_goes_on_for_an_hour(api):
    seed(api, *(ticket(number, 5000 - number) for number in range(1, 1102)))
    asked = {"query": "status<solved", "filter[type]": "ticket", "page[size]": 1000}
    page = api.get("search/export.json", **asked)
    rest = api.get(page["links"]["next"])
    assert numbers(page["results"] + rest["results"]) == list(range(1, 1102))
    assert (rest["meta"]["has_more"], rest["links"]["next"]) == (False, None)
    api.wait(minutes=61)
    assert api("GET", page["links"]["next"]).status_code == 422
    assert api("GET", "search/export.json?query=x").status_code == 400
    assert api("GET", "search/export.json?query=type:user&filter[type]=ticket").status_code == 422


def test_the_index_can_be_late(filled):
    filled.order(search_lag_s=120)
    filled("PUT", "tickets/11.json", {"ticket": {"status": "pending"}})
    filled("POST", "organizations.json", {"organization": {"name": "Cobalt"}})
    filled("DELETE", "tickets/12.json")
    assert found(filled, "type:ticket status:open") == [11]
    assert found(filled, "cobalt") == []
    assert found(filled, "type:ticket tags:drill") == [12]
    assert filled.get("organizations/search.json", name="Cobalt")["count"] == 1
    filled.wait(seconds=121)
    assert found(filled, "type:ticket status:open") == []
    assert len(found(filled, "cobalt")) == 1
    assert found(filled, "type:ticket tags:drill") == []


@pytest.mark.parametrize("query", ["", "?query=", "?query=type:invoice"])
def test_a_search_for_nothing_is_refused(api, query):
    assert api("GET", f"search.json{query}").status_code in (400, 422)


@pytest.mark.parametrize(
    "mark", ['["a","2026",1]', "[99999999999,1,2]", '[99999999999,"2026","x"]', "[[],[],[]]"]
)
def test_a_cursor_that_no_search_gave_is_refused(filled, mark):
    query = {"query": "a*", "filter[type]": "ticket", "page[after]": base64.b64encode(mark.encode()).decode()}
    answer = filled("GET", "search/export.json", params=query)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
