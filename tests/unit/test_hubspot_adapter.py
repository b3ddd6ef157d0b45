"""HubSpot's odd answers, one at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import responses
from cs_connector.adapters.hubspot import HubSpot
from cs_connector.adapters.hubspot.paths import HOST, Paths
from pydantic import ValidationError
from responses.matchers import query_param_matcher, urlencoded_params_matcher

from cs_connector.errors import AuthFailed, ConfigError, NotPermitted, QuotaExhausted, Unavailable, UsageError
from cs_connector.ports import Action, Change, Read, Receipt, Verdict
from tests.contract.adapter_kit import START, Around, read_all

COMPANIES = f"{HOST}/crm/objects/2026-03/companies"
TASKS = f"{HOST}/crm/objects/2026-03/tasks"
TOKEN = f"{HOST}/oauth/2026-03/token"
LINKS = f"{HOST}/crm/associations/2026-03/tasks/companies/batch/associate/default"
AT = "2026-11-01T00:00:00.000Z"
Answer = tuple[int, dict[str, str], str]


@pytest.fixture
def around() -> Around:
    return Around("marketing")


@pytest.fixture
def hubspot(around: Around) -> Iterator[HubSpot]:
    adapter = HubSpot(HubSpot.Settings(access_token="t0"), around.lent)
    yield adapter
    adapter.close()


@pytest.fixture
def oauth(around: Around) -> Iterator[HubSpot]:
    adapter = HubSpot(HubSpot.Settings(client_id="c", client_secret="s", refresh_token="r0"), around.lent)
    yield adapter
    adapter.close()


def row(n: int, **properties: str | None) -> dict[str, Any]:
    return {"id": str(n), "properties": properties, "createdAt": AT, "updatedAt": AT, "archived": False}


def page(rows: list[dict[str, Any]], after: str | None = None) -> dict[str, Any]:
    return {"results": rows, **({"paging": {"next": {"after": after, "link": "x"}}} if after else {})}


def update(n: int, **fields: Any) -> Change:
    return Change("marketing", "companies", Action.UPDATE, f"k{n}", fields or {"name": "x"}, record_id=str(n))


def task(key: str, *companies: str) -> Change:
    ends = tuple(("companies", c) for c in companies)
    fields = {"hs_task_subject": "Call", "hs_timestamp": "2026-12-01"}
    return Change("marketing", "tasks", Action.UPSERT, key, fields, key_field="cs_key", associate=ends)


def sent(n: int) -> Any:
    return json.loads(responses.calls[n].request.body or "null")


def verdicts(receipts: Any) -> list[Verdict]:
    return [r.verdict for r in receipts]


IDLE = json.dumps({"mode": "idle", "hwm": int(START.timestamp() * 1000)})


@responses.activate
def test_a_full_reading_follows_the_list_and_asks_for_the_mapped_fields(hubspot: HubSpot) -> None:
    asked = {"limit": "100", "archived": "false", "properties": "domain,hs_merged_object_ids,name"}
    responses.get(COMPANIES, json=page([row(1, name="A")], "1"), match=[query_param_matcher(asked)])
    responses.get(COMPANIES, json=page([row(2)]), match=[query_param_matcher({**asked, "after": "1"})])
    reading = read_all(hubspot, "companies", ("name", "domain"))
    assert [r.id for r in reading.records.values()] == ["1", "2"]
    assert json.loads(reading.records["1"].payload) == row(1, name="A")
    assert reading.last.complete_to is not None
    assert abs((reading.last.complete_to - START).total_seconds()) < 60


@responses.activate
def test_changes_are_searched_by_id_in_a_closed_window_and_never_by_offset(
    hubspot: HubSpot, around: Around
) -> None:
    around.clock.sleep(600)
    search = f"{HOST}/crm/objects/2026-03/contacts/search"
    responses.post(search, json={"total": 3, **page([row(5), row(9)], "2")})
    responses.post(search, json={"total": 1, **page([row(12)])})
    responses.get(f"{HOST}/crm/objects/2026-03/contacts", json=page([]))
    reading = read_all(hubspot, "contacts", ("email",), IDLE)
    assert set(reading.records) == {"5", "9", "12"}
    first, second = sent(0), sent(1)
    assert "after" not in first
    assert "after" not in second
    assert first["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    (lo, hi, _), (lo2, hi2, last) = (q["filterGroups"][0]["filters"] for q in (first, second))
    assert (lo["propertyName"], lo["operator"], hi["operator"]) == ("lastmodifieddate", "GTE", "LT")
    assert (lo2, hi2, last["value"]) == (lo, hi, "9")
    now = START.timestamp() * 1000
    assert int(lo["value"]) == now - 600_000
    assert now + 595_000 - 5000 < int(hi["value"]) < now + 600_000
    assert json.loads(reading.cursor) == {"mode": "idle", "hwm": int(hi["value"])}


@responses.activate
def test_what_was_archived_since_is_deleted_and_older_rubbish_is_not_repeated(hubspot: HubSpot) -> None:
    responses.post(f"{COMPANIES}/search", json={"total": 0, "results": []})
    old = {**row(1), "archived": True, "archivedAt": "2026-10-01T00:00:00Z"}
    new = {**row(2), "archived": True, "archivedAt": "2026-11-20T09:00:00.500Z"}
    responses.get(COMPANIES, json=page([old, new]))
    reading = read_all(hubspot, "companies", ("name",), IDLE)
    assert {k: r.deleted for k, r in reading.records.items()} == {"2": True}


@responses.activate
def test_the_losers_of_a_merge_are_gone(hubspot: HubSpot) -> None:
    responses.post(f"{COMPANIES}/search", json={"total": 1, **page([row(30, hs_merged_object_ids="10;20")])})
    responses.get(COMPANIES, json=page([]))
    reading = read_all(hubspot, "companies", ("name",), IDLE)
    assert {k: r.deleted for k, r in reading.records.items()} == {"30": False, "10": True, "20": True}


@responses.activate
def test_a_search_that_stands_still_is_stopped(hubspot: HubSpot) -> None:
    responses.post(f"{COMPANIES}/search", json={"total": 9, **page([row(5)], "1")})
    with pytest.raises(Unavailable, match="does not move on"):
        read_all(hubspot, "companies", (), IDLE)


@responses.activate
def test_reading_stops_and_goes_on_anywhere(hubspot: HubSpot) -> None:
    responses.post(f"{COMPANIES}/search", json={"total": 2, **page([row(5)], "1")})
    first = next(hubspot.read(Read("companies", (), IDLE)))
    responses.replace("POST", f"{COMPANIES}/search", json={"total": 1, **page([row(6)])})
    responses.get(COMPANIES, json=page([]))
    rest = read_all(hubspot, "companies", (), first.cursor)
    assert set(rest.records) == {"6"}
    assert sent(1)["filterGroups"][0]["filters"][2]["value"] == "5"


@responses.activate
def test_owners_who_left_are_read_too(hubspot: HubSpot) -> None:
    url = f"{HOST}/crm/owners/2026-03"
    responses.get(url, json=page([{"id": "1", "userId": 1, "archived": False, "updatedAt": AT}]),
                  match=[query_param_matcher({"limit": "500", "archived": "false"})])  # fmt: skip
    responses.get(url, json=page([{"id": "2", "userId": None, "archived": True, "updatedAt": AT}]),
                  match=[query_param_matcher({"limit": "500", "archived": "true"})])  # fmt: skip
    reading = read_all(hubspot, "owners")
    assert {k: r.deleted for k, r in reading.records.items()} == {"1": False, "2": False}
    assert reading.last.complete_to is not None
    assert set(read_all(hubspot, "owners", cursor=reading.cursor).records) == {"1", "2"}


@responses.activate
def test_feedback_that_is_not_on_the_plan_is_an_unavailable_source(hubspot: HubSpot) -> None:
    url = f"{HOST}/crm/objects/2026-03/feedback_submissions"
    responses.get(url, status=403, json={"category": "MISSING_SCOPES", "message": "no"})
    last = read_all(hubspot, "feedback_submissions").last
    assert (last.records, last.done, last.complete_to) == ((), True, None)
    responses.get(COMPANIES, status=403, json={"category": "MISSING_SCOPES", "message": "no", "errors": [
        {"message": "scopes", "context": {"requiredGranularScopes": ["crm.objects.companies.read"]}}]})  # fmt: skip
    with pytest.raises(NotPermitted) as caught:
        read_all(hubspot, "companies")
    assert "crm.objects.companies.read" in caught.value.fix


@pytest.mark.parametrize("cursor", ["junk", "{}", '{"mode":"other"}'])
def test_a_foreign_cursor_is_refused(hubspot: HubSpot, cursor: str) -> None:
    with pytest.raises(UsageError, match="cursor of companies"):
        next(hubspot.read(Read("companies", (), cursor)))


@responses.activate
def test_values_travel_as_texts_and_none_clears(hubspot: HubSpot) -> None:
    responses.post(f"{COMPANIES}/batch/update", json={"status": "COMPLETE", "results": [row(1)]})
    hubspot.write([update(1, a=None, b=True, c=72.0, d=7, e="x", f=0.5, hs_timestamp="2026-12-01")])
    (item,) = sent(0)["inputs"]
    assert item["id"] == "1"
    assert item["properties"] == {
        "a": "", "b": "true", "c": "72", "d": "7", "e": "x", "f": "0.5", "hs_timestamp": "2026-12-01T12:00:00Z",
    }  # fmt: skip


def batches(kind: str, answer: Callable[[list[dict[str, Any]]], tuple[int, Any]]) -> None:
    def reply(request: Any) -> Answer:
        status, body = answer(json.loads(request.body)["inputs"])
        return status, {}, json.dumps(body)

    url = TASKS if kind == "upsert" else COMPANIES
    responses.add_callback("POST", f"{url}/batch/{kind}", reply, content_type="application/json")


@responses.activate
def test_results_in_another_order_reach_the_right_change(hubspot: HubSpot) -> None:
    def shuffled(inputs: list[dict[str, Any]]) -> tuple[int, Any]:
        rows = [{**row(int(i["id"][1:]) + 500, cs_key=i["id"]), "new": i["id"] == "k2"} for i in inputs]
        return 200, {"results": rows[::-1]}

    batches("upsert", shuffled)
    receipts = hubspot.write([task(f"k{n}") for n in (1, 2, 3)])
    assert [(r.key, r.verdict, r.record_id) for r in receipts] == [
        ("k1", Verdict.UPDATED, "501"), ("k2", Verdict.CREATED, "502"), ("k3", Verdict.UPDATED, "503"),
    ]  # fmt: skip


@responses.activate
@pytest.mark.parametrize("status", [400, 409])
def test_one_bad_change_in_a_batch_is_found_and_the_others_are_written(hubspot: HubSpot, status: int) -> None:
    def poisoned(inputs: list[dict[str, Any]]) -> tuple[int, Any]:
        if any(i["id"] == "66" for i in inputs):
            return status, {
                "status": "error",
                "category": "VALIDATION_ERROR",
                "message": "bad for jo@example.com",
            }
        return 200, {"results": [row(int(i["id"])) for i in inputs]}

    batches("update", poisoned)
    receipts = hubspot.write([update(n) for n in range(100)])
    assert [r.key for r in receipts if r.verdict is not Verdict.UPDATED] == ["k66"]
    assert (receipts[66].verdict, receipts[66].code) == (Verdict.REJECTED, "VALIDATION_ERROR")
    assert "jo@example.com" not in receipts[66].message
    assert len(responses.calls) <= 2 * 7 + 1


@responses.activate
def test_a_partial_answer_gives_each_change_its_verdict(hubspot: HubSpot) -> None:
    def partial(inputs: list[dict[str, Any]]) -> tuple[int, Any]:
        error = {"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["2"]}}
        body = {"results": [row(3), row(1)], "numErrors": 1, "errors": [error]}
        return (207, body) if len(inputs) == 3 else (500, {})

    batches("update", partial)
    receipts = hubspot.write([update(n) for n in (1, 2, 3)])
    assert verdicts(receipts) == [Verdict.UPDATED, Verdict.GONE, Verdict.UPDATED]
    assert receipts[1].code == "OBJECT_NOT_FOUND"


@responses.activate
def test_changes_that_the_answer_leaves_out_are_looked_up_and_sent_alone(hubspot: HubSpot) -> None:
    def silent(inputs: list[dict[str, Any]]) -> tuple[int, Any]:
        told = [i["id"] for i in inputs if i["id"] in ("1", "3") and not (len(inputs) > 1 and i["id"] == "3")]
        return 200, {"results": [row(int(one)) for one in told]}

    batches("update", silent)
    batches("read", lambda inputs: (200, {"results": [row(int(i["id"])) for i in inputs if i["id"] != "2"]}))
    receipts = hubspot.write([update(n) for n in (1, 2, 3, 4)])
    said = [(r.verdict, r.code) for r in receipts]
    assert said == [
        (Verdict.UPDATED, ""), (Verdict.GONE, "NOT_FOUND"),
        (Verdict.UPDATED, ""), (Verdict.UNKNOWN, "NOT_MENTIONED"),
    ]  # fmt: skip


@responses.activate
def test_the_same_record_twice_goes_in_two_batches(hubspot: HubSpot) -> None:
    batches("update", lambda inputs: (200, {"results": [row(int(i["id"])) for i in inputs]}))
    again = Change("marketing", "companies", Action.UPDATE, "again", {"name": "y"}, record_id="1")
    receipts = hubspot.write([update(1), update(2), again])
    assert verdicts(receipts) == [Verdict.UPDATED] * 3
    assert [[i["id"] for i in sent(n)["inputs"]] for n in range(2)] == [["1", "2"], ["1"]]


@responses.activate
def test_a_new_task_is_associated_with_its_company(hubspot: HubSpot) -> None:
    batches("upsert", lambda inputs: (200, {"results": [{**row(9, cs_key=inputs[0]["id"]), "new": True}]}))
    responses.post(LINKS, json={"status": "COMPLETE", "results": []})
    assert verdicts(hubspot.write([task("k1", "77")])) == [Verdict.CREATED]
    assert sent(0)["inputs"][0]["idProperty"] == "cs_key"
    assert sent(1) == {"inputs": [{"from": {"id": "9"}, "to": {"id": "77"}}]}


@responses.activate
def test_a_task_that_could_not_be_associated_is_written_all_the_same_and_says_so(hubspot: HubSpot) -> None:
    def made(inputs: list[dict[str, Any]]) -> tuple[int, Any]:
        return 200, {"results": [{**row(int(i["id"][1:]), cs_key=i["id"]), "new": True} for i in inputs]}

    def one_fails(request: Any) -> Answer:
        ends = [i["to"]["id"] for i in json.loads(request.body)["inputs"]]
        return (404 if "gone" in ends else 200), {}, json.dumps({"results": []})

    batches("upsert", made)
    responses.add_callback("POST", LINKS, one_fails, content_type="application/json")
    receipts = hubspot.write([task("k1", "77"), task("k2", "gone")])
    assert [(r.verdict, r.record_id, r.code) for r in receipts] == [
        (Verdict.CREATED, "1", ""), (Verdict.CREATED, "2", "NOT_ASSOCIATED"),
    ]  # fmt: skip


@responses.activate
def test_a_portal_that_does_not_permit_links_says_so_and_what_helps(hubspot: HubSpot) -> None:
    batches("upsert", lambda inputs: (200, {"results": [{**row(9, cs_key=inputs[0]["id"]), "new": True}]}))
    lacking = {"context": {"requiredGranularScopes": ["crm.objects.companies.write"]}}
    said = {"category": "MISSING_SCOPES", "message": "this app lacks scopes", "errors": [lacking]}
    responses.post(LINKS, status=403, json=said)
    (receipt,) = hubspot.write([task("k1", "77")])
    assert (receipt.verdict, receipt.record_id, receipt.code) == (Verdict.LATER, "9", NotPermitted.code)
    assert (
        "add one of these scopes to the app and connect again: crm.objects.companies.write" in receipt.message
    )


@responses.activate
def test_a_creation_whose_answer_was_lost_is_unknown_and_sent_once(hubspot: HubSpot) -> None:
    responses.post(f"{TASKS}/batch/create", body=requests.ConnectionError("reset"))
    create = Change("marketing", "tasks", Action.CREATE, "k1", {"hs_task_subject": "x"})
    (receipt,) = hubspot.write([create])
    assert receipt.verdict is Verdict.UNKNOWN
    assert len(responses.calls) == 1


@responses.activate
def test_an_answer_that_makes_no_sense_is_unknown(hubspot: HubSpot) -> None:
    responses.post(f"{COMPANIES}/batch/update", json={"results": [{"no": "id"}]})
    assert [(r.verdict, r.code) for r in hubspot.write([update(1)])] == [(Verdict.UNKNOWN, "NOT_READABLE")]


@responses.activate
def test_associations_are_answered_in_another_form(hubspot: HubSpot) -> None:
    batches("upsert", lambda inputs: (200, {"results": [{**row(9, cs_key=inputs[0]["id"]), "new": True}]}))
    made = {"from": {"id": "9"}, "to": {"id": "77"}, "associationSpec": {"associationTypeId": 192}}
    responses.post(LINKS, json={"status": "COMPLETE", "results": [made]})
    assert verdicts(hubspot.write([task("k1", "77")])) == [Verdict.CREATED]


@responses.activate
def test_after_the_daily_limit_what_was_not_sent_is_for_later_and_what_was_is_kept(hubspot: HubSpot) -> None:
    calls: list[int] = []

    def limited(inputs: list[dict[str, Any]]) -> tuple[int, Any]:
        calls.append(len(inputs))
        if len(calls) > 1:
            return 429, {"policyName": "DAILY", "message": "You have reached your daily limit."}
        return 200, {"results": [row(int(i["id"])) for i in inputs]}

    batches("update", limited)
    receipts = hubspot.write([update(n) for n in range(250)])
    assert verdicts(receipts) == [Verdict.UPDATED] * 100 + [Verdict.LATER] * 150
    assert calls == [100, 100]
    with pytest.raises(QuotaExhausted):
        hubspot.write([update(1)])


@responses.activate
def test_a_search_limit_without_a_waiting_time_is_waited_for(hubspot: HubSpot, around: Around) -> None:
    body = {"status": "error", "message": "You have reached your secondly limit.", "category": "RATE_LIMITS"}
    responses.post(f"{COMPANIES}/search", status=429, json=body)
    responses.post(f"{COMPANIES}/search", json={"total": 0, "results": []})
    responses.get(COMPANIES, json=page([]))
    before = around.clock.now()
    assert read_all(hubspot, "companies", (), IDLE).last.done
    assert (around.clock.now() - before).total_seconds() >= 1


@responses.activate
def test_records_are_found_by_key_in_the_database_not_in_the_index(hubspot: HubSpot) -> None:
    body = {"results": [row(9, cs_key="K1")], "errors": [{"category": "OBJECT_NOT_FOUND"}], "numErrors": 1}
    responses.post(f"{TASKS}/batch/read", status=207, json=body)
    assert hubspot.find("tasks", "cs_key", ["K1", "K2", "K1"]) == {"K1": "9"}
    assert sent(0)["inputs"] == [{"id": "K1"}, {"id": "K2"}]


@responses.activate
@pytest.mark.parametrize(
    ("kind", "sandbox"), [("STANDARD", False), ("SANDBOX", True), ("DEVELOPER_TEST", True)]
)
def test_who_am_i(oauth: HubSpot, kind: str, sandbox: bool) -> None:
    responses.post(TOKEN, json={"access_token": "a1", "refresh_token": "r0", "expires_in": 1800})
    responses.get(f"{HOST}/account-info/2026-03/details", json={"portalId": 42, "accountType": kind})
    found = {"active": True, "scopes": ["oauth", "crm.objects.companies.read"], "user_id": 5}
    responses.post(f"{TOKEN}/introspect", json=found)
    identity = oauth.check()
    assert (identity.org_id, identity.sandbox, identity.user_id) == ("42", sandbox, "5")
    assert "crm.objects.companies.read" in identity.scopes


@responses.activate
def test_a_login_for_another_portal_is_refused(around: Around) -> None:
    responses.get(f"{HOST}/account-info/2026-03/details", json={"portalId": 42, "accountType": "STANDARD"})
    adapter = HubSpot(HubSpot.Settings(access_token="t", portal_id="43"), around.lent)
    with pytest.raises(ConfigError, match="portal 42, not 43"):
        adapter.check()
    adapter.close()


@responses.activate
def test_the_client_library_goes_through_our_session_and_never_sees_the_login(hubspot: HubSpot) -> None:
    mine = {"name": "cs_health_band", "label": "Health", "type": "enumeration", "fieldType": "select",
            "options": [{"label": "Red", "value": "red"}], "hasUniqueValue": False}  # fmt: skip
    theirs = {"name": "createdate", "type": "datetime", "modificationMetadata": {"readOnlyValue": True}}
    responses.get(f"{HOST}/crm/properties/2026-03/companies", json={"results": [mine, theirs]})
    responses.get(f"{HOST}/crm/properties/2026-03/nothing", status=404, json={"message": "no"})
    (companies,) = hubspot.describe(["companies", "nothing"])
    band, made = companies.fields
    assert (band.values, band.writable, made.writable) == (("red",), True, False)
    assert responses.calls[0].request.headers["Authorization"] == "Bearer t0"
    assert hubspot.usage().used == 2
    assert hubspot.client().crm.objects.basic_api.api_client.configuration.access_token is None


@responses.activate
def test_objects_can_be_written_with_the_client_library(hubspot: HubSpot) -> None:
    from hubspot.crm.objects import SimplePublicObjectInput

    responses.patch(f"{COMPANIES}/5", json=row(5, name="New"))
    api = hubspot.client().crm.objects.basic_api
    found = api.update("companies", "5", SimplePublicObjectInput(properties={"name": "New"}))
    assert (found.id, sent(0)) == ("5", {"properties": {"name": "New"}})


@responses.activate
def test_a_login_is_saved_before_it_is_used_and_replaced_in_time(oauth: HubSpot, around: Around) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "r0", "client_id": "c", "client_secret": "s"}
    grant = {"access_token": "a1", "refresh_token": "r0", "expires_in": 1800}
    responses.post(TOKEN, json=grant, match=[urlencoded_params_matcher(form)])
    seen: list[int] = []

    def listed(request: Any) -> Answer:
        seen.append(len(around.tokens.saved))
        return 200, {}, json.dumps(page([]))

    responses.add_callback("GET", COMPANIES, listed, content_type="application/json")
    for pause in (0, 1400, 60):
        around.clock.sleep(pause)
        read_all(oauth, "companies")
    assert seen == [1, 1, 2]


@responses.activate
def test_without_a_refresh_token_the_client_logs_in_by_itself(around: Around) -> None:
    form = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}
    responses.post(
        TOKEN, json={"access_token": "a", "expires_in": 60}, match=[urlencoded_params_matcher(form)]
    )
    responses.get(COMPANIES, json=page([]))
    adapter = HubSpot(HubSpot.Settings(client_id="c", client_secret="s"), around.lent)
    assert read_all(adapter, "companies").last.done
    adapter.close()


@responses.activate
def test_a_static_token_that_is_refused_is_not_tried_again(hubspot: HubSpot) -> None:
    responses.get(COMPANIES, status=401, json={"category": "EXPIRED_AUTHENTICATION", "message": "expired"})
    with pytest.raises(AuthFailed):
        read_all(hubspot, "companies")
    assert len(responses.calls) == 1


@responses.activate
def test_the_numbered_addresses_still_work(around: Around) -> None:
    adapter = HubSpot(HubSpot.Settings(access_token="t", paths="v3"), around.lent)
    responses.get(f"{HOST}/crm/v3/objects/companies", json=page([row(1)]))
    responses.get(f"{HOST}/crm/v3/properties/companies", json={"results": []})
    assert set(read_all(adapter, "companies").records) == {"1"}
    assert adapter.describe(["companies"])[0].fields == ()
    adapter.close()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/crm/v3/objects/companies/batch/read", "/crm/objects/2026-03/companies/batch/read"),
        ("/crm/v4/associations/a/b/batch/read", "/crm/associations/2026-03/a/b/batch/read"),
        ("/crm/v3/owners/", "/crm/owners/2026-03/"),
        ("/settings/v3/users", "/settings/v3/users"),
    ],
)
def test_the_library_s_addresses_are_translated(old: str, new: str) -> None:
    assert Paths().translate(HOST + old) == HOST + new


@responses.activate
def test_the_daily_allowance_is_read_where_it_is_told(hubspot: HubSpot) -> None:
    told = {"X-HubSpot-RateLimit-Daily": "250000", "X-HubSpot-RateLimit-Daily-Remaining": "248892"}
    responses.get(COMPANIES, json=page([]), headers=told)
    read_all(hubspot, "companies")
    usage = hubspot.usage()
    assert (usage.used, usage.limit, usage.left) == (1, 250000, 248892)


@pytest.mark.parametrize("wrong", [{}, {"client_id": "c"}, {"access_token": "t", "typo": 1},
                                   {"access_token": "t", "paths": "v9"}])  # fmt: skip
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HubSpot.Settings(**wrong)


def test_receipts_are_as_many_as_changes_even_for_none(hubspot: HubSpot) -> None:
    assert list(hubspot.write([])) == list[Receipt]()
