"""What the transport lets through, repeats, waits for, and refuses; over real sockets."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from cs_connector.errors import (
    AdapterError,
    AuthFailed,
    ConfigError,
    NotPermitted,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from cs_connector.transport import Policy, TokenBucket, Transport, redact
from cs_connector.transport.retry import retry_after

from .http_kit import GOOD, HOST, JSON, FakeClock, Script, failed, serving, session


def test_requests_to_the_vendor_reach_the_base_and_keep_their_address():
    script = Script(GOOD)
    with session(script) as transport:
        answer = transport.get(f"{HOST}/services/data?x=1")
    assert answer.json() == {"a": 1}
    assert answer.url == answer.request.url == f"{HOST}/services/data?x=1"
    assert script.seen[0][1] == "/services/data?x=1"


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/x", "http://acme.my.salesforce.com/x", "https://salesforce.com.evil.example/"],
)
def test_other_hosts_and_plain_http_are_refused_before_anything_is_sent(url):
    script = Script(GOOD)
    with session(script) as transport, pytest.raises(ConfigError):
        transport.get(url)
    assert script.seen == []


def test_a_base_must_be_on_this_machine():
    with pytest.raises(ConfigError):
        Transport(connection="sales", hosts=("*",), clock=FakeClock(), base="http://10.0.0.1:80")


@pytest.mark.parametrize("first", [failed(500), failed(502), failed(503), failed(504), failed(429), None])
def test_reads_are_repeated_after_passing_failures(first):
    script = Script(first, GOOD)
    with session(script) as transport:
        assert transport.get(f"{HOST}/x").json() == {"a": 1}
        assert transport.usage.used == 2
        assert len(transport.clock.slept) == 1


@pytest.mark.parametrize("first", [failed(500), failed(503), None, (200, JSON, b'{"a": ')])
def test_a_post_whose_fate_is_unknown_is_not_sent_again(first):
    script = Script(first, GOOD)
    with session(script) as transport, pytest.raises(Unavailable):
        transport.post(f"{HOST}/x", json={"a": 1})
    assert len(script.seen) == 1


@pytest.mark.parametrize("first", [failed(500), None])
def test_a_post_marked_safe_is_sent_again_with_its_body(first):
    script = Script(first, GOOD)
    with session(script) as transport, transport.safe():
        transport.post(f"{HOST}/x", data=b"body")
    assert [seen[3] for seen in script.seen] == [b"body", b"body"]


def test_a_post_that_was_turned_away_with_429_is_sent_again():
    script = Script(failed(429, Retry_After="7"), GOOD)
    with session(script) as transport:
        transport.post(f"{HOST}/x")
        assert 7 <= transport.clock.slept[0] <= 8


def test_a_refused_connection_is_tried_again_for_any_method():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Transport(
            connection="s", hosts=("*.salesforce.com",), clock=FakeClock(), base=base
        ) as transport:
            with pytest.raises(Unavailable, match="cannot be reached"):
                transport.post(f"{HOST}/x")
            assert len(transport.clock.slept) == 4


def test_retrying_ends():
    script = Script(failed(503))
    with session(script, policy=Policy(attempts=3)) as transport, pytest.raises(Unavailable):
        transport.get(f"{HOST}/x")
    assert len(script.seen) == 3


def test_a_very_long_wait_is_left_to_the_caller():
    script = Script(failed(429, Retry_After="7200"))
    with session(script) as transport, pytest.raises(RateLimited) as caught:
        transport.get(f"{HOST}/x")
    assert caught.value.retry_after == 7200
    assert "in 2 hours" in caught.value.usual
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("12", 12),
        ("0.5", 0.5),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("nan", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(header, seconds):
    assert retry_after(header, FakeClock()) == seconds


def test_an_expired_login_is_renewed_once_and_the_request_repeated():
    token = ["old"]

    def authorize(request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = f"Bearer {token[0]}"

    script = Script(failed(401), GOOD)
    with session(script, authorize=authorize, renew=lambda: token.__setitem__(0, "new")) as transport:
        transport.post(f"{HOST}/x")
    assert [seen[2]["Authorization"] for seen in script.seen] == ["Bearer old", "Bearer new"]


def test_a_login_that_stays_refused_costs_two_calls():
    script = Script(failed(401))
    renewals: list[int] = []
    with session(script, renew=lambda: renewals.append(1)) as transport, pytest.raises(AuthFailed):
        transport.get(f"{HOST}/x")
    assert (len(script.seen), len(renewals)) == (2, 1)


def test_the_vendors_reading_of_an_error_decides():
    script = Script(failed(403), GOOD)
    with (
        session(script, classify=lambda r: QuotaExhausted("spent")) as transport,
        pytest.raises(QuotaExhausted),
    ):
        transport.get(f"{HOST}/x")
    with session(Script(failed(403))) as transport, pytest.raises(NotPermitted):
        transport.get(f"{HOST}/x")
    with session(Script(failed(404))) as transport:
        assert transport.get(f"{HOST}/x").status_code == 404


def test_a_redirect_to_another_host_loses_the_login():
    def authorize(request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = "Bearer t"

    elsewhere = failed(302, Location="https://other.salesforce.com/y")
    same = failed(302, Location="/z")
    for move, has_login in ((elsewhere, False), (same, True)):
        script = Script(move, GOOD)
        with session(script, authorize=authorize) as transport:
            assert transport.get(f"{HOST}/x").ok
        assert ("Authorization" in script.seen[1][2]) is has_login


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("https://evil.example/", ConfigError),
        ("http://acme.my.salesforce.com/", ConfigError),
        ("http://127.0.0.1:1/", Unavailable),
        ("/again", Unavailable),
    ],
)
def test_redirects_to_nowhere_good_are_refused(location, error):
    with session(Script(failed(302, Location=location))) as transport, pytest.raises(error):
        transport.get(f"{HOST}/x")


def test_a_request_that_writes_is_not_sent_on_and_the_new_address_is_named():
    moved = failed(302, Location="https://acme2.my.salesforce.com/x?token=t")
    with session(Script(moved)) as transport, pytest.raises(Unavailable) as raised:
        transport.post(f"{HOST}/x", data="y")
    assert "https://acme2.my.salesforce.com," in raised.value.why
    assert "token" not in raised.value.why


def cut(body: bytes, at: int) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body[:at]


def unmarked(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + body


@pytest.mark.parametrize("form", [cut, lambda body, at: unmarked(body[:at])])
def test_a_body_cut_anywhere_is_never_taken_for_a_page(form: Callable[[bytes, int], bytes]):
    page = b'{"records": [{"Id": "1"}], "done": true}'
    for at in range(len(page)):
        with (
            session(Script(form(page, at)), policy=Policy(attempts=1)) as transport,
            pytest.raises(Unavailable),
        ):
            transport.get(f"{HOST}/x")


def test_a_cut_gzip_body_is_an_error_and_a_whole_one_is_read():
    packed = gzip.compress(b'{"a": 1}')
    zipped = JSON | {"Content-Encoding": "gzip"}
    with session(Script((200, zipped, packed))) as transport:
        assert transport.get(f"{HOST}/x").json() == {"a": 1}
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    with (
        session(Script(head + packed[:-12]), policy=Policy(attempts=1)) as transport,
        pytest.raises(Unavailable),
    ):
        transport.get(f"{HOST}/x")


def test_a_maintenance_page_is_not_data():
    page = (200, {"Content-Type": "text/html"}, b"<html>down</html>")
    with session(Script(page, GOOD)) as transport:
        assert transport.get(f"{HOST}/x").json() == {"a": 1}


def test_a_body_that_drips_ends_at_the_deadline():
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(4096)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not stop.wait(0.02):
                try:
                    peer.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        with (
            Transport(
                connection="s", hosts=("*.salesforce.com",), clock=FakeClock(), base=base, deadline=0.2
            ) as transport,
            pytest.raises(Unavailable, match="too long"),
        ):
            transport.get(f"{HOST}/x")
    finally:
        stop.set()
        thread.join()
        listener.close()


def test_the_allowance_is_read_from_every_answer():
    def quota(response: requests.Response) -> tuple[int, int] | None:
        used, limit = response.headers.get("Used", "0/0").split("/")
        return (int(limit), int(limit) - int(used)) if limit != "0" else None

    script = Script(failed(404, Used="18/100"), GOOD)
    with session(script, quota=quota) as transport:
        transport.get(f"{HOST}/x")
        transport.get(f"{HOST}/x")
        assert (transport.usage.limit, transport.usage.left, transport.usage.used) == (100, 82, 2)


def test_a_bucket_makes_callers_wait_by_the_clock():
    clock = FakeClock()
    bucket = TokenBucket(rate=10, burst=2, clock=clock)
    for _ in range(4):
        bucket.take()
    assert clock.slept == pytest.approx([0, 0, 0.1, 0.1])


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.def-123456", "abc.def"),
        ('{"access_token": "00Dxx!AQ.abc", "x": 1}', "AQ.abc"),
        ("client_secret=s3cr3t&grant_type=x", "s3cr3t"),
        ("mail to jane.doe@example.com now", "jane"),
        ("mail%20jane.doe%40example.com", "jane"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "MIIE"),
        ("assertion=eyJhbGciOi.eyJpc3Mi.sig", "eyJpc3Mi"),
        ("pat-na1-0123-4567-89ab", "0123"),
        ("session 00D000000000001!AQEAQ.xyz", "AQEAQ"),
    ],
)
def test_secrets_and_addresses_never_reach_a_text(text, secret):
    assert secret not in redact(text)


def test_redaction_keeps_what_helps():
    assert redact("STRING_TOO_LONG:\n CS_Health__c  at most 10") == "STRING_TOO_LONG: CS_Health__c at most 10"
    assert len(redact("x" * 1000)) == 200


def test_error_texts_carry_no_secret_of_the_answer():
    said = (500, {}, b"token=abcdef for jane@example.com")
    with session(Script(said), policy=Policy(attempts=1)) as transport, pytest.raises(AdapterError) as caught:
        transport.get(f"{HOST}/x")
    assert "abcdef" not in caught.value.why
    assert "jane" not in caught.value.why


def test_the_base_may_stand_under_a_path():
    script = Script(GOOD)
    with (
        serving(script) as base,
        Transport(
            connection="s", hosts=("*.salesforce.com",), clock=FakeClock(), base=f"{base}/salesforce"
        ) as t,
    ):
        t.get(f"{HOST}/x")
    assert urlsplit(script.seen[0][1]).path == "/salesforce/x"
