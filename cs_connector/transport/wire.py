"""An exchange over a connection of urllib3, read by a parser in C: what is done for every page has to be cheap."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterator, Mapping
from http.client import RemoteDisconnected
from time import monotonic
from typing import Any

import httptools
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import (
    HTTPError,
    InvalidHeader,
    MaxRetryError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from cs_connector.errors import Unavailable

from .body import LARGEST, TooSlow

CHUNK = 1 << 17
PACKED = "gzip"  # the one encoding that is asked for
_GZIP = 16 + zlib.MAX_WBITS


class Answered:
    """What came back, filled by the parser, whose callbacks these are."""

    def __init__(self) -> None:
        self.status = 0
        self.on_message_begin()

    def on_message_begin(self) -> None:
        """Also after an answer that was only the first of two (100, 103)."""
        self.reason, self.whole, self._ended, self._size = "", False, False, 0
        self.headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
        self._parts: list[bytes] = []

    def on_status(self, reason: bytes) -> None:
        self.reason += reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > LARGEST:
            raise _large()

    def on_message_complete(self) -> None:
        self.whole = True

    @property
    def lasting(self) -> bool:
        """Whether the other side goes on listening."""
        return not self._ended and "close" not in self.headers.get("Connection", "").lower()

    def end(self) -> None:
        """The other side closed: that ends a body without a length, and cuts off any other. Raises Unavailable."""
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            told = self.headers.get("Content-Length", "all")
            raise Unavailable("The answer broke off", why=f"{self._size} of {told} bytes arrived")
        self.whole = self._ended = True

    def content(self) -> bytes:
        """The body, unpacked. Raises Unavailable."""
        body = b"".join(self._parts)
        packed = self.headers.get("Content-Encoding", "identity").lower()
        if packed == "identity" or not body:
            return body
        if packed not in (PACKED, f"x-{PACKED}"):
            raise Unavailable("The answer is packed in a way that was not asked for", why=packed)
        return _unpacked(body)


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
        parser = httptools.HttpResponseParser(answer)
        try:
            connection.sock.settimeout(timeout.read_timeout)
            connection.sock.sendall(sent)
            for data in _arriving(connection.sock, timeout):
                _feed(parser, answer, data)
                if answer.whole and answer.status >= 200:
                    break
        except TimeoutError as error:
            raise ReadTimeoutError(self, url, "Read timed out.") from error
        except OSError as error:
            raise ProtocolError("Connection aborted.", error) from error
        return answer, answer.lasting and parser.get_http_version() == "1.1"


class Http(_Cheap):
    """Without encryption: to a sandbox."""


class Https(_Cheap, HTTPSConnectionPool):
    """With encryption."""


def _arriving(socket: Any, timeout: Timeout) -> Iterator[bytes]:
    """Bytes as they come, the last of them none. Raises TooSlow at the deadline, TimeoutError for a long silence."""
    total: Any = timeout.total
    until = monotonic() + total
    while True:
        left = until - monotonic()
        if left <= 0:
            raise TooSlow("The answer took too long", why=f"not complete after {total:g} seconds")
        socket.settimeout(min(timeout.read_timeout, left))
        yield socket.recv(CHUNK)


def _feed(parser: Any, answer: Answered, data: bytes) -> None:
    """Raises ProtocolError for what is no answer, and Unavailable for one that is cut off or too large."""
    try:
        parser.feed_data(data)
    except httptools.HttpParserCallbackError as error:
        raise error.__context__ or error from None
    except httptools.HttpParserError as error:
        raise ProtocolError("This is no answer", error) from error
    answer.status = parser.get_status_code()
    if not data and not answer.status:
        raise ProtocolError("Connection aborted.", RemoteDisconnected("closed without an answer"))
    if not data:
        answer.end()


def _request(method: str, url: str, host: str, headers: Mapping[str, Any], body: bytes | str | None) -> bytes:
    lines = [f"{method} {url} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {_text(value)}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line for line in lines) or " " in url:
        raise InvalidHeader("a header or an address has a line break in it")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head + (body.encode() if isinstance(body, str) else body or b"")


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _unpacked(body: bytes) -> bytes:
    """A gzip file may have several members."""
    parts, size = [], 0
    while body:
        member = zlib.decompressobj(_GZIP)
        try:
            parts.append(member.decompress(body, LARGEST - size + 1))
        except zlib.error as error:
            raise Unavailable("The answer cannot be unpacked", why=str(error)) from error
        size += len(parts[-1])
        if size > LARGEST:
            raise _large()
        if not member.eof:
            raise Unavailable(
                "The answer broke off", why=f"{size} bytes were unpacked and the end is missing"
            )
        body = member.unused_data
    return b"".join(parts)


def _large() -> Unavailable:
    return Unavailable("The answer is too large", why=f"more than {LARGEST >> 20} MB")
