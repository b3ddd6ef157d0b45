"""How answers go out: what is large in one call with its headers, from where it lies; and the date that they bear."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime

from .wire import Body, Chain

WORTH_GATHERING = 8 << 10  # bytes: what is smaller fits into the buffer of a connection
SECOND = timedelta(seconds=1)
Piece = bytes | bytearray | memoryview


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


class Dates:
    """The date of answers, by a clock, as HTTP writes it: it is another one every second."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known = _lasting(now())

    def text(self) -> str:
        now, known = self._now(), self._known
        if not known[0] <= now < known[1]:
            known = self._known = _lasting(now)
        return known[2]


def _lasting(now: datetime) -> tuple[datetime, datetime, str]:
    """A date, after when and until when it is good."""
    second = now.replace(microsecond=0)
    return second, second + SECOND, format_datetime(second, usegmt=True)
