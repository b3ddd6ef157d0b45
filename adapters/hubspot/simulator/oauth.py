"""Tokens: given out for half an hour, refreshed, shown, revoked. A static app token never ends."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cs_connector.sandbox.wire import Request, Response

from .call import Call, answer, nothing
from .errors import Refusal, expired_token, unauthenticated, unknown_token
from .state import State

LIFE_S = 1_800
USER_ID = 72_929_209


@dataclass(frozen=True, slots=True)
class App:
    """What a client logs in with."""

    client_id: str
    client_secret: str
    refresh_token: str
    access_token: str


class Tokens:
    """Refreshing gives the same refresh token again, as HubSpot does."""

    def __init__(self, state: State, app: App, dice: random.Random) -> None:
        self._state = state
        self._app = app
        self._dice = dice

    def admit(self, request: Request) -> bool:
        """Whether the caller has the static app token. Raises Refusal 401."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthenticated()
        if token == self._app.access_token:
            return True
        ends = self._state.tokens.get(token)
        if ends is None:
            raise unknown_token()
        over = self._state.now() - ends
        if over >= 0:
            raise expired_token(over // 3_600_000)
        return False

    def expire(self) -> None:
        """End all tokens that were given out."""
        now = self._state.now()
        self._state.tokens = {token: min(ends, now) for token, ends in self._state.tokens.items()}

    def grant(self, call: Call) -> Response:
        """An access token for a refresh token or for the client itself."""
        form = call.request.form
        self._check_client(form)
        match form.get("grant_type"):
            case "refresh_token":
                if form.get("refresh_token") != self._app.refresh_token:
                    raise _refused("BAD_REFRESH_TOKEN", "missing or unknown refresh token", "invalid_grant")
                return answer({"refresh_token": self._app.refresh_token, **self._issue()})
            case "client_credentials":
                return answer(self._issue())
            case other:
                raise _refused("BAD_GRANT_TYPE", f"unsupported grant type {other}", "unsupported_grant_type")

    def introspect(self, call: Call) -> Response:
        token = call.request.form.get("token", "")
        ends = self._state.tokens.get(token, 0)
        left = (ends - self._state.now()) // 1000
        if left <= 0:
            return answer({"active": False})
        return answer({"active": True, **self._about(), "expires_in": left})

    def about(self, call: Call) -> Response:
        """The older form, with the token in the path."""
        ends = self._state.tokens.get(call.args[0])
        left = ((ends or 0) - self._state.now()) // 1000
        if left <= 0:
            raise Refusal(404, "access token is not valid")
        return answer({"token": call.args[0], **self._about(), "expires_in": left, "token_type": "access"})

    def revoke(self, call: Call) -> Response:
        self._state.tokens.pop(call.request.form.get("token", ""), None)
        return nothing()

    def _check_client(self, form: dict[str, str]) -> None:
        if form.get("client_id") != self._app.client_id:
            raise _refused("BAD_CLIENT_ID", "missing or invalid client id", "invalid_client")
        if form.get("client_secret") != self._app.client_secret:
            raise _refused("BAD_CLIENT_SECRET", "missing or invalid client secret", "invalid_client")

    def _issue(self) -> dict[str, object]:
        token = f"CSim-{self._dice.getrandbits(640):0160x}"
        self._state.tokens[token] = self._state.now() + LIFE_S * 1000
        return {
            "token_type": "bearer",
            "access_token": token,
            "expires_in": LIFE_S,
            **self._about(),
            "token_use": "access_token",
        }

    def _about(self) -> dict[str, object]:
        return {"hub_id": self._state.portal_id, "scopes": sorted(self._state.scopes), "user_id": USER_ID}


def _refused(status: str, message: str, error: str) -> Refusal:
    refusal = Refusal(400, message, error=error, error_description=message)
    refusal.body["status"] = status
    return refusal
