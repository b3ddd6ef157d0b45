"""The headers of one message in words, and which of them are not of the character set that they name."""

from __future__ import annotations

import email
import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import getaddresses
from functools import partial
from inspect import signature

_ADDRESS = re.compile(r"(?!=\?.*\?=$).+@.+", re.DOTALL)  # a word in a character set may look like one
_QUOTED = re.compile(r"^'(.*)'$", re.DOTALL)
# A Python that is newer gives nothing at all of a header in which one address is its own name, unless it is told not to.
_all = partial(getaddresses, strict=False) if "strict" in signature(getaddresses).parameters else getaddresses
_FIRST = "utf-8"  # of headers with bytes that no standard but RFC 6532 allows


class Headers:
    r"""`odd` are the names of those headers, among those that were asked for, that do not hold what they say they hold.

    Such a header keeps everything: as it was sent where its character set is wrong or unknown, with its bytes as `\xe9` where
    none is named.
    """

    def __init__(self, head: bytes) -> None:
        message = email.message_from_bytes(head)
        try:
            self._charset = message.get_content_charset(_FIRST)
        except (LookupError, ValueError, MessageError):
            self._charset = _FIRST
        self._raw: dict[str, list[str]] = {}
        for name, value in message.raw_items():
            self._raw.setdefault(name.lower(), []).append(str(value))
        self.odd: dict[str, None] = {}

    def plain(self, name: str) -> str | None:
        """The first header of that name as it was sent; None where there is none."""
        values = self._raw.get(name.lower())
        return self._told(name, values[0]) if values else None

    def text(self, name: str) -> str | None:
        """The same in words; None where it is empty, too."""
        value = self.plain(name)
        return self._words(name, value).strip() or None if value is not None else None

    def people(self, name: str) -> list[tuple[str, str]]:
        """(name, address) of everybody in all headers of that name, each address once.

        Many programs write an address as the name of itself, in single quotes or plain: `'anna@acme.com' <anna@acme.com>`.
        """
        found: dict[str, str] = {}
        for who, written in _all([self._told(name, value) for value in self._raw.get(name.lower(), [])]):
            address = _QUOTED.sub(r"\1", written.lower())
            if _ADDRESS.fullmatch(address):
                found[address] = found.get(address) or self._words(name, who).strip()
        return [(who, address) for address, who in found.items()]

    def _told(self, name: str, value: str) -> str:
        """A header whose bytes are not all ASCII: UTF-8, or of the character set that the message names for its text."""
        if value.isascii():
            return value.replace("\0", "")
        sent = value.encode("utf-8", "surrogateescape")
        for charset in (_FIRST, self._charset):
            try:
                if "From".encode(charset) == b"From":  # UTF-16 and the like take anything for something
                    return sent.decode(charset).replace("\0", "")
            except (LookupError, ValueError):
                continue
        self.odd[name] = None
        return sent.decode("ascii", "backslashreplace").replace("\0", "")

    def _words(self, name: str, value: str) -> str:
        try:
            said = str(make_header(decode_header(value)))
            said.encode()
        except (LookupError, ValueError, MessageError):
            self.odd[name] = None
            return value
        return said.replace("\0", "")
