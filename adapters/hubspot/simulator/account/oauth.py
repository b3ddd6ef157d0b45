"""Tokens: given out for half an hour, refreshed, shown, revoked. A static app token never ends."""

from __future__ import annotations

import base64
import hashlib
import random
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import msgspec

from cs_connector.sandbox.wire import Request, Response

from ..call import Call, answer, nothing
from ..errors import Refusal, bad_request, expired_token, unauthenticated, unknown_token
from ..state import State

LIFE_S, CODE_LIFE_MS = 1_800, 60_000
USER, USER_ID, APP_ID = "admin@sandbox.example", 72_929_209, 18_221_010
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class App:
    """What a client logs in with."""

    client_id: str
    client_secret: str
    refresh_token: str
    access_token: str


@dataclass(frozen=True, slots=True)
class Code:
    """What a person who installs the app brings back: good once, for a minute, at one address."""

    redirect_uri: str
    challenge: str
    ends: int


class Key(msgspec.Struct):
    tokenKey: str  # noqa: N815 — HubSpot's name


class Tokens:
    """Refreshing gives the same refresh token again, as HubSpot does."""

    def __init__(self, state: State, app: App, dice: random.Random) -> None:
        self._state = state
        self._app = app
        self._dice = dice
        self._codes: dict[str, Code] = {}

    def admit(self, request: Request) -> bool:
        """Whether the caller has the static app token. Raises Refusal 401."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if (
            "hapikey" in request.query_string
            and "hapikey" in request.query
            and request.segments[:1] == ["webhooks"]
        ):
            scheme, token = "bearer", request.query["hapikey"]  # a developer's key, as the older way is
        if scheme.lower() != "bearer" or not token:
            raise unauthenticated()
        if token == self._app.access_token:
            return True
        ends = self._state.tokens.get(token)
        if ends is None:
            raise unknown_token()
        over = self._state.now() - ends
        if over >= 0:
            raise expired_token(over // 1000)
        return False

    def expire(self) -> None:
        """End all tokens that were given out."""
        now = self._state.now()
        self._state.tokens = {token: min(ends, now) for token, ends in self._state.tokens.items()}

    def authorize(self, call: Call) -> Response:
        """What HubSpot's website does when a person says yes: back to the app, with a code.

        Raises Refusal 400 for an unknown client, or an address that is not on this machine.
        """
        query = call.query
        target = query.get("redirect_uri", "")
        if query.get("client_id") != self._app.client_id:
            raise bad_request("missing or unknown client id")
        if urlsplit(target).hostname not in LOOPBACK:
            raise bad_request("The sandbox sends nobody to an address that is not on this machine")
        code = f"na1-{self._dice.getrandbits(128):032x}"
        ends = self._state.now() + CODE_LIFE_MS
        self._codes[code] = Code(target, query.get("code_challenge", ""), ends)
        state = {"state": query["state"]} if "state" in query else {}
        join = "&" if "?" in target else "?"
        return Response(302, headers={"location": target + join + urlencode({"code": code, **state})})

    def grant(self, call: Call) -> Response:
        """An access token for a code, for a refresh token or for the client itself."""
        form = call.form()
        self._check_client(form)
        match form.get("grant_type"):
            case "authorization_code":
                self._check_code(form)
                self._state.uninstalled = False
                return answer(self._issued(call, refresh=True))
            case "refresh_token":
                if not self._refreshes(form.get("refresh_token")):
                    raise _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token", "invalid_grant")
                return answer(self._issued(call, refresh=True))
            case "client_credentials" if "/v1/" not in call.request.path:
                return answer(self._issued(call, refresh=False))
            case other:
                raise _refused("BAD_GRANT_TYPE", f"unsupported grant type {other}", "unsupported_grant_type")

    def introspect(self, call: Call) -> Response:
        token = call.form().get("token", "")
        if self._refreshes(token):
            return answer(
                {"active": True, "token": token, **self._about_refresh(), "token_use": "refresh_token"}
            )
        left = self._left(token)
        if left <= 0:
            return answer({"active": False})
        about = {**self._about_access(token, left), "client_id": self._app.client_id}
        return answer({"active": True, "token_use": "access_token", "is_private_distribution": True, **about})

    def about(self, call: Call) -> Response:
        """The older form, with the token in the path."""
        left = self._left(call.args[0])
        if left <= 0:
            raise Refusal(404, "access token is not valid")
        return answer(self._about_access(call.args[0], left))

    def about_refresh(self, call: Call) -> Response:
        if not self._refreshes(call.args[0]):
            raise Refusal(404, "refresh token is not valid")
        return answer({"token": call.args[0], "client_id": self._app.client_id, **self._about_refresh()})

    def about_static(self, call: Call) -> Response:
        """What an app's own token is good for."""
        if call.body(Key).tokenKey != self._app.access_token:
            raise unknown_token()
        ids = {"userId": USER_ID, "hubId": self._state.portal_id, "appId": APP_ID}
        return answer({**ids, "scopes": sorted(self._state.scopes)})

    def revoke(self, call: Call) -> Response:
        self._end(call.form().get("token", ""))
        return nothing()

    def revoke_refresh(self, call: Call) -> Response:
        self._end(call.args[0])
        return nothing()

    def _end(self, token: str) -> None:
        """A refresh token takes the access tokens along, until somebody installs the app again."""
        self._state.tokens.pop(token, None)
        if token == self._app.refresh_token:
            self._state.tokens.clear()
            self._state.uninstalled = True

    def _refreshes(self, token: str | None) -> bool:
        return token == self._app.refresh_token and not self._state.uninstalled

    def _left(self, token: str) -> int:
        return (self._state.tokens.get(token, 0) - self._state.now()) // 1000

    def _check_client(self, form: dict[str, str]) -> None:
        if form.get("client_id") != self._app.client_id:
            raise _refused("BAD_CLIENT_ID", "missing or invalid client id", "invalid_client")
        if form.get("client_secret") != self._app.client_secret:
            raise _refused("BAD_CLIENT_SECRET", "missing or invalid client secret", "invalid_client")

    def _check_code(self, form: dict[str, str]) -> None:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.ends <= self._state.now():
            raise _refused("BAD_AUTH_CODE", "missing or unknown auth code", "invalid_grant")
        if form.get("redirect_uri") != code.redirect_uri:
            message = "redirect uri does not match initial authorization code call"
            raise _refused("MISMATCH_REDIRECT_URI_AUTH_CODE", message, "invalid_grant")
        verifier = form.get("code_verifier", "")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if code.challenge and digest != code.challenge:
            raise _refused("BAD_CODE_VERIFIER", "missing or invalid code verifier", "invalid_grant")

    def _issued(self, call: Call, *, refresh: bool) -> dict[str, object]:
        token = f"CSim-{self._dice.getrandbits(640):0160x}"
        self._state.tokens[token] = self._state.now() + LIFE_S * 1000
        given: dict[str, object] = {"token_type": "bearer", "access_token": token, "expires_in": LIFE_S}
        if refresh:
            given["refresh_token"] = self._app.refresh_token
        if "/v1/" in call.request.path:
            return given
        ids = {"hub_id": self._state.portal_id, "scopes": sorted(self._state.scopes), "user_id": USER_ID}
        return {**given, **ids, "token_use": "access_token" if refresh else "client_credentials"}

    def _about_access(self, token: str, left: int) -> dict[str, object]:
        return {
            "token": token,
            **self._holder(),
            "app_id": APP_ID,
            "expires_in": left,
            "token_type": "access",
            "signed_access_token": self._signed(),
        }

    def _about_refresh(self) -> dict[str, object]:
        return {**self._holder(), "app_id": APP_ID, "client_id": self._app.client_id, "token_type": "refresh"}

    def _holder(self) -> dict[str, object]:
        return {
            "user": USER,
            "hub_domain": f"sandbox-{self._state.portal_id}.com",
            "scopes": sorted(self._state.scopes),
            "scope_to_scope_group_pks": [],
            "trial_scopes": [],
            "trial_scope_to_scope_group_pks": [],
            "hub_id": self._state.portal_id,
            "user_id": USER_ID,
        }

    def _signed(self) -> dict[str, object]:
        return {
            "expiresAt": self._state.now() + LIFE_S * 1000,
            "scopes": "",
            "hubId": self._state.portal_id,
            "userId": USER_ID,
            "appId": APP_ID,
            "signature": "",
            "scopeToScopeGroupPks": "",
            "newSignature": "",
            "hublet": "na1",
            "trialScopes": "",
            "trialScopeToScopeGroupPks": "",
            "isUserLevel": False,
            "isServiceAccount": False,
            "installingUserId": USER_ID,
            "isPrivateDistribution": True,
        }


def _refused(status: str, message: str, error: str) -> Refusal:
    refusal = Refusal(400, message, error=error, error_description=message)
    refusal.body["status"] = status
    return refusal
