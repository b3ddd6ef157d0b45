"""How answers leave a sandbox: whole, from wherever they lie, and with the date of its clock."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cs_connector.sandbox import authority, bodies
from cs_connector.sandbox.clock import Dates, SandboxClock
from cs_connector.sandbox.server import Server
from cs_connector.sandbox.wire import Chain, Request, Response

AS_OF = datetime(2026, 11, 2, 12, tzinfo=UTC)
PIECES = (b'{"list":[', memoryview(bytes(range(256)) * 20_000), b"]}")
WHOLE = b"".join(PIECES)


class InPieces:
    """Answers with the same pieces, of which /small sends but the first."""

    def handle(self, request: Request) -> Response:
        return Response(200, Chain(*PIECES[: 1 if request.path == "/small" else None]), {"content-type": "x"})


@pytest.fixture(params=["plain", "tls"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    tls = authority.generated(tmp_path).context if request.param == "tls" else None
    server = Server(tls=tls)
    server.start(InPieces())
    yield server
    server.stop()


def told(server: Server, request: bytes) -> bytes:
    """All that comes back until the connection is closed."""
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    with _wrapped(plain) if server.tls else plain as line:
        line.sendall(request)
        return b"".join(iter(lambda: line.recv(1 << 16), b""))


def _wrapped(plain: socket.socket) -> socket.socket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain)


def test_a_large_answer_in_pieces_is_whole_and_so_is_the_next(server):
    text = b"GET / HTTP/1.1\r\n\r\nGET /small HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nconnection: close\r\n\r\n"
    head, _, rest = told(server, text).partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"content-type: x",
        b"content-length: %d" % len(WHOLE),
    ]
    first, rest = rest[: len(WHOLE)], rest[len(WHOLE) :]
    assert first == WHOLE
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")
    assert rest.count(PIECES[0]) == 2
    assert rest.endswith(WHOLE)


def test_a_client_of_the_oldest_kind_gets_no_headers(server):
    assert told(server, b"GET /\r\n\r\n") == WHOLE


def test_what_does_not_go_out_at_once_is_sent_after_it():
    class Slow:
        """A connection that a signal interrupts."""

        def __init__(self):
            self.sent = b""

        def sendmsg(self, whole):
            self.sent += b"".join(whole)[:7]
            return 7

        def sendall(self, rest):
            self.sent += rest

    slow = Slow()
    bodies.send(slow, PIECES)
    assert slow.sent == WHOLE


def test_the_date_is_another_one_every_second():
    clock = SandboxClock(AS_OF)
    clock.move(running=False)
    dates = Dates(clock.now)
    assert dates.text() == dates.text() == "Mon, 02 Nov 2026 12:00:00 GMT"
    clock.move(timedelta(milliseconds=999))
    assert dates.text() == "Mon, 02 Nov 2026 12:00:00 GMT"
    clock.move(timedelta(milliseconds=1))
    assert dates.text() == "Mon, 02 Nov 2026 12:00:01 GMT"
    clock.move(timedelta(days=1))
    assert dates.text() == "Tue, 03 Nov 2026 12:00:01 GMT"
