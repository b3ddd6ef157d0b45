"""How the records of a kind look in answers: drawn for a file, and good again wherever they would look the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from ..kinds import Kind


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

    @property
    def turn(self) -> int:
        return self._account.look

    def sign(self) -> str:
        """The same text as long as the same record looks the same."""
        kind, account = self._kind, self._account
        removed = sorted(account.removed.get(kind.plural, ()))
        what = account.base_url, kind.where, kind.columns, sorted(kind.kept), account.fields, removed
        return hashlib.blake2b(msgspec.json.encode(what), digest_size=16).hexdigest()
