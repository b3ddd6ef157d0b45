from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
import requests

from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import Request, Response, SeedRow, World

AS_OF = datetime(2026, 11, 2, tzinfo=UTC)


class Echo:
    """Keeps what is posted, and tells what it saw."""

    crm: ClassVar[str] = "echo"

    def __init__(self, world: World, name: str, base_url: str) -> None:
        self.world, self.name, self.base_url = world, name, base_url
        self.notes: list[str] = []
        self.orders: list[Mapping[str, Any]] = []

    def handle(self, request: Request) -> Response:
        if request.path == "/crash":
            raise KeyError("oops")
        if request.method == "POST":
            self.notes.append(request.body.decode())
            self.world.ledger.write(
                self.name, "note", str(len(self.notes)), "create", None, {"text": self.notes[-1]}
            )
        seen = {"path": request.path, "parts": request.segments, "query": request.query, "notes": self.notes}
        return Response(200, json.dumps(seen).encode(), {"content-type": "application/json"})

    def install(self, fields: Mapping[str, Any]) -> None:
        self.notes.extend(fields)

    def load(self, rows: Iterable[SeedRow]) -> None:
        self.notes.extend(row.record["text"] for row in rows)

    def credentials(self) -> dict[str, str]:
        return {"base_url": self.base_url}

    def control(self, order: Mapping[str, Any]) -> None:
        self.orders.append(order)

    def snapshot(self) -> object:
        return copy.deepcopy(self.notes)

    def restore(self, state: object) -> None:
        self.notes = copy.deepcopy(state)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox([("echo", Echo), ("second", Echo)], AS_OF, seed=7) as sandbox:
        yield sandbox


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def order(sandbox: Sandbox, http: requests.Session, *rules: dict[str, Any]) -> None:
    answer = http.post(f"{sandbox.control.base_url}/faults", json={"rules": list(rules)})
    assert answer.json() == {"rules": len(rules)}


def url(sandbox: Sandbox, path: str = "/x") -> str:
    return sandbox.servers["echo"].base_url + path


def notes(sandbox: Sandbox) -> list[str]:
    return sandbox.simulators["echo"].notes


def test_a_connection_is_kept(sandbox, http):
    for _ in range(3):
        assert http.get(url(sandbox)).ok
    assert len(sandbox.servers["echo"]._http.open) == 1


def test_the_path_is_decoded_and_an_escaped_slash_stays_in_its_part(sandbox, http):
    seen = http.get(url(sandbox, "/a%2Fb%25/c%20d?q=1%202")).json()
    assert seen["parts"] == ["a/b%", "c d"]
    assert seen["query"] == {"q": "1 2"}


def test_gzip_goes_both_ways_when_asked(sandbox, http):
    packed = gzip.compress(b"n" * 5000)
    assert (
        "content-encoding"
        not in http.post(url(sandbox), packed, headers={"content-encoding": "gzip"}).headers
    )
    assert notes(sandbox) == ["n" * 5000]
    sandbox.servers["echo"].packs = True
    answer = http.get(url(sandbox))
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["notes"] == ["n" * 5000]


def test_a_crash_is_a_500_and_the_next_request_is_answered(sandbox, http, capsys):
    answer = http.get(url(sandbox, "/crash"))
    assert (answer.status_code, "KeyError" in answer.text) == (500, True)
    assert "Traceback" in capsys.readouterr().err
    assert http.get(url(sandbox)).ok


@pytest.mark.parametrize(
    ("do", "kept"),
    [
        ({"drop": "before"}, []),
        ({"drop": "after"}, ["one"]),
        ({"reset": "before"}, []),
        ({"reset": "after"}, ["one"]),
    ],
)
def test_a_lost_answer_says_nothing_of_whether_it_was_obeyed(sandbox, http, do, kept):
    order(sandbox, http, {"method": "POST", "path": "^/x$", "times": 1, "do": do})
    with pytest.raises(requests.ConnectionError) as lost:
        http.post(url(sandbox), "one")
    assert ("reset" in do) == ("ConnectionReset" in repr(lost.value))
    assert notes(sandbox) == kept
    assert http.post(url(sandbox), "two").ok


