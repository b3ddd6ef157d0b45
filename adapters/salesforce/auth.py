"""Logging in: JWT bearer or client credentials; the token is kept in the vault and renewed in time."""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import jwt
import msgspec
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from requests import PreparedRequest

from cs_connector.errors import AuthFailed, ConfigError
from cs_connector.ports import Scope, Surroundings
from cs_connector.transport import Transport
from cs_connector.transport.routing import address

from .errors import decode

LIFE = timedelta(hours=2)  # the session time of an org that did not change it
_VALID = timedelta(minutes=3)
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


SCOPES = (Scope("api", "records, describes, limits, bulk jobs"),)
STEPS = (
    "Make a key and a certificate: openssl req -x509 -newkey rsa:2048 -nodes -days 730 -keyout server.key -out server.crt",
    "In Setup, External Client App Manager, make a new app; enable OAuth with the scope above, and offline access for JWT.",
    "Enable the JWT bearer flow and upload server.crt; or the client credentials flow, with a run-as user.",
    "Under its policies let only admin-approved users in, and approve the integration user's permission set.",
    "Give the integration user a permission set with all objects and fields of the mapping: others do not exist for us. What we add brings one of its own.",
    (
        "Put client_id, username and private_key_file into cs-connector.yml; for client credentials auth: client_credentials, client_id, "
        "client_secret and instance_url, the org's own address (https://acme.my.salesforce.com). Then run this command again."
    ),
)


class Settings(BaseModel):
    """How to reach an org. Client credentials log in at the org's own address, `instance_url`.

    Readings of more than `bulk_from` records use the Bulk API 2.0: below that, pages of 2,000 cost few calls and
    less work than CSV. Changes of one kind that are more than `bulk_write_from` go as one job, too. Formulas change without a trace on their record: objects of which any is read are read anew every
    `formula_hours`.

    `base_url` is a simulated org on this machine that takes Salesforce's place.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str
    auth: Literal["jwt", "client_credentials"] = "jwt"
    client_secret: SecretStr | None = None
    username: str | None = None
    private_key_file: Path | None = None
    audience: str | None = None
    login_url: str = "https://login.salesforce.com"
    instance_url: str | None = None
    api_version: str = Field(default="67.0", pattern=r"^\d+\.0$")
    base_url: str | None = None
    ca_file: Path | None = None
    bulk_from: int = Field(default=250_000, ge=0)
    bulk_write_from: int = Field(default=2_000, ge=0)
    formula_hours: float = Field(default=24, gt=0)

    _whole = field_validator("login_url", "instance_url")(address)

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        needed = ("username", "private_key_file") if self.auth == "jwt" else ("client_secret",)
        missing = [name for name in needed if getattr(self, name) is None]
        if missing:
            raise ValueError(f"auth: {self.auth} needs {' and '.join(missing)}")
        return self

    @property
    def origin(self) -> str:
        """Changes when a login is to be of another user, app or org."""
        parts = (self.auth, self.client_id, self.username, self.audience, self.login_url, self.instance_url)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


class Token(msgspec.Struct, frozen=True):
    """What a login gave; `issued` is an ISO time, `life` seconds, and `origin` tells which settings it came from."""

    access_token: str
    instance_url: str
    issued: str
    scope: str = ""
    life: float = LIFE.total_seconds()
    origin: str = ""

    def due(self, now: datetime) -> bool:
        """Four fifths of its life are over."""
        return now >= datetime.fromisoformat(self.issued) + timedelta(seconds=0.8 * self.life)


class Granted(msgspec.Struct):
    access_token: str
    instance_url: str
    scope: str = ""
    expires_in: float = LIFE.total_seconds()


class Login:
    """The token of one connection; one thread and one process at a time makes a new one."""

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        self._settings, self._around = settings, around
        self._token: Token | None = None
        self._lock = threading.Lock()
        self.session: Transport | None = None

    def authorize(self, request: PreparedRequest) -> None:
        request.headers["Authorization"] = f"Bearer {self.token().access_token}"

    def token(self) -> Token:
        """A token that is not due. Raises AuthFailed."""
        held = self._token
        if held is None or held.due(self._around.clock.now()):
            return self._replace(held)
        return held

    def renew(self) -> None:
        """Salesforce no longer takes the token that we hold."""
        self._replace(self._token)

    def _replace(self, old: Token | None) -> Token:
        connection, tokens = self._around.connection, self._around.tokens
        with self._lock, tokens.lock(connection):
            kept = self._kept()
            if kept and kept != old and not kept.due(self._around.clock.now()):
                self._token = kept  # somebody else was quicker
                return kept
            token = self._log_in()
            tokens.save(connection, msgspec.to_builtins(token))
            self._token = token
            return token

    def _kept(self) -> Token | None:
        """The login in the vault, if it is one of these settings."""
        found = self._around.tokens.load(self._around.connection)
        try:
            token = msgspec.convert(found, Token) if found else None
        except msgspec.ValidationError:
            return None
        return token if token and token.origin == self._settings.origin else None

    def _log_in(self) -> Token:
        assert self.session is not None
        address = self._settings.login_url
        if self._settings.auth == "client_credentials":
            address = self._settings.instance_url or address
        asked = self._around.clock.now()
        try:
            given = self._granted(address)
        except AuthFailed:
            if self._around.clock.now() < asked + _VALID:
                raise
            given = self._granted(address)  # what was signed ran out while Salesforce was waited for
        now = self._around.clock.now().isoformat()
        return Token(
            given.access_token, given.instance_url, now, given.scope, given.expires_in, self._settings.origin
        )

    def _granted(self, address: str) -> Granted:
        assert self.session is not None
        with self.session.bare(), self.session.safe():
            answer = self.session.post(f"{address}/services/oauth2/token", data=self._form())
        given: Granted = decode(answer.content, Granted)
        return given

    def _form(self) -> dict[str, str]:
        settings = self._settings
        if settings.auth == "jwt":
            return {"grant_type": _JWT_GRANT, "assertion": self._assertion()}
        assert settings.client_secret is not None
        return {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret.get_secret_value(),
        }

    def _assertion(self) -> str:
        settings = self._settings
        claims: dict[str, Any] = {
            "iss": settings.client_id,
            "sub": settings.username,
            "aud": settings.audience or settings.login_url,
            "exp": int((self._around.clock.now() + _VALID).timestamp()),
        }
        assert settings.private_key_file is not None
        try:
            return jwt.encode(claims, settings.private_key_file.read_bytes(), algorithm="RS256")
        except (OSError, ValueError, jwt.PyJWTError) as error:
            raise ConfigError(
                "The private key of the connection cannot be used",
                why=f"{settings.private_key_file}: {_trouble(error)}",
                fix="give private_key_file the PEM file that belongs to the app's certificate",
            ) from error


def _trouble(error: Exception) -> str:
    """Never the words of a parser, which may quote the key."""
    return (
        (error.strerror or "it cannot be read") if isinstance(error, OSError) else "it holds no private key"
    )
