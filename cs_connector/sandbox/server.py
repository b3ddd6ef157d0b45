"""A simulator on a loopback port: HTTP/1.1 with keep-alive, and faults on order."""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import unquote

from cs_connector.errors import UsageError

from . import bodies
from .bodies import Unreadable
from .clock import Dates
from .faults import Do, Faults, together
from .wire import Body, Request, Response

HOST = "127.0.0.1"
LARGEST = 256 << 20
TEXT = {"content-type": "text/plain; charset=utf-8"}
WORTH_PACKING = 1024
DRIPS = 16
# The C library keeps as much freed memory at hand as was once freed in one piece; fresh memory from the kernel costs
# a large answer more than what is written to it.
KEPT_FREE = 16 << 20
LINGER_RESET = struct.pack("ii", 1, 0)


class Answers(Protocol):
    """Whatever can answer requests."""

    def handle(self, request: Request) -> Response: ...


Orders = Callable[[Mapping[str, Any]], None]


def only_here(host: str) -> None:
    """Raises UsageError for an address that others could reach."""
    if host not in (HOST, "localhost"):
        raise UsageError(
            f"the sandbox does not listen on {host}",
            why=f"whoever reaches it can log in, so it is on {HOST} only, which is this machine",
            safe="nothing was started",
            fix="leave out --host; for another machine, forward the ports over ssh",
        )