def test_after_and_times_choose_the_requests(sandbox, http):
    order(sandbox, http, {"crm": "echo", "path": "page=", "after": 1, "times": 2, "do": {"status": 503}})
    assert [http.get(url(sandbox, "/x?page=1")).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert http.get(sandbox.servers["second"].base_url + "/x?page=1").ok


def test_an_answer_in_place_of_the_simulator(sandbox, http):
    do = {"status": 429, "body": {"why": "busy"}, "headers": {"retry-after": "3"}}
    order(sandbox, http, {"do": do, "times": 1})
    answer = http.post(url(sandbox), "one")
    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (429, {"why": "busy"}, "3")
    assert notes(sandbox) == []


def test_a_truncated_body_is_an_error_for_the_client(sandbox, http):
    order(sandbox, http, {"do": {"truncate": 5}, "times": 1})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        http.get(url(sandbox))


@pytest.mark.parametrize("do", [{"drip_ms": 60}, {"delay_ms": 200}])
def test_a_slow_answer_is_whole_for_the_patient_only(sandbox, http, do):
    order(sandbox, http, {"do": do})
    assert http.get(url(sandbox)).json()["path"] == "/x"
    with pytest.raises((requests.ReadTimeout, requests.ConnectionError)):
        http.get(url(sandbox), timeout=0.03)


def test_orders_reach_the_simulator_once(sandbox, http):
    rules = [{"expire_token": True}, {"hide": {"object": "note", "share": 0.5}}, {"commit_lag_s": 2}]
    rules += [{"remove_field": {"object": "note", "field": "a"}}, {"daily_quota_left": 0}]
    order(sandbox, http, *({"crm": "second", "do": do} for do in rules))
    for _ in range(2):
        assert http.get(sandbox.servers["second"].base_url).ok
    assert sandbox.simulators["second"].orders == rules
    assert sandbox.simulators["echo"].orders == []


def test_rules_are_replaced(sandbox, http):
    order(sandbox, http, {"do": {"status": 500}})
    order(sandbox, http)
    assert http.get(url(sandbox)).ok


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/faults", {"rules": [{"crm": "nope", "do": {}}]}, "'nope'"),
        ("/faults", {"rules": [{"do": {"explode": 1}}]}, "explode"),
        ("/faults", {"rules": [{"do": {"drop": "later"}}]}, "later"),
        ("/faults", {"rules": [{"path": "(", "do": {}}]}, "regular expression"),
        ("/clock", {"advance": "an hour"}, "'an hour'"),
        ("/clock", {"advance": "PT"}, "'PT'"),
        ("/restore", {}, "snapshot"),
        ("/nowhere", {}, "/ledger"),
    ],
)
def test_a_refusal_says_why(sandbox, http, path, body, says):
    answer = http.post(sandbox.control.base_url + path, json=body)
    assert answer.status_code in (400, 404)
    assert says in answer.json()["error"]


def test_the_clock_moves_on_order(sandbox, http):
    address = f"{sandbox.control.base_url}/clock"
    before = datetime.fromisoformat(http.get(address).json()["now"])
    after = datetime.fromisoformat(http.post(address, json={"advance": "P1DT2H3M4.5S"}).json()["now"])
    assert AS_OF <= before < AS_OF + timedelta(hours=1)
    assert after - before >= timedelta(days=1, hours=2, minutes=3, seconds=4)


def test_the_ledger_is_read_in_parts(sandbox, http):
    sandbox.load("echo", [SeedRow("note", {"text": "old"})])
    for text in ("one", "two", "three"):
        http.post(url(sandbox), text)
    address = f"{sandbox.control.base_url}/ledger"
    entries = http.get(address).json()
    assert [(e["n"], e["crm"], e["after"]["text"]) for e in entries] == [
        (1, "echo", "one"),
        (2, "echo", "two"),
        (3, "echo", "three"),
    ]
    assert http.get(address, params={"after": 2}).json() == entries[2:]


def test_a_snapshot_comes_back_more_than_once(sandbox, http):
    control = sandbox.control.base_url
    http.post(url(sandbox), "one")
    number = http.post(f"{control}/snapshot").json()["snapshot"]
    for text in ("two", "three"):
        http.post(url(sandbox), text)
        assert http.post(f"{control}/restore", json={"snapshot": number}).ok
        assert notes(sandbox) == ["one"]
        assert len(http.get(f"{control}/ledger").json()) == 1


def test_the_document_names_every_simulator(sandbox):
    document = sandbox.document()
    assert (document["schema"], document["as_of"]) == ("sandbox/1", "2026-11-02")
    assert document["control_url"] == sandbox.control.base_url
    assert document["echo"] == {"base_url": sandbox.servers["echo"].base_url}
    assert document["others"] == {"second": {"crm": "echo", "base_url": sandbox.servers["second"].base_url}}


def test_ports_follow_the_one_given(http):
    with Sandbox([("echo", Echo)], AS_OF) as first:
        port = first.control.port
    with Sandbox([("echo", Echo)], AS_OF, port=port) as second:
        assert second.control.port == port
        assert second.servers["echo"].port == port + 1
