"""The web log-in: a code for a browser, tokens for the code, and refresh tokens that stay good until revoked.

There is no page to approve: the one user of the sandbox has approved the app before.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from .refused import Refused

CODE_LIFE = timedelta(minutes=15)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Code:
    """What a code was given for; `challenge` is PKCE's, or empty."""

    redirect_uri: str
    challenge: str
    ends: datetime


class Authorizations:
    def __init__(self, client_id: str, now: Callable[[], datetime]) -> None:
        self._client_id, self._now = client_id, now
        self._codes: dict[str, Code] = {}
        self._refresh_tokens: set[str] = set()

    def kept(self) -> Any:
        """What `resume` takes in another process."""
        return dict(self._codes), set(self._refresh_tokens)

    def resume(self, kept: Any, client_id: str) -> None:
        self._codes, self._refresh_tokens = kept
        self._client_id = client_id

    def authorize(self, query: Mapping[str, str]) -> str:
        """Where the browser is sent, with a code. Raises Refused."""
        if query.get("client_id") != self._client_id:
            raise Refused("invalid_client_id", "client identifier invalid")
        if query.get("response_type") != "code":
            raise Refused("unsupported_response_type", "response type not supported")
        back = query.get("redirect_uri", "")
        if urlsplit(back).hostname not in LOOPBACK:
            raise Refused("redirect_uri_mismatch", "redirect_uri must match configuration")
        code = f"aPrx{secrets.token_urlsafe(40)}"
        self._codes[code] = Code(back, query.get("code_challenge", ""), self._now() + CODE_LIFE)
        sent = {"code": code} | ({"state": query["state"]} if "state" in query else {})
        return f"{back}{'&' if '?' in back else '?'}{urlencode(sent)}"

    def exchange(self, form: Mapping[str, str]) -> str:
        """A refresh token for a code, which is used up. Raises Refused."""
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.ends <= self._now():
            raise Refused("invalid_grant", "expired authorization code")
        if form.get("redirect_uri") != code.redirect_uri:
            raise Refused("redirect_uri_mismatch", "redirect_uri must match configuration")
        if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
            raise Refused("invalid_grant", "invalid code verifier")
        token = f"5Aep{secrets.token_urlsafe(60)}"
        self._refresh_tokens.add(token)
        return token

    def check_refresh(self, form: Mapping[str, str]) -> None:
        """Raises Refused for an unknown or revoked refresh token."""
        if form.get("refresh_token") not in self._refresh_tokens:
            raise Refused("invalid_grant", "expired access/refresh token")

    def holds(self, token: str) -> bool:
        return token in self._refresh_tokens

    def revoke(self, token: str) -> bool:
        """Whether this was a refresh token; it is none any more."""
        known = token in self._refresh_tokens
        self._refresh_tokens.discard(token)
        return known


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
