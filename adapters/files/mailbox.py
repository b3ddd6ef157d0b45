"""Where the messages of a mailbox begin (mbox: RFC 4155 and its kin, mboxo, mboxrd, mboxcl), and their headers.

A message begins with a line `From`, a sender and a date, after an empty line. Many write such a line of a text without a `>`
before it, so that a line which only begins with From is text. The standard library takes each for a new message, and
reads no packed stream, so that the lines are looked at here. `Content-Length` is not believed: whoever edits a log makes it wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

LONGEST = 256_000  # bytes of headers of one message
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME = rb"\d{1,2}:\d\d(?::\d\d)?"
_ZONE = rb"(?: +(?:[+-]\d{4}|[A-Z]{1,5}))?"
_ENVELOPE = re.compile(
    rb"From (?:.*\b)?(?:%(day)s %(month)s +\d{1,2} %(time)s%(zone)s \d{4}%(zone)s(?: remote from \S+)?"
    rb"|%(day)s, +\d{1,2} %(month)s \d{4} %(time)s%(zone)s|\d{4}-\d\d-\d\d[T ]%(time)s\S*)\s*"
    % {b"day": _DAY, b"month": _MONTH, b"time": _TIME, b"zone": _ZONE}
)
_HEADER = re.compile(
    rb"(?:Return-Path|Received|Delivered-To|Date|From|Message-ID|MIME-Version|X-[\w-]+): ", re.IGNORECASE
)
_UNPARTED = (
    "this line looks like the beginning of a message, but no empty line is before it, so it was taken for text: "
    "put an empty line before it if a message begins here, or > if none does"
)
_UNDATED = (
    "a line From without a date, and headers below it: it was taken for text; write it as From SENDER Mon Nov 23 09:00:00 2026 "
    "if a message begins here, or put > before it if none does"
)
_NO_MAILBOX = (
    "the file does not begin with a line From, as a mailbox (mbox) does: what stands before the first such line was left out; "
    "name files of one message each .eml, and leave what is no mail out of the pattern"
)
_WIDE = "the file is UTF-16, which no mail is: save it as it was sent"
_MARK = b"\xef\xbb\xbf"


class Head(NamedTuple):
    """The headers of a message and the line on which they begin, or what is `wrong` in that line."""

    line: int
    text: bytes
    wrong: str = ""


def heads(file: BinaryIO) -> Iterator[Head]:
    """Those of each message of a mailbox, and the lines of which it cannot be told whether a message begins there."""
    box = _Box()
    for number, line in enumerate(file, 1):
        if found := box.took(number, line.removeprefix(_MARK) if number == 1 else line):
            yield found
    if found := box.ended():
        yield found


def single(file: BinaryIO) -> Head:
    """The headers of a file that is one message (.eml)."""
    head = bytearray()
    for number, line in enumerate(file):
        if number == 0 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
            return Head(1, b"", _WIDE)
        if not line.strip() and head:
            break
        head += _room(head, line.removeprefix(_MARK) if number == 0 else line)
    return Head(1, bytes(head))


class _Box:
    """Takes a mailbox line by line. `head` are the headers that are being read, `undated` a line that may begin a message."""

    def __init__(self) -> None:
        self._head: bytearray | None = None
        self._start = self._undated = 0
        self._begun, self._parted = False, True

    def took(self, number: int, line: bytes) -> Head | None:
        begins = line.startswith(b"From ") and (not self._begun or bool(_ENVELOPE.fullmatch(line)))
        if self._head is None:
            return self._between(number, line, begins=begins)
        if not begins and line.strip():
            self._head += _room(self._head, line)
            return None
        found = self.ended()
        if begins:
            self._begin(number)
        return found

    def ended(self) -> Head | None:
        """The headers that were being read, if any: there are no more of them."""
        if self._head is None:
            return None
        found = Head(self._start, bytes(self._head))
        self._head, self._parted = None, True
        return found

    def _begin(self, number: int) -> None:
        self._head, self._start, self._begun, self._undated = bytearray(), number + 1, True, 0

    def _between(self, number: int, line: bytes, *, begins: bool) -> Head | None:
        if begins and self._parted:
            self._begin(number)
            return None
        undated, self._undated = self._undated, 0
        if self._parted and line.startswith(b"From "):
            self._undated = number
        self._parted = not line.strip()
        if begins:
            return Head(number, b"", _UNPARTED)
        if undated and _HEADER.match(line):
            return Head(undated, b"", _UNDATED)
        if not self._begun and line.strip():
            self._begun = True
            return Head(number, b"", _NO_MAILBOX)
        return None


def _room(head: bytearray, line: bytes) -> bytes:
    """As much of a line as may still be kept of the headers of one message."""
    return line[: max(0, LONGEST - len(head))]
