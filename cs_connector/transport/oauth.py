"""Keeps an OAuth login fresh, for vendors that give access tokens from a client and perhaps a refresh token."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from requests import PreparedRequest, Response

from cs_connector.errors import AuthFailed
from cs_connector.ports import Surroundings

from .redact import redact

_CODES = ("error", "status")  # of a refusal: OAuth's, and a vendor's own
_WORDS = ("error_description", "message")
FRESH = 0.8  # the share of its life after which a token is replaced


@dataclass(frozen=True, slots=True)
class Client:
    """What a vendor is asked for tokens with; `fixed` is an access token that is used as it is instead.

    `life` is how many seconds a token lives where the vendor does not say; None: it does not end.
    """

    vendor: str
    address: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    fixed: str = field(default="", repr=False)
    scope: str = ""
    life: float | None = None

    @property
    def origin(self) -> str:
        """Changes when somebody connects again by hand."""
        secrets = (self.address, self.client_id, self.refresh_token)
        return hashlib.sha256("\0".join(secrets).encode()).hexdigest()

    def form(self, refresh: str) -> dict[str, str]:
        parts = {"client_id": self.client_id, "client_secret": self.client_secret, "scope": self.scope}
        form = {name: value for name, value in parts.items() if value}
        if refresh:
            return {**form, "grant_type": "refresh_token", "refresh_token": refresh}
        return {**form, "grant_type": "client_credentials"}


class Token(msgspec.Struct, frozen=True):
    """A login as stored. `origin` tells which settings it came from; without `renew_at` it does not end."""

    access_token: str
    refresh_token: str
    renew_at: datetime | None
    origin: str


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None


Exchange = Callable[[Mapping[str, str]], Response]
"""Posts a form to the client's address and returns the answer, whatever its status."""


class Login:
    """Puts a valid token on requests. A new token is stored before it is used, by one process at a time:
    a rotated refresh token that is lost between the two locks the connection out.
    """

    def __init__(self, client: Client, around: Surroundings, exchange: Exchange) -> None:
        self._client, self._around, self._exchange = client, around, exchange
        self._token: Token | None = None
        self._lock = threading.RLock()

    def authorize(self, request: PreparedRequest) -> None:
        """Raises AuthFailed."""
        request.headers["Authorization"] = f"Bearer {self.current()}"

    def current(self) -> str:
        """An access token that is not about to end. Raises AuthFailed."""
        if self._client.fixed:
            return self._client.fixed
        token = self._token
        if token is None or self._due(token):
            token = self._replace(token)
        return token.access_token

    def approve(self, code: str, redirect: str) -> None:
        """Turn the code of a person's consent into a login, and keep it. Raises AuthFailed."""
        form = self._client.form("") | {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
        }
        with self._lock, self._around.tokens.lock(self._around.connection):
            token = self._granted_by(form, "")
            self._around.tokens.save(self._around.connection, msgspec.to_builtins(token))
            self._token = token

    def renew(self) -> None:
        """Replace a token that the vendor refused. Raises AuthFailed."""
        self._replace(self._token)

    def _due(self, token: Token) -> bool:
        return token.renew_at is not None and self._around.clock.now() >= token.renew_at

    def _replace(self, stale: Token | None) -> Token:
        with self._lock, self._around.tokens.lock(self._around.connection):
            if self._token is not None and self._token is not stale:
                return self._token
            stored = self._stored()
            if stored is None or stored == stale or self._due(stored):
                stored = self._obtain(stored)
                self._around.tokens.save(self._around.connection, msgspec.to_builtins(stored))
            self._token = stored
            return stored

    def _stored(self) -> Token | None:
        kept = self._around.tokens.load(self._around.connection)
        try:
            token = msgspec.convert(kept, Token) if kept else None
        except msgspec.ValidationError:
            return None
        return token if token and token.origin == self._client.origin else None

    def _obtain(self, stored: Token | None) -> Token:
        given = self._client.refresh_token
        kept = stored.refresh_token if stored else given
        try:
            return self._ask(kept)
        except AuthFailed as refused:
            if kept == given:
                raise
            try:
                return self._ask(given)  # the settings may have been renewed by hand
            except AuthFailed as again:
                raise (again if given else refused) from None

    def _ask(self, refresh: str) -> Token:
        return self._granted_by(self._client.form(refresh), refresh)

    def _granted_by(self, form: Mapping[str, str], refresh: str) -> Token:
        asked_at = self._around.clock.now()
        granted = self._granted(self._exchange(form))
        life = self._client.life if granted.expires_in is None else granted.expires_in
        renew_at = None if life is None else asked_at + timedelta(seconds=FRESH * life)
        return Token(granted.access_token, granted.refresh_token or refresh, renew_at, self._client.origin)

    def _granted(self, response: Response) -> _Granted:
        text = response.text[:2000]
        said = _words(text) or redact(text) or f"it answered {response.status_code} without a word"
        if response.ok:
            try:
                return msgspec.json.decode(response.content, type=_Granted)
            except msgspec.MsgspecError:
                said = _words(text) or "the answer holds no token"
        name = self._around.connection
        raise AuthFailed(
            f"{self._client.vendor} refused the login",
            why=said,
            fix=f"log in again: cs-connector connect {name}; if that fails too, check the client id and secret of {name}",
        )


def _words(text: str) -> str:
    """The words of a refusal in JSON, OAuth's or the vendor's own; nothing where there are none."""
    try:
        told = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return ""
    fields = told if isinstance(told, dict) else {}
    code, words = (
        next((fields[name] for name in names if isinstance(fields.get(name), str)), "")
        for names in (_CODES, _WORDS)
    )
    return redact(f"{words} ({code})" if words and code else words or code)
