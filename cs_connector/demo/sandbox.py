"""The sandbox with the demo company or recorded exchanges in it, and talking to one that is up."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec

from cs_connector import registry
from cs_connector.config import load
from cs_connector.errors import UsageError
from cs_connector.sandbox import authority, plan
from cs_connector.sandbox.company import Company
from cs_connector.sandbox.faults import Rule
from cs_connector.sandbox.keeping import Folder, Save
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow
from cs_connector.transport.clock import SystemClock

from . import own_org
from .company import generate

MORNING = time(9, tzinfo=UTC)
ACCOUNTS = 200  # of the demo company, where none are asked for
STOPPED = "stopped"  # the name of what is saved at the end
HERE = "$KEPT"  # stands for the folder in what is saved there
Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What kind of sandbox is wanted. `accounts` is the size of the demo company, 200 where it is not named.

    In a `bare` one the CRMs have nothing of ours yet.
    """

    seed: int
    accounts: int | None = None
    port: int = 0
    faults: Path | None = None
    files: Path | None = None
    profile: str = "vendor"
    as_of: date | None = None
    recorded: Path | None = None
    life: float = 0
    tls: Path | None = None
    keep: Path | None = None
    shape: Path | None = None
    fill: Path | None = None
    bare: bool = False

    @property
    def size(self) -> int | None:
        """How many accounts the demo company has; None where something else fills the simulators."""
        if self.recorded or self.shape or self.fill:
            return None
        return ACCOUNTS if self.accounts is None else self.accounts


@dataclass(frozen=True, slots=True)
class Tenant:
    """What one simulator is filled with: fields that it needs beyond the customer's own and ours, and records."""

    crm: str
    fields: Mapping[str, Any]
    rows: Iterable[SeedRow]


@dataclass(slots=True)
class Running:
    """A sandbox that is up, with its sandbox/1 document. One with a `folder` is saved there when it stops.

    In `scratch` is what goes with it: its large tables, and the files that have no place of their own.
    """

    sandbox: Sandbox
    document: dict[str, Any]
    scratch: Path | None = None
    folder: Folder | None = None

    def stop(self) -> None:
        """Raises OSError where there is no room to save it; what was saved before is still there."""
        self.sandbox.stop()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)
        if self.folder:
            with self.folder:
                self.sandbox.snapshots.save(STOPPED)


def start(order: Order, tick: Tick) -> Running:
    """Fill the simulators and start to answer; where a kept sandbox is wanted and there is one, it goes on.

    Raises UsageError for a number of accounts beside what else fills them, for a folder without recorded exchanges,
    for fault rules that cannot be, and for a rate below 0.
    """
    if order.accounts is not None and order.size is None:
        raise UsageError(
            "--accounts is the size of the demo company, which --shape, --recorded and --fill leave out",
            safe="nothing was started",
            fix="leave out --accounts",
        )
    if order.keep is None:
        return _begin(order, tick)
    with ExitStack() as undo:
        folder = undo.enter_context(Folder(order.keep))
        save = folder.find()
        running = _resume(order, folder, save) if save else _keep(order, folder, tick)
        undo.pop_all()
    return running


def _keep(order: Order, folder: Folder, tick: Tick) -> Running:
    """Begin a sandbox that is to be kept, with its files beside it."""
    running = _begin(replace(order, files=order.files or folder.path / "files"), tick)
    crms, document = running.sandbox.servers, running.document
    beyond = {name: what for name, what in document.items() if name not in crms}
    running.sandbox.keep(folder, _moved(beyond, str(folder.path), HERE))
    running.folder = folder
    return running


def _resume(order: Order, folder: Folder, save: Save) -> Running:
    """Start what was saved: on the ports that it had, where they are free and no others are wanted."""
    rules = _rules(order.faults) if order.faults else []
    sandbox = _rebuilt(order, save)
    with ExitStack() as undo:
        undo.callback(sandbox.stop)
        sandbox.snapshots.resume(save)
        plan.check(rules, sandbox.simulators)
        undo.pop_all()
    sandbox.faults.replace(rules)
    if order.life:
        sandbox.life.begin(order.life, order.seed)
    sandbox.keep(folder, save.head.document)
    beyond, document = _moved(save.head.document, HERE, str(folder.path)), sandbox.document()
    others = {**beyond.get("others", {}), **document["others"]}
    sandbox.start()
    return Running(sandbox, {**beyond, **document, "others": others}, folder=folder)


