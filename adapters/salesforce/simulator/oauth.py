"""Log-in by signed assertion or by client secret, and the sessions that come of it."""

from __future__ import annotations

import base64
import secrets
import tempfile
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cs_connector.sandbox.wire import Request, Response

from .answers import as_json
from .errors import ApiError

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://login.salesforce.com"
AUDIENCES = (AUDIENCE, "https://test.salesforce.com")
LIFE = timedelta(hours=2)
LONGEST_ASSERTION = timedelta(minutes=5)


class Refused(Exception):
    """A log-in is refused; `code` is OAuth's."""

    def __init__(self, code: str, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.code, self.why, self.status = code, why, status


class Login:
    """The connected app and its sessions. A session ends two hours after its last use."""

    def __init__(self, org_id: str, user_id: str, base_url: str, now: Callable[[], datetime]) -> None:
        self._org, self._user, self._base, self._now = org_id, user_id, base_url, now
        self.username = "cs-connector@sandbox.example"
        self.client_id = "3MVG9" + secrets.token_hex(40)
        self.client_secret = secrets.token_hex(32)
        self._sessions: dict[str, datetime] = {}
        self._last: str | None = None

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def key_file(self) -> str:
        """The path of the private key, readable by its owner only; gone when the org is."""
        folder = tempfile.TemporaryDirectory(prefix="salesforce-org-")
        weakref.finalize(self, folder.cleanup)
        path = Path(folder.name) / "server.key"
        path.touch(0o600)
        path.write_bytes(
            self._key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return str(path)

    def token(self, request: Request) -> Response:
        """The answer of /services/oauth2/token."""
        try:
            self._check(request)
        except Refused as refused:
            body = {"error": refused.code, "error_description": refused.why}
            return as_json(body, refused.status, {"Cache-Control": "no-store"})
        return as_json(self._grant(), headers={"Cache-Control": "no-store"})

    def open(self) -> str:
        """A new session's access token."""
        token = f"{self._org[:15]}!AQ{secrets.token_urlsafe(48)}"
        self._sessions[token] = self._now() + LIFE
        self._last = token
        return token

    def live_token(self) -> str:
        """The newest access token, or a new one if that is dead."""
        alive = self._last is not None and self._sessions.get(self._last, self._now()) > self._now()
        return self._last if alive and self._last is not None else self.open()

    def check_session(self, request: Request) -> None:
        """Raises ApiError INVALID_SESSION_ID."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        ends = self._sessions.get(token.strip()) if kind.lower() in {"bearer", "oauth"} else None
        if ends is None or ends <= self._now():
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        self._sessions[token.strip()] = self._now() + LIFE

    def end_sessions(self) -> None:
        self._sessions.clear()

    def userinfo(self) -> dict[str, Any]:
        return {
            "sub": f"{AUDIENCE}/id/{self._org}/{self._user}",
            "user_id": self._user,
            "organization_id": self._org,
            "preferred_username": self.username,
            "nickname": "cs-connector",
            "name": "CS Connector",
            "email": self.username,
            "email_verified": True,
            "zoneinfo": "UTC",
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "active": True,
            "urls": {"rest": f"{self._base}/services/data/v{{version}}/"},
        }

    def _check(self, request: Request) -> None:
        if request.method != "POST":
            raise Refused("invalid_request", "must use HTTP POST")
        form = request.form
        grant = form.get("grant_type")
        if grant == JWT_GRANT:
            self._check_assertion(form.get("assertion", ""))
        elif grant == "client_credentials":
            self._check_secret(*_client(request))
        else:
            raise Refused("unsupported_grant_type", "grant type not supported")

    def _check_secret(self, client_id: str, client_secret: str) -> None:
        if client_id != self.client_id:
            raise Refused("invalid_client_id", "client identifier invalid")
        if not secrets.compare_digest(client_secret.encode(), self.client_secret.encode()):
            raise Refused("invalid_client", "invalid client credentials", 401)

    def _check_assertion(self, assertion: str) -> None:
        """Signature by pyjwt; times by the sandbox's clock, which pyjwt does not know."""
        try:
            claims = jwt.decode(
                assertion,
                self._key.public_key(),
                algorithms=["RS256"],
                audience=[*AUDIENCES, self._base],
                options={
                    "require": ["iss", "sub", "aud", "exp"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidAudienceError:
            raise Refused("invalid_grant", "audience is invalid") from None
        except jwt.InvalidTokenError:
            raise Refused("invalid_grant", "invalid assertion") from None
        if claims["iss"] != self.client_id:
            raise Refused("invalid_client_id", "client identifier invalid")
        if str(claims["sub"]).lower() != self.username:
            raise Refused("invalid_grant", "user hasn't approved this consumer")
        self._check_expiry(claims["exp"])

    def _check_expiry(self, exp: Any) -> None:
        try:
            ends = datetime.fromtimestamp(float(exp), UTC)
        except (ValueError, TypeError, OverflowError):
            raise Refused("invalid_grant", "invalid assertion") from None
        if not self._now() < ends <= self._now() + LONGEST_ASSERTION:
            raise Refused("invalid_grant", "expired authorization code")

    def _grant(self) -> dict[str, str]:
        return {
            "access_token": self.open(),
            "signature": base64.b64encode(secrets.token_bytes(32)).decode(),
            "scope": "api id",
            "instance_url": self._base,
            "id": f"{AUDIENCE}/id/{self._org}/{self._user}",
            "token_type": "Bearer",
            "issued_at": str(int(self._now().timestamp() * 1000)),
            "api_instance_url": "https://api.salesforce.com",
        }


def _client(request: Request) -> tuple[str, str]:
    """Client id and secret, from Basic authorization or from the form."""
    kind, _, code = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(code).decode().partition(":")
        except ValueError:
            raise Refused("invalid_client", "invalid client credentials", 401) from None
        return name, secret
    return request.form.get("client_id", ""), request.form.get("client_secret", "")
