"""The org: routes requests to its parts and holds what they share."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from cs_connector.sandbox.wire import Request, Response, SeedRow, World

from .answers import as_json, error, set_out
from .bulk.bulk_ingest import BulkIngests
from .bulk.bulk_query import BulkQueries
from .errors import ApiError, method_not_allowed, not_found
from .ids import make_id
from .life import Users
from .limits import Kept as KeptLimits
from .limits import Limits, record_count
from .login.oauth import AUDIENCE, Login
from .metadata.furnish import furnish
from .metadata.metadata import Metadata
from .metadata.metadata_kept import Shelf
from .metadata.soap import Soap
from .metadata.soap_partner import Partner
from .orders import KNOWN, Ongoing, Orders
from .rest.batch import Batch
from .rest.collection import Collection
from .rest.composite import Composite
from .rest.cursors import Cursors, Often
from .rest.graph import Graphs
from .rest.sobjects import Sobjects
from .rest.tooling import Tooling
from .rest.tree import Trees
from .schema.install import install
from .schema.org_options import currency_rows
from .schema.own_org import record_type_rows
from .schema.permissions import Permissions
from .schema.schema import KeptSchema
from .schema.standard import standard_schema
from .schema.standard_statuses import relisted
from .soql.query import Engine
from .state import State
from .unsimulated import no_bulk_1, no_resource, no_service
from .versions import NEWEST, VERSIONS, check_version, listed, resources
from .writing import tables
from .writing.bin import KeptBin
from .writing.load import Loader
from .writing.locks import Spent
from .writing.rows import Rows, Table
from .writing.writer import Writer

LONGEST_HEAD = 16_384
Way = Callable[[Request, str, list[str]], Response]


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot of the org."""

    tables: dict[str, Table]
    fields: KeptSchema
    queries: Any
    ingests: Any
    lag: timedelta
    used: KeptLimits
    ongoing: Ongoing
    bin: KeptBin
    made_jobs: int
    often: tuple[Often, ...] = ()
    components: Mapping[str, Shelf] = field(default_factory=dict)
    batches: Mapping[int, int] = field(default_factory=dict)
    locks: Mapping[str, Spent] = field(default_factory=dict)


