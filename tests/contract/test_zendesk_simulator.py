from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cs_connector.adapters.zendesk.simulator import ZendeskAccount

from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow

AS_OF = datetime(2026, 11, 2, 12, tzinfo=UTC)
FIELDS = [
    {"key": "cs_health_score", "type": "integer", "title": "CS Health Score"},
    {"key": "cs_renewal_date", "type": "date", "title": "CS Renewal Date"},
    {
        "key": "cs_health_band",
        "type": "dropdown",
        "title": "CS Health",
        "custom_field_options": [
            {"name": "Green", "value": "cs_health_green"},
            {"name": "Red", "value": "cs_health_red"},
        ],
    },
]


def at(minutes: float) -> str:
    return (AS_OF - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def organization(number: int, minutes: float = 600, **more: Any) -> SeedRow:
    when = at(minutes)
    record = {"id": number, "name": f"Org {number}", "created_at": when, "updated_at": when, **more}
    return SeedRow("organizations", record)


def ticket(number: int, minutes: float = 600, **more: Any) -> SeedRow:
    when = at(minutes)
    record = {"id": number, "subject": f"Help {number}", "created_at": when, "updated_at": when, **more}
    return SeedRow("tickets", record)


class Api:
    """A logged-in client of one account."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.login = sandbox.document()["zendesk"]
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["authorization"] = f"Bearer {self.login['access_token']}"

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.login['base_url']}/api/v2/{path}"
        return self.session.request(method, url, json=body, **more)

    def get(self, path: str, **query: Any) -> Any:
        answer = self("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def log_in(self) -> None:
        form = {"grant_type": "client_credentials"}
        form |= {name: self.login[name] for name in ("client_id", "client_secret")}
        token = self.session.post(self.login["token_url"], data=form).json()["access_token"]
        self.session.headers["authorization"] = f"Bearer {token}"

    def ledger(self) -> list[dict[str, Any]]:
        return self.sandbox.world.ledger.entries()


def made(profile: str = "unlimited") -> Sandbox:
    sandbox = Sandbox([("zendesk", ZendeskAccount)], AS_OF, profile=profile)
    sandbox.install("zendesk", {"organization_fields": FIELDS})
    return sandbox


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    with made(getattr(request, "param", "unlimited")) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()


def seed(api: Api, *rows: SeedRow) -> None:
    api.sandbox.load("zendesk", rows)


# Logins


def test_a_refresh_token_works_once(api):
    form = {name: api.login[name] for name in ("client_id", "client_secret", "refresh_token")}
    form["grant_type"] = "refresh_token"
    first = api.session.post(api.login["token_url"], data=form)
    assert first.status_code == 200
    assert api.session.post(api.login["token_url"], data=form).json()["error"] == "invalid_grant"
    again = api.session.post(
        api.login["token_url"], json={**form, "refresh_token": first.json()["refresh_token"]}
    )
    assert again.json()["expires_in"] == 1800
    api.session.headers["authorization"] = f"Bearer {again.json()['access_token']}"
    assert api.get("users/me.json")["user"]["role"] == "admin"
    assert api.get("oauth/tokens/current.json")["token"]["scopes"] == ["read", "write"]


def test_client_credentials_give_no_refresh_token(api):
    form = {name: api.login[name] for name in ("client_id", "client_secret")}
    answer = api.session.post(
        api.login["token_url"], json={**form, "grant_type": "client_credentials"}
    ).json()
    assert "refresh_token" not in answer
    wrong = {**form, "client_secret": "no", "grant_type": "client_credentials"}
    assert api.session.post(api.login["token_url"], data=wrong).status_code == 401


def test_without_a_login_me_is_anonymous_and_the_rest_refused(api):
    del api.session.headers["authorization"]
    assert api.get("users/me.json")["user"]["id"] is None
    answer = api("GET", "tickets.json")
    assert (answer.status_code, answer.json()) == (401, {"error": "Couldn't authenticate you"})


@pytest.mark.parametrize("by", ["time", "order"])
def test_access_ends(api, by):
    if by == "time":
        api.sandbox.world.clock.advance(timedelta(minutes=31))
    else:
        api.sandbox.simulators["zendesk"].control({"expire_token": True})
    answer = api("GET", "users/me.json")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


# Reading


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


# Exports


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


# Writing


def test_fields_are_checked_merged_and_make_tags(api):
    seed(api, organization(1, tags=["vip"], organization_fields={"cs_health_score": 40}))

    def put(**fields: Any) -> requests.Response:
        return api("PUT", "organizations/1.json", {"organization": {"organization_fields": fields}})

    shown = put(cs_health_band="cs_health_red", cs_renewal_date="2027-01-12").json()["organization"]
    assert shown["organization_fields"] == {
        "cs_health_score": 40,
        "cs_renewal_date": "2027-01-12T00:00:00+00:00",
        "cs_health_band": "cs_health_red",
    }
    assert shown["tags"] == ["vip", "cs_health_red"]
    assert put(cs_health_band="cs_health_green").json()["organization"]["tags"] == ["vip", "cs_health_green"]
    assert put(cs_health_band=None).json()["organization"]["tags"] == ["vip"]
    wrong = put(cs_health_band="purple")
    assert (wrong.status_code, wrong.json()["error"]) == (422, "RecordInvalid")
    assert put(cs_health_score="many").status_code == 422
    assert [entry["after"] for entry in api.ledger()][1:] == [
        {"organization_fields": {"cs_health_band": "cs_health_green"}},
        {"organization_fields": {"cs_health_band": None}},
    ]


def test_a_misspelt_field_is_dropped_with_a_warning_only(api):
    seed(api, organization(1))
    answer = api(
        "PUT",
        "organizations/1.json",
        {"organization": {"colour": "red", "organization_fields": {"cs_healt": 1}}},
    )
    assert answer.status_code == 200
    assert '"organization.colour"' in answer.headers["x-zendesk-api-warn"]
    assert '"organization.organization_fields.cs_healt"' in answer.headers["x-zendesk-api-warn"]
    assert answer.json()["organization"]["updated_at"] == at(600)


def test_create_or_update_goes_by_external_id(api):
    body = {"organization": {"name": "Aurora", "external_id": "001A"}}
    first = api("POST", "organizations/create_or_update.json", body)
    body["organization"]["notes"] = "met"
    second = api("POST", "organizations/create_or_update.json", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["organization"]["id"] == second.json()["organization"]["id"]
    assert [entry["action"] for entry in api.ledger()] == ["create", "update"]
    taken = api("POST", "organizations.json", {"organization": {"name": "aurora"}})
    assert taken.json()["details"] == {"name": [{"description": "Name:  aurora has already been taken"}]}


def test_a_completed_job_can_hold_failures(api):
    seed(api, organization(1), organization(2), organization(3, external_id="001C"))
    items = [
        {"id": 1, "organization_fields": {"cs_health_score": 72}},
        {"id": 2, "name": "Org 1"},
        {"id": 99, "notes": "x"},
    ]
    job = api("PUT", "organizations/update_many.json", {"organizations": items}).json()["job_status"]
    assert (job["status"], job["total"], job["results"]) == ("queued", 3, None)
    seen = [api.get(job["url"])["job_status"] for _ in range(2)]
    assert [step["status"] for step in seen] == ["working", "completed"]
    results = seen[-1]["results"]
    assert (results[0]["id"], results[0]["status"], results[0]["success"]) == (1, "Updated", True)
    assert results[1]["error"] == "OrganizationUpdateFailed"
    assert results[1]["details"] == "Name:  Org 1 has already been taken"
    assert (results[2]["id"], results[2]["error"]) == (99, "OrganizationNotFound")
    assert [entry["id"] for entry in api.ledger()] == ["1"]


def test_one_change_for_many_and_the_limit_of_a_hundred(api):
    seed(api, organization(1, external_id="a"), organization(2, external_id="b"))
    change = {"organization": {"organization_fields": {"cs_health_score": 5}}}
    assert api("PUT", "organizations/update_many.json?external_ids=a,b", change).ok
    assert [
        row["organization_fields"]["cs_health_score"] for row in api.get("organizations")["organizations"]
    ] == [
        5,
        5,
    ]
    many = {"organizations": [{"name": f"New {n}"} for n in range(101)]}
    answer = api("POST", "organizations/create_many.json", many)
    assert answer.json()["description"] == "Maximum 100 organizations may be created per call"
    job = api("POST", "organizations/create_many", {"organizations": many["organizations"][:2]}).json()
    api.sandbox.world.clock.advance(timedelta(seconds=6))
    done = api.get(f"job_statuses/{job['job_status']['id']}.json")["job_status"]
    assert done["status"] == "completed"
    assert [result["account_id"] > 0 for result in done["results"]] == [True, True]


def test_at_most_thirty_jobs_wait(api):
    seed(api, organization(1))
    body = {"organizations": [{"id": 1, "notes": "x"}]}
    answers = [api("PUT", "organizations/update_many.json", body).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]


def test_field_definitions_are_made_once(api):
    body = {"organization_field": {"key": "cs_key", "title": "CS Key"}}
    made = api("POST", "organization_fields.json", body)
    field = made.json()["organization_field"]
    assert (made.status_code, made.headers["location"], field["type"]) == (201, field["url"], "text")
    assert api("POST", "organization_fields.json", body).status_code == 422
    assert api.get("organization_fields/cs_key.json")["organization_field"]["id"] == field["id"]
    assert api("DELETE", f"organization_fields/{field['id']}.json").status_code == 204
    assert [field["key"] for field in api.get("organization_fields.json")["organization_fields"]] == [
        "cs_health_score",
        "cs_renewal_date",
        "cs_health_band",
    ]


def test_a_repeated_ticket_is_made_once(api):
    body = {"ticket": {"subject": "Call", "comment": {"body": "Hello", "public": False}}}
    keyed = {"headers": {"Idempotency-Key": "k1"}}
    first, second = (api("POST", "tickets.json", body, **keyed) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["x-idempotency-lookup"] == "hit"
    assert len(api.ledger()) == 1
    assert api.ledger()[0]["after"]["comment"]["public"] is False
    body["ticket"]["subject"] = "Other"
    assert api("POST", "tickets.json", body, **keyed).status_code == 400
    api.sandbox.world.clock.advance(timedelta(hours=3))
    api.log_in()
    assert api("POST", "tickets.json", body, **keyed).status_code == 201


def test_a_safe_update_of_a_changed_ticket_is_a_conflict(api):
    seed(api, ticket(1))
    body = {"ticket": {"status": "solved", "safe_update": True, "updated_stamp": at(700)}}
    answer = api("PUT", "tickets/1.json", body)
    assert (answer.status_code, answer.json()["error"]) == (409, "UpdateConflict")
    body["ticket"]["updated_stamp"] = at(600)
    assert api("PUT", "tickets/1.json", body).json()["ticket"]["status"] == "solved"


def test_users_have_one_address_each(api):
    body = {"user": {"name": "Ada", "email": "ada@example.test", "external_id": "003A"}}
    user = api("POST", "users.json", body).json()["user"]
    bad = api("POST", "users.json", {"user": {"name": "Bad", "email": "badmail"}})
    assert bad.json() == {
        "error": "RecordInvalid",
        "description": "Record validation errors",
        "details": {"email": [{"description": "Email: badmail is not properly formatted"}]},
    }
    assert (
        api("POST", "users.json", {"user": {"name": "Eve", "email": "ADA@example.test"}}).status_code == 422
    )
    found = api.get("users/search.json", query="ada@example.test")
    assert [row["id"] for row in found["users"]] == [user["id"]]
    gone = api("DELETE", f"users/{user['id']}.json").json()["user"]
    assert (gone["active"], gone["email"]) == (False, None)


# Surveys


def test_ratings_are_filtered_by_score_and_time(api):
    rows = [
        SeedRow(
            "satisfaction_ratings",
            {"id": n, "score": score, "ticket_id": n, "created_at": at(n), "comment": note},
        )
        for n, score, note in ((1, "good", "thanks"), (2, "bad", None), (3, "offered", None))
    ]
    seed(api, *rows)

    def ids(**query: Any) -> list[int]:
        return [row["id"] for row in api.get("satisfaction_ratings.json", **query)["satisfaction_ratings"]]

    assert ids() == [1, 2, 3]
    assert ids(score="received") == [1, 2]
    assert ids(score="good_with_comment") == [1]
    start = int((AS_OF - timedelta(minutes=2)).timestamp())
    assert ids(start_time=start, **{"page[size]": 10}) == [1, 2]
    assert api("GET", "guide/survey_responses").status_code == 404


def test_survey_responses_come_by_cursor_from_a_time_on(api):
    rows = [
        {
            "id": f"01J{n}",
            "subject_zrns": [f"zen:ticket:{n}"],
            "answers": [{"type": "rating_scale", "rating": n, "created_at": at(n)}],
        }
        for n in (1, 2, 3)
    ]
    seed(api, *(SeedRow("survey_responses", row) for row in rows))
    page = api.get("guide/survey_responses", **{"page[size]": 2})
    rest = api.get(page["links"]["next"])
    assert [row["id"] for row in page["survey_responses"] + rest["survey_responses"]] == [
        "01J1",
        "01J2",
        "01J3",
    ]
    late = api.get("guide/survey_responses", **{"filter[created_at_start]": at(2)})
    assert [row["id"] for row in late["survey_responses"]] == ["01J1", "01J2"]
    about = api.get("guide/survey_responses", **{"filter[subject_zrns]": "zen:ticket:3"})
    assert [row["id"] for row in about["survey_responses"]] == ["01J3"]
    assert api.get("guide/survey_responses/01J2")["survey_response"]["answers"][0]["rating"] == 2


# Limits, orders, state


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


# A client that was not written for it, and the vendor's own answers


@pytest.fixture
def zenpy_client(api: Api, monkeypatch: pytest.MonkeyPatch) -> Any:
    zenpy = pytest.importorskip("zenpy")
    monkeypatch.setenv("ZENPY_FORCE_NETLOC", api.login["base_url"].removeprefix("http://"))
    monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")
    return zenpy.Zenpy(
        subdomain="x", oauth_token=api.login["access_token"], session=api.session, disable_cache=True
    )


def test_zenpy_reads_and_writes(api, zenpy_client):
    from zenpy.lib.api_objects import Organization, Ticket

    seed(api, *(organization(number) for number in range(1, 131)))
    seed(api, *(ticket(number, 2000 - number, organization_id=1) for number in range(1, 1201)))
    assert zenpy_client.users.me().role == "admin"
    assert len(list(zenpy_client.organizations())) == 130
    assert len(list(zenpy_client.organizations(cursor_pagination=True))) == 130
    assert len(list(zenpy_client.tickets.incremental(start_time=0, paginate_by_time=False))) == 1200
    found = zenpy_client.organizations(id=7)
    found.organization_fields = {"cs_health_score": 66}
    assert zenpy_client.organizations.update(found).organization_fields["cs_health_score"] == 66
    one = zenpy_client.organizations.create_or_update(Organization(name="New", external_id="x1"))
    assert one.name == "New"
    job = zenpy_client.organizations.update([Organization(id=1, notes="a"), Organization(id=2, name="Org 1")])
    api.get(job.url)
    done = zenpy_client.job_status(id=job.id)
    assert done.status == "completed"
    audit = zenpy_client.tickets.create(Ticket(subject="Call", description="Hello"))
    assert audit.subject == "Call"
    assert zenpy_client.organization_fields()


@pytest.mark.recorded
def test_shown_users_have_the_columns_that_were_recorded(api):
    folder = os.environ.get("CS_CONNECTOR_DATA")
    if not folder:
        pytest.skip("CS_CONNECTOR_DATA names no recorded exchanges")
    lines = (Path(folder) / "recorded" / "zendesk.jsonl").read_text().splitlines()
    bodies = [json.loads(line)["response_body"] for line in lines]
    users = [body["user"] for body in bodies if isinstance(body, dict) and "user" in body]
    fields = next(body["user_fields"] for body in bodies if isinstance(body, dict) and "user_fields" in body)
    api.sandbox.install("zendesk", {"user_fields": fields})
    seed(api, *(SeedRow("users", user) for user in users))
    for user in users:
        record = {key: value for key, value in user.items() if key in ("id", "name")}
        seed(api, SeedRow("users", record))
        shown = api.get(f"users/{user['id']}.json")["user"]
        assert user.keys() <= shown.keys() | {"permanently_deleted"}
        assert shown["user_fields"].keys() == user["user_fields"].keys()
    listed = api.get("user_fields.json")["user_fields"]
    for recorded, ours in zip(fields, listed, strict=True):
        assert recorded.keys() <= ours.keys()
