"""Exchanges over connections of urllib3, without what it does around each: pages are asked for by the thousand."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import (
    HTTPError,
    InvalidHeader,
    MaxRetryError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from .answered import Answered
from .body import TooSlow

CHUNK = 1 << 17


class _Cheap(HTTPConnectionPool):
    """Takes the way below for whatever has a whole body to send and may have one to receive."""

    def urlopen(  # type: ignore[override]
        self, method: str, url: str, body: Any = None, headers: Any = None, **more: Any
    ) -> Any:
        if more.get("chunked") or method == "HEAD" or not isinstance(body, bytes | str | None):
            return super().urlopen(method, url, body=body, headers=headers, **more)
        sent = _request(method, url, self._host(), headers or {}, body)
        connection = self._get_conn()
        try:
            self._reach(connection, url, more["timeout"])
            answer, lasting = self._exchange(connection, url, sent, more["timeout"])
        except BaseException:
            connection.close()
            self._put_conn(connection)
            raise
        if not lasting:
            connection.close()
        self._put_conn(connection)
        return answer

    def _host(self) -> str:
        port = "" if self.port in (None, {"http": 80, "https": 443}[self.scheme]) else f":{self.port}"
        return (f"[{self.host}]" if ":" in self.host else self.host) + port

    def _reach(self, connection: Any, url: str, timeout: Timeout) -> None:
        if not connection.is_closed:
            return
        connection.timeout = timeout.connect_timeout
        try:
            connection.connect()
        except (ssl.SSLError, ssl.CertificateError) as error:
            raise MaxRetryError(self, url, SSLError(error)) from error
        except (HTTPError, OSError) as error:
            raise MaxRetryError(self, url, error) from error

    def _exchange(self, connection: Any, url: str, sent: bytes, timeout: Timeout) -> tuple[Answered, bool]:
        """The answer, and whether the connection may be used again."""
        answer = Answered()
        try:
            connection.sock.settimeout(timeout.read_timeout)
            connection.sock.sendall(sent)
            for _ in _waits(timeout, connection.sock):
                _receive(connection.sock, answer)
                if answer.whole:
                    break
        except TimeoutError as error:
            raise ReadTimeoutError(self, url, "Read timed out.") from error
        except OSError as error:
            raise ProtocolError("Connection aborted.", error) from error
        lasting = answer.lasting and answer.parser.get_http_version() == "1.1"
        answer.parser = None  # the two would keep each other and a whole page in memory
        return answer, lasting


class Http(_Cheap):
    """Without encryption: to a sandbox."""


class Https(_Cheap, HTTPSConnectionPool):
    """With encryption."""


def _waits(timeout: Timeout, socket: Any) -> Iterator[None]:
    """One wait after the other, each as long as it may be. Raises TooSlow at the deadline."""
    total: Any = timeout.total
    until = monotonic() + total
    while True:
        left = until - monotonic()
        if left <= 0:
            raise TooSlow("The answer took too long", why=f"not complete after {total:g} seconds")
        socket.settimeout(min(timeout.read_timeout, left))
        yield


def _receive(socket: Any, answer: Answered) -> None:
    """What has come. Raises TimeoutError for a long silence, and what the answer raises."""
    room = answer.room()
    if room is None:
        answer.feed(socket.recv(CHUNK))
        return
    with room:
        count = socket.recv_into(room)
    answer.filled(count)


def _request(method: str, url: str, host: str, headers: Mapping[str, Any], body: bytes | str | None) -> bytes:
    lines = [f"{method} {url} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {_text(value)}" for name, value in headers.items()]
    whole = "\r\n".join(lines)
    if not whole.count("\r") == whole.count("\n") == len(lines) - 1 or " " in url:
        raise InvalidHeader("a header or an address has a line break in it")
    try:
        head = f"{whole}\r\n\r\n".encode("latin-1")
    except UnicodeEncodeError as error:
        raise InvalidHeader("a header or an address has a letter that cannot be sent") from error
    return head + (body.encode() if isinstance(body, str) else body or b"")


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
