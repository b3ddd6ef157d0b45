from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from .house import at, numbers, organization, seed, ticket, user


def test_the_cursor_export_ends_with_a_cursor_that_goes_on(api):
    rows = [ticket(number, 600 - number // 3) for number in range(1, 11)]
    seed(api, *rows, ticket(11, 0.5))
    seen: list[int] = []
    page = api.get("incremental/tickets/cursor.json", start_time=0, per_page=4)
    while True:
        seen += [row["id"] for row in page["tickets"]]
        if page["end_of_stream"]:
            break
        page = api.get(page["after_url"])
    assert seen == list(range(1, 11))
    second, ident = base64.b64decode(page["after_cursor"]).decode().split("||")
    assert (float(second) > 0, ident) == (True, "10|")
    api.sandbox.world.clock.advance(timedelta(minutes=5))
    api("PUT", "tickets/3.json", {"ticket": {"priority": "high"}})
    api("DELETE", "tickets/4.json")
    api.sandbox.world.clock.advance(timedelta(minutes=5))
    page = api.get("incremental/tickets/cursor.json", cursor=page["after_cursor"])
    assert [(row["id"], row["status"]) for row in page["tickets"]] == [
        (11, "open"),
        (3, "open"),
        (4, "deleted"),
    ]
    assert page["tickets"][1]["generated_timestamp"] > 0
    assert api("GET", "tickets/4.json").status_code == 404


def test_the_time_export_keeps_a_second_together_and_repeats_it(api):
    seed(api, *(organization(number, 600 - number // 3) for number in range(1, 11)))
    pages = []
    page = api.get("incremental/organizations.json", start_time=0, per_page=1)
    while True:
        pages.append([row["id"] for row in page["organizations"]])
        if page["end_of_stream"]:
            break
        page = api.get(page["next_page"])
    assert pages[:2] == [[1, 2], [1, 2, 3, 4, 5]]
    assert sorted({ident for ids in pages for ident in ids}) == list(range(1, 11))
    assert page["next_page"].endswith(f"start_time={page['end_time']}")
    assert all(row["deleted_at"] is None for row in page["organizations"])


def test_more_of_one_second_than_a_page_does_not_stall(api):
    seed(api, *(organization(number) for number in range(1, 6)), organization(6, 500))
    second = api.get("incremental/organizations.json", start_time=0, per_page=2)["end_time"]
    page = api.get("incremental/organizations.json", start_time=second, per_page=2)
    assert [row["id"] for row in page["organizations"]] == [1, 2, 3, 4, 5, 6]


def test_a_deleted_organization_is_in_the_export_only(api):
    seed(api, organization(1))
    assert api("DELETE", "organizations/1.json").status_code == 204
    assert api.get("organizations.json")["organizations"] == []
    api.sandbox.world.clock.advance(timedelta(minutes=2))
    assert api.get("incremental/organizations.json", start_time=0)["organizations"][0]["deleted_at"]


def test_an_export_may_not_start_in_the_last_minute(api):
    now = int(api.sandbox.world.clock.now().timestamp())
    answer = api("GET", "incremental/organizations.json", params={"start_time": now - 10})
    assert (answer.status_code, answer.json()["error"]) == (422, "InvalidValue")


def test_tickets_come_with_what_was_asked_beside_them(api):
    seed(
        api,
        organization(5),
        ticket(1, organization_id=5, metric_set={"reopens": 2}),
        ticket(2, status="solved"),
    )
    page = api.get("incremental/tickets/cursor.json", start_time=0, include="metric_sets,organizations")
    assert [row["metric_set"]["reopens"] for row in page["tickets"]] == [2, 0]
    assert page["tickets"][1]["metric_set"]["solved_at"] == at(600)
    assert [row["id"] for row in page["organizations"]] == [5]


def test_links_may_name_another_host_of_the_account(api):
    seed(api, ticket(1))
    api.order(settings={"alias": "https://old-name.zendesk.com"})
    page = api.get("incremental/tickets/cursor.json", start_time=0, per_page=10)
    assert page["after_url"].startswith(
        "https://old-name.zendesk.com/api/v2/incremental/tickets/cursor.json?"
    )
    assert page["after_cursor"]
    listed = api.get("organizations.json", **{"page[size]": 1})
    assert "old-name" not in str(listed["links"])


def test_a_late_commit_is_missed_by_an_export_that_has_gone_past_it(api):
    seed(api, ticket(1), ticket(2))
    api.order(commit_lag_s=300)
    api("PUT", "tickets/1.json", {"ticket": {"priority": "high"}})
    made = api("POST", "tickets.json", {"ticket": {"subject": "New", "comment": {"body": "x"}}}).json()
    api.wait(seconds=90)
    api("PUT", "tickets/2.json", {"ticket": {"priority": "low"}})
    page = api.get("incremental/tickets/cursor.json", start_time=0)
    assert [(row["id"], row["priority"]) for row in page["tickets"]] == [(1, None), (2, None)]
    api.wait(seconds=230)
    late = api.get("incremental/tickets/cursor.json", start_time=0)
    assert [(row["id"], row["priority"]) for row in late["tickets"]] == [
        (2, None),
        (1, "high"),
        (made["ticket"]["id"], None),
    ]
    assert api.get("tickets/2.json")["ticket"]["priority"] == "low"


@pytest.mark.parametrize("api", ["vendor"], indirect=True)
def test_a_sample_is_small_and_rare(api):
    seed(api, *(ticket(number, 1000 - number) for number in range(1, 61)))
    answers = [api("GET", "incremental/tickets/sample.json?start_time=0") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert len(answers[0].json()["tickets"]) == 50
    assert "zendesk-ratelimit-incremental-sample" in answers[0].headers


@pytest.mark.parametrize("query", ["", "start_time=x", "cursor=abc", "start_time=0&per_page=x"])
def test_a_wrong_place_to_start_is_refused(api, query):
    assert api("GET", f"incremental/tickets/cursor.json?{query}").status_code == 400


@pytest.mark.parametrize("path", ["tickets", "tickets/cursor", "tickets/sample"])
def test_a_page_of_nothing_is_refused_by_the_name_of_the_export(api, path):
    answer = api("GET", f"incremental/{path}.json?start_time=0&per_page=0")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith(
        "per_page must be an integer from api/v2/incremental/index"
    )


def test_a_deleted_user_stays_in_the_export(api):
    seed(api, user(1, email="ada@example.test"))
    api("DELETE", "users/1.json")
    api.wait(minutes=2)
    row = api.get("incremental/users/cursor.json", start_time=0)["users"][0]
    assert (row["active"], row["email"]) == (False, None)


def test_deleted_tickets_can_be_left_out(api):
    seed(api, ticket(1), ticket(2, status="deleted"))
    path = "incremental/tickets/cursor.json"
    assert numbers(api.get(path, start_time=0)["tickets"]) == [1, 2]
    assert numbers(api.get(path, start_time=0, exclude_deleted="true")["tickets"]) == [1]


@pytest.mark.parametrize("mark", ["inf||1|", "1e400||1|", "{second}||01HXYZ|", "{second}||1"])
def test_a_cursor_that_no_export_gave_is_refused(api, mark):
    seed(api, ticket(1))
    second, *_ = base64.b64decode(
        api.get("incremental/tickets/cursor.json", start_time=0)["after_cursor"]
    ).split(b"|")
    cursor = base64.b64encode(mark.format(second=second.decode()).encode()).decode()
    answer = api("GET", "incremental/tickets/cursor.json", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]) == (400, "InvalidValue")


def test_the_time_export_ends_also_where_its_last_records_are_hidden(api):
    seed(api, *(organization(number, 600 - number) for number in range(1, 5)))
    table = api.sandbox.simulators["zendesk"]._state.tables["organizations"]
    table.hidden = frozenset({3, 4})
    page = api.get("incremental/organizations.json", start_time=0)
    assert (numbers(page["organizations"]), page["end_of_stream"]) == ([1, 2], True)
    table.hidden = frozenset()
    page = api.get("incremental/organizations.json", start_time=page["end_time"])
    assert numbers(page["organizations"]) == [2, 3, 4]
