"""E-mail logs: what the headers of messages say. The messages themselves are never read.

A record is known by `message`, a digest of the message's id: ids can tell who wrote, and records' ids are kept for good.
Headers are those of RFC 5322, automatic messages those of RFC 3834; the mbox format is that of RFC 4155.
"""

from __future__ import annotations

import email
import hashlib
from collections.abc import Iterator, Sequence
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
    "message", "message_id", "at", "from_name", "from_address", "to_addresses", "cc_addresses", "subject", "in_reply_to", "automatic",
    "direction", "other_address", "other_domain",
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
    row |= _sides(row, maker.shape.own_domains)
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
    told = _plain(message.get("Message-ID"))
    return {
        "message": hashlib.sha256(told.encode() if told else head).hexdigest()[:32],
        "message_id": told or None,
        "at": _moment(message.get("Date")),
        "from_name": sender[0] or None,
        "from_address": sender[1] or None,
        "to_addresses": [address for _, address in _people(message, "To")],
        "cc_addresses": [address for _, address in _people(message, "Cc")],
        "subject": _text(message.get("Subject")),
        "in_reply_to": _plain(message.get("In-Reply-To")),
        "automatic": robot,
    }


def _sides(row: dict[str, Any], own: Sequence[str]) -> dict[str, Any]:
    """Who of those that wrote and read is not of us; without domains of our own, whoever wrote."""
    sender = [row["from_address"]] if row["from_address"] else []
    if not own:
        return _other(None, sender)
    if outside := [address for address in sender if not _ours(address, own)]:
        return _other("in", outside)
    readers = [a for a in (*row["to_addresses"], *row["cc_addresses"]) if not _ours(a, own)]
    return _other("out" if readers else "internal", readers)


def _other(direction: str | None, addresses: Sequence[str]) -> dict[str, Any]:
    address = addresses[0] if addresses else None
    domain = address.rpartition("@")[2] if address else None
    return {"direction": direction, "other_address": address, "other_domain": domain}


def _ours(address: str, own: Sequence[str]) -> bool:
    """Whether an address is of one of these domains, or below one."""
    domain = address.rpartition("@")[2]
    return any(domain == name or domain.endswith(f".{name}") for name in own)


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
