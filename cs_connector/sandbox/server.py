"""A simulator on a loopback port: HTTP/1.1 with keep-alive, and faults on order."""

from __future__ import annotations

import gzip
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import unquote

from .faults import Do, Faults, together
from .wire import Request, Response

HOST = "127.0.0.1"
WORTH_PACKING = 1024
DRIPS = 16
LINGER_RESET = struct.pack("ii", 1, 0)


class Answers(Protocol):
    """Whatever can answer requests."""

    def handle(self, request: Request) -> Response: ...


Orders = Callable[[Mapping[str, Any]], None]


class Server:
    """One port. It is bound at once, so that `base_url` is known; it answers from `start` to `stop`.

    `names` are what fault rules may call it. `lock` is held while the simulator works. With `packs`, bodies
    above one KiB are sent as gzip to those who accept it.
    """

    def __init__(
        self, port: int = 0, names: frozenset[str] = frozenset(), faults: Faults | None = None
    ) -> None:
        self.names = names
        self.faults = faults or Faults()
        self.packs = False
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.answers: Answers | None = None
        self.orders: Orders | None = None
        self._http = _Http((HOST, port), self)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self, answers: Answers, orders: Orders | None = None) -> None:
        """Answer from now on; `orders` takes those of the fault rules."""
        self.answers, self.orders = answers, orders
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

    def obey(self, due: list[Do]) -> None:
        """Pass orders on to the simulator."""
        if self.orders is None:
            return
        with self.lock:
            for do in due:
                for order in do.orders():
                    self.orders(order)

    def answer(self, request: Request) -> Response:
        """The simulator's answer; 500 where it crashed, with the traceback on stderr."""
        assert self.answers is not None
        try:
            with self.lock:
                return self.answers.handle(request)
        except Exception as error:  # noqa: BLE001 — a crash must reach the client as an answer
            traceback.print_exc()
            text = f"The simulator crashed: {type(error).__name__}: {error}"
            return Response(500, text.encode(), {"content-type": "text/plain; charset=utf-8"})


class _Http(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], owner: Server) -> None:
        self.owner = owner
        self.open: dict[Any, threading.Thread] = {}
        super().__init__(address, _Handler)

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
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the name in the base class
        """Keep quiet: the ledger says what happened."""

    def do_GET(self) -> None:
        owner = self.server.owner
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            self._send(Response(411, b"Send a content-length"), Do())
            return
        request = self._request()
        due = owner.faults.due(owner.names, request.method, request.path, request.query_string)
        if not due:
            self._send(owner.answer(request), Do())
            return
        owner.obey(due)
        self._fail(request, together(due))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 — names of the base class

    def _request(self) -> Request:
        target, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length") or 0))
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Request(self.command, _decoded(target), query, headers, body)

    def _fail(self, request: Request, do: Do) -> None:
        owner = self.server.owner
        if do.delay_ms:
            owner.stopping.wait(do.delay_ms / 1000)
        if "before" in (do.drop, do.reset):
            self._cut(do)
            return
        if do.status is not None:
            response = Response(do.status, do.payload(), dict(do.headers or {}))
        else:
            response = owner.answer(request)
        if "after" in (do.drop, do.reset):
            self._cut(do)
        else:
            self._send(response, do)

    def _cut(self, do: Do) -> None:
        self.close_connection = True
        if do.reset is not None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)

    def _send(self, response: Response, do: Do) -> None:
        body = self._packed(response)
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in (204, 304):
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD" or response.status in (204, 304):
            return
        if do.truncate is not None:
            self.close_connection = True
            body = body[: do.truncate]
        self._write(body, do.drip_ms)

    def _packed(self, response: Response) -> bytes:
        accepts = self.server.owner.packs and "gzip" in self.headers.get("accept-encoding", "")
        if not accepts or len(response.body) <= WORTH_PACKING:
            return response.body
        response.headers["content-encoding"] = "gzip"
        return gzip.compress(response.body, compresslevel=1, mtime=0)

    def _write(self, body: bytes, drip_ms: float | None) -> None:
        if drip_ms is None:
            self.wfile.write(body)
            return
        size = max(1, -(-len(body) // DRIPS))
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            self.wfile.flush()
            self.server.owner.stopping.wait(drip_ms / 1000)


def _decoded(target: str) -> str:
    """A path without its escapes, but for those of `/` and `%`: its parts must still be told apart."""
    if "%" not in target:
        return target
    parts = (unquote(part).replace("%", "%25").replace("/", "%2F") for part in target.split("/"))
    return "/".join(parts)
