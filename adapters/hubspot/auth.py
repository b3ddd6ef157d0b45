"""Logs in to HubSpot and keeps the login fresh."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec
from pydantic import BaseModel, ConfigDict, SecretStr, model_validator
from requests import PreparedRequest, Response

from cs_connector.errors import AuthFailed
from cs_connector.ports import Surroundings
from cs_connector.transport import redact

from .paths import Paths, Version

FRESH = 0.8  # the share of its life after which a token is replaced


class Settings(BaseModel):
    """How to reach a portal: an app's client with or without a refresh token, or one access token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    access_token: SecretStr = SecretStr("")
    portal_id: str = ""
    paths: Version = "2026-03"
    base_url: str | None = None
    token_url: str | None = None

    @model_validator(mode="after")
    def _some_login(self) -> Settings:
        if not self.oauth and not self.access_token.get_secret_value():
            raise ValueError("give client_id and client_secret (and refresh_token), or access_token")
        return self

    @property
    def oauth(self) -> bool:
        return bool(self.client_id and self.client_secret.get_secret_value())

    @property
    def token_address(self) -> str:
        return self.token_url or Paths(self.paths).token


class Token(msgspec.Struct, frozen=True):
    """A login as stored. `origin` tells which settings it came from."""

    access_token: str
    refresh_token: str
    renew_at: datetime
    origin: str


class Granted(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = 1800
    refresh_token: str | None = None


Exchange = Callable[[Mapping[str, str]], Response]


class Login:
    """Puts a valid token on requests. A new token is stored before it is used, by one process at a time."""

    def __init__(self, settings: Settings, around: Surroundings, exchange: Exchange) -> None:
        self._settings, self._around, self._exchange = settings, around, exchange
        self._token: Token | None = None
        self._lock = threading.RLock()
        secrets = [settings.token_address, settings.client_id, settings.refresh_token.get_secret_value()]
        self._origin = hashlib.sha256("\0".join(secrets).encode()).hexdigest()

    def authorize(self, request: PreparedRequest) -> None:
        """Raises AuthFailed."""
        request.headers["Authorization"] = f"Bearer {self.current()}"

    def current(self) -> str:
        """An access token that is not about to expire. Raises AuthFailed."""
        if not self._settings.oauth:
            return self._settings.access_token.get_secret_value()
        token = self._token
        if token is None or self._due(token):
            token = self._replace(token)
        return token.access_token

    def renew(self) -> None:
        """Replace a token that HubSpot refused. Raises AuthFailed."""
        self._replace(self._token)

    def _due(self, token: Token) -> bool:
        return self._around.clock.now() >= token.renew_at

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
        return token if token and token.origin == self._origin else None

    def _obtain(self, stored: Token | None) -> Token:
        given = self._settings.refresh_token.get_secret_value()
        kept = stored.refresh_token if stored else given
        try:
            return self._ask(kept)
        except AuthFailed:
            if kept == given:
                raise
            return self._ask(given)  # the settings may have been renewed by hand

    def _ask(self, refresh: str) -> Token:
        asked_at = self._around.clock.now()
        granted = _granted(self._exchange(self._form(refresh)))
        renew_at = asked_at + timedelta(seconds=FRESH * granted.expires_in)
        return Token(granted.access_token, granted.refresh_token or refresh, renew_at, self._origin)

    def _form(self, refresh: str) -> dict[str, str]:
        secret = self._settings.client_secret.get_secret_value()
        client = {"client_id": self._settings.client_id, "client_secret": secret}
        if refresh:
            return {**client, "grant_type": "refresh_token", "refresh_token": refresh}
        return {**client, "grant_type": "client_credentials"}


def _granted(response: Response) -> Granted:
    try:
        if response.ok:
            return msgspec.json.decode(response.content, type=Granted)
        said = redact(response.text[:2000])
    except msgspec.MsgspecError:
        said = "the answer holds no token"
    raise AuthFailed("HubSpot refused the login", why=said, fix="check the credentials of the connection, then: cs-connector doctor")
