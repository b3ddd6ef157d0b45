"""Bodies on the wire: those of requests, whatever clients make of them, and those of answers, from where they lie."""

from __future__ import annotations

import socket
import ssl
import zlib
from collections.abc import Mapping, Sequence
from io import BufferedIOBase

from .wire import Body, Chain

WORTH_GATHERING = 8 << 10  # bytes: what is smaller fits into the buffer of a connection
Piece = bytes | bytearray | memoryview
GZIP = 16 + zlib.MAX_WBITS
PIECE = 1 << 20
NO_LENGTH = "a chunk does not say how long it is"


class Unreadable(Exception):
    """A request that no server reads: the status to answer, and why; `rest` bytes of it may still come."""

    def __init__(self, status: int, why: str, rest: int = 0) -> None:
        super().__init__(why)
        self.status, self.why, self.rest = status, why, rest


def body(stream: BufferedIOBase, headers: Mapping[str, str], most: int) -> bytes:
    """The body, unpacked. Raises Unreadable, and EOFError where the client left in the middle of it."""
    if "transfer-encoding" in headers:
        found = _chunks(stream, headers["transfer-encoding"], most)
    else:
        found = _whole(stream, headers.get("content-length", "0"), most)
    return _unpacked(found, most) if headers.get("content-encoding", "").lower() == "gzip" else found


def _whole(stream: BufferedIOBase, length: str, most: int) -> bytes:
    if not (length.isascii() and length.strip().isdigit()):
        raise Unreadable(400, f"content-length is not a number: {length[:40]}")
    size = int(length)
    if size > most:
        raise _too_large(most, min(size, 4 * most))
    return _exactly(stream, size)


def _chunks(stream: BufferedIOBase, coding: str, most: int) -> bytes:
    if coding.lower() != "chunked":
        raise Unreadable(501, f"transfer-encoding {coding[:40]} is not known")
    found = bytearray()
    while size := _chunk_size(stream):
        if len(found) + size > most:
            raise _too_large(most)
        found += _exactly(stream, size)
        stream.readline(PIECE)
    while stream.readline(PIECE).strip():
        """Trailers say nothing that counts here."""
    return bytes(found)


def _chunk_size(stream: BufferedIOBase) -> int:
    line = stream.readline(PIECE)
    if not line:
        raise EOFError
    text = line.partition(b";")[0].strip()
    if not text.isalnum():
        raise Unreadable(400, NO_LENGTH)
    try:
        return int(text, 16)
    except ValueError:
        raise Unreadable(400, NO_LENGTH) from None


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise EOFError
    return found


def skip(stream: BufferedIOBase, size: int) -> None:
    """Read what nobody wants: many a client hears an answer only after it has sent all."""
    while size > 0 and (piece := stream.read(min(size, PIECE))):
        size -= len(piece)


def _unpacked(packed: bytes, most: int) -> bytes:
    work = zlib.decompressobj(GZIP)
    try:
        found = work.decompress(packed, most + 1)
    except zlib.error as error:
        raise Unreadable(400, f"the body is not gzip: {error}") from None
    if len(found) > most:
        raise _too_large(most)
    if not work.eof:
        raise Unreadable(400, "the gzip body ends too early")
    return found


def _too_large(most: int, rest: int = 0) -> Unreadable:
    return Unreadable(413, f"the body is larger than {most:,} bytes", rest)


def pieces(content: Body) -> Sequence[Piece]:
    """A body as it lies in memory or in a file."""
    return content.pieces if isinstance(content, Chain) else (content,)


def gathers(connection: socket.socket) -> bool:
    """Whether pieces can go out together: not through TLS, nor on Windows."""
    return hasattr(connection, "sendmsg") and not isinstance(connection, ssl.SSLSocket)


def send(connection: socket.socket, whole: Sequence[Piece]) -> None:
    """Send pieces in one call."""
    sent = connection.sendmsg(whole)
    if sent < sum(map(len, whole)):  # a signal came in between
        connection.sendall(b"".join(whole)[sent:])
