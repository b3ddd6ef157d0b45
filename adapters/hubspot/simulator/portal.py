"""The simulated portal: who may call, how often, and which endpoint answers."""

from __future__ import annotations

import random
import uuid
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from cs_connector.sandbox.wire import Request, Response, SeedRow, World

from .account import Account
from .associations import Associations
from .batch import Batches
from .call import JSON
from .errors import Refusal
from .loading import load
from .oauth import App, Tokens
from .orders import Orders
from .owners import Owners
from .pipelines import Pipelines
from .properties import Properties, add_group, new_properties
from .records import Records
from .relations import Relations
from .routes import Route, Routes, route
from .schemas import Egg, Schemas, hatch
from .search import Search
from .shelf import Shelf
from .state import State, new_state
from .writes import Writer

V3, V4 = "v3", "v4"


class HubSpotPortal:
    """A HubSpot portal. `name` is what the ledger calls it; `base_url` is where it is reached."""

    crm: ClassVar[str] = "hubspot"

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
        self._orders = Orders(self._state, self._tokens, self._search)
        self._routes = self._table(world, name)

    def handle(self, request: Request) -> Response:
        correlation = str(uuid.UUID(int=self._dice.getrandbits(128)))
        try:
            response = self._answer(request)
        except Refusal as refusal:
            body = {**refusal.body, "correlationId": correlation}
            response = Response(refusal.status, msgspec.json.encode(body), {**JSON, **refusal.headers})
        response.headers["x-hubspot-correlation-id"] = correlation
        return response

    def install(self, fields: Mapping[str, Any]) -> None:
        """Groups and properties by object, and `schemas` for custom objects. Raises ValueError for bad ones."""
        try:
            for egg in fields.get("schemas", ()):
                hatch(self._state, msgspec.convert(egg, Egg))
            for name, parts in fields.items():
                if name != "schemas":
                    self._install(self._state.shelf(name), parts)
        except Refusal as refusal:
            raise ValueError(f"The HubSpot fields cannot be installed: {refusal}") from refusal

    def load(self, rows: Iterable[SeedRow]) -> None:
        load(self._state, rows)

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

    def snapshot(self) -> object:
        return self._state.copy()

    def restore(self, state: object) -> None:
        assert isinstance(state, State)
        self._state.adopt(state)
        self._search.forget()

    def _answer(self, request: Request) -> Response:
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
        records = Records(state, writer, relations)
        return Routes(
            [
                *_records(records, Batches(state, writer, relations, records, world.dice), self._search),
                *_associations(Associations(state, relations)),
                *_properties(Properties(state, ledger, name)),
                *_rest(Owners(state), Pipelines(state), Schemas(state, ledger, name)),
                *_account(Account(state), self._tokens),
            ]
        )


def _records(records: Records, batches: Batches, search: Search) -> list[Route]:
    return [
        route("POST", "objects/*/batch/read", V3, batches.read),
        route("POST", "objects/*/batch/create", V3, batches.create),
        route("POST", "objects/*/batch/update", V3, batches.update),
        route("POST", "objects/*/batch/upsert", V3, batches.upsert),
        route("POST", "objects/*/batch/archive", V3, batches.archive),
        route("POST", "objects/*/search", V3, search.search),
        route("POST", "objects/*/merge", V3, records.merge),
        route("GET", "objects/*", V3, records.list),
        route("POST", "objects/*", V3, records.create),
        route("GET", "objects/*/*", V3, records.get),
        route("PATCH", "objects/*/*", V3, records.update),
        route("DELETE", "objects/*/*", V3, records.archive),
    ]


def _associations(associations: Associations) -> list[Route]:
    return [
        route("GET", "objects/*/*/associations/*", V4, associations.list),
        route("PUT", "objects/*/*/associations/default/*/*", V4, associations.put_default),
        route("PUT", "objects/*/*/associations/*/*", V4, associations.put),
        route("DELETE", "objects/*/*/associations/*/*", V4, associations.delete),
        route("POST", "associations/*/*/batch/read", V4, associations.read),
        route("POST", "associations/*/*/batch/create", V4, associations.create),
        route("POST", "associations/*/*/batch/associate/default", V4, associations.create_default),
        route("POST", "associations/*/*/batch/archive", V4, associations.archive),
        route("POST", "associations/*/*/batch/labels/archive", V4, associations.archive_labels),
        route("GET", "associations/*/*/labels", V4, associations.labels),
        route("POST", "associations/*/*/labels", V4, associations.create_label),
    ]


def _properties(properties: Properties) -> list[Route]:
    return [
        route("GET", "properties/*/groups", V3, properties.groups),
        route("POST", "properties/*/groups", V3, properties.create_group),
        route("GET", "properties/*/groups/*", V3, properties.group),
        route("PATCH", "properties/*/groups/*", V3, properties.update_group),
        route("DELETE", "properties/*/groups/*", V3, properties.archive_group),
        route("POST", "properties/*/batch/create", V3, properties.create_batch),
        route("POST", "properties/*/batch/read", V3, properties.read_batch),
        route("POST", "properties/*/batch/archive", V3, properties.archive_batch),
        route("GET", "properties/*", V3, properties.list),
        route("POST", "properties/*", V3, properties.create),
        route("GET", "properties/*/*", V3, properties.get),
        route("PATCH", "properties/*/*", V3, properties.update),
        route("DELETE", "properties/*/*", V3, properties.archive),
    ]


def _rest(owners: Owners, pipelines: Pipelines, schemas: Schemas) -> list[Route]:
    return [
        route("GET", "owners", V3, owners.list),
        route("GET", "owners/*", V3, owners.get),
        route("GET", "pipelines/*", V3, pipelines.list),
        route("GET", "pipelines/*/*", V3, pipelines.get),
        route("GET", "pipelines/*/*/stages", V3, pipelines.stages),
        route("GET", "pipelines/*/*/stages/*", V3, pipelines.stage),
        route("GET", "schemas", V3, schemas.list),
        route("POST", "schemas", V3, schemas.create),
        route("GET", "schemas/*", V3, schemas.get),
        route("DELETE", "schemas/*", V3, schemas.archive),
    ]


def _account(account: Account, tokens: Tokens) -> list[Route]:
    return [
        route("GET", "account-info/details", V3, account.details),
        route("GET", "account-info/api-usage/daily/private-apps", V3, account.usage),
        route("GET", "integrations/me", "v1", account.me),
        route("POST", "oauth/token", "v1 v3", tokens.grant),
        route("POST", "oauth/token/introspect", V3, tokens.introspect),
        route("POST", "oauth/token/revoke", V3, tokens.revoke),
        route("GET", "oauth/access-tokens/*", "v1", tokens.about),
    ]
