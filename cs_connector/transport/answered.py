"""An answer of HTTP as a parser in C reads it, piece by piece; believed when it is whole."""

from __future__ import annotations

import zlib
from http.client import RemoteDisconnected
from io import BytesIO
from typing import Any

import httptools
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ProtocolError

from cs_connector.errors import Unavailable

from .body import LARGEST

HEADERS = 1 << 20  # bytes that may come before a body
AT_ONCE = 1 << 16  # bytes of a body that gets its room at once: one that grows is copied, and leaves holes
MOST_AT_ONCE = 128 << 20
OK = 200  # below are answers that come before the answer
PACKED = "gzip"  # the one encoding that is asked for
_GZIP = 16 + zlib.MAX_WBITS


class Answered:
    """What came back, filled by the parser, whose callbacks these are."""

    def __init__(self) -> None:
        self.status, self.whole, self._heading = 0, False, 0
        self.on_message_begin()
        self.parser: Any = httptools.HttpResponseParser(self)

    def on_message_begin(self) -> None:
        """Also after an answer that comes before the answer. Raises ProtocolError for one that comes after it."""
        if self.whole:
            raise ProtocolError("There is more than one answer")
        self.reason = ""
        self._headed = self._ended = False
        self._size = 0  # of a body that has its room
        self._told: dict[str, str] = {}  # by names in small letters
        self._body = BytesIO()  # grows in its place, where joined parts would be there twice

    def on_status(self, reason: bytes) -> None:
        self.reason += reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._told[key] = f"{self._told[key]}, {text}" if key in self._told else text

    def on_headers_complete(self) -> None:
        self._headed = True
        length = self._told.get("content-length", "")
        if "transfer-encoding" in self._told or not length.isdecimal():
            return
        if AT_ONCE <= int(length) <= MOST_AT_ONCE:
            self._size = int(length)
            self._body.seek(self._size)
            self._body.write(b"\0")
            self._body.seek(0)

    def on_body(self, part: bytes) -> None:
        if self._body.tell() + len(part) > LARGEST:
            raise _large()
        self._body.write(part)

    def on_message_complete(self) -> None:
        self.status = self.parser.get_status_code()
        self.whole = self.status >= OK
        self._size = 0

    def feed(self, data: bytes) -> None:
        """No data: the other side closed. Raises ProtocolError for what is no answer, and Unavailable."""
        if not self._headed:
            self._heading += len(data)
            if self._heading > HEADERS:
                raise _large()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from None
        except httptools.HttpParserError as error:
            raise ProtocolError("This is no answer", error) from error
        if not data:
            self.end()

    def room(self) -> memoryview | None:
        """Where the rest of the body goes, past the parser, which would copy it twice; None for what it has to see.

        It has a byte more than the body, so that another answer behind this one shows.
        """
        return self._body.getbuffer()[self._body.tell() :] if self._size else None

    def filled(self, count: int) -> None:
        """So many bytes were put there; none: the other side closed. Raises ProtocolError and Unavailable."""
        if not count:
            self.end()
        at = self._body.tell() + count
        if at > self._size:
            raise ProtocolError("There is more than one answer")
        self._body.seek(at)
        if at == self._size:
            self.on_message_complete()

    @property
    def headers(self) -> CaseInsensitiveDict[str]:
        return CaseInsensitiveDict(self._told)

    @property
    def lasting(self) -> bool:
        """Whether the other side goes on listening."""
        return not self._ended and "close" not in self._told.get("connection", "").lower()

    def end(self) -> None:
        """The other side closed: that ends a body without a length, and cuts off all else.

        Raises ProtocolError before there is a body, and Unavailable in the middle of it.
        """
        self.status = self.parser.get_status_code()
        if self.status < OK or not self._headed:
            raise ProtocolError("Connection aborted.", RemoteDisconnected("closed without an answer"))
        if "content-length" in self._told or "transfer-encoding" in self._told:
            length = self._told.get("content-length", "all")
            raise Unavailable("The answer broke off", why=f"{self._body.tell()} of {length} bytes arrived")
        self.whole = self._ended = True

    def content(self) -> bytes:
        """The body, unpacked. Raises Unavailable."""
        self._body.truncate()  # room may be left
        body = self._body.getvalue()
        packed = self._told.get("content-encoding", "identity").lower()
        if packed == "identity" or not body:
            return body
        if packed not in (PACKED, f"x-{PACKED}"):
            raise Unavailable("The answer is packed in a way that was not asked for", why=packed)
        return _unpacked(body)


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
    return Unavailable("The answer is too large", why=f"a body may have {LARGEST >> 20} MB, its headers 1 MB")
