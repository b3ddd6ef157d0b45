"""What comes over the wire: believed only when it is whole, in whatever pieces and packing it comes; and bad lines, named."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import trustme
from hypothesis import given
from hypothesis import strategies as st

from cs_connector.errors import AdapterError, ConfigError, Unavailable
from cs_connector.transport import Policy, Transport
from cs_connector.transport.preparing import Lists

from .http_kit import GOOD, HOST, JSON, FakeClock, Script, serving, session

ONCE = Policy(attempts=1)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def chunked(*parts: bytes) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body


def test_many_requests_share_one_connection() -> None:
    script = Script(GOOD)
    with session(script) as transport:
        for _ in range(5):
            transport.page(f"{HOST}/x", {"after": 1})
    assert len(set(script.callers)) == 1


def test_a_connection_that_the_other_side_closed_is_not_used_again() -> None:
    last = (200, JSON | {"Connection": "close"}, b"{}")
    script = Script(last, last, GOOD)
    with session(script) as transport:
        for _ in range(3):
            transport.get(f"{HOST}/x")
        assert transport.clock.slept == []
    assert len(set(script.callers)) == 3


@pytest.mark.parametrize(
    "answer",
    [
        chunked(b'{"a":', b" 1}"),
        HEAD + b'Connection: close\r\n\r\n{"a": 1}',
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + HEAD + b'Content-Length: 8\r\n\r\n{"a": 1}',
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b'{"a":') + gzip.compress(b" 1}"),
        b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"a": 1}',
    ],
    ids=["chunked", "without a length", "after a hint", "packed in two", "of an old server"],
)
def test_a_whole_answer_is_read_in_any_form(answer: bytes) -> None:
    with session(Script(answer), policy=ONCE) as transport:
        response = transport.get(f"{HOST}/x")
    assert (response.status_code, response.json()) == (200, {"a": 1})


PACKED = gzip.compress(b'{"records": [{"Id": "1"}, {"Id": "2"}], "done": true}', mtime=0)


@pytest.mark.parametrize(
    "whole",
    [
        chunked(b'{"records": [{"Id": "1"}],', b' "done": true}'),
        HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + PACKED,
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED) + PACKED,
        HEAD + b'Content-Length: 14\r\n\r\n{"done": true}',
    ],
    ids=["chunked", "packed", "packed with a length", "with a length"],
)
def test_an_answer_that_is_cut_anywhere_is_an_error(whole: bytes) -> None:
    script = Script(b"")
    with session(script, policy=ONCE) as transport:
        for at in range(len(whole)):
            script.answers = [whole[:at]]
            with pytest.raises(Unavailable):
                transport.get(f"{HOST}/x")
        script.answers = [whole]
        assert transport.get(f"{HOST}/x").json()["done"] is True


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "broke the connection"),
        (HEAD + b"Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n", "broke|not whole"),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", "cannot be unpacked"),
        (HEAD + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", "packed in a way"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "web page"),
    ],
)
def test_what_is_no_answer_is_named(answer: bytes, said: str) -> None:
    with session(Script(answer), policy=ONCE) as transport, pytest.raises(Unavailable, match=said):
        transport.get(f"{HOST}/x")


def test_only_the_packing_that_can_be_unpacked_is_asked_for() -> None:
    script = Script(GOOD)
    with session(script) as transport:
        transport.get(f"{HOST}/x")
    assert script.seen[0][2]["Accept-Encoding"] == "gzip"


def test_an_answer_to_head_has_no_body_to_wait_for() -> None:
    with session(Script((200, JSON, b'{"a": 1}'))) as transport:
        assert transport.head(f"{HOST}/x").content == b""


def test_headers_that_drip_end_at_the_deadline() -> None:
    stop = threading.Event()

    def drip(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.02):
            peer.sendall(b"x-more: 1\r\n")

    with listening(drip) as base:
        try:
            with (
                Transport(
                    connection="s", hosts=("*.salesforce.com",), clock=FakeClock(), base=base, deadline=0.2
                ) as t,
                pytest.raises(Unavailable, match="too long"),
            ):
                t.get(f"{HOST}/x")
        finally:
            stop.set()


def test_headers_without_end_do_not_fill_the_memory() -> None:
    def pour(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nx-more: ")
        for _ in range(100):
            peer.sendall(b"x" * 100_000)

    with (
        listening(pour) as base,
        Transport(
            connection="s", hosts=("*.salesforce.com",), clock=FakeClock(), base=base, policy=ONCE
        ) as t,
        pytest.raises(Unavailable, match="too large"),
    ):
        t.get(f"{HOST}/x")


def test_no_cookie_is_kept() -> None:
    script = Script((200, JSON | {"Set-Cookie": "a=1; Path=/"}, b"{}"), GOOD)
    with session(script) as transport:
        transport.get(f"{HOST}/x")
        transport.get(f"{HOST}/x")
    assert "Cookie" not in script.seen[1][2]


def test_which_proxy_a_host_has_is_asked_for_each_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "acme.my.salesforce.com")
    with Transport(connection="s", hosts=("*.salesforce.com",), clock=FakeClock()) as transport:
        for _ in range(2):
            ways = [
                transport.merge_environment_settings(f"{host}/x", {}, None, None, None)["proxies"].get(
                    "https"
                )
                for host in (HOST, "https://login.salesforce.com")
            ]
            assert ways == [None, "http://127.0.0.1:9"]


@contextmanager
def listening(work: object) -> Iterator[str]:
    """Gives the first caller's socket to `work` once it has said something."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = listener.accept()
        with peer:
            try:
                peer.recv(4096)
                work(peer)  # type: ignore[operator]
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()


