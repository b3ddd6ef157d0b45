"""Logging in: grants of OAuth, and the API tokens that Zendesk is switching off.

Facts: the vendor's pages on OAuth tokens; that a used refresh token ends its access token, that a public client
refreshes without a secret, and that a used refresh token is refused without ending its successor, were observed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from cs_connector.sandbox.clock import SandboxClock
from cs_connector.sandbox.wire import Request, Response

from ..answers import Refusal, reply
from .access import ALL, granted
from .tokens import Lives, Token, Tokens

CODE_LIFE = timedelta(minutes=2)
API_TOKENS_END = datetime(2027, 4, 30, tzinfo=UTC)
EMAIL = "connector@example.com"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class _Code:
    """A code that a consent gave: it can be exchanged once, from where it was asked for."""

    scopes: tuple[str, ...]
    redirect: str
    challenge: str
    ends: datetime


class Logins:
    """One confidential client, its tokens, and an API token from before they were ended."""

    def __init__(self, clock: SandboxClock, name: str) -> None:
        self._clock = clock
        # Secrets have dice of their own: the world's must not depend on who logs in when.
        dice = random.Random(f"zendesk {name}")  # noqa: S311 — nothing here protects anything
        self.tokens = Tokens(clock, dice)
        self._codes: dict[str, _Code] = {}
        self.client_id = "cs_connector_sandbox"
        self.client_secret = self.tokens.secret()
        self.standing = self.tokens.issue(("read", "write"), Lives(), refreshable=False)
        self.renewing = self.tokens.issue(("read", "write"), Lives(), refreshable=True)
        self.api_token = self.tokens.secret()
        self._grants = {
            "client_credentials": self._client_credentials,
            "refresh_token": self._refresh_token,
            "authorization_code": self._authorization_code,
        }

    def token(self, request: Request) -> Response:
        """POST /oauth/tokens, in JSON or as a form."""
        form = _form(request)
        if form.get("client_id") != self.client_id:
            raise _denied(401, "invalid_client", "Client authentication failed")
        secret = form.get("client_secret")
        if secret is not None and secret != self.client_secret:
            raise _denied(401, "invalid_client", "Client authentication failed")
        grant = self._grants.get(form.get("grant_type", ""))
        if grant is None:  # also `password`, which the vendor ended in 2025
            raise _denied(400, "unsupported_grant_type", "The authorization grant type is not supported")
        return reply(_answer(grant(form)))

    def consent(self, request: Request) -> Response:
        """GET /oauth/authorizations/new: the user agrees at once, and is sent back with a code."""
        query = request.query
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != self.client_id or query.get("response_type") != "code":
            raise _denied(
                400, "invalid_request", "The request is missing a parameter or is otherwise malformed"
            )
        if urlsplit(redirect).hostname not in LOOPBACK:
            raise _denied(
                400, "invalid_request", "The redirect URI is not registered: it must be on this machine"
            )
        code = self.tokens.secret()
        scopes = granted(query.get("scope", "read write"))
        challenge = query.get("code_challenge", "")
        self._codes[code] = _Code(scopes, redirect, challenge, self._clock.now() + CODE_LIFE)
        back = {"code": code} | ({"state": query["state"]} if "state" in query else {})
        return Response(302, headers={"location": f"{redirect}?{urlencode(back)}"})

    def scopes(self, request: Request) -> frozenset[str] | None:
        """Those of the caller, None without a login. Raises Refusal (401) for a bad one."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() == "basic":
            return self._api_token(secret)
        return frozenset(self._good(scheme, secret).scopes)

    def current(self, request: Request) -> Token:
        """The token of a request. Raises Refusal (401)."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        return self._good(scheme, secret)

    def _good(self, scheme: str, secret: str) -> Token:
        token = self.tokens.using(secret) if scheme.lower() == "bearer" else None
        if token is None:
            text = "The access token provided is expired, revoked, malformed or invalid for other reasons."
            raise _denied(401, "invalid_token", text)
        return token

    def expire(self) -> None:
        """End every access token; refresh tokens stay good."""
        self.tokens.expire()

    def kept(self) -> object:
        """Tokens and dice, for the same account in another process."""
        return self.tokens.kept(), self.standing, self.renewing

    def resume(self, kept: Any) -> None:
        tokens, self.standing, self.renewing = kept
        self.tokens.resume(tokens)

    def _api_token(self, secret: str) -> frozenset[str] | None:
        """Everything for the API token until its end; a password is as good as no login."""
        name, _, password = _basic(secret).partition(":")
        if not name.endswith("/token"):
            return None
        good = password == self.api_token and name.removesuffix("/token").casefold() == EMAIL
        if not good or self._clock.now() >= API_TOKENS_END:
            raise unknown_user()
        return frozenset([ALL])

    def _client_credentials(self, form: dict[str, str]) -> Token:
        if "client_secret" not in form:
            raise _denied(401, "invalid_client", "Client authentication failed")
        return self.tokens.issue(
            granted(form.get("scope", "read write")), Lives.asked(form), refreshable=False
        )

    def _refresh_token(self, form: dict[str, str]) -> Token:
        old = self.tokens.take(form.get("refresh_token", ""))
        if old is None:
            raise _denied(400, "invalid_grant", "The refresh token is invalid, expired or was used before")
        scopes = granted(form["scope"]) if "scope" in form else old.scopes
        return self.tokens.issue(scopes, Lives.asked(form), refreshable=True)

    def _authorization_code(self, form: dict[str, str]) -> Token:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.ends <= self._clock.now() or code.redirect != form.get("redirect_uri"):
            raise _denied(
                400, "invalid_grant", "The authorization code is invalid, expired or was used before"
            )
        proven = _challenge(form["code_verifier"]) if "code_verifier" in form else ""
        if code.challenge != proven or not (proven or "client_secret" in form):
            raise _denied(400, "invalid_grant", "The code verifier does not match")
        return self.tokens.issue(code.scopes, Lives.asked(form), refreshable=True)


def unknown_user() -> Refusal:
    return Refusal(
        401, {"error": "Couldn't authenticate you"}, {"www-authenticate": 'Basic realm="Web Password"'}
    )


def _answer(token: Token) -> dict[str, object]:
    found: dict[str, object] = {
        "access_token": token.access,
        "token_type": "bearer",
        "scope": " ".join(token.scopes),
        "expires_in": token.lives.access,
    }
    if token.refresh is not None:
        found |= {"refresh_token": token.refresh, "refresh_token_expires_in": token.lives.refresh}
    return found


def _form(request: Request) -> dict[str, str]:
    if "json" not in request.headers.get("content-type", ""):
        return dict(request.form)
    try:
        found = msgspec.json.decode(request.body, type=dict[str, str | int])
    except msgspec.DecodeError as error:
        raise _denied(400, "invalid_request", "The body was not understood") from error
    return {name: str(value) for name, value in found.items()}


def _basic(secret: str) -> str:
    try:
        return base64.b64decode(secret, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise unknown_user() from None


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _denied(status: int, error: str, text: str) -> Refusal:
    return Refusal(status, {"error": error, "error_description": text})
