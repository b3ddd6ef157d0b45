"""A simulated Zendesk account: Support API v2 over loopback HTTP, as the vendor's answers were recorded."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from cs_connector.sandbox.wire import Request, Response, SeedRow, World

from . import unsimulated
from .answers import Refusal, reply
from .call import Call, Caller
from .fields import own_account
from .fields.fields import Fields
from .life import People
from .login import access
from .login.login_routes import LoginRoutes
from .login.oauth import EMAIL, Logins, unknown_user
from .orders import KNOWN, Orders
from .paths import Paths, parts_of
from .people.memberships import seeded
from .people.users import anonymous
from .records import tables
from .records.builtin import build
from .resources import Resources
from .state import ME, State

__all__ = ["ZendeskAccount"]

FOR_ANYONE = "/api/v2/users/me"  # also answers clients without a login


class ZendeskAccount:
    crm: ClassVar[str] = "zendesk"
    orders: ClassVar[frozenset[str]] = KNOWN

    def __init__(self, world: World, name: str, base_url: str) -> None:
        self._state = State(world, name, base_url)
        self._logins = Logins(world.clock, name)
        self._resources = Resources(self._state)
        self._orders = Orders(self._state, self._logins)
        self._people = People(self._state, self._resources)
        self._paths = Paths(self._resources.routes() | LoginRoutes(self._state, self._logins).routes())
        self._served = 0
        build(self._state)

    def handle(self, request: Request) -> Response:
        self._served += 1
        began = time.monotonic()
        headers = {
            "x-zendesk-api-version": "v2",
            "x-request-id": f"{self._served:016x}-SIM",
            "zendesk-service": "classic",
        }
        try:
            response = self._answer(request, headers)
        except Refusal as refusal:
            response = refusal.response()
        headers["x-runtime"] = f"{time.monotonic() - began:.6f}"
        response.headers = {**headers, **response.headers}
        return response

    def install(self, fields: Mapping[str, Any]) -> None:
        """Definitions in Zendesk's JSON, in lists by noun: organization_fields, user_fields, ticket_fields, and
        custom_objects with a list of `fields` each. `$shape` holds those of a real account.
        """
        self._state.look += 1
        own_account.apply(self._state, fields.get(own_account.KEY, {}))
        for noun, definitions in ((n, d) for n, d in fields.items() if n != own_account.KEY):
            if noun == "custom_objects":
                for definition in definitions:
                    self._resources.custom_objects.define(definition)
                continue
            maker = Fields(self._state, noun)
            for definition in definitions:
                if definition.get("removable", True):  # an account has the system's own already
                    maker.define(definition)

    def load(self, rows: Iterable[SeedRow]) -> None:
        """Objects by their plural names, as they are listed; ids are kept. Users bring their memberships."""
        self._state.load(seeded(rows))

    def row(self, object_name: str, cells: Mapping[str, str]) -> SeedRow:
        return tables.record(self._state, object_name, cells)

    @property
    def api_login(self) -> tuple[str, str]:
        """User name and password of the API token, which the vendor ends in 2027."""
        return f"{EMAIL}/token", self._logins.api_token

    def credentials(self) -> dict[str, str]:
        """The access token is of another grant than the refresh token, of which each is good for one login."""
        logins = self._logins
        return {
            "base_url": self._state.base_url,
            "subdomain": self._state.name.lower().replace("_", "-"),
            "token_url": f"{self._state.base_url}/oauth/tokens",
            "client_id": logins.client_id,
            "client_secret": logins.client_secret,
            "refresh_token": logins.renewing.refresh or "",
            "access_token": logins.standing.access,
        }

    def control(self, order: Mapping[str, Any]) -> None:
        """Those of `orders`, and `settings`; daily quotas are not Zendesk's."""
        self._orders.obey(order)
        self._state.look += 1

    def objection(self, order: Mapping[str, Any]) -> str | None:
        return self._orders.objection(order)

    def calm(self) -> None:
        self._orders.calm()
        self._state.look += 1

    def live(self, dice: random.Random) -> None:
        self._people.live(dice)

    def logins(self) -> object:
        return self._logins.kept(), self._served

    def log_in(self, kept: Any) -> None:
        logins, self._served = kept
        self._logins.resume(logins)

    def snapshot(self) -> object:
        """Records, fields and jobs; logins go on, as tokens are the client's to keep."""
        return self._state.snapshot()

    def restore(self, state: object) -> None:
        assert isinstance(state, dict)
        self._state.restore(state)
        self._state.look += 1

    def _answer(self, request: Request, headers: dict[str, str]) -> Response:
        path = request.path.removesuffix(".json")
        if path == "/oauth/tokens" and request.method == "POST":
            return self._logins.token(request)
        if path == "/oauth/authorizations/new" and request.method == "GET":
            return self._logins.consent(request)
        scopes = self._logins.scopes(request)
        if scopes is None:
            if path != FOR_ANYONE or request.method != "GET":
                raise unknown_user()
            return reply({"user": anonymous()})
        headers |= self._state.buckets.account()
        return self._dispatch(request, Caller(ME, self._state.settings.role, scopes), headers)

    def _dispatch(self, request: Request, caller: Caller, headers: dict[str, str]) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        found = self._paths.find(method, request.path)
        if found is None:
            raise unsimulated.refusal(parts_of(request.path))
        access.check(caller, method, found.template)
        call = Call(request, found.params, caller)
        response = found.handler(call)
        if call.ignored:
            headers["x-zendesk-api-warn"] = _warned(call.ignored)
        return response


def _warned(ignored: list[str]) -> str:
    """The header that alone tells of parameters that were dropped."""
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(ignored))
    return f"{{:allowed_parameters=>{{}}, :unpermitted_keys=>[{names}]}}"