class SalesforceOrg:
    """One simulated org, as `Simulator` asks for it."""

    crm: ClassVar[str] = "salesforce"
    orders: ClassVar[frozenset[str]] = KNOWN

    def __init__(self, world: World, name: str, base_url: str) -> None:
        self.name, self._base, now = name, base_url.rstrip("/"), world.clock.now
        self._org_id, user_id = make_id("00D", 1), make_id("005", 1)
        schema, rows = standard_schema(), Rows()
        writer = Writer(name, user_id, schema, rows, world.ledger, now)
        limits = Limits(world.profile, now)
        self._state = State(
            schema, rows, Engine(schema, rows, now, user_id), writer, limits, now, user_id, self._base
        )
        self._login = Login(self._org_id, user_id, self._base, now)
        self._users = Users(self._state)
        self._jobs = 0
        self._queries = BulkQueries(self._state, self._next_job)
        self._ingests = BulkIngests(self._state, self._next_job, world.profile)
        self._cursors = Cursors(self._state)
        self._orders = Orders(self._state, self._login, self._cursors.forget)
        self._sobjects = Sobjects(self._state, self._again)
        self._collection = Collection(self._state, self._sobjects.records)
        self._composite = Composite(writer, self._again)
        self._batch, self._graphs, self._trees = (
            Batch(limits, self._again),
            Graphs(writer, self._again),
            Trees(self._state),
        )
        self._tooling = Tooling(self._state)
        self._permissions = Permissions(self._state)
        self._metadata = Metadata(name, self._state, self._permissions, world.ledger)
        partner = Partner(self._state, self._login.identity.userinfo())
        self._soap = Soap(self._login, limits, {"m": self._metadata, "u": partner}, VERSIONS)
        self._ways: dict[tuple[str, ...], Way] = {
            ("sobjects",): self._sobjects.handle,
            ("query",): self._query("query"),
            ("queryAll",): self._query("queryAll"),
            ("composite", "sobjects"): self._collection.handle,
            ("composite", "batch"): self._batch.handle,
            ("composite", "graph"): self._graphs.handle,
            ("composite", "tree"): self._trees.handle,
            ("composite",): self._composite.handle,
            ("jobs", "query"): self._queries.handle,
            ("jobs", "ingest"): self._ingests.handle,
            ("limits",): self._limits,
            ("tooling",): self._tooling.handle,
        }
        self._furnish()

    def handle(self, request: Request) -> Response:
        parts = [p for p in request.path.split("/") if p]
        self._state.writer.bin.sweep()
        self._ingests.catch_up()
        try:
            answer = self._route(request, parts)
        except ApiError as bad:
            answer = error(bad)
        if parts[:2] == ["services", "data"]:
            answer.headers["Sforce-Limit-Info"] = self._state.limits.info
        return set_out(answer) if request.headers.get("x-prettyprint") == "1" else answer

    def install(self, fields: Mapping[str, Any]) -> None:
        touched = install(self._state.schema, fields)
        self._permissions.grant(touched)
        furnish(self._metadata, fields)
        self.load(record_type_rows(touched))
        self.load(relisted(self._state.schema, self._state.rows))

    def load(self, rows: Iterable[SeedRow]) -> None:
        Loader(self._state).load(rows)

    def row(self, object_name: str, cells: Mapping[str, str]) -> SeedRow:
        return tables.record(self._state.schema, object_name, cells)

    def credentials(self) -> dict[str, str]:
        login = self._login
        return {
            "base_url": self._base,
            "token_url": f"{self._base}/services/oauth2/token",
            "client_id": login.client_id,
            "client_secret": login.client_secret,
            "username": login.username,
            "private_key_file": login.key_file,
            "audience": AUDIENCE,
            "access_token": login.live_token(),
            "org_id": self._org_id,
            "api_version": f"{NEWEST}.0",
        }

    def control(self, order: Mapping[str, Any]) -> None:
        self._orders.obey(order)

    def objection(self, order: Mapping[str, Any]) -> str | None:
        return self._orders.objection(order)

    def calm(self) -> None:
        self._orders.calm()

    def live(self, dice: random.Random) -> None:
        self._users.live(dice)

    def snapshot(self) -> object:
        """Records, fields, jobs and counters; sessions and locators are not part of it."""
        state = self._state
        return Kept(
            state.rows.copy(),
            state.schema.copy(),
            deepcopy(self._queries.jobs),
            deepcopy(self._ingests.jobs),
            state.writer.lag,
            state.limits.copy(),
            self._orders.ongoing,
            state.writer.bin.copy(),
            self._jobs,
            self._cursors.often(),
            self._metadata.components.copy(),
            dict(self._ingests.batches.hours),
            state.writer.locks.spent(),
        )

    def restore(self, state: object) -> None:
        assert isinstance(state, Kept)
        self._state.rows.restore(state.tables)
        self._state.schema.restore(state.fields)
        self._queries.jobs = deepcopy(state.queries)
        self._ingests.jobs = deepcopy(state.ingests)
        self._state.writer.lag = state.lag
        self._state.limits.restore(state.used)
        self._orders.resume(state.ongoing)
        self._state.writer.locks.resume(getattr(state, "locks", {}))  # older saves have none
        self._jobs = state.made_jobs
        self._state.writer.bin.restore(state.bin)
        self._cursors.forget()
        self._metadata.components.restore(getattr(state, "components", {}))  # older saves have none
        self._ingests.batches.hours = dict(getattr(state, "batches", {}))  # nor these
        self._state.engine.paths.forget()
        if self._state.rows.large:
            self._cursors.ready(getattr(state, "often", ()))  # older saves have none

    def logins(self) -> object:
        return self._login.kept(), self._jobs

    def log_in(self, kept: Any) -> None:
        login, self._jobs = kept
        self._login.resume(login)

    def _route(self, request: Request, parts: list[str]) -> Response:
        _check_size(request)
        head = tuple(parts[:2])
        if head == ("services", "data"):
            return self._data(request, parts[2:])
        if head == ("services", "oauth2"):
            return self._login.handle(request, parts[2:])
        if head == ("services", "Soap"):
            return self._soap.handle(request, parts[2:])
        if head == ("services", "async"):
            return no_bulk_1(request)
        if parts[:1] == ["id"]:
            return self._login.identify(request, parts[1:])
        raise no_service(parts)

    def _data(self, request: Request, parts: list[str]) -> Response:
        if not parts:
            return as_json(listed())
        version = check_version(parts[0])
        self._login.check_session(request)
        self._state.limits.spend(parts[1] if len(parts) > 1 else "")
        return self._versioned(request, version, parts[1:])

    def _versioned(self, request: Request, version: str, rest: list[str]) -> Response:
        if not rest:
            return as_json(resources(version, self._login.identity.url))
        for depth in (2, 1):
            way = self._ways.get(tuple(rest[:depth]))
            if way is not None:
                return way(request, version, rest[depth:])
        raise no_resource(rest)

    def _again(self, request: Request) -> Response:
        """A request inside a composite one: it costs nothing of its own. Raises ApiError."""
        parts = [p for p in request.path.split("/") if p]
        if parts[:2] != ["services", "data"] or len(parts) < 4:
            raise not_found()
        return self._versioned(request, check_version(parts[2]), parts[3:])

    def _query(self, name: str) -> Way:
        def way(request: Request, version: str, rest: list[str]) -> Response:
            if request.method not in {"GET", "HEAD"}:
                raise method_not_allowed(request.method)
            if self._tooling.lists(request):
                return self._tooling.query(request, version, name, rest)
            return self._cursors.handle(request, version, name, rest)

        return way

    def _limits(self, request: Request, _version: str, rest: list[str]) -> Response:
        if request.method not in {"GET", "HEAD"}:
            raise method_not_allowed(request.method)
        if rest not in ([], ["recordCount"]):
            raise not_found()
        state = self._state
        counts = {obj.name: len(state.rows.of(obj).rows) for obj in state.schema.objects.values()}
        if rest:
            return as_json(record_count(counts, request.query.get("sObjects")))
        return as_json(state.limits.body(sum(counts.values()), {"DailyBulkApiBatches": self._ingests.used}))

    def _next_job(self) -> int:
        self._jobs += 1
        return self._jobs

    def _furnish(self) -> None:
        """What is there before any seed: the organization and the integration user."""
        profile = make_id("00e", 1)
        user = {
            "Id": self._state.user_id, "Username": self._login.username, "LastName": "Connector",
            "FirstName": "CS", "Alias": "csconn", "Email": self._login.username, "IsActive": True,
            "UserType": "Standard", "ProfileId": profile, "TimeZoneSidKey": "UTC",
        }  # fmt: skip
        org = {
            "Id": self._org_id, "Name": "Sandbox Company", "OrganizationType": "Enterprise Edition",
            "InstanceName": "SIM1", "IsSandbox": True, "TimeZoneSidKey": "UTC",
            "DefaultLocaleSidKey": "en_US", "LanguageLocaleKey": "en_US", "FiscalYearStartMonth": 1,
        }  # fmt: skip
        name = "Minimum Access - API Only Integrations"
        self.load(
            [
                SeedRow("Profile", {"Id": profile, "Name": name}),
                SeedRow("User", user),
                SeedRow("Organization", org),
                *currency_rows(),
                *relisted(self._state.schema, self._state.rows),
            ]
        )
        self._state.rows.of(self._state.schema.objects["user"]).made = 1


def _check_size(request: Request) -> None:
    """Raises ApiError 414 for a long address, 431 for long headers: together they have 16 KiB."""
    address = len(request.path) + len(request.query_string)
    if address > LONGEST_HEAD:
        raise ApiError(414, "URI_TOO_LONG", f"The URI is longer than {LONGEST_HEAD:,} bytes")
    headers = request.headers
    if address + sum(map(len, headers)) + sum(map(len, headers.values())) > LONGEST_HEAD:
        raise ApiError(
            431, "REQUEST_HEADER_FIELDS_TOO_LARGE", f"URI and headers are longer than {LONGEST_HEAD:,} bytes"
        )
