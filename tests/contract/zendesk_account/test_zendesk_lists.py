from __future__ import annotations

import pytest

from .house import numbers, organization, seed, ticket, user


def test_cursor_pages_cover_a_list_both_ways(api):
    seed(api, *(organization(number) for number in range(1, 8)))
    page = api.get("organizations.json", **{"page[size]": 3})
    seen = [row["id"] for row in page["organizations"]]
    while page["links"]["next"]:
        page = api.get(page["links"]["next"])
        seen += [row["id"] for row in page["organizations"]]
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert page["meta"]["has_more"] is False
    back = api.get(page["links"]["prev"])
    assert [row["id"] for row in back["organizations"]] == [4, 5, 6]
    newest = api.get("organizations.json", **{"page[size]": 2, "sort": "-id"})
    assert [row["id"] for row in newest["organizations"]] == [7, 6]


def test_numbered_pages_end_at_ten_thousand(api):
    seed(api, *(organization(number) for number in range(1, 151)))
    page = api.get("organizations.json", per_page=100)
    assert (len(page["organizations"]), page["count"], page["previous_page"]) == (100, 150, None)
    page = api.get(page["next_page"])
    assert (len(page["organizations"]), page["next_page"]) == (50, None)
    answer = api("GET", "organizations.json?page=101")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidPaginationDepth"


def test_records_are_found_by_external_id(api):
    seed(api, organization(1, external_id="001A"), organization(2, external_id="001B"), organization(3))
    found = api.get("organizations/search.json", external_id="001b")
    assert [row["id"] for row in found["organizations"]] == [2]
    many = api.get("organizations/show_many.json", external_ids="001A,001B,none")
    assert [row["id"] for row in many["organizations"]] == [1, 2]
    too_many = api("GET", "organizations/show_many.json", params={"ids": ",".join(map(str, range(101)))})
    assert too_many.json() == {
        "error": "TooManyValues",
        "description": "Parameter  cannot specify more than 100 values",
        "max_count": 100,
    }


def test_an_organization_shows_every_column_and_defined_field(api):
    seed(api, organization(1, organization_fields={"cs_health_score": 71, "stale": 1}))
    shown = api.get("organizations/1.json")["organization"]
    assert shown["url"] == f"{api.login['base_url']}/api/v2/organizations/1.json"
    assert shown["organization_fields"] == {
        "cs_health_score": 71,
        "cs_renewal_date": None,
        "cs_health_band": None,
    }
    assert {"domain_names", "tags", "shared_tickets", "external_id", "details"} <= shown.keys()


def test_unknown_things_are_404_in_two_ways(api):
    assert api("GET", "organizations/5.json").json() == {
        "error": "RecordNotFound",
        "description": "Not found",
    }
    assert api("GET", "nonsense.json").json()["error"] == "InvalidEndpoint"


@pytest.mark.parametrize(("order", "ids"), [("asc", [9, 10, 100]), ("desc", [100, 10, 9])])
def test_ids_are_sorted_as_numbers(api, order, ids):
    seed(api, *(ticket(number) for number in (10, 9, 100)))
    assert numbers(api.get("tickets.json", sort_by="id", sort_order=order)["tickets"]) == ids


def test_two_ways_of_paging_do_not_mix(api):
    seed(api, *(organization(number, 100 - number) for number in range(1, 6)))
    by_page = {"sort_by": "created_at", "sort_order": "desc"}
    assert numbers(api.get("organizations.json", per_page=2, **by_page)["organizations"]) == [5, 4]
    mixed = api.get("organizations.json", **{"page[size]": 2}, **by_page)
    assert numbers(mixed["organizations"]) == [1, 2]
    refused = api("GET", "organizations.json?page[size]=2&sort=created_at")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "InvalidPaginationParameter"


@pytest.mark.parametrize(
    "path", ["organizations.json?page[after]=!!!", "organizations.json?page[after]=WzEsMl0=&sort=id"]
)
def test_a_cursor_that_is_none_is_refused(api, path):
    seed(api, organization(1))
    assert api("GET", path).status_code == 400


