"""How the Salesforce adapter asks, writes and logs in, against written answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cs_connector.adapters.salesforce import Salesforce
from pydantic import ValidationError

from cs_connector.errors import (
    AuthFailed,
    ConfigError,
    NotPermitted,
    Unavailable,
    UsageError,
)
from cs_connector.ports import Action, Change, Read, Surroundings, Verdict
from cs_connector.testing.surroundings import surroundings

ORG = "https://acme.my.salesforce.com"
API = f"{ORG}/services/data/v67.0"
LOGIN = "https://login.salesforce.com/services/oauth2/token"
ACCOUNT = "001000000000001AAA"


class FakeClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 6, 1, 12, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class Tokens:
    """Remembers, and counts how often it is asked to."""

    def __init__(self) -> None:
        self.kept, self.saved = {}, 0

    def load(self, connection):
        return self.kept.get(connection)

    def save(self, connection, token):
        self.saved += 1
        self.kept[connection] = dict(token)

    @contextmanager
    def lock(self, connection):
        yield


@pytest.fixture(scope="session")
def key_file(tmp_path_factory) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path_factory.mktemp("key") / "key.pem"
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return path


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(LOGIN, json={"access_token": "t1", "instance_url": ORG, "scope": "api id"})
        yield mock


@pytest.fixture
def world(key_file):
    """The adapter, its clock and its tokens."""
    clock, tokens = FakeClock(), Tokens()
    settings = Salesforce.Settings(client_id="app", username="robot@acme.example", private_key_file=key_file)
    adapter = Salesforce(settings, Surroundings("sales", clock, tokens))
    yield adapter, clock, tokens
    adapter.close()


def query_of(call: responses.Call) -> str:
    return parse_qs(urlsplit(call.request.url).query)["q"][0]


def describe(wire, name, *fields, **more):
    body = {"name": name, "fields": [{"name": field, "type": "string"} for field in fields]} | more
    wire.get(f"{API}/sobjects/{name}/describe", json=body)


def updated(wire, name, covered="2026-06-01T11:59:00.000+0000"):
    wire.get(f"{API}/sobjects/{name}/updated/", json={"ids": [], "latestDateCovered": covered})


def row(n, stamp="2026-06-01T10:00:00.000+0000", **more):
    return {"Id": f"00100000000000{n}AAA", "SystemModstamp": stamp, "IsDeleted": False} | more


FIELDS = ("Id", "Name", "SystemModstamp", "IsDeleted")


def test_a_first_read_takes_everything_and_promises_what_salesforce_covers(wire, world):
    adapter, *_ = world
    describe(wire, "Account", *FIELDS)
    updated(wire, "Account")
    first = {"records": [row(1)], "done": False, "nextRecordsUrl": "/services/data/v67.0/queryAll/01g-1"}
    wire.get(f"{API}/queryAll", json=first)
    wire.get(f"{API}/queryAll/01g-1", json={"records": [row(2, IsDeleted=True)], "done": True})
    pages = list(adapter.read(Read("Account", ("Name",))))
    asked = next(query_of(call) for call in wire.calls if "queryAll?" in call.request.url)
    assert asked == "SELECT Id, SystemModstamp, Name, IsDeleted FROM Account ORDER BY SystemModstamp, Id"
    assert [(r.id, r.modified_at, r.deleted) for page in pages for r in page.records] == [
        ("001000000000001AAA", "2026-06-01T10:00:00.000Z", False),
        ("001000000000002AAA", "2026-06-01T10:00:00.000Z", True),
    ]
    assert [page.done for page in pages] == [False, True]
    assert pages[1].complete_to == datetime(2026, 6, 1, 11, 59, tzinfo=UTC)


def test_more_that_is_nowhere_is_an_error_and_no_endless_asking(wire, world):
    adapter, *_ = world
    describe(wire, "Account", *FIELDS)
    updated(wire, "Account")
    wire.get(f"{API}/queryAll", json={"records": [], "done": False})
    with pytest.raises(Unavailable, match="not where"):
        list(adapter.read(Read("Account", ("Name",))))


def read_once(wire, world, *, cursor, answer=None):
    adapter, *_ = world
    describe(wire, "Account", *FIELDS)
    updated(wire, "Account")
    wire.get(f"{API}/queryAll", json=answer or {"records": [], "done": True})
    pages = list(adapter.read(Read("Account", ("Name",), cursor)))
    return pages, next(query_of(call) for call in reversed(wire.calls) if "queryAll?" in call.request.url)


def test_what_salesforce_does_not_cover_goes_by_its_clock(wire, world):
    adapter, clock, _ = world
    theirs = clock.now().replace(microsecond=0) - timedelta(hours=1)
    body = {"name": "User", "fields": [{"name": name, "type": "string"} for name in FIELDS]}
    dated = {"Date": format_datetime(theirs, usegmt=True)}
    wire.get(f"{API}/sobjects/User/describe", json=body | {"replicateable": False}, headers=dated)
    wire.get(f"{API}/queryAll", json={"records": [], "done": True})
    (page,) = adapter.read(Read("User", ("Name",)))
    assert page.complete_to == theirs - timedelta(minutes=5)


def test_the_next_run_begins_ten_minutes_before_what_was_covered(wire, world):
    pages, _ = read_once(wire, world, cursor=None)
    _, asked = read_once(wire, world, cursor=pages[-1].cursor)
    assert "WHERE SystemModstamp >= 2026-06-01T11:49:00.000Z ORDER BY" in asked


@pytest.mark.parametrize("cursor", ["junk", "[]", '{"since": 3}', '{"since": "soon"}', '{"covered": "soon"}'])
def test_a_damaged_cursor_is_refused_with_a_way_out(wire, world, cursor):
    adapter, *_ = world
    describe(wire, "Account", *FIELDS)
    with pytest.raises(UsageError, match="cursor of Account") as caught:
        list(adapter.read(Read("Account", ("Name",), cursor)))
    assert "sync --anew" in caught.value.fix


def test_a_read_that_was_stopped_goes_on_after_the_last_record(wire, world):
    adapter, *_ = world
    locator = "/services/data/v67.0/queryAll/01g-1"
    describe(wire, "Account", *FIELDS)
    updated(wire, "Account", "2026-06-01T11:00:00.000+0000")
    wire.get(f"{API}/queryAll", json={"records": [row(1)], "done": False, "nextRecordsUrl": locator})
    pages = adapter.read(Read("Account", ("Name",)))
    stopped = next(pages).cursor
    wire.replace("GET", f"{API}/queryAll", json={"records": [row(2)], "done": True})
    rest = list(adapter.read(Read("Account", ("Name",), stopped)))
    asked = query_of(wire.calls[-1])
    after = "SystemModstamp = 2026-06-01T10:00:00.000Z AND Id > '001000000000001AAA'"
    assert f"WHERE SystemModstamp > 2026-06-01T10:00:00.000Z OR ({after})" in asked
    assert rest[-1].complete_to == datetime(2026, 6, 1, 11, tzinfo=UTC)


def test_a_lost_place_at_salesforce_is_replaced_by_ours(wire, world):
    adapter, *_ = world
    locator = "/services/data/v67.0/queryAll/01g-1"
    describe(wire, "Account", *FIELDS)
    updated(wire, "Account")
    wire.get(f"{API}/queryAll", json={"records": [row(1)], "done": False, "nextRecordsUrl": locator})
    wire.get(f"{ORG}{locator}", status=400, json=[{"errorCode": "INVALID_QUERY_LOCATOR", "message": "gone"}])
    wire.get(f"{API}/queryAll", json={"records": [row(2)], "done": True})
    pages = list(adapter.read(Read("Account", ("Name",))))
    assert [r.id[14] for page in pages for r in page.records] == ["1", "2"]


def test_payloads_are_the_bytes_that_came(wire, world):
    raw = '{"records":[{"Id" : "001000000000001AAA","ARR__c":1.10}],"done":true}'
    adapter, *_ = world
    describe(wire, "Account", *FIELDS)
    updated(wire, "Account")
    wire.get(f"{API}/queryAll", body=raw, content_type="application/json")
    (page,) = adapter.read(Read("Account", ("Name",)))
    assert page.records[0].payload == b'{"Id" : "001000000000001AAA","ARR__c":1.10}'


def test_objects_without_deletes_or_stamps_are_still_read(wire, world):
    adapter, *_ = world
    describe(wire, "TaskStatus", "Id", "Label", replicateable=False)
    wire.get(f"{API}/queryAll", json={"records": [{"Id": ACCOUNT}], "done": True})
    (page,) = adapter.read(Read("TaskStatus", ("Label",)))
    assert query_of(wire.calls[-1]) == "SELECT Id, Label FROM TaskStatus ORDER BY Id"
    assert page.records[0].modified_at is None
    assert page.complete_to == datetime(2026, 6, 1, 11, 55, tzinfo=UTC)


def test_hidden_fields_are_named_before_anything_is_read(wire, world):
    adapter, *_ = world
    describe(wire, "Account", *FIELDS)
    with pytest.raises(NotPermitted, match="no Secret__c, Other__c"):
        adapter.read(Read("Account", ("Name", "Secret__c", "Other__c", "Owner.Name")))


def changes(count, action=Action.UPSERT):
    return [
        Change(
            "sales",
            "Task",
            action,
            f"k{n}",
            {"Subject": f"k{n}", "ActivityDate": None},
            key_field="CS_Key__c" if action is Action.UPSERT else None,
            record_id=None if action is Action.UPSERT else f"00T{n:012}AAA",
        )
        for n in range(count)
    ]


def good(n, *, created=True):
    return {"id": f"00T0000000000{n:02}AAA"[:18], "success": True, "errors": [], "created": created}


def bad(code, message="no"):
    return {"id": None, "success": False, "errors": [{"statusCode": code, "message": message, "fields": []}]}


UPSERT = f"{API}/composite/sobjects/Task/CS_Key__c"


def test_every_change_gets_its_receipt_in_order(wire, world):
    adapter, *_ = world
    wire.patch(
        UPSERT, json=[good(1), bad("STRING_TOO_LONG", "for jane@acme.example"), good(3, created=False)]
    )
    receipts = adapter.write(changes(3))
    assert [(r.key, r.verdict, r.code) for r in receipts] == [
        ("k0", Verdict.CREATED, ""),
        ("k1", Verdict.REJECTED, "STRING_TOO_LONG"),
        ("k2", Verdict.UPDATED, ""),
    ]
    assert "jane" not in receipts[1].message
    sent = json.loads(wire.calls[-1].request.body)
    assert sent["allOrNone"] is False
    assert sent["records"][0] == {
        "attributes": {"type": "Task"}, "CS_Key__c": "k0", "Subject": "k0", "ActivityDate": None
    }  # fmt: skip


def test_chunks_hold_at_most_200_and_mixed_plans_keep_their_order(wire, world):
    adapter, *_ = world
    sizes = []

    def answer(request):
        records = json.loads(request.body)["records"]
        sizes.append(len(records))
        ids = [record.get("id", "00T000000000001AAA") for record in records]
        return 200, {}, json.dumps([good(1) | {"id": record_id} for record_id in ids])

    wire.add_callback("PATCH", UPSERT, answer, content_type="application/json")
    wire.add_callback("PATCH", f"{API}/composite/sobjects", answer, content_type="application/json")
    mixed = [c for pair in zip(changes(250), changes(250, Action.UPDATE), strict=True) for c in pair]
    receipts = adapter.write(mixed)
    assert sorted(sizes) == [50, 50, 200, 200]
    assert [r.key for r in receipts] == [c.key for c in mixed]


def test_a_locked_record_is_tried_again_alone(wire, world):
    adapter, clock, _ = world
    wire.patch(UPSERT, json=[good(1), bad("UNABLE_TO_LOCK_ROW")])
    wire.patch(UPSERT, json=[bad("UNABLE_TO_LOCK_ROW")])
    wire.patch(UPSERT, json=[good(2)])
    receipts = adapter.write(changes(2))
    assert [r.verdict for r in receipts] == [Verdict.CREATED, Verdict.CREATED]
    assert [json.loads(c.request.body)["records"][0]["CS_Key__c"] for c in wire.calls[-2:]] == ["k1", "k1"]
    assert len(clock.slept) == 2


def test_a_record_that_stays_locked_is_left_for_later(wire, world):
    adapter, *_ = world
    wire.patch(UPSERT, json=[bad("UNABLE_TO_LOCK_ROW")])
    (receipt,) = adapter.write(changes(1))
    assert (receipt.verdict, receipt.code) == (Verdict.LATER, "UNABLE_TO_LOCK_ROW")
    assert len(wire.calls) == 1 + 1 + 5


def test_a_key_that_two_records_have_is_refused_with_both_their_ids(wire, world):
    adapter, *_ = world
    ids = ["00T000000000001AAA", "00T000000000002AAA"]
    wire.patch(UPSERT, status=300, json=[f"/services/data/v67.0/sobjects/Task/{i}" for i in ids])
    wire.get(f"{API}/query", json={"records": [{"Id": i, "CS_Key__c": "K0"} for i in ids], "done": True})
    (receipt,) = adapter.write(changes(1))
    assert (receipt.verdict, receipt.code) == (Verdict.REJECTED, "DUPLICATE_EXTERNAL_ID")
    assert all(record_id in receipt.message for record_id in ids)


def test_a_lock_that_is_met_after_a_lost_answer_leaves_the_change_unknown(wire, world):
    adapter, *_ = world
    wire.patch(UPSERT, body=requests.ConnectionError("reset"))
    wire.patch(UPSERT, json=[bad("UNABLE_TO_LOCK_ROW")])
    (receipt,) = adapter.write(changes(1))
    assert (receipt.verdict, receipt.code) == (Verdict.UNKNOWN, "UNABLE_TO_LOCK_ROW")


def test_a_lost_answer_to_a_create_is_unknown_and_not_repeated(wire, world):
    adapter, *_ = world
    wire.post(f"{API}/composite/sobjects", body=requests.ConnectionError("reset"))
    create = Change("sales", "Task", Action.CREATE, "k", {"Subject": "x"})
    (receipt,) = adapter.write([create])
    assert receipt.verdict is Verdict.UNKNOWN
    assert len([call for call in wire.calls if "composite" in call.request.url]) == 1


def test_after_the_allowance_is_spent_nothing_more_is_sent(wire, world):
    adapter, *_ = world
    spent = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    wire.patch(UPSERT, status=403, json=spent)
    receipts = adapter.write(changes(450))
    assert {(r.verdict, r.code) for r in receipts} == {(Verdict.LATER, "CSC-QUOTA")}
    assert len(receipts) == 450
    assert len([call for call in wire.calls if "composite" in call.request.url]) == 1


def test_changes_that_cannot_be_sent_do_not_stop_others(wire, world):
    adapter, *_ = world
    wire.patch(UPSERT, json=[good(1)])
    unfit = Change("sales", "Task", Action.UPDATE, "u", {"Subject": "x"})
    receipts = adapter.write([unfit, *changes(1)])
    assert [(r.key, r.code) for r in receipts] == [("u", "NO_ID"), ("k0", "")]


def test_a_task_is_linked_by_its_two_lookups(wire, world):
    adapter, *_ = world
    wire.patch(UPSERT, json=[good(1)])
    linked = Change(
        "sales",
        "Task",
        Action.UPSERT,
        "k",
        {},
        "CS_Key__c",
        associate=(("Account", ACCOUNT), ("Contact", "003x")),
    )
    adapter.write([linked])
    sent = json.loads(wire.calls[-1].request.body)["records"][0]
    assert (sent["WhatId"], sent["WhoId"]) == (ACCOUNT, "003x")


def test_keys_are_found_whatever_their_case(wire, world):
    adapter, *_ = world
    wire.get(f"{API}/query", json={"records": [{"Id": ACCOUNT, "CS_Key__c": "K1"}], "done": True})
    assert adapter.find("Task", "CS_Key__c", ["k1", "k2"]) == {"k1": ACCOUNT}


def test_the_login_is_signed_saved_and_used_again(wire, world):
    adapter, clock, tokens = world
    wire.get(f"{API}/query", json={"records": [], "done": True})
    adapter.find("Task", "CS_Key__c", ["k"])
    adapter.find("Task", "CS_Key__c", ["k"])
    form = parse_qs(wire.calls[0].request.body)
    claims = jwt.decode(form["assertion"][0], options={"verify_signature": False})
    assert claims == {
        "iss": "app", "sub": "robot@acme.example", "aud": "https://login.salesforce.com",
        "exp": int(clock.now().timestamp()) + 180,
    }  # fmt: skip
    assert (len(wire.calls), tokens.saved) == (3, 1)
    assert wire.calls[1].request.headers["Authorization"] == "Bearer t1"


def test_a_login_is_renewed_before_it_ends(wire, world):
    adapter, clock, tokens = world
    wire.get(f"{API}/query", json={"records": [], "done": True})
    adapter.find("Task", "CS_Key__c", ["k"])
    clock.time += timedelta(hours=1, minutes=37)
    adapter.find("Task", "CS_Key__c", ["k"])
    assert tokens.saved == 2


def test_an_ended_session_costs_one_login_and_one_more_call(wire, world):
    adapter, _, tokens = world
    wire.get(f"{API}/query", status=401, json=[{"errorCode": "INVALID_SESSION_ID", "message": "expired"}])
    wire.get(f"{API}/query", json={"records": [], "done": True})
    adapter.find("Task", "CS_Key__c", ["k"])
    assert tokens.saved == 2


VERSIONS = [{"label": "Spring", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in range(31, 68)]


def test_the_version_is_held_against_those_that_the_org_takes(wire, key_file):
    settings = {"client_id": "app", "username": "robot@acme.example", "private_key_file": key_file}
    wire.get(f"{ORG}/services/data", json=VERSIONS)
    wire.get(f"{ORG}/services/oauth2/userinfo", json={"organization_id": "00D1", "user_id": "0051"})
    gone = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    wire.get(f"{ORG}/services/data/v99.0/query/", status=404, json=gone)
    found = {}
    for version in ("40.0", "67.0", "99.0"):
        adapter = Salesforce(Salesforce.Settings(**settings, api_version=version), surroundings())
        found[version] = adapter.release()
        if version == "99.0":
            with pytest.raises(ConfigError, match=r"does not take version 99\.0") as raised:
                adapter.check()
            assert "31.0 to 67.0" in raised.value.why
        adapter.close()
    assert found["40.0"].ends == date(2028, 6, 1)
    assert (found["67.0"].ends, found["67.0"].taken, found["67.0"].oldest) == (None, True, "31.0")
    assert not found["99.0"].taken


def test_what_was_signed_before_a_long_wait_is_signed_anew(wire, world):
    adapter, _, tokens = world
    wire.remove("POST", LOGIN)
    wire.post(LOGIN, status=503, headers={"Retry-After": "200"})
    wire.post(LOGIN, status=400, json={"error": "invalid_grant", "error_description": "expired assertion"})
    wire.post(LOGIN, json={"access_token": "t1", "instance_url": ORG, "scope": "api id"})
    wire.get(f"{API}/query", json={"records": [], "done": True})
    adapter.find("Task", "CS_Key__c", ["k"])
    first, _, last = (parse_qs(call.request.body)["assertion"][0] for call in list(wire.calls)[:3])
    assert first != last
    assert tokens.saved == 1


def test_a_login_that_another_process_renewed_is_taken(wire, world, key_file):
    adapter, _, tokens = world
    wire.get(f"{API}/query", json={"records": [], "done": True})
    adapter.find("Task", "CS_Key__c", ["k"])
    tokens.kept["sales"] = tokens.kept["sales"] | {"access_token": "t2"}
    wire.replace(
        "GET", f"{API}/query", status=401, json=[{"errorCode": "INVALID_SESSION_ID", "message": "expired"}]
    )
    wire.get(f"{API}/query", json={"records": [], "done": True})
    adapter.find("Task", "CS_Key__c", ["k"])
    assert tokens.saved == 1
    assert wire.calls[-1].request.headers["Authorization"] == "Bearer t2"


def test_a_refused_login_says_why(wire, world):
    adapter, *_ = world
    refused = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
    wire.replace("POST", LOGIN, status=400, json=refused)
    with pytest.raises(AuthFailed) as caught:
        adapter.check()
    assert "hasn't approved" in caught.value.why


def test_a_login_without_its_parts_is_refused():
    with pytest.raises(ValidationError, match="needs username and private_key_file"):
        Salesforce.Settings(client_id="app")
    with pytest.raises(ValidationError, match="needs client_secret"):
        Salesforce.Settings(client_id="app", auth="client_credentials")


def test_objects_are_described_and_missing_ones_left_out(wire, world):
    adapter, *_ = world
    describe(wire, "Account", *FIELDS, updateable=True)
    missing = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    wire.get(f"{API}/sobjects/Nothing__c/describe", status=404, json=missing)
    (account,) = adapter.describe(["Account", "Nothing__c"])
    assert (account.name, account.incremental, account.writable) == ("Account", True, True)


@pytest.mark.parametrize("key", ["login_url", "instance_url"])
def test_an_address_is_whole_and_ends_without_a_slash(key):
    login = {"client_id": "app", "auth": "client_credentials", "client_secret": "s"}
    with pytest.raises(ValidationError, match="write it with https://"):
        Salesforce.Settings(**login, **{key: "acme.my.salesforce.com"})
    settings = Salesforce.Settings(**login, **{key: "https://acme.my.salesforce.com/"})
    assert getattr(settings, key) == "https://acme.my.salesforce.com"