class Server:
    """One port. It is bound at once, so that `base_url` is known; it answers from `start` to `stop`.

    `names` are what fault rules may call it. `lock` is held while the simulator works. With `packs`, bodies
    above one KiB are sent as gzip to those who accept it. With `tls`, it speaks https. A body above `largest`
    bytes is refused. `now` dates the answers.
    """

    def __init__(
        self,
        port: int = 0,
        names: frozenset[str] = frozenset(),
        faults: Faults | None = None,
        tls: ssl.SSLContext | None = None,
        largest: int = LARGEST,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.names = names
        self.dates = Dates(now) if now else None
        self.tls = tls
        self.largest = largest
        self.faults = faults or Faults()
        self.packs = False
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.answers: Answers | None = None
        self.orders: Orders | None = None
        self.before: Callable[[], None] | None = None
        self._http = self._bound(port)
        self._thread: threading.Thread | None = None

    def _bound(self, port: int) -> _Http:
        try:
            return _Http((HOST, port), self)
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"port {port} cannot be used",
                why=str(error),
                safe="nothing was started",
                fix="leave out --port, or name one that is free and whose next ones are too",
            ) from error

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{HOST}:{self.port}"

    def start(
        self,
        answers: Answers,
        orders: Orders | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        """Answer from now on; `orders` takes those of the fault rules, `before` is called before each request."""
        self.answers, self.orders, self.before = answers, orders, before
        bytes(KEPT_FREE)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every open connection, and wait for both."""
        self.stopping.set()
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
        self._http.hang_up()
        self._http.server_close()

    def obey(self, due: list[Do]) -> Response | None:
        """Pass orders on to the simulator; an answer only where it crashed."""
        if self.orders is None:
            return None
        try:
            with self.lock:
                for order in (order for do in due for order in do.orders()):
                    self.orders(order)
        except Exception as error:  # noqa: BLE001 — a crash must reach the client as an answer
            return _crash(error)
        return None

    def answer(self, request: Request) -> Response:
        """The simulator's answer; 500 where it crashed, with the traceback on stderr."""
        assert self.answers is not None
        try:
            if self.before is not None:
                self.before()
            with self.lock:
                return self.answers.handle(request)
        except Exception as error:  # noqa: BLE001 — a crash must reach the client as an answer
            return _crash(error)


def _crash(error: Exception) -> Response:
    traceback.print_exception(error)
    text = f"The simulator crashed: {type(error).__name__}: {error}"
    return Response(500, text.encode(), dict(TEXT))


class _Http(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], owner: Server) -> None:
        self.owner = owner
        self.open: dict[Any, threading.Thread] = {}
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[Any, Any]:
        """A connection; with TLS the handshake is left to the thread that serves it."""
        request, address = super().get_request()
        if self.owner.tls is None:
            return request, address
        # What a broken handshake raises here would end the server.
        return self.owner.tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False), address

    def process_request(self, request: Any, client_address: Any) -> None:
        work = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self.open[request] = work
        work.start()

    def shutdown_request(self, request: Any) -> None:
        self.open.pop(request, None)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == LINGER_RESET:
            request.close()  # a shutdown would say goodbye first
        else:
            super().shutdown_request(request)

    def hang_up(self) -> None:
        for request, work in list(self.open.items()):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
            work.join(5)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client may leave at any time
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    _headers_buffer: list[bytes]
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the name in the base class
        """Keep quiet: the ledger says what happened."""

    def setup(self) -> None:
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()

    def handle_expect_100(self) -> bool:
        """Called by the base class for clients that ask before they send a large body: they wait for this."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Called by the base class for a request that is none."""
        del explain
        self.close_connection = True
        self.command, self.request_version = getattr(self, "command", None) or "GET", "HTTP/1.1"
        self._send(Response(code, f"{message or 'This is not a request'}\n".encode(), dict(TEXT)), Do())

    def do_GET(self) -> None:
        try:
            request = self._request()
        except Unreadable as bad:
            self.send_error(bad.status, f"The request was not understood: {bad.why}")
            self.wfile.flush()
            bodies.skip(self.rfile, bad.rest)
            return
        except EOFError:  # the client left in the middle of its request
            self.close_connection = True
            return
        self._serve(request)

    def _serve(self, request: Request) -> None:
        owner = self.server.owner
        due = owner.faults.due(owner.names, request.method, request.path, request.query_string)
        if not due:
            self._send(owner.answer(request), Do())
            return
        if crash := owner.obey(due):
            self._send(crash, Do())
            return
        self._fail(request, together(due))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 — names of the base class

    def _request(self) -> Request:
        target, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        found = bodies.body(self.rfile, headers, self.server.owner.largest)
        return Request(self.command, _decoded(target), query, headers, found)

    def _fail(self, request: Request, do: Do) -> None:
        owner = self.server.owner
        if do.delay_ms:
            owner.stopping.wait(do.delay_ms / 1000)
        if "before" in (do.drop, do.reset):
            self._cut(do)
            return
        response = owner.answer(request) if do.status is None else do.answer()
        _change_headers(response, do.headers or {})
        if "after" in (do.drop, do.reset):
            self._cut(do)
        else:
            self._send(response, do)

    def _cut(self, do: Do) -> None:
        self.close_connection = True
        if do.reset is not None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)

    def _send(self, response: Response, do: Do) -> None:
        content = self._packed(response)
        self.send_response_only(response.status)
        if (dates := self.server.owner.dates) and "date" not in map(str.lower, response.headers):
            self.send_header("date", dates.text())
        for name, value in response.headers.items():
            self.send_header(name, value)
        if do.headers and "content-length" in map(str.lower, do.headers):
            self.close_connection = True  # it may be a lie
        elif response.status not in (204, 304):
            self.send_header("content-length", str(len(content)))
        if self.close_connection:
            self.send_header("connection", "close")
        if self.command == "HEAD" or response.status in (204, 304):
            self.end_headers()
            return
        if do.truncate is not None:
            self.close_connection = True
            content = bytes(content)[: do.truncate]
        self._write(content, do.drip_ms)

    def _packed(self, response: Response) -> Body:
        accepts = self.server.owner.packs and "gzip" in self.headers.get("accept-encoding", "")
        if not accepts or len(response.body) <= WORTH_PACKING:
            return response.body
        response.headers["content-encoding"] = "gzip"
        return gzip.compress(bytes(response.body), compresslevel=1, mtime=0)

    def _write(self, content: Body, drip_ms: float | None) -> None:
        if drip_ms is None:
            self._write_whole(content)
            return
        self.end_headers()
        content = bytes(content)
        size = max(1, -(-len(content) // DRIPS))
        for start in range(0, len(content), size):
            self.wfile.write(content[start : start + size])
            self.wfile.flush()
            self.server.owner.stopping.wait(drip_ms / 1000)

    def _write_whole(self, content: Body) -> None:
        small = len(content) < bodies.WORTH_GATHERING or self.request_version == "HTTP/0.9"
        if small or not bodies.gathers(self.connection):
            self.end_headers()
            self.wfile.writelines(bodies.pieces(content))
            return
        self.wfile.flush()
        head, self._headers_buffer = b"".join(self._headers_buffer), []
        bodies.send(self.connection, (head, b"\r\n", *bodies.pieces(content)))


def _change_headers(response: Response, changes: Mapping[str, str]) -> None:
    """Put headers in the place of those of the same name; a body that is to be gzip is packed."""
    names = {name.lower() for name in changes}
    kept = {name: value for name, value in response.headers.items() if name.lower() not in names}
    response.headers = kept | dict(changes)
    if any(name.lower() == "content-encoding" and value == "gzip" for name, value in changes.items()):
        response.body = gzip.compress(bytes(response.body), mtime=0)


def _decoded(target: str) -> str:
    """A path without its escapes, but for those of `/` and `%`: its parts must still be told apart."""
    if "%" not in target:
        return target
    parts = (unquote(part).replace("%", "%25").replace("/", "%2F") for part in target.split("/"))
    return "/".join(parts)
