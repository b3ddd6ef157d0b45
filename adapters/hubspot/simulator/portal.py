"""The simulated portal: who may call, how often, and which endpoint answers."""

from __future__ import annotations

import random
import uuid
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from cs_connector.sandbox.wire import Request, Response, SeedRow, World

from . import paths
from .account import own_portal
from .account.account import Account
from .account.lists import Lists
from .account.oauth import App, Tokens
from .account.owners import Owners
from .account.pipelines import Pipelines
from .account.quotas import Quotas
from .account.schemas import Egg, Schemas, hatch
from .call import JSON, measured
from .errors import Refusal
from .life import Users
from .links.associations import Associations
from .links.labels import Labels
from .links.named_associations import NamedAssociations
from .links.older_associations import OlderAssociations
from .links.relations import Relations
from .orders import KNOWN, Orders
from .properties.groups import Groups, add_group
from .properties.properties import Properties, new_properties
from .properties.validations import Validations
from .records import tables
from .records.batch import Batches
from .records.loading import load
from .records.older_contacts import OlderContacts
from .records.records import Records
from .records.search import Search
from .records.shelf import Shelf
from .records.writes import Writer
from .routes import Routes
from .state import State, new_state
from .webhooks.sender import Sender
from .webhooks.webhooks import Webhooks