@pytest.mark.parametrize("token", ["abc\ndef", "abc\r\nX-Other: 1", "se¢ret€"])
def test_a_login_that_no_header_can_hold_is_named_and_nothing_is_sent(token: str) -> None:
    def authorize(request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = f"Bearer {token}"

    script = Script(GOOD)
    with (
        session(script, authorize=authorize) as transport,
        pytest.raises(AdapterError, match="cannot be sent") as caught,
    ):
        transport.get(f"{HOST}/x")
    assert "secrets.env" in caught.value.fix
    assert script.seen == []
    assert transport.clock.slept == []


def test_a_host_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with (
        Transport(connection="s", hosts=("*.salesforce.com",), clock=FakeClock(), policy=ONCE) as transport,
        pytest.raises(Unavailable, match=r"acme\.my\.salesforce\.com cannot be reached"),
    ):
        transport.get(f"{HOST}/x")


def test_a_proxy_that_asks_for_a_login_is_told_from_one_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with listening(refuse) as proxy:
        with pytest.raises(AdapterError, match="the proxy asks for a login") as caught:
            through(proxy, monkeypatch)
        assert not isinstance(caught.value, Unavailable)
        assert "HTTPS_PROXY" in caught.value.fix
    with pytest.raises(Unavailable, match="through the proxy"):
        through(proxy, monkeypatch)


def through(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Transport(connection="s", hosts=("*.salesforce.com",), clock=FakeClock(), policy=ONCE) as transport:
        transport.get(f"{HOST}/x")


def test_through_a_proxy_pages_arrive_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(GOOD)
    with serving(script) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("NO_PROXY", "")
        with Transport(connection="s", hosts=(), clock=FakeClock(), policy=ONCE) as transport:
            assert transport.page("http://localhost:9/x", {"a": 1}).json() == {"a": 1}
    assert script.seen[0][1] == "http://localhost:9/x?a=1"


@contextmanager
def encrypted(issuer: trustme.CA) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert("127.0.0.1").configure_cert(context)
    script = Script(GOOD)
    with serving(script, context) as base:
        yield base


def test_a_certificate_of_a_stranger_is_named_and_a_known_one_is_good(tmp_path: Path) -> None:
    issuer, ca_file = trustme.CA(), tmp_path / "ca.pem"
    issuer.cert_pem.write_to_path(str(ca_file))
    with encrypted(issuer) as base:
        options = {"connection": "s", "hosts": ("*.salesforce.com",), "clock": FakeClock(), "base": base}
        with Transport(**options, ca_file=ca_file) as transport:
            assert transport.page(f"{HOST}/x", {}).json() == {"a": 1}
        with Transport(**options) as transport, pytest.raises(AdapterError, match="not trusted") as caught:
            transport.get(f"{HOST}/x")
    assert "ca_file" in caught.value.fix


def test_a_server_that_does_not_encrypt_is_not_called_untrusted() -> None:
    with (
        serving(Script(GOOD)) as base,
        Transport(
            connection="s",
            hosts=("*.salesforce.com",),
            clock=FakeClock(),
            base=base.replace("http", "https"),
            policy=ONCE,
        ) as transport,
        pytest.raises(AdapterError, match="does not speak TLS"),
    ):
        transport.get(f"{HOST}/x")


values = st.one_of(
    st.none(), st.integers(0, 10**12), st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


paths = st.sampled_from(
    ["", "/", "/crm/{a} b/x", "/query/01gD0000002HU6K-2000", "/query/01g%2D.2000", "/a//b/", "/q?q=a+b/c%20d"]
)


@given(
    paths,
    st.dictionaries(names, values, max_size=5),
    st.dictionaries(st.sampled_from(["X-A", "Accept"]), st.just("1")),
)
def test_a_page_is_asked_for_as_requests_would(
    path: str, query: dict[str, str | int | None], headers: dict[str, str]
) -> None:
    address, own = f"{HOST}{path}", {"X-B": "2"}
    query = {} if "?" in path else query
    with requests.Session() as plain:
        plain.headers.update(headers)
        lists = Lists(plain.prepare_request, plain.headers)
        for _ in range(2):
            made = lists.page(address, query, own)
            theirs = plain.prepare_request(requests.Request("GET", address, headers=own, params=query))
            asked = made.url, made.headers, made.body, made.method
            assert asked == (theirs.url, theirs.headers, None, "GET")
            made.headers["Authorization"] = "never seen by the next one"


def test_pages_that_differ_in_the_end_of_their_path_are_told_apart() -> None:
    script = Script(GOOD)
    with session(script) as transport:
        for name in ("01g-2000", "01g-4000"):
            transport.page(f"{HOST}/query/{name}", {}, {"X-A": name})
    assert [(seen[1], seen[2]["X-A"]) for seen in script.seen] == [
        ("/query/01g-2000", "01g-2000"),
        ("/query/01g-4000", "01g-4000"),
    ]


LONG = b'{"a": "' + b"x" * 300_000 + b'"}'
LONG_HEAD = HEAD + b"Content-Length: %d\r\n\r\n" % len(LONG)


@pytest.mark.parametrize("at_once", [len(LONG_HEAD), len(LONG_HEAD) + 1, len(LONG_HEAD) + 100_000])
def test_a_long_body_is_read_from_wherever_the_headers_ended(at_once: int) -> None:
    with _in_two(LONG_HEAD + LONG, at_once) as transport:
        assert transport.get(f"{HOST}/x").content == LONG


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ((LONG_HEAD + LONG)[:-1], f"{len(LONG) - 1} of {len(LONG)} bytes arrived"),
        (LONG_HEAD + LONG + b"HTTP/1.1 200 OK\r\n", "broke the connection"),
    ],
    ids=["cut", "with more behind it"],
)
def test_a_long_body_ends_where_its_length_says(sent: bytes, said: str) -> None:
    with _in_two(sent, len(LONG_HEAD + LONG) - 10) as transport, pytest.raises(Unavailable) as error:
        transport.get(f"{HOST}/x")
    assert said in f"{error.value.what} {error.value.why}"


@contextmanager
def _in_two(sent: bytes, at: int) -> Iterator[Transport]:
    """A server that sends so many bytes first, and the others when these have been read."""

    def answer(peer: socket.socket) -> None:
        peer.sendall(sent[:at])
        time.sleep(0.05)
        peer.sendall(sent[at:])

    with (
        listening(answer) as base,
        Transport(
            connection="s", hosts=("*.salesforce.com",), clock=FakeClock(), base=base, policy=ONCE
        ) as transport,
    ):
        yield transport


HALVES = [
    (rb'"\ud83d"', "\ufffd"),
    (rb'"\uDE00x"', "\ufffdx"),
    (rb'"a\ud83d\ud83d\ude00b"', "a\ufffd😀b"),
    (rb'"\ud83d\u0041"', "\ufffdA"),
    (rb'"\\ud83d \ud83d"', "\\ud83d \ufffd"),
]


@pytest.mark.parametrize(("name", "read"), HALVES)
def test_half_a_letter_costs_that_letter_and_not_the_page(name: bytes, read: str) -> None:
    page = b'{"results": [{"id": "1", "name": ' + name + b'}, {"id": "2"}]}'
    with session(Script((200, JSON, page)), policy=ONCE) as transport:
        first, second = transport.get(f"{HOST}/x").json()["results"]
    assert (first["name"], second["id"]) == (read, "2")


def test_half_a_letter_at_a_cut_is_still_a_cut() -> None:
    with (
        session(Script((200, JSON, rb'{"name": "\ud83d')), policy=ONCE) as transport,
        pytest.raises(Unavailable),
    ):
        transport.get(f"{HOST}/x")


def test_an_authority_that_is_no_certificate_is_not_blamed_on_the_network(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN RSA PRIVATE KEY-----\n")
    with pytest.raises(ConfigError, match="the ca_file of crm holds no certificate"):
        Transport(connection="crm", hosts=("crm.example",), clock=FakeClock(), ca_file=tmp_path / "ca.pem")
