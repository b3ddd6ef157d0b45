"""OAuth tokens of one account: each ends by the sandbox's clock, and a refresh token can be used once."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cs_connector.sandbox.clock import SandboxClock

from ..answers import flat
from ..digits import number
from ..times import iso

# Bounds and defaults of the token request's expires_in and refresh_token_expires_in, in seconds.
ACCESS_LIFE, SHORTEST_ACCESS, LONGEST_ACCESS = 1_800, 300, 172_800
REFRESH_LIFE, SHORTEST_REFRESH, LONGEST_REFRESH = 2_592_000, 604_800, 7_776_000


@dataclass(frozen=True, slots=True)
class Lives:
    """How long an access token and its refresh token are good, in seconds."""

    access: int = ACCESS_LIFE
    refresh: int = REFRESH_LIFE

    @classmethod
    def asked(cls, form: Mapping[str, str]) -> Lives:
        """Raises Refusal (400) for a life that the vendor does not give."""
        return cls(
            _between(form, "expires_in", SHORTEST_ACCESS, LONGEST_ACCESS, ACCESS_LIFE),
            _between(form, "refresh_token_expires_in", SHORTEST_REFRESH, LONGEST_REFRESH, REFRESH_LIFE),
        )


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and the refresh token that replaces it where the grant gave one."""

    id: int
    access: str
    scopes: tuple[str, ...]
    lives: Lives
    made: datetime
    refresh: str | None = None

    @property
    def ends(self) -> datetime:
        return self.made + timedelta(seconds=self.lives.access)

    @property
    def refresh_ends(self) -> datetime:
        return self.made + timedelta(seconds=self.lives.refresh)


@dataclass(slots=True)
class Tokens:
    clock: SandboxClock
    dice: random.Random
    _held: dict[int, Token] = field(default_factory=dict)
    _access: dict[str, int] = field(default_factory=dict)
    _refresh: dict[str, int] = field(default_factory=dict)
    _made: int = 0

    def issue(self, scopes: Iterable[str], lives: Lives, *, refreshable: bool) -> Token:
        self._made += 1
        refresh = self.secret() if refreshable else None
        token = Token(self._made, self.secret(), tuple(scopes), lives, self.clock.now(), refresh)
        self._held[token.id] = token
        self._access[token.access] = token.id
        if refresh is not None:
            self._refresh[refresh] = token.id
        return token

    def using(self, access: str) -> Token | None:
        """The token of this access token, while it is good."""
        token = self._held.get(self._access.get(access, 0))
        return token if token is not None and token.ends > self.clock.now() else None

    def take(self, refresh: str) -> Token | None:
        """The token of this refresh token; it and its access token are good no more."""
        number = self._refresh.pop(refresh, 0)
        token = self._held.get(number)
        self.revoke(number)
        return token if token is not None and token.refresh_ends > self.clock.now() else None

    def revoke(self, number: int) -> bool:
        """End a token and what would renew it. False where there is none."""
        token = self._held.pop(number, None)
        if token is None:
            return False
        self._access.pop(token.access, None)
        self._refresh.pop(token.refresh or "", None)
        return True

    def expire(self) -> None:
        """End every access token; refresh tokens stay good."""
        self._access.clear()

    def kept(self) -> object:
        """All of them and the dice, for the same account in another process."""
        return dict(self._held), dict(self._access), dict(self._refresh), self._made, self.dice.getstate()

    def resume(self, kept: Any) -> None:
        self._held, self._access, self._refresh, self._made, dice = kept
        self.dice.setstate(dice)

    def all(self) -> list[Token]:
        now = self.clock.now()
        return [token for token in self._held.values() if token.ends > now and token.access in self._access]

    def get(self, number: int) -> Token | None:
        return self._held.get(number)

    def secret(self) -> str:
        return f"{self.dice.getrandbits(256):064x}"


def view(token: Token, url: str) -> dict[str, object]:
    """A token as the API lists it, of which the secret part is cut off."""
    return {
        "url": f"{url}/oauth/tokens/{token.id}.json",
        "id": token.id,
        "user_id": 1,
        "client_id": 1,
        "token": token.access[:10],
        "refresh_token": token.refresh and token.refresh[:10],
        "scopes": token.scopes,
        "created_at": iso(token.made),
        "used_at": None,
        "expires_at": iso(token.ends),
        "refresh_token_expires_at": iso(token.refresh_ends) if token.refresh else None,
    }


def _between(form: Mapping[str, str], name: str, least: int, most: int, default: int) -> int:
    text = str(form.get(name, default))
    found = number(text)
    if found is None or not least <= found <= most:
        raise flat(400, "invalid_request", f"{name} must be between {least} and {most} seconds")
    return found