class HubSpotPortal:
    """A HubSpot portal. `name` is what the ledger calls it; `base_url` is where it is reached."""

    crm: ClassVar[str] = "hubspot"
    orders: ClassVar[frozenset[str]] = KNOWN

    def __init__(self, world: World, name: str, base_url: str) -> None:
        number = zlib.crc32(name.encode())
        self._dice = random.Random(number)  # noqa: S311 — ids of answers and tokens of a sandbox
        self._base_url = base_url
        self._app = App(
            client_id=str(uuid.UUID(int=self._dice.getrandbits(128))),
            client_secret=str(uuid.UUID(int=self._dice.getrandbits(128))),
            refresh_token=f"na1-{self._dice.getrandbits(96):024x}",
            access_token=f"pat-na1-{uuid.UUID(int=self._dice.getrandbits(128))}",
        )
        self._state = new_state(world.clock, 20_000_000 + number % 10_000_000, world.profile)
        self._tokens = Tokens(self._state, self._app, self._dice)
        self._search = Search(self._state)
        self._sender = Sender(self._state, self._app.client_secret, random.Random(number))  # noqa: S311
        self._orders = Orders(self._state, self._tokens, self._search)
        self._routes = self._table(world, name)

    def handle(self, request: Request) -> Response:
        correlation = _uuid(self._dice.getrandbits(128))
        try:
            response = self._answer(request)
        except Refusal as refusal:
            told = {name: refusal.body[name] for name in ("status", "message")}
            body = {**told, "correlationId": correlation, **refusal.body}
            response = Response(refusal.status, msgspec.json.encode(body), {**JSON, **refusal.headers})
        response.headers["x-hubspot-correlation-id"] = correlation
        self._sender.kick()
        return response

    def install(self, fields: Mapping[str, Any]) -> None:
        """Groups and properties by object, and `schemas` for custom objects; `$shape` holds what a real portal says
        of itself. Raises ValueError for bad ones.
        """
        try:
            own_portal.apply(self._state, fields.get(own_portal.KEY, {}))
            for egg in fields.get("schemas", ()):
                hatch(self._state, msgspec.convert(egg, Egg))
            for name, parts in fields.items():
                if name not in {"schemas", own_portal.KEY}:
                    self._install(self._state.named(name), parts)
        except Refusal as refusal:
            raise ValueError(f"The HubSpot fields cannot be installed: {refusal}") from refusal

    def load(self, rows: Iterable[SeedRow]) -> None:
        load(self._state, rows)

    def row(self, object_name: str, cells: Mapping[str, str]) -> SeedRow:
        return tables.record(self._state, object_name, cells)

    def credentials(self) -> dict[str, str]:
        return {
            "base_url": self._base_url,
            "token_url": f"{self._base_url}/oauth/2026-03/token",
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "refresh_token": self._app.refresh_token,
            "access_token": self._app.access_token,
            "portal_id": str(self._state.portal_id),
        }

    def control(self, order: Mapping[str, Any]) -> None:
        """Orders: expire_token, daily_quota_left, search_lag_s, hide, remove_field, retype_field, scopes,
        omit_update_misses, retry_after. Others are not for this simulator and change nothing.
        """
        self._orders.obey(order)

    def objection(self, order: Mapping[str, Any]) -> str | None:
        return self._orders.objection(order)

    def calm(self) -> None:
        self._orders.calm()

    def live(self, dice: random.Random) -> None:
        self._users.live(dice)
        self._sender.kick()

    def snapshot(self) -> object:
        return self._state.copy()

    def restore(self, state: object) -> None:
        """Logins are the clients' own: tokens stay as they are."""
        assert isinstance(state, State)
        tokens, uninstalled = self._state.tokens, self._state.uninstalled
        self._state.adopt(state)
        self._state.tokens, self._state.uninstalled = tokens, uninstalled
        self._search.forget()
        self._records.pages.forget()

    def logins(self) -> object:
        """Tokens, whether the app is installed, and the dice that tokens come from."""
        state = self._state
        return {"dice": self._dice.getstate(), "tokens": dict(state.tokens), "uninstalled": state.uninstalled}

    def log_in(self, kept: Any) -> None:
        if isinstance(kept, tuple):  # older saves have the dice alone: clients refresh their tokens
            kept = {"dice": kept, "tokens": {}, "uninstalled": False}
        self._dice.setstate(kept["dice"])
        self._state.tokens, self._state.uninstalled = dict(kept["tokens"]), kept["uninstalled"]

    def _answer(self, request: Request) -> Response:
        measured(request)
        found, call = self._routes.find(request)
        if found.pattern[0] == "oauth":
            return found.endpoint(call)
        static = self._tokens.admit(request)
        search = found.pattern[-1] == "search"
        headers = self._state.limits.admit(self._state.clock.now(), search=search, static=static)
        try:
            response = found.endpoint(call)
        except Refusal as refusal:
            refusal.headers |= headers
            raise
        response.headers |= headers
        return response

    def _install(self, shelf: Shelf, parts: Mapping[str, Any]) -> None:
        for group in parts.get("groups", ()):
            if group["name"] not in shelf.groups:
                add_group(shelf, group)
        eggs = [egg for egg in parts.get("properties", ()) if egg["name"] not in shelf.fields]
        for prop in new_properties(shelf, eggs, self._state.now()):
            shelf.define(prop)

    def _table(self, world: World, name: str) -> Routes:
        state, ledger = self._state, world.ledger
        relations = Relations(state, ledger, name)
        writer = Writer(state, relations, ledger, name)
        self._users = Users(state, writer, relations)
        records = self._records = Records(state, writer, relations)
        batches = Batches(state, writer, records, world.dice)
        return Routes(
            [
                *paths.records(records, batches, self._search),
                *paths.associations(Associations(state, relations), Labels(state, ledger, name)),
                *paths.named(NamedAssociations(state, relations)),
                *paths.older(OlderContacts(state, writer), OlderAssociations(state, relations)),
                *paths.properties(
                    Properties(state, ledger, name),
                    Groups(state, ledger, name),
                    Validations(state, ledger, name),
                ),
                *paths.pipelines(Pipelines(state, ledger, name)),
                *paths.schemas(Schemas(state, ledger, name)),
                *paths.lists(Lists(state, ledger, name)),
                *paths.portal(Account(state), Owners(state), Quotas(state)),
                *paths.webhooks(Webhooks(state)),
                *paths.oauth(self._tokens),
            ]
        )


def _uuid(number: int) -> str:
    """As `uuid.UUID` writes it, for every answer."""
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
