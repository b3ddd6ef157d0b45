"""Zendesk's odd answers, one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses
from cs_connector.adapters.zendesk import Zendesk
from cs_connector.adapters.zendesk.client import objects
from cs_connector.adapters.zendesk.errors import read_problem
from cs_connector.adapters.zendesk.objects import ByZenpy, Plain
from cs_connector.adapters.zendesk.rows import SPLIT
from pydantic import ValidationError
from responses.matchers import query_param_matcher, urlencoded_params_matcher

from cs_connector.errors import (
    AdapterError,
    AuthFailed,
    ConnectorError,
    NotPermitted,
    RateLimited,
    Unavailable,
    UsageError,
)
from cs_connector.ports import Action, Change, Read, Verdict
from tests.contract.adapter_kit import Around, read_all

HOST = "https://acme.zendesk.com"
API = f"{HOST}/api/v2"
CURSOR = f"{API}/incremental/tickets/cursor.json"
JOB = {"id": "J1", "status": "queued", "results": None, "total": 2, "progress": None, "message": None}
FIELD = {"id": 1, "key": "cs_key", "type": "text", "title": "CS Key", "active": True}


@pytest.fixture
def around() -> Around:
    return Around("service")


@pytest.fixture
def zendesk(around: Around) -> Iterator[Zendesk]:
    adapter = Zendesk(Zendesk.Settings(subdomain="acme", access_token="t0"), around.lent)
    yield adapter
    adapter.close()


@pytest.fixture
def oauth(around: Around) -> Iterator[Zendesk]:
    settings = Zendesk.Settings(subdomain="acme", client_id="c", client_secret="s", refresh_token="r0")
    adapter = Zendesk(settings, around.lent)
    yield adapter
    adapter.close()


def change(n: int, **fields: Any) -> Change:
    return Change(
        "service", "organizations", Action.UPDATE, f"k{n}", fields or {"cs_key": "x"}, record_id=str(n)
    )


def export(end: bool | None, *ids: int, cursor: str | None = None, **more: Any) -> dict[str, Any]:
    mark = {} if end is None else {"end_of_stream": end}
    return {"tickets": [{"id": n, "status": "open"} for n in ids], "after_cursor": cursor, **mark, **more}


def granted(token: str, refresh: str) -> dict[str, Any]:
    return {"access_token": token, "refresh_token": refresh, "expires_in": 1800, "token_type": "bearer"}


@responses.activate
def test_the_next_page_is_asked_from_our_host_whatever_the_answer_says(zendesk: Zendesk) -> None:
    away = "https://old-name.zendesk.com/api/v2/incremental/tickets/cursor.json?cursor=c1"
    responses.get(CURSOR, json=export(False, 1, cursor="c1", after_url=away),
                  match=[query_param_matcher({"start_time": 0, "per_page": 1000})])  # fmt: skip
    responses.get(CURSOR, json=export(True, 2, cursor="c2"),
                  match=[query_param_matcher({"cursor": "c1", "per_page": 1000})])  # fmt: skip
    assert set(read_all(zendesk, "tickets").records) == {"1", "2"}


@responses.activate
@pytest.mark.parametrize(
    "page",
    [export(None, 1, cursor="c1"), export(False, 1), {"end_of_stream": True, "after_cursor": "c"}],
    ids=["no end marker", "no cursor", "no tickets"],
)
def test_a_page_without_its_marks_is_not_taken_for_the_last(zendesk: Zendesk, page: dict[str, Any]) -> None:
    responses.get(CURSOR, json=page)
    with pytest.raises(Unavailable):
        read_all(zendesk, "tickets")


@responses.activate
def test_an_error_inside_an_answer_that_went_well_is_told(zendesk: Zendesk) -> None:
    responses.get(CURSOR, json={"error": "InternalError", "description": "ask again, anna@acme.example"})
    with pytest.raises(Unavailable) as caught:
        read_all(zendesk, "tickets")
    assert caught.value.why.endswith("InternalError: ask again, [e-mail]")


@responses.activate
def test_an_export_that_stands_still_is_stopped(zendesk: Zendesk) -> None:
    responses.get(CURSOR, json=export(False, 1, cursor="same"))
    with pytest.raises(Unavailable, match="does not move on"):
        read_all(zendesk, "tickets")


@responses.activate
def test_ticket_times_and_tombstones(zendesk: Zendesk) -> None:
    rows = [
        {
            "id": 1,
            "status": "deleted",
            "updated_at": "2026-01-01T00:00:00Z",
            "generated_timestamp": 1767225660,
        },
        {"id": 2, "status": "open", "updated_at": "2026-01-01T00:00:00Z"},
    ]
    responses.get(CURSOR, json={"tickets": rows, "end_of_stream": True, "after_cursor": "c"})
    first, second = read_all(zendesk, "tickets").records.values()
    assert (first.deleted, first.modified_at) == (True, "2026-01-01T00:01:00Z")
    assert (second.deleted, second.modified_at) == (False, "2026-01-01T00:00:00Z")


@responses.activate
def test_organizations_that_come_twice_are_given_once(zendesk: Zendesk) -> None:
    def page(end: bool, end_time: int, *ids: int) -> dict[str, Any]:
        made = "2026-01-01T00:00:00Z"
        listed = [{"id": n, "updated_at": made, "deleted_at": None} for n in ids]
        return {"organizations": listed, "end_of_stream": end, "end_time": end_time, "next_page": "x"}

    url = f"{API}/incremental/organizations.json"
    responses.get(url, json=page(False, 1767225600, 1, 2, 2))
    responses.get(url, json=page(True, 1767225601, 2, 3))
    pages = read_all(zendesk, "organizations").pages
    assert [[r.id for r in p.records] for p in pages] == [["1", "2"], ["3"]]


@responses.activate
def test_an_export_by_time_never_starts_in_the_last_minute(zendesk: Zendesk, around: Around) -> None:
    now = int(around.clock.now().timestamp())
    body = {"organizations": [], "end_of_stream": True, "end_time": None}
    responses.get(f"{API}/incremental/organizations.json", json=body)
    reading = read_all(zendesk, "organizations", cursor=json.dumps({"mode": "timed", "start": now + 99}))
    assert 60 < now - int(responses.calls[0].request.params["start_time"]) < 70
    assert reading.last.complete_to is not None
    assert (around.clock.now() - reading.last.complete_to).total_seconds() > 60


@responses.activate
def test_a_survey_response_is_as_new_as_its_newest_answer(zendesk: Zendesk) -> None:
    answers = [{"type": "rating_scale", "rating": 5, "updated_at": "2026-03-02T00:00:00.000Z"},
               {"type": "skipped"}, {"type": "open_ended", "created_at": "2026-03-01T00:00:00.000Z"}]  # fmt: skip
    body = {"survey_responses": [{"id": "01J", "answers": answers}], "meta": {"has_more": False}}
    responses.get(f"{API}/guide/survey_responses", json=body)
    (record,) = read_all(zendesk, "survey_responses").records.values()
    assert (record.id, record.modified_at) == ("01J", "2026-03-02T00:00:00.000Z")


@responses.activate
def test_a_rating_that_is_given_weeks_after_it_was_asked_for_is_listed_again(
    zendesk: Zendesk, around: Around
) -> None:
    body = {"satisfaction_ratings": [], "meta": {"has_more": False}}
    responses.get(f"{API}/satisfaction_ratings.json", json=body)
    first = read_all(zendesk, "satisfaction_ratings")
    read_all(zendesk, "satisfaction_ratings", cursor=first.cursor)
    since = int(responses.calls[1].request.params["start_time"])
    assert since <= (around.clock.now() - timedelta(days=29)).timestamp()


@responses.activate
@pytest.mark.parametrize("status", [403, 404])
def test_ratings_that_are_not_on_the_plan_are_an_unavailable_source(zendesk: Zendesk, status: int) -> None:
    responses.get(f"{API}/satisfaction_ratings.json", status=status, body="")
    page = read_all(zendesk, "satisfaction_ratings").last
    assert (page.records, page.done, page.complete_to) == ((), True, None)


@responses.activate
def test_a_plain_text_429_is_waited_for(zendesk: Zendesk, around: Around) -> None:
    text = "Number of allowed API requests per minute exceeded"
    responses.get(CURSOR, status=429, body=text, content_type="text/plain", headers={"Retry-After": "27"})
    responses.get(CURSOR, json=export(True, 1, cursor="c"))
    assert set(read_all(zendesk, "tickets").records) == {"1"}
    assert sum(around.clock.slept) >= 27


@responses.activate
@pytest.mark.parametrize(
    "name", ["zendesk-ratelimit-incremental-exports", "Zendesk-Rate-Limit-Incremental-Exports"]
)
def test_an_empty_bucket_is_waited_for_before_the_next_page(
    zendesk: Zendesk, around: Around, name: str
) -> None:
    empty = {name: "total=10; remaining=0; resets=36"}
    responses.get(CURSOR, json=export(False, 1, cursor="c1"), headers=empty)
    responses.get(CURSOR, json=export(True, 2, cursor="c2"), headers=empty)
    read_all(zendesk, "tickets")
    assert around.clock.slept == [36.0]


@pytest.mark.parametrize("cursor", ["junk", "{}", '{"mode":"timed","start":3}'])
def test_a_foreign_cursor_is_refused(zendesk: Zendesk, cursor: str) -> None:
    with pytest.raises(UsageError, match="cursor of tickets"):
        next(zendesk.read(Read("tickets", (), cursor)))


@responses.activate
def test_an_anonymous_answer_is_not_a_login(zendesk: Zendesk) -> None:
    responses.get(f"{API}/users/me.json", json={"user": {"id": None, "name": "Anonymous user"}})
    with pytest.raises(AuthFailed):
        zendesk.check()


def test_single_objects_work_with_and_without_zenpy(zendesk: Zendesk) -> None:
    by_zenpy = objects(zendesk._transport, "acme", HOST)
    assert isinstance(by_zenpy, ByZenpy)
    for way in (by_zenpy, Plain(zendesk._transport, HOST)):
        with responses.RequestsMock() as mock:
            mock.get(f"{API}/users/me.json", json={"user": {"id": 7, "name": "A", "role": "admin"}})
            mock.get(
                f"{API}/organization_fields.json",
                json={"organization_fields": [FIELD], "next_page": None, "count": 1},
            )
            assert way.me().id == 7
            assert [f.key for f in way.organization_fields()] == ["cs_key"]
            assert {c.request.headers["Authorization"] for c in mock.calls} == {"Bearer t0"}


def job(status: str, results: Any) -> dict[str, Any]:
    return {"job_status": {**JOB, "status": status, "results": results}}


def write_with(zendesk: Zendesk, *ends: Any) -> list[tuple[Verdict, str]]:
    responses.put(f"{API}/organizations/update_many.json", json=job("queued", None))
    for end in ends:
        told = [end["job_status"]] if end else []
        responses.get(f"{API}/job_statuses/show_many.json", json={"job_statuses": told})
    return [(r.verdict, r.code) for r in zendesk.write([change(1), change(2)])]


@responses.activate
def test_a_completed_job_may_have_failed_items(zendesk: Zendesk) -> None:
    results = [{"index": 1, "error": "OrganizationUpdateFailed", "id": 2, "details": "Name:  x has already been taken"},
               {"action": "update", "id": 1, "status": "Updated", "success": True}]  # fmt: skip
    got = write_with(zendesk, job("working", None), job("completed", results))
    assert got == [(Verdict.UPDATED, ""), (Verdict.REJECTED, "OrganizationUpdateFailed")]


@responses.activate
def test_items_without_an_id_are_known_by_their_place(zendesk: Zendesk) -> None:
    got = write_with(
        zendesk, job("completed", [{"index": 1, "id": None, "error": "Gone"}, {"index": 0, "id": 1}])
    )
    assert got == [(Verdict.UPDATED, ""), (Verdict.REJECTED, "Gone")]


@responses.activate
def test_success_false_is_a_refusal_even_without_an_error(zendesk: Zendesk) -> None:
    results = [
        {"id": 1, "success": False, "status": "Failed"},
        {"id": 2, "success": True, "status": "Updated"},
    ]
    got = write_with(zendesk, job("completed", results))
    assert got == [(Verdict.REJECTED, "UPDATE_FAILED"), (Verdict.UPDATED, "")]


@responses.activate
def test_one_result_for_all(zendesk: Zendesk) -> None:
    assert write_with(zendesk, job("completed", {"success": True})) == [(Verdict.UPDATED, "")] * 2


DEAD = [job("killed", None), job("failed", []), job("completed", []), None]


def organizations(**held: Any) -> None:
    """Organization 1 is as it was sent, 2 is not."""
    found = [{"id": 1, "organization_fields": {"cs_key": "x"}}, {"id": 2, "organization_fields": {}}]
    responses.get(f"{API}/organizations/show_many.json", json={"organizations": found}, **held)


@responses.activate
@pytest.mark.parametrize("end", DEAD)
def test_after_a_job_that_died_or_was_forgotten_the_organizations_are_looked_at(
    zendesk: Zendesk, end: Any
) -> None:
    organizations()
    assert write_with(zendesk, end) == [(Verdict.UPDATED, ""), (Verdict.LATER, "NOT_DONE")]


@responses.activate
@pytest.mark.parametrize("end", DEAD)
def test_a_job_that_died_and_organizations_that_cannot_be_looked_at_are_unknown(
    zendesk: Zendesk, end: Any
) -> None:
    organizations(status=500)
    assert {verdict for verdict, _ in write_with(zendesk, end)} == {Verdict.UNKNOWN}


@responses.activate
def test_a_job_that_never_ends_is_given_up_as_unknown(zendesk: Zendesk, around: Around) -> None:
    before = around.clock.now()
    organizations()
    got = write_with(zendesk, job("working", None))
    assert got == [(Verdict.UPDATED, ""), (Verdict.UNKNOWN, "JOB_RUNNING")]
    assert around.clock.now() - before < timedelta(minutes=15)


@responses.activate
def test_one_bad_change_does_not_stop_the_others(zendesk: Zendesk) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        ids = [o["id"] for o in json.loads(request.body)["organizations"]]
        if 2 in ids:
            return 400, {}, json.dumps({"error": "InvalidValue", "description": "bad"})
        results = [{"id": n, "status": "Updated", "success": True} for n in ids]
        return 200, {}, json.dumps(job("completed", results))

    responses.add_callback("PUT", f"{API}/organizations/update_many.json", answer)
    receipts = zendesk.write([change(n) for n in (1, 2, 3, 4, 5)])
    assert [r.verdict for r in receipts] == [Verdict.UPDATED, Verdict.REJECTED, *[Verdict.UPDATED] * 3]
    assert receipts[1].code == "InvalidValue"


@responses.activate
def test_nothing_sent_is_an_error_and_not_a_heap_of_receipts(zendesk: Zendesk) -> None:
    responses.put(
        f"{API}/organizations/update_many.json", status=401, json={"error": "Couldn't authenticate you"}
    )
    with pytest.raises(AuthFailed):
        zendesk.write([change(1)])


@responses.activate
def test_a_rotated_refresh_token_is_saved_before_the_new_login_is_used(
    oauth: Zendesk, around: Around
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "r0", "client_id": "c", "client_secret": "s"}
    asked = urlencoded_params_matcher({**form, "scope": "read write"})
    responses.post(f"{HOST}/oauth/tokens", json=granted("a1", "r1"), match=[asked])
    seen: list[int] = []

    def page(request: Any) -> tuple[int, dict[str, str], str]:
        seen.append(len(around.tokens.saved))
        assert request.headers["Authorization"] == "Bearer a1"
        return 200, {}, json.dumps(export(True, 1, cursor="c"))

    responses.add_callback("GET", CURSOR, page, content_type="application/json")
    read_all(oauth, "tickets")
    assert seen == [1]
    assert around.tokens.kept["service"]["refresh_token"] == "r1"


@responses.activate
def test_a_token_is_replaced_at_four_fifths_of_its_life(oauth: Zendesk, around: Around) -> None:
    responses.post(f"{HOST}/oauth/tokens", json=granted("a1", "r1"))
    responses.post(f"{HOST}/oauth/tokens", json=granted("a2", "r2"))
    responses.get(CURSOR, json=export(True, 1, cursor="c"))
    read_all(oauth, "tickets")
    around.clock.sleep(1430)
    read_all(oauth, "tickets")
    assert len(around.tokens.saved) == 1
    around.clock.sleep(20)
    read_all(oauth, "tickets")
    assert [t["refresh_token"] for t in around.tokens.saved] == ["r1", "r2"]


@responses.activate
def test_a_login_that_another_process_renewed_is_taken_over(oauth: Zendesk, around: Around) -> None:
    responses.post(f"{HOST}/oauth/tokens", json=granted("a1", "r1"))
    responses.get(CURSOR, json=export(True, 1, cursor="c"))
    read_all(oauth, "tickets")
    around.tokens.kept["service"] |= {"access_token": "a9", "refresh_token": "r9"}
    responses.replace("GET", CURSOR, status=401, json={"error": "invalid_token"})
    responses.get(CURSOR, json=export(True, 1, cursor="c"))
    read_all(oauth, "tickets")
    assert responses.calls[-1].request.headers["Authorization"] == "Bearer a9"
    assert len(around.tokens.saved) == 1


@responses.activate
def test_a_refused_refresh_says_to_connect_again_and_shows_no_secret(oauth: Zendesk) -> None:
    body = {"error": "invalid_grant", "error_description": "refresh_token=r0 was used"}
    responses.post(f"{HOST}/oauth/tokens", status=400, json=body)
    with pytest.raises(AuthFailed) as caught:
        read_all(oauth, "tickets")
    assert "connect" in caught.value.fix
    assert "r0" not in caught.value.why


@responses.activate
@pytest.mark.parametrize(
    ("status", "kind"), [(403, NotPermitted), (429, RateLimited), (500, Unavailable), (400, AdapterError)]
)
def test_errors_have_their_class(zendesk: Zendesk, status: int, kind: type[ConnectorError]) -> None:
    responses.get(CURSOR, status=status, json={"error": {"title": "T", "message": "M"}})
    with pytest.raises(kind):
        read_all(zendesk, "tickets")


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"error": "RecordNotFound", "description": "Not found"}, "RecordNotFound", "Not found"),
        ({"error": "RecordInvalid", "description": "Record validation errors",
          "details": {"base": [{"description": "Name: taken"}]}}, "RecordInvalid", "Name: taken"),
        ({"error": {"title": "Forbidden", "message": "No access"}}, "Forbidden", "No access"),
        ({"errors": [{"code": "InvalidPaginationDepth", "title": "T", "detail": "D"}]}, "InvalidPaginationDepth", "D"),
    ],
)  # fmt: skip
def test_every_form_of_error_is_understood(body: Any, code: str, text: str) -> None:
    said = read_problem(body, "HTTP")
    assert said.code == code
    assert text in said.message


@pytest.mark.parametrize("wrong", [{"subdomain": "acme"}, {"subdomain": "a/b", "access_token": "t"},
                                   {"subdomain": "a", "access_token": "t", "typo": 1}])  # fmt: skip
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Zendesk.Settings(**wrong)


@pytest.mark.parametrize("at", [-1, 10**11, 10**17])
def test_a_time_that_no_clock_knows_is_passed_over(at: int) -> None:
    ticket = {"id": 1, "updated_at": "2026-01-01T00:00:00Z", "generated_timestamp": at}
    rows = SPLIT["tickets"](json.dumps({"tickets": [ticket]}).encode())
    assert rows.stamps == ["2026-01-01T00:00:00Z"]


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"status": {"name": "open"}}, ("1", "2026-01-01T00:00:00Z", False)),
        ({"status": "deleted", "updated_at": 5}, ("1", None, True)),
        ({"id": "1"}, ("1", "2026-01-01T00:00:00Z", False)),
    ],
)
def test_a_field_of_another_type_stops_no_other_record(odd: dict[str, Any], told: tuple[Any, ...]) -> None:
    plain = {"status": "open", "updated_at": "2026-01-01T00:00:00Z"}
    tickets = [{"id": 1, **plain, **odd}, {"id": 2, **plain}]
    first, second = SPLIT["tickets"](json.dumps({"tickets": tickets}).encode()).records()
    assert first[:3] == told
    assert json.loads(first.payload) == tickets[0], "it is kept as it came"
    assert second[:3] == ("2", "2026-01-01T00:00:00Z", False)


def test_a_record_without_an_id_cannot_be_kept() -> None:
    with pytest.raises(Unavailable, match="cannot be understood"):
        SPLIT["tickets"](b'{"tickets": [{"status": "open"}]}')
