"""How the records of a kind look in answers: drawn for a file, and good again wherever they would look the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from ..kinds import Kind

ADDRESS = b"\x01"  # where the address of the account belongs; JSON never holds this byte


class Account(Protocol):
    """What the look of records depends on; `look` is another number whenever any of it changed."""

    base_url: str
    look: int
    fields: dict[str, dict[str, Any]]
    removed: dict[str, frozenset[str]]


class Look:
    """`draw` gives a record as the JSON that answers hold."""

    def __init__(self, account: Account, kind: Kind, draw: Callable[[Mapping[str, Any]], bytes]) -> None:
        self.draw = draw
        self._account, self._kind = account, kind
        self._address = msgspec.json.encode(account.base_url)[1:-1]
        self._head = b'{"url":"' + self._address

    @property
    def turn(self) -> int:
        return self._account.look

    def sign(self) -> str:
        """The same text as long as the same record looks the same, but for the address."""
        kind, account = self._kind, self._account
        removed = sorted(account.removed.get(kind.plural, ()))
        what = kind.columns, sorted(kind.kept), kind.where, account.fields, removed
        return hashlib.blake2b(msgspec.json.encode(what), digest_size=16).hexdigest()

    def unplaced(self, record: Mapping[str, Any]) -> bytes:
        """As drawn, for any address."""
        drawn = self.draw(record)
        if "url" in record or not drawn.startswith(self._head):
            return drawn
        return b'{"url":"%b%b' % (ADDRESS, drawn[len(self._head) :])

    def placed(self, unplaced: bytes | bytearray) -> bytes | bytearray:
        """One or many records at the address of this account."""
        return unplaced.replace(ADDRESS, self._address)