def test_ids_and_pages_are_numbers(api):
    answer = api("GET", "organizations/abc.json")
    message = (
        "You passed an invalid value for the id attribute. Invalid parameter: id must be an integer"
        " from api/v2/organizations/show"
    )
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)
    for query in ("page=x", "per_page=0", "page[size]=-1"):
        assert api("GET", f"tickets.json?{query}").json()["error"]["title"] == "Invalid attribute"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {"content-type": "application/json"}, 422),
        (b"[1]", {"content-type": "application/json"}, 422),
        (b"\xff", {"content-type": "application/json"}, 422),
        (b"name=x", {"content-type": "application/x-www-form-urlencoded"}, 415),
        (
            b'{"organization":{"name":"' + b"x" * 10_485_760 + b'"}}',
            {"content-type": "application/json"},
            413,
        ),
        (b"{}", {"content-type": "application/json"}, 400),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(api, body, headers, status):
    url = f"{api.login['base_url']}/api/v2/organizations.json"
    answer = api.session.post(url, data=body, headers=headers)
    assert (answer.status_code, "error" in answer.json()) == (status, True)
    assert api.ledger() == []


@pytest.mark.parametrize(
    "path",
    [
        "triggers.json",
        "automations.json",
        "macros/active.json",
        "views.json",
        "webhooks",
        "help_center/articles.json",
        "channels/voice/phone_numbers.json",
        "incremental/ticket_events.json?start_time=0",
        "incremental/ticket_metric_events.json?start_time=0",
        "requests.json",
        "tickets/1/merge.json",
        "sell/leads",
    ],
)
def test_what_is_not_simulated_says_so(api, path):
    answer = api("GET", path)
    assert (answer.status_code, answer.json()["error"]) == (501, "NotSimulated")
    assert answer.json()["description"].endswith(".")


def test_records_come_with_what_was_asked_beside_them(api):
    seed(api, organization(5), user(7, organization_id=5), ticket(1, organization_id=5, requester_id=7))
    page = api.get("users.json", include="organizations,identities")
    assert numbers(page["organizations"]) == [5]
    page = api.get("tickets.json", include="users,organizations,groups")
    assert (numbers(page["users"]), numbers(page["organizations"]), page["groups"]) == ([7], [5], [])
    assert "users" not in api.get("tickets/1.json")


def test_counts_leave_out_what_is_deleted(api):
    seed(api, organization(1), organization(2), user(1), ticket(1), ticket(2, status="deleted"))
    api("DELETE", "organizations/1.json")
    for noun, count in (("organizations", 1), ("users", 1), ("tickets", 1)):
        assert api.get(f"{noun}/count.json")["count"]["value"] == count


def test_every_account_has_its_basics(api):
    assert api.get("groups.json")["groups"][0]["name"] == "Support"
    assert api.get("brands.json")["brands"][0]["default"] is True
    assert api.get("ticket_forms.json")["ticket_forms"][0]["ticket_field_ids"]
    assert len(api.get("custom_statuses.json")["custom_statuses"]) == 5
    assert api.get("locales.json")["locales"][0]["locale"] == "en-US"
    system = [field["type"] for field in api.get("ticket_fields.json")["ticket_fields"]]
    assert {"subject", "status", "priority", "assignee"} <= set(system)


def test_tags_are_set_added_and_taken(api):
    seed(api, organization(1, tags=["old"]), user(1, tags=["old", "vip"]))
    assert api("POST", "organizations/1/tags.json", {"tags": ["a"]}).json() == {"tags": ["a"]}
    assert api("PUT", "organizations/1/tags.json", {"tags": ["B", "a"]}).json() == {"tags": ["a", "b"]}
    assert api("DELETE", "organizations/1/tags.json", {"tags": ["a"]}).status_code == 204
    assert api.get("organizations/1/tags.json") == {"tags": ["b"]}
    assert {"name": "vip", "count": 1} in api.get("tags.json")["tags"]
