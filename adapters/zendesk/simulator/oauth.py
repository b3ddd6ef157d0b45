"""OAuth tokens that expire, and refresh tokens that can be used once."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import msgspec

from cs_connector.sandbox.clock import SandboxClock
from cs_connector.sandbox.wire import Request, Response

from .answers import Refusal, reply

ACCESS_LIFE = timedelta(minutes=30)
REFRESH_LIFE = timedelta(days=30)
SCOPE = "read write"


class Logins:
    """One confidential client, its access tokens and its refresh tokens."""

    def __init__(self, clock: SandboxClock, name: str) -> None:
        self._clock = clock
        # Secrets have dice of their own: the world's must not depend on who logs in when.
        self._dice = random.Random(f"zendesk {name}")  # noqa: S311 — nothing here protects anything
        self._access: dict[str, datetime] = {}
        self._refresh: dict[str, datetime] = {}
        self.client_id = "cs_connector_sandbox"
        self.client_secret = self._secret()
        self.first_access = self._issue_access()
        self.first_refresh = self._issue_refresh()

    def token(self, request: Request) -> Response:
        """POST /oauth/tokens, in JSON or as a form."""
        asked = self._asked(request)
        if (asked.get("client_id"), asked.get("client_secret")) != (self.client_id, self.client_secret):
            raise _denied(401, "invalid_client", "Client authentication failed")
        grant = asked.get("grant_type")
        if grant == "client_credentials":
            return reply(self._answer())
        if grant != "refresh_token":
            raise _denied(400, "unsupported_grant_type", "The grant type is not supported")
        expires = self._refresh.pop(asked.get("refresh_token", ""), None)
        if expires is None or expires <= self._clock.now():
            raise _denied(400, "invalid_grant", "The refresh token is invalid, expired or was used before")
        extra = {
            "refresh_token": self._issue_refresh(),
            "refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
        }
        return reply(self._answer() | extra)

    def check(self, request: Request) -> bool:
        """True with a good token, False without any. Raises Refusal (401) for a bad one."""
        header = request.headers.get("authorization")
        if header is None:
            return False
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise unknown_user()
        expires = self._access.get(token)
        if expires is None or expires <= self._clock.now():
            text = "The access token provided is expired, revoked, malformed or invalid for other reasons."
            raise _denied(401, "invalid_token", text)
        return True

    def current(self, request: Request) -> Response:
        """GET /api/v2/oauth/tokens/current: what the token of this request may do."""
        token = request.headers["authorization"].partition(" ")[2]
        expires = self._access[token].isoformat(timespec="seconds").replace("+00:00", "Z")
        kept = {"id": 1, "client_id": 1, "user_id": 1, "token": token[:10]}
        return reply({"token": {**kept, "scopes": SCOPE.split(), "expires_at": expires}})

    def expire(self) -> None:
        """End every access token; refresh tokens stay good."""
        self._access.clear()

    def _asked(self, request: Request) -> dict[str, str]:
        if "json" not in request.headers.get("content-type", ""):
            return request.form
        try:
            return msgspec.json.decode(request.body, type=dict[str, str])
        except msgspec.DecodeError as error:
            raise _denied(400, "invalid_request", "The body was not understood") from error

    def _answer(self) -> dict[str, str | int]:
        return {
            "access_token": self._issue_access(),
            "token_type": "bearer",
            "scope": SCOPE,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
        }

    def _issue_access(self) -> str:
        token = self._secret()
        self._access[token] = self._clock.now() + ACCESS_LIFE
        return token

    def _issue_refresh(self) -> str:
        token = self._secret()
        self._refresh[token] = self._clock.now() + REFRESH_LIFE
        return token

    def _secret(self) -> str:
        return f"{self._dice.getrandbits(256):064x}"


def unknown_user() -> Refusal:
    return Refusal(
        401, {"error": "Couldn't authenticate you"}, {"www-authenticate": 'Basic realm="Web Password"'}
    )


def _denied(status: int, error: str, text: str) -> Refusal:
    return Refusal(status, {"error": error, "error_description": text})
