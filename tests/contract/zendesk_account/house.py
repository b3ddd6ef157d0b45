"""A Zendesk account on a port, and what a test needs around it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from cs_connector.adapters.zendesk.simulator import ZendeskAccount

from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow

AS_OF = datetime(2026, 11, 2, 12, tzinfo=UTC)
FIELDS = [
    {"key": "cs_health_score", "type": "integer", "title": "CS Health Score"},
    {"key": "cs_renewal_date", "type": "date", "title": "CS Renewal Date"},
    {
        "key": "cs_health_band",
        "type": "dropdown",
        "title": "CS Health",
        "custom_field_options": [
            {"name": "Green", "value": "cs_health_green"},
            {"name": "Red", "value": "cs_health_red"},
        ],
    },
]


def at(minutes: float) -> str:
    return (AS_OF - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def organization(number: int, minutes: float = 600, **more: Any) -> SeedRow:
    when = at(minutes)
    record = {"id": number, "name": f"Org {number}", "created_at": when, "updated_at": when, **more}
    return SeedRow("organizations", record)


def ticket(number: int, minutes: float = 600, **more: Any) -> SeedRow:
    when = at(minutes)
    record = {"id": number, "subject": f"Help {number}", "created_at": when, "updated_at": when, **more}
    return SeedRow("tickets", record)


def user(number: int, minutes: float = 600, **more: Any) -> SeedRow:
    when = at(minutes)
    record = {"id": number, "name": f"User {number}", "created_at": when, "updated_at": when, **more}
    return SeedRow("users", record)


def numbers(rows: list[dict[str, Any]]) -> list[Any]:
    return [row["id"] for row in rows]


class Api:
    """A logged-in client of one account."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.login = sandbox.document()["zendesk"]
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["authorization"] = f"Bearer {self.login['access_token']}"

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.login['base_url']}/api/v2/{path}"
        return self.session.request(method, url, json=body, **more)

    def get(self, path: str, **query: Any) -> Any:
        answer = self("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def log_in(self) -> None:
        form = {"grant_type": "client_credentials"}
        form |= {name: self.login[name] for name in ("client_id", "client_secret")}
        token = self.session.post(self.login["token_url"], data=form).json()["access_token"]
        self.session.headers["authorization"] = f"Bearer {token}"

    def wait(self, **span: float) -> None:
        """Let time pass, and log in again where the login ended meanwhile."""
        self.sandbox.world.clock.advance(timedelta(**span))
        self.log_in()

    def order(self, **order: Any) -> None:
        self.sandbox.simulators["zendesk"].control(order)

    def now(self) -> int:
        return int(self.sandbox.world.clock.now().timestamp())

    def job(self, answer: requests.Response) -> dict[str, Any]:
        """The job of an answer, once it has ended."""
        assert answer.ok, answer.text
        url = answer.json()["job_status"]["url"]
        self.get(url)
        return self.get(url)["job_status"]

    def ledger(self) -> list[dict[str, Any]]:
        return self.sandbox.world.ledger.entries()


def made(profile: str = "unlimited") -> Sandbox:
    sandbox = Sandbox([("zendesk", ZendeskAccount)], AS_OF, profile=profile)
    sandbox.install("zendesk", {"organization_fields": FIELDS})
    return sandbox


def seed(api: Api, *rows: SeedRow) -> None:
    api.sandbox.load("zendesk", rows)
