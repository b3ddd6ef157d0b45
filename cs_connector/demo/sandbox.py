"""The sandbox with the demo company or recorded exchanges in it, and talking to one that is up."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import msgspec
import requests

from cs_connector import registry
from cs_connector.config import load, open_project
from cs_connector.errors import Unavailable, UsageError
from cs_connector.sandbox.company import Company
from cs_connector.sandbox.faults import Rules
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow
from cs_connector.transport.clock import SystemClock

from .company import generate

MORNING = time(9, tzinfo=UTC)
Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What kind of sandbox is wanted."""

    seed: int
    accounts: int
    port: int = 0
    faults: Path | None = None
    files: Path | None = None
    profile: str = "vendor"
    as_of: date | None = None
    recorded: Path | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """What one simulator is filled with: fields that it needs beyond the customer's own and ours, and records."""

    crm: str
    fields: Mapping[str, Any]
    rows: Iterable[SeedRow]


@dataclass(slots=True)
class Running:
    """A sandbox that is up, with its sandbox/1 document."""

    sandbox: Sandbox
    document: dict[str, Any]
    scratch: Path | None

    def stop(self) -> None:
        self.sandbox.stop()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)


def start(order: Order, tick: Tick) -> Running:
    """Fill the simulators and start to answer. Raises UsageError for a folder without recorded exchanges."""
    day = order.as_of or SystemClock().now().date()
    filled = {name: registry.find("seeders", name) for name in registry.names("seeders")}
    company: Company | None = None
    if order.recorded:
        tenants = _recorded(filled, order.recorded)
    else:
        company = generate(order.seed, order.accounts, day)
        tenants = _generated(filled, company)
    sandbox = Sandbox(
        [(name, registry.simulator(tenant.crm)) for name, tenant in tenants.items()],
        datetime.combine(day, MORNING),
        seed=order.seed,
        profile=order.profile,
        port=order.port,
    )
    for name, tenant in tenants.items():
        _fill(sandbox, name, tenant, Path(filled[tenant.crm].__file__), tick)
    scratch = None if order.files else Path(tempfile.mkdtemp(prefix="cs-connector-files-"))
    root = order.files or scratch
    assert root is not None
    document = sandbox.document() | {"accounts": order.accounts}
    for crm, seeder in filled.items():
        if company and hasattr(seeder, "connect"):
            for name, block in seeder.connect(company, root.resolve()).items():
                (document if name == crm else document["others"])[name] = block
    if order.faults:
        sandbox.faults.replace(msgspec.json.decode(order.faults.read_bytes(), type=Rules).rules)
    sandbox.start()
    return Running(sandbox, document, scratch)


def _generated(filled: Mapping[str, Any], company: Company) -> dict[str, Tenant]:
    return {
        name: Tenant(crm, {}, rows)
        for crm, seeder in filled.items()
        if crm in registry.names("simulators")
        for name, rows in seeder.tenants(company).items()
    }


def _recorded(filled: Mapping[str, Any], folder: Path) -> dict[str, Tenant]:
    """One tenant for every CRM that knows its recorded exchanges."""
    return {
        crm: Tenant(crm, *seeder.recorded(folder))
        for crm, seeder in filled.items()
        if hasattr(seeder, "recorded")
    }


def _fill(sandbox: Sandbox, name: str, tenant: Tenant, beside: Path, tick: Tick) -> None:
    """Install the customer's own fields and ours, then the records."""
    own = beside.with_name("demo_org.yml")
    if own.exists():
        sandbox.install(name, load(own).data)
    for crm, path in registry.installs():
        if crm == tenant.crm:
            sandbox.install(name, load(path).data)
    sandbox.install(name, tenant.fields)
    sandbox.load(name, _counted(tenant.rows, tick))


def _counted(rows: Iterable[SeedRow], tick: Tick) -> Iterator[SeedRow]:
    """Pass rows on, telling of every account among them."""
    for row in rows:
        if row.object == "Account":
            tick(1)
        yield row


def wait() -> None:
    """Stay until interrupted or asked to stop."""
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: done.set())
    done.wait()


def ledger(control: str) -> list[dict[str, Any]]:
    """Every mutation that a sandbox accepted. Raises Unavailable when it is not up."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"{control.rstrip('/')}/ledger", timeout=(5, 60))
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
    except requests.RequestException as error:
        raise Unavailable(
            "the sandbox does not answer",
            why=f"tried {control}",
            fix="start it with: cs-connector sandbox up",
        ) from error
    return found


def control_of(root: Path) -> str:
    """The control_url of a sandbox project. Raises UsageError for another kind of project."""
    sandbox = open_project(root.resolve(), registry.shipped()).settings.sandbox
    if sandbox is None:
        raise UsageError("this project has no sandbox", fix="name one with --control URL")
    return sandbox.control_url
