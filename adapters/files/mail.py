"""E-mail logs: what the headers of messages say. The messages themselves are never read."""

from __future__ import annotations

import email
import hashlib
from collections.abc import Iterator
from datetime import UTC
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any

from cs_connector.ports import RawRecord

from .opening import opened
from .records import Maker

LONGEST = 256_000  # bytes of headers of one message
COLUMNS = (
    "message_id", "at", "from_name", "from_address", "to_addresses", "cc_addresses", "subject", "in_reply_to", "automatic",
)  # fmt: skip
_ROBOTS = frozenset({"auto-generated", "auto-replied", "auto-notified"})


def rows(path: Path, maker: Maker) -> Iterator[tuple[int, RawRecord]]:
    """A record a message of an .eml file or of a mailbox (mbox), with the line on which it begins."""
    for line, head in _heads(path):
        yield line, _record(head, maker, line)


def _heads(path: Path) -> Iterator[tuple[int, bytes]]:
    """The headers of each message; those of an .eml file begin at once, others after a line `From `."""
    with opened(path) as file:
        numbered = enumerate(file, 1)
        if ".eml" in path.suffixes:
            yield 1, _head(numbered)
            return
        for number, line in numbered:
            if line.startswith(b"From "):
                yield number + 1, _head(numbered)


def _head(numbered: Iterator[tuple[int, bytes]]) -> bytes:
    """The lines up to the first empty one, at most LONGEST bytes."""
    head = bytearray()
    for _, line in numbered:
        if not line.strip():
            break
        head += line[: max(0, LONGEST - len(head))]
    return bytes(head)


def _record(head: bytes, maker: Maker, line: int) -> RawRecord:
    message = email.message_from_bytes(head)
    row = _row(message, head)
    if row["at"] is None:
        return maker.bad("the message has no date that can be read", line)
    record = maker.good(row, None, line)
    return record._replace(modified_at=record.modified_at or row["at"])


def _row(message: Message, head: bytes) -> dict[str, Any]:
    sender = next(iter(_people(message, "From")), ("", ""))
    answered = (message.get("Auto-Submitted") or "").lower().partition(";")[0].strip()
    robot = (
        answered in _ROBOTS
        or message.get("List-Unsubscribe") is not None
        or message.get("Precedence") == "bulk"
    )
    return {
        "message_id": _plain(message.get("Message-ID")) or hashlib.sha256(head).hexdigest(),
        "at": _moment(message.get("Date")),
        "from_name": sender[0] or None,
        "from_address": sender[1] or None,
        "to_addresses": [address for _, address in _people(message, "To")],
        "cc_addresses": [address for _, address in _people(message, "Cc")],
        "subject": _text(message.get("Subject")),
        "in_reply_to": _plain(message.get("In-Reply-To")),
        "automatic": robot,
    }


def _people(message: Message, name: str) -> list[tuple[str, str]]:
    """(name, address) of everybody in a header."""
    found = getaddresses([str(value) for value in message.get_all(name, [])])
    return [(_text(who) or "", address.lower()) for who, address in found if "@" in address]


def _moment(text: str | None) -> str | None:
    try:
        at = parsedate_to_datetime(str(text))
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _text(value: Any) -> str | None:
    """A header in words; one in a character set that is wrong or unknown keeps what can be read of it."""
    if value is None:
        return None
    try:
        said = str(make_header(decode_header(str(value))))
    except (LookupError, ValueError, MessageError):
        said = str(value)
    return said.encode("utf-8", "replace").decode("utf-8").strip() or None


def _plain(value: Any) -> str | None:
    return str(value).strip(" <>\r\n\t").encode("utf-8", "replace").decode() if value is not None else None
