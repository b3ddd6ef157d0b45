"""Logs in to Zendesk and keeps the login fresh. Each refresh uses up the refresh token before it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from requests import PreparedRequest, Response

from cs_connector.errors import AuthFailed
from cs_connector.ports import Surroundings
from cs_connector.transport import redact

FRESH = 0.8  # the share of its life after which a token is replaced


class Settings(BaseModel):
    """How to reach an account: an OAuth client with or without a refresh token, or one access token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subdomain: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = Field(default=SecretStr(""), json_schema_extra={"single_use": True})
    access_token: SecretStr = SecretStr("")
    scope: str = "read write"
    sandbox: bool = False
    base_url: str | None = None
    token_url: str | None = None

    @model_validator(mode="after")
    def _some_login(self) -> Settings:
        if not self.oauth and not self.access_token.get_secret_value():
            raise ValueError("give client_id and client_secret (and refresh_token), or access_token")
        return self

    @property
    def oauth(self) -> bool:
        """A public client has no secret, but then it needs a refresh token."""
        return bool(
            self.client_id
            and (self.client_secret.get_secret_value() or self.refresh_token.get_secret_value())
        )

    @property
    def host(self) -> str:
        return f"https://{self.subdomain}.zendesk.com"

    @property
    def token_address(self) -> str:
        return self.token_url or f"{self.host}/oauth/tokens"


class Token(msgspec.Struct, frozen=True):
    """A login as stored. `origin` tells which settings it came from; without `renew_at` it does not expire."""

    access_token: str
    refresh_token: str
    renew_at: datetime | None
    origin: str


class Granted(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None


Exchange = Callable[[Mapping[str, str]], Response]


class Login:
    """Puts a valid token on requests. A new token is stored before it is used, by one process at a time:
    a rotated refresh token that is lost between the two locks the connection out.
    """

    def __init__(self, settings: Settings, around: Surroundings, exchange: Exchange) -> None:
        self._settings, self._around, self._exchange = settings, around, exchange
        self._token: Token | None = None
        self._lock = threading.RLock()
        secrets = [settings.token_address, settings.client_id, settings.refresh_token.get_secret_value()]
        self._origin = hashlib.sha256("\0".join(secrets).encode()).hexdigest()

    def authorize(self, request: PreparedRequest) -> None:
        """Raises AuthFailed."""
        request.headers["Authorization"] = f"Bearer {self._current()}"

    def renew(self) -> None:
        """Replace a token that Zendesk refused. Raises AuthFailed."""
        self._replace(self._token)

    def _current(self) -> str:
        if not self._settings.oauth:
            return self._settings.access_token.get_secret_value()
        token = self._token
        if token is None or self._due(token):
            token = self._replace(token)
        return token.access_token

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
        life = granted.expires_in
        renew_at = None if life is None else asked_at + timedelta(seconds=FRESH * life)
        return Token(granted.access_token, granted.refresh_token or refresh, renew_at, self._origin)

    def _form(self, refresh: str) -> dict[str, str]:
        form = {"client_id": self._settings.client_id, "scope": self._settings.scope}
        if secret := self._settings.client_secret.get_secret_value():
            form["client_secret"] = secret
        if refresh:
            return {**form, "grant_type": "refresh_token", "refresh_token": refresh}
        return {**form, "grant_type": "client_credentials"}


def _granted(response: Response) -> Granted:
    try:
        if response.ok:
            return msgspec.json.decode(response.content, type=Granted)
        said = redact(response.text[:2000])
    except msgspec.MsgspecError:
        said = "the answer holds no token"
    raise AuthFailed("Zendesk refused the login", why=said, fix="check the credentials of the connection, then: cs-connector doctor")
