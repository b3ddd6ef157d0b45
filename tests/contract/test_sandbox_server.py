from __future__ import annotations

import gzip
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from cs_connector.errors import ConfigError, UsageError
from cs_connector.sandbox import authority
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow

from .echo import Echo

AS_OF = datetime(2026, 11, 2, tzinfo=UTC)


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


def raw(sandbox: Sandbox, sent: bytes) -> bytes:
    """What the server answers to these bytes; nothing where it only closes."""
    with socket.create_connection(("127.0.0.1", sandbox.servers["echo"].port), timeout=10) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(65536), b""))


HEAD = b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (b"nonsense\r\n\r\n", 400, b"Bad request syntax"),
        (b"GET /x HTTP/9.9\r\n\r\n", 505, b"version"),
        (b"BREW /x HTTP/1.1\r\n\r\n", 501, b"BREW"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414, b"Too Long"),
        (HEAD + b"X: " + b"x" * 70_000 + b"\r\n\r\n", 431, b"Line too long"),
        (HEAD + b"Content-Length: many\r\n\r\n", 400, b"content-length is not a number"),
        (HEAD + b"Content-Length: -5\r\n\r\n", 400, b"content-length is not a number"),
        (HEAD + b"Content-Length: 3\r\nContent-Encoding: gzip\r\n\r\nabc", 400, b"not gzip"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n-3\r\nabc", 400, b"a chunk does not say"),
        (HEAD + b"Transfer-Encoding: secret\r\n\r\n", 501, b"transfer-encoding secret"),
    ],
)
def test_what_is_no_request_gets_a_sentence(sandbox, capsys, sent, status, says):
    answer = raw(sandbox, sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert says in answer
    assert b"Traceback" not in answer + capsys.readouterr().err.encode()
    assert notes(sandbox) == []


def test_half_a_request_is_not_obeyed(sandbox):
    assert raw(sandbox, HEAD + b"Content-Length: 10\r\n\r\nabc") == b""
    packed = gzip.compress(b"n" * 50)[:-9]
    assert b"ends too early" in raw(
        sandbox, HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    )
    assert notes(sandbox) == []


def test_a_client_that_asks_before_a_large_body_is_told_to_go_on(sandbox):
    with socket.create_connection(("127.0.0.1", sandbox.servers["echo"].port), timeout=10) as wire:
        wire.sendall(HEAD + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert wire.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(b"abc")
        assert wire.recv(100).startswith(b"HTTP/1.1 200 ")
    assert notes(sandbox) == ["abc"]


def test_a_body_may_come_in_chunks(sandbox, http):
    assert http.post(url(sandbox), data=iter([b"a" * 10, b"b" * 70_000, b"c"])).ok
    assert notes(sandbox) == ["a" * 10 + "b" * 70_000 + "c"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_that_is_too_large_is_refused_also_when_it_is_packed(sandbox, http, packed):
    sandbox.servers["echo"].largest = 100_000
    body = b"n" * 100_001
    headers = {"content-encoding": "gzip"} if packed else {}
    answer = http.post(url(sandbox), gzip.compress(body) if packed else body, headers=headers)
    assert (answer.status_code, "larger than 100,000 bytes" in answer.text) == (413, True)
    assert http.post(url(sandbox), body[:-1]).ok


def test_a_length_that_is_too_large_is_refused_before_the_body_has_come(sandbox):
    sandbox.servers["echo"].largest = 1000
    with socket.create_connection(("127.0.0.1", sandbox.servers["echo"].port), timeout=5) as wire:
        wire.sendall(HEAD + b"Content-Length: 999999999\r\n\r\nabc")
        assert wire.recv(100).startswith(b"HTTP/1.1 413 ")
    assert notes(sandbox) == []


def test_https_without_its_library_is_said(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(ConfigError, match="needs trustme") as refused:
        authority.generated(tmp_path)
    assert "cs-connector[sandbox]" in refused.value.fix


def test_a_taken_port_is_said(http):
    with Sandbox([("echo", Echo)], AS_OF) as first, pytest.raises(UsageError, match="cannot be used"):
        Sandbox([("echo", Echo)], AS_OF, port=first.control.port)


def test_headers_take_the_place_of_the_answers_own(sandbox, http):
    order(sandbox, http, {"do": {"headers": {"Content-Type": "text/html", "x-more": "1"}}})
    answer = http.get(url(sandbox))
    assert (answer.headers["content-type"], answer.headers["x-more"]) == ("text/html", "1")
    assert answer.json()["path"] == "/x"


def test_orders_reach_the_simulator_once(sandbox, http):
    rules = [{"expire_token": True}, {"hide": {"object": "note", "share": 0.5}}, {"commit_lag_s": 2}]
    rules += [{"remove_field": {"object": "note", "field": "a"}}, {"daily_quota_left": 0}]
    order(sandbox, http, *({"crm": "second", "do": do} for do in rules))
    for _ in range(2):
        assert http.get(sandbox.servers["second"].base_url).ok
    assert sandbox.simulators["second"].obeyed == rules
    assert sandbox.simulators["echo"].obeyed == []


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


def test_ports_follow_the_one_given():
    for _ in range(20):
        with Sandbox([("echo", Echo)], AS_OF) as first:
            port = first.control.port
        with suppress(UsageError), Sandbox([("echo", Echo)], AS_OF, port=port) as second:
            assert second.control.port == port
            assert second.servers["echo"].port == port + 1
            return
    pytest.fail("no two ports side by side were free")
