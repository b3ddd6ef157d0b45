"""The org: routes requests to its parts and holds what they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from cs_connector.sandbox.wire import Request, Response, SeedRow, World

from .answers import as_json, error
from .bulk_ingest import BulkIngests
from .bulk_query import BulkQueries
from .collection import Collection
from .composite import Composite
from .cursors import Cursors
from .errors import ApiError, method_not_allowed, not_found
from .ids import make_id
from .install import install
from .limits import Limits
from .load import Loader
from .oauth import AUDIENCE, Login
from .orders import Orders
from .query import Engine
from .rows import Rows, Table
from .schema import ObjectType
from .sobjects import Sobjects
from .standard import standard_schema
from .state import State
from .writer import Writer

NEWEST = 67
VERSIONS = {
    60: "Spring '24", 61: "Summer '24", 62: "Winter '25", 63: "Spring '25",
    64: "Summer '25", 65: "Winter '26", 66: "Spring '26", 67: "Summer '26",
}  # fmt: skip
RETIRED = range(7, 31)
LONGEST_HEAD = 16_384
Way = Callable[[Request, str, list[str]], Response]


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot of the org."""

    tables: dict[str, Table]
    fields: dict[str, ObjectType]
    queries: Any
    ingests: Any
    lag: timedelta
    used: int


class SalesforceOrg:
    """One simulated org, as `Simulator` asks for it."""

    crm: ClassVar[str] = "salesforce"

    def __init__(self, world: World, name: str, base_url: str) -> None:
        self.name, self._base, now = name, base_url.rstrip("/"), world.clock.now
        self._org_id, user_id = make_id("00D", 1), make_id("005", 1)
        schema, rows = standard_schema(), Rows()
        writer = Writer(name, user_id, schema, rows, world.ledger, now)
        limits = Limits(world.profile, now)
        self._state = State(schema, rows, Engine(schema, rows, now), writer, limits, now, user_id)
        self._login = Login(self._org_id, user_id, self._base, now)
        self._orders = Orders(self._state, self._login)
        self._jobs = 0
        self._queries = BulkQueries(self._state, self._next_job)
        self._ingests = BulkIngests(self._state, self._next_job)
        self._cursors = Cursors(self._state)
        self._sobjects = Sobjects(self._state)
        self._collection = Collection(self._state, self._sobjects)
        self._composite = Composite(self._state.writer, self._again)
        self._furnish()

    def handle(self, request: Request) -> Response:
        parts = [p for p in request.path.split("/") if p]
        try:
            answer = self._route(request, parts)
        except ApiError as bad:
            answer = error(bad)
        if parts[:2] == ["services", "data"]:
            answer.headers["Sforce-Limit-Info"] = self._state.limits.info
        return answer

    def install(self, fields: Mapping[str, Any]) -> None:
        install(self._state.schema, fields)

    def load(self, rows: Iterable[SeedRow]) -> None:
        Loader(self._state).load(rows)

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

    def snapshot(self) -> object:
        """Records, fields, jobs and counters; sessions and locators are not part of it."""
        state = self._state
        return Kept(
            state.rows.copy(),
            state.schema.copy(),
            deepcopy(self._queries.jobs),
            deepcopy(self._ingests.jobs),
            state.writer.lag,
            state.limits.used,
        )

    def restore(self, state: object) -> None:
        assert isinstance(state, Kept)
        self._state.rows.restore(state.tables)
        self._state.schema.restore(state.fields)
        self._queries.jobs = deepcopy(state.queries)
        self._ingests.jobs = deepcopy(state.ingests)
        self._state.writer.lag, self._state.limits.used = state.lag, state.used
        self._cursors.forget()

    def _route(self, request: Request, parts: list[str]) -> Response:
        _check_size(request)
        if parts[:2] == ["services", "oauth2"] and len(parts) == 3:
            return self._oauth(request, parts[2])
        if parts[:2] != ["services", "data"]:
            raise not_found()
        if len(parts) == 2:
            return as_json([_version(n) for n in VERSIONS])
        version = _check_version(parts[2])
        self._login.check_session(request)
        self._state.limits.spend()
        return self._versioned(request, version, parts[3:])

    def _oauth(self, request: Request, name: str) -> Response:
        if name == "token":
            return self._login.token(request)
        if name == "userinfo":
            self._login.check_session(request)
            return as_json(self._login.userinfo())
        raise not_found()

    def _versioned(self, request: Request, version: str, rest: list[str]) -> Response:
        if not rest:
            return as_json(_resources(version))
        ways: dict[tuple[str, ...], Way] = {
            ("sobjects",): self._sobjects.handle,
            ("query",): self._query("query"),
            ("queryAll",): self._query("queryAll"),
            ("composite", "sobjects"): self._collection.handle,
            ("composite",): self._composite.handle,
            ("jobs", "query"): self._queries.handle,
            ("jobs", "ingest"): self._ingests.handle,
            ("limits",): self._limits,
        }
        for prefix, way in ways.items():
            if tuple(rest[: len(prefix)]) == prefix:
                return way(request, version, rest[len(prefix) :])
        raise not_found()

    def _again(self, request: Request) -> Response:
        """A request inside a composite one: it costs nothing of its own. Raises ApiError."""
        parts = [p for p in request.path.split("/") if p]
        if parts[:2] != ["services", "data"] or len(parts) < 4:
            raise not_found()
        return self._versioned(request, _check_version(parts[2]), parts[3:])

    def _query(self, name: str) -> Way:
        def way(request: Request, version: str, rest: list[str]) -> Response:
            if request.method not in {"GET", "HEAD"}:
                raise method_not_allowed(request.method)
            return self._cursors.handle(request, version, name, rest)

        return way

    def _limits(self, _request: Request, _version: str, rest: list[str]) -> Response:
        if rest:
            raise not_found()
        return as_json(self._state.limits.body(len(self._queries.jobs)))

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
            ]
        )
        self._state.rows.of(self._state.schema.objects["user"]).made = 1


def _check_size(request: Request) -> None:
    head = sum(len(k) + len(v) for k, v in request.headers.items())
    if len(request.path) + len(request.query_string) + head > LONGEST_HEAD:
        raise ApiError(414, "URI_TOO_LONG", "The URI and headers are longer than 16,384 bytes")


def _check_version(text: str) -> str:
    """`67.0` of `v67.0`. Raises ApiError."""
    whole, _, part = text.removeprefix("v").partition(".")
    if not text.startswith("v") or part != "0" or not whole.isdigit():
        raise not_found()
    if int(whole) in RETIRED:
        raise ApiError(410, "UNSUPPORTED_API_VERSION", f"API version {whole}.0 is retired")
    if int(whole) not in VERSIONS:
        raise not_found()
    return f"{whole}.0"


def _version(number: int) -> dict[str, str]:
    return {"label": VERSIONS[number], "url": f"/services/data/v{number}.0", "version": f"{number}.0"}


def _resources(version: str) -> dict[str, str]:
    names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs")
    return {name: f"/services/data/v{version}/{name}" for name in names}
