"""A simulated Zendesk account: Support API v2 over loopback HTTP, as the vendor's answers were recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from cs_connector.sandbox.wire import Request, Response, SeedRow, World

from .answers import Call, Refusal, no_endpoint, reply
from .fields import Fields
from .oauth import Logins, unknown_user
from .routes import FOR_ANYONE, routes, shape
from .state import State

__all__ = ["ZendeskAccount"]


class ZendeskAccount:
    crm: ClassVar[str] = "zendesk"

    def __init__(self, world: World, name: str, base_url: str) -> None:
        self._state = State(world, name, base_url)
        self._logins = Logins(world.clock, name)
        self._routes = routes(self._state)
        self._routes["GET", "oauth/tokens/current"] = lambda call: self._logins.current(call.request)
        self._served = 0

    def handle(self, request: Request) -> Response:
        self._served += 1
        headers = {
            "x-zendesk-api-version": "v2",
            "x-request-id": f"{self._served:016x}-SIM",
            "zendesk-service": "classic",
        }
        try:
            response = self._answer(request, headers)
        except Refusal as refusal:
            response = refusal.response()
        response.headers = {**headers, **response.headers}
        return response

    def install(self, fields: Mapping[str, Any]) -> None:
        """Field definitions in Zendesk's JSON, in lists by noun: organization_fields, user_fields, …"""
        for noun, definitions in fields.items():
            maker = Fields(self._state, noun)
            for definition in definitions:
                maker.define(definition)

    def load(self, rows: Iterable[SeedRow]) -> None:
        """Objects: organizations, users, tickets, satisfaction_ratings, survey_responses; ids are kept."""
        self._state.load(rows)

    def credentials(self) -> dict[str, str]:
        """The newest refresh token is the client's to keep: this one is good for the first login only."""
        logins = self._logins
        return {
            "base_url": self._state.base_url,
            "subdomain": self._state.name.lower().replace("_", "-"),
            "token_url": f"{self._state.base_url}/oauth/tokens",
            "client_id": logins.client_id,
            "client_secret": logins.client_secret,
            "refresh_token": logins.first_refresh,
            "access_token": logins.first_access,
        }

    def control(self, order: Mapping[str, Any]) -> None:
        """expire_token, hide, remove_field and retype_field; quotas and lags are not Zendesk's."""
        if order.get("expire_token"):
            self._logins.expire()
        if "hide" in order:
            self._state.hide(**_named(order["hide"], noun="object", share="share"))
        if "remove_field" in order:
            self._state.drop_field(**_named(order["remove_field"], noun="object", name="field"))
        if "retype_field" in order:
            self._state.retype(**_named(order["retype_field"], noun="object", name="field", kind="type"))

    def snapshot(self) -> object:
        """Records, fields and jobs; logins go on, as tokens are the client's to keep."""
        return self._state.snapshot()

    def restore(self, state: object) -> None:
        assert isinstance(state, dict)
        self._state.restore(state)

    def _answer(self, request: Request, headers: dict[str, str]) -> Response:
        if request.path == "/oauth/tokens" and request.method == "POST":
            return self._logins.token(request)
        form, ident = shape(request)
        if not self._logins.check(request):
            if form != FOR_ANYONE:
                raise unknown_user()
            return reply({"user": anonymous()})
        headers |= self._state.buckets.account()
        handler = self._routes.get((request.method, form))
        if handler is None:
            raise no_endpoint()
        call = Call(request, ident)
        response = handler(call)
        if call.ignored:
            headers["x-zendesk-api-warn"] = _warned(call.ignored)
        return response


def anonymous() -> dict[str, Any]:
    """Who a client without a login is."""
    return {"id": None, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user"}


def _named(order: Mapping[str, Any], **names: str) -> dict[str, Any]:
    return {name: order[key] for name, key in names.items()}


def _warned(ignored: list[str]) -> str:
    """The header that alone tells of parameters that were dropped."""
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(ignored))
    return f"{{:allowed_parameters=>{{}}, :unpermitted_keys=>[{names}]}}"
