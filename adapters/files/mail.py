"""E-mail logs: what the headers of messages say. The messages themselves are never read.

A record is known by `message`, a digest of the message's id: ids can tell who wrote, and records' ids are kept for good.
Headers are those of RFC 5322, automatic messages those of RFC 3834.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from cs_connector.ports import RawRecord

from . import mailbox
from .headers import Headers
from .opening import opened
from .records import Maker

COLUMNS = (
    "message", "message_id", "at", "from_name", "from_address", "to_addresses", "cc_addresses", "subject", "in_reply_to", "automatic",
    "direction", "other_address", "other_domain",
)  # fmt: skip
_ROBOTS = frozenset({"auto-generated", "auto-replied", "auto-notified"})


def rows(path: Path, maker: Maker) -> Iterator[tuple[int, RawRecord]]:
    """A record a message of an .eml file or of a mailbox (mbox), with the line on which it begins."""
    with opened(path) as file:
        one = ".eml" in map(str.lower, path.suffixes)
        for head in [mailbox.single(file)] if one else mailbox.heads(file):
            yield head.line, maker.bad(head.wrong, head.line) if head.wrong else _record(head, maker)


def _record(head: mailbox.Head, maker: Maker) -> RawRecord:
    headers = Headers(head.text)
    row = _row(headers, head.text)
    if row["at"] is None:
        return maker.bad("the message has no date that can be read", head.line)
    row |= _sides(row, maker.shape.own_domains)
    record = maker.good(row, None, head.line)
    if headers.odd:
        maker.odd.append((head.line, ", ".join(headers.odd)))
    return record._replace(modified_at=record.modified_at or row["at"])


def _row(headers: Headers, head: bytes) -> dict[str, Any]:
    sender = next(iter(headers.people("From")), ("", ""))
    answered = (headers.plain("Auto-Submitted") or "").lower().partition(";")[0].strip()
    robot = (
        answered in _ROBOTS
        or headers.plain("List-Unsubscribe") is not None
        or headers.plain("Precedence") == "bulk"
    )
    told = _id(headers.plain("Message-ID"))
    return {
        "message": hashlib.sha256(told.encode() if told else head).hexdigest()[:32],
        "message_id": told or None,
        "at": _moment(headers.plain("Date")),
        "from_name": sender[0] or None,
        "from_address": sender[1] or None,
        "to_addresses": [address for _, address in headers.people("To")],
        "cc_addresses": [address for _, address in headers.people("Cc")],
        "subject": headers.text("Subject"),
        "in_reply_to": _id(headers.plain("In-Reply-To")),
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


def _moment(text: str | None) -> str | None:
    try:
        at = parsedate_to_datetime(str(text))
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _id(value: str | None) -> str | None:
    return value.strip(" <>\r\n\t") if value is not None else None
