"""The sandbox with the demo company in it, and talking to one that is up."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
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
    """Fill the simulators and start to answer."""
    day = order.as_of or SystemClock().now().date()
    company = generate(order.seed, order.accounts, day)
    filled = {name: registry.find("seeders", name) for name in registry.names("seeders")}
    tenants = {
        tenant: (crm, rows)
        for crm, seeder in filled.items()
        if crm in registry.names("simulators")
        for tenant, rows in seeder.tenants(company).items()
    }
    sandbox = Sandbox(
        [(tenant, registry.simulator(crm)) for tenant, (crm, _rows) in tenants.items()],
        datetime.combine(day, MORNING),
        seed=order.seed,
        profile=order.profile,
        port=order.port,
    )
    for tenant, (crm, rows) in tenants.items():
        _fill(sandbox, tenant, crm, Path(filled[crm].__file__), rows, company, tick)
    scratch = None if order.files else Path(tempfile.mkdtemp(prefix="cs-connector-files-"))
    root = order.files or scratch
    assert root is not None
    document = sandbox.document() | {"accounts": order.accounts}
    for crm, seeder in filled.items():
        if hasattr(seeder, "connect"):
            for name, block in seeder.connect(company, root.resolve()).items():
                (document if name == crm else document["others"])[name] = block
    if order.faults:
        sandbox.faults.replace(msgspec.json.decode(order.faults.read_bytes(), type=Rules).rules)
    sandbox.start()
    return Running(sandbox, document, scratch)


def _fill(
    sandbox: Sandbox,
    tenant: str,
    crm: str,
    beside: Path,
    rows: Iterable[SeedRow],
    company: Company,
    tick: Tick,
) -> None:
    """Install the customer's own fields and ours, then the records."""
    del company
    own = beside.with_name("demo_org.yml")
    if own.exists():
        sandbox.install(tenant, load(own).data)
    for name, path in registry.installs():
        if name == crm:
            sandbox.install(tenant, load(path).data)
    sandbox.load(tenant, _counted(rows, tick))


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
