"""Log-in by signed assertion, client secret, web page or refresh token, and the sessions that come of it."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_json, nothing
from ..errors import ApiError, method_not_allowed, not_found
from .authorization import Authorizations
from .identity import Identity, no_identity
from .key_file import written
from .refused import Refused

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://login.salesforce.com"
AUDIENCES = (AUDIENCE, "https://test.salesforce.com")
LIFE = timedelta(hours=2)
LONGEST_ASSERTION = timedelta(minutes=5)
CLAIMS: Options = {
    "require": ["iss", "sub", "aud", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False,
}  # fmt: skip


class Login:
    """The connected app and its sessions. A session ends two hours after its last use."""

    def __init__(self, org_id: str, user_id: str, base_url: str, now: Callable[[], datetime]) -> None:
        self._org, self._base, self._now = org_id, base_url, now
        self.username = "cs-connector@sandbox.example"
        self.client_id = "3MVG9" + secrets.token_hex(40)
        self.client_secret = secrets.token_hex(32)
        self.identity = Identity(org_id, user_id, self.username, base_url)
        self._authorizations = Authorizations(self.client_id, now)
        self._sessions: dict[str, datetime] = {}
        self._last: str | None = None
        self._ways: dict[str, Callable[[Request], Response]] = {
            "token": self.token, "authorize": self._authorize, "revoke": self._revoke,
            "introspect": self._introspect, "userinfo": self._userinfo,
        }  # fmt: skip
        self._grants: dict[str, Callable[[Request], str | None]] = {
            JWT_GRANT: self._by_assertion, "client_credentials": self._by_secret,
            "authorization_code": self._by_code, "refresh_token": self._by_refresh_token,
        }  # fmt: skip

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def key_file(self) -> str:
        """The path of the private key, readable by its owner only; gone when the org is."""
        return str(written(self._pem()))

    def kept(self) -> dict[str, Any]:
        """Secrets, sessions and key, for the same org in another process."""
        client, sessions = (self.client_id, self.client_secret), (dict(self._sessions), self._last)
        key = (Path(self.key_file).parent.name, self._pem())
        return {"client": client, "sessions": sessions, "web": self._authorizations.kept(), "key": key}

    def resume(self, kept: dict[str, Any]) -> None:
        """The key goes back to where it was, if there is room."""
        self.client_id, self.client_secret = kept["client"]
        self._sessions, self._last = kept["sessions"]
        self._authorizations.resume(kept["web"], self.client_id)
        folder, pem = kept["key"]
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key, self.key_file = key, str(written(pem, folder))

    def _pem(self) -> bytes:
        plain = serialization.NoEncryption()
        return self._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)

    def handle(self, request: Request, rest: list[str]) -> Response:
        """The answers below /services/oauth2. Raises ApiError 404 and 401."""
        way = self._ways.get(rest[0]) if len(rest) == 1 else None
        if way is None:
            raise not_found()
        try:
            return way(request)
        except Refused as refused:
            return refused.response()

    def identify(self, request: Request, rest: list[str]) -> Response:
        """The answer of /id/{organization}/{user}."""
        token = _bearer(request)
        if token is None:
            return no_identity("Missing_OAuth_Token")
        if not self._alive(token):
            return no_identity("Bad_OAuth_Token")
        if rest[:1] != [self.identity.org_id]:
            return no_identity("Wrong_Org")
        if rest[1:] != [self.identity.user_id]:
            return no_identity("Bad_Id", 404)
        return as_json(self.identity.body())

    def token(self, request: Request) -> Response:
        """The answer of /services/oauth2/token. Raises Refused."""
        if request.method != "POST":
            raise Refused("invalid_request", "must use HTTP POST")
        grant = self._grants.get(_form(request).get("grant_type", ""))
        if grant is None:
            raise Refused("unsupported_grant_type", "grant type not supported")
        refresh_token = grant(request)
        return as_json(self._granted(refresh_token), headers={"Cache-Control": "no-store"})

    def open(self) -> str:
        """A new session's access token."""
        token = f"{self._org[:15]}!AQ{secrets.token_urlsafe(48)}"
        self._sessions[token] = self._now() + LIFE
        self._last = token
        return token

    def live_token(self) -> str:
        """The newest access token, or a new one if that is dead."""
        return self._last if self._last is not None and self._alive(self._last) else self.open()

    def check_session(self, request: Request) -> None:
        """Raises ApiError 401 without the token of a session that is alive."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind and kind.lower() not in {"bearer", "oauth"}:
            raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        token = token.strip()
        ends, now = self._sessions.get(token), self._now()
        if ends is None or ends <= now:
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        self._sessions[token] = now + LIFE

    def end_sessions(self) -> None:
        self._sessions.clear()

    def _alive(self, token: str) -> bool:
        return self._sessions.get(token, self._now()) > self._now()

    def _userinfo(self, request: Request) -> Response:
        if request.method not in {"GET", "POST"}:
            raise method_not_allowed(request.method, "GET,POST")
        self.check_session(request)
        return as_json(self.identity.userinfo())

    def _authorize(self, request: Request) -> Response:
        return Response(302, b"", {"Location": self._authorizations.authorize(request.query)})

    def _revoke(self, request: Request) -> Response:
        """End a session, or a refresh token and with it its sessions."""
        token = (_form(request) | request.query).get("token", "")
        if self._authorizations.revoke(token):
            self.end_sessions()
        elif self._sessions.pop(token, None) is None:
            raise Refused("invalid_token", "invalid token")
        return nothing(200)

    def _introspect(self, request: Request) -> Response:
        self._by_secret(request)
        token = _form(request).get("token", "")
        about = {"scope": "api id", "client_id": self.client_id, "username": self.username}
        about |= {"sub": self.identity.url, "token_type": "access_token"}
        if self._authorizations.holds(token):
            return as_json({"active": True, **about, "token_type": "refresh_token"})
        if not self._alive(token):
            return as_json({"active": False})
        ends = int(self._sessions[token].timestamp())
        begun = ends - int(LIFE.total_seconds())
        return as_json({"active": True, **about, "exp": ends, "iat": begun, "nbf": begun})

    def _by_secret(self, request: Request) -> None:
        """Raises Refused."""
        client_id, client_secret = _client(request)
        if client_id != self.client_id:
            raise Refused("invalid_client_id", "client identifier invalid")
        if not secrets.compare_digest(client_secret.encode(), self.client_secret.encode()):
            raise Refused("invalid_client", "invalid client credentials", 401)

    def _by_code(self, request: Request) -> str:
        self._check_client(request)
        return self._authorizations.exchange(_form(request))

    def _by_refresh_token(self, request: Request) -> None:
        self._check_client(request)
        self._authorizations.check_refresh(_form(request))

    def _check_client(self, request: Request) -> None:
        """A public client, such as the Salesforce CLI, sends no secret. Raises Refused."""
        client_id, client_secret = _client(request)
        if client_secret:
            self._by_secret(request)
        elif client_id != self.client_id:
            raise Refused("invalid_client_id", "client identifier invalid")

    def _by_assertion(self, request: Request) -> None:
        """Signature by pyjwt; times by the sandbox's clock, which pyjwt does not know."""
        assertion, audiences = _form(request).get("assertion", ""), [*AUDIENCES, self._base]
        try:
            claims = jwt.decode(
                assertion, self._key.public_key(), algorithms=["RS256"], audience=audiences, options=CLAIMS
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

    def _granted(self, refresh_token: str | None) -> dict[str, str]:
        return {
            "access_token": self.open(),
            **({"refresh_token": refresh_token} if refresh_token else {}),
            "signature": base64.b64encode(secrets.token_bytes(32)).decode(),
            "scope": "api id refresh_token" if refresh_token else "api id",
            "instance_url": self._base,
            "id": self.identity.url,
            "token_type": "Bearer",
            "issued_at": str(int(self._now().timestamp() * 1000)),
            "api_instance_url": "https://api.salesforce.com",
        }


def _form(request: Request) -> dict[str, str]:
    """Raises Refused for a body that is no text."""
    try:
        return request.form
    except UnicodeDecodeError:
        raise Refused("invalid_request", "malformed body") from None


def _bearer(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() in {"bearer", "oauth"} else request.query.get("oauth_token")


def _client(request: Request) -> tuple[str, str]:
    """Client id and secret, from Basic authorization or from the form. Raises Refused."""
    kind, _, code = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(code).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Refused("invalid_client", "invalid client credentials", 401) from None
        return name, secret
    form = _form(request)
    return form.get("client_id", ""), form.get("client_secret", "")
