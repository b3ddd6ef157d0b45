"""A server on a real socket that answers by a script, and a session that talks to it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cs_connector.transport import Transport

HOST = "https://acme.my.salesforce.com"


class FakeClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


Answer = tuple[int, dict[str, str], bytes] | bytes | None


class Script:
    """Answers in turn (the last one again and again); bytes are sent as they are, None resets.

    `seen` are the requests, `callers` the ports that they came from.
    """

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.seen, self.callers = list(answers), [], []

    def next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.seen.append((self.command, self.path, dict(self.headers), body))
            script.callers.append(self.client_address[1])
            answer = script.next()
            if not isinstance(answer, tuple):
                self._raw(answer)
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(content))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def _raw(self, answer: bytes | None) -> None:
            self.close_connection = True
            if answer:
                self.wfile.write(answer)
            self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_HEAD = do_POST = do_PATCH = handle_any  # noqa: N815 - the names that http.server calls

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def session(script: Script, **options: object) -> Iterator[Transport]:
    options.setdefault("clock", FakeClock())
    with (
        serving(script) as base,
        Transport(connection="sales", hosts=("*.salesforce.com",), base=base, **options) as transport,
    ):
        yield transport


JSON = {"Content-Type": "application/json"}
GOOD: Answer = (200, JSON, b'{"a": 1}')


def failed(status: int, **headers: str) -> Answer:
    return status, JSON | {k.replace("_", "-"): v for k, v in headers.items()}, b"{}"