def _rebuilt(order: Order, save: Save) -> Sandbox:
    head = save.head
    tls = authority.generated(order.tls) if order.tls else None
    build = [(name, registry.simulator(crm)) for name, crm in head.simulators]
    make = partial(
        Sandbox, build, datetime.fromisoformat(head.as_of), seed=head.seed, profile=head.profile, tls=tls
    )
    if order.port:
        return make(port=order.port)
    try:
        return make(ports=head.ports)
    except UsageError:  # somebody else has one of them now
        return make()


def _moved(document: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """The document with the folder's place in its paths exchanged."""
    text = msgspec.json.encode(document).decode().replace(old, new)
    found: dict[str, Any] = msgspec.json.decode(text)
    return found


def _begin(order: Order, tick: Tick) -> Running:
    rules = _rules(order.faults) if order.faults else []
    day = order.as_of or SystemClock().now().date()
    filled = {name: registry.find("seeders", name) for name in registry.names("seeders")}
    shapes = own_org.shapes(order.shape)
    company = generate(order.seed, order.size, day) if order.size is not None else None
    tenants = _generated(filled, company) if company else _others(order, filled, shapes)
    sandbox = Sandbox(
        [(name, registry.simulator(tenant.crm)) for name, tenant in tenants.items()],
        datetime.combine(day, MORNING),
        seed=order.seed,
        profile=order.profile,
        port=order.port,
        tls=authority.generated(order.tls) if order.tls else None,
    )
    with ExitStack() as undo:
        undo.callback(sandbox.stop)
        _fill(sandbox, order, tenants, shapes, filled, tick)
        plan.check(rules, sandbox.simulators)
        undo.pop_all()
    scratch = Path(tempfile.mkdtemp(prefix="cs-connector-sandbox-"))
    sandbox.snapshots.lay(_made(scratch / "records"))
    root = order.files or _made(scratch / "files")
    document = sandbox.document() | ({"accounts": order.size} if company else {})
    for crm, seeder in filled.items():
        if company and hasattr(seeder, "connect"):
            for name, block in seeder.connect(company, root.resolve()).items():
                (document if name == crm else document["others"])[name] = block
    sandbox.faults.replace(rules)
    sandbox.life.begin(order.life, order.seed)
    sandbox.start()
    return Running(sandbox, document, scratch)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _others(
    order: Order, filled: Mapping[str, Any], shapes: Mapping[str, own_org.Shape]
) -> dict[str, Tenant]:
    """The tenants of a sandbox without the demo company."""
    known = {crm: Tenant(crm, {}, ()) for crm in filled if crm in registry.names("simulators")}
    shaped = {name: Tenant(crm, {}, ()) for name, (crm, _) in shapes.items()}
    return known | shaped | (_recorded(filled, order.recorded) if order.recorded else {})


def _fill(
    sandbox: Sandbox,
    order: Order,
    tenants: Mapping[str, Tenant],
    shapes: Mapping[str, own_org.Shape],
    filled: Mapping[str, Any],
    tick: Tick,
) -> None:
    """The fields of each tenant, then its records, then what tables hold."""
    for name, tenant in tenants.items():
        if name in shapes:
            own_org.install(sandbox, name, shapes[name][1], order.shape or Path())
        else:
            _furnish(sandbox, name, tenant, Path(filled[tenant.crm].__file__), bare=order.bare)
        sandbox.install(name, tenant.fields)
        rows = _bared(filled[tenant.crm], tenant.rows) if order.bare else tenant.rows
        sandbox.load(name, _counted(rows, tick))
    if order.fill:
        own_org.load_tables(sandbox, order.fill, partial(_counted, tick=tick))


def _rules(file: Path) -> list[Rule]:
    try:
        return plan.read(file.read_bytes())
    except OSError as error:
        why = error.strerror or ""
        raise UsageError(
            f"the fault plan {file} cannot be read", why=why, safe="nothing was started"
        ) from error


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


def _bared(seeder: Any, rows: Iterable[SeedRow]) -> Iterable[SeedRow]:
    """Rows without what only fields of ours can hold."""
    found: Iterable[SeedRow] = seeder.bare(rows) if hasattr(seeder, "bare") else rows
    return found


def _furnish(sandbox: Sandbox, name: str, tenant: Tenant, beside: Path, *, bare: bool) -> None:
    """Install the demo customer's own fields, and ours unless it is to be bare."""
    own = beside.with_name("demo_org.yml")
    if own.exists():
        sandbox.install(name, _fields(own))
    for crm, path in registry.installs():
        if crm == tenant.crm and not bare:
            sandbox.install(name, _fields(path))


@cache
def _fields(path: Path) -> Mapping[str, Any]:
    """A file that ships, read once however many tenants it furnishes."""
    found: Mapping[str, Any] = load(path).data
    return found


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
