"""Everything that a job may use, opened for one run: project, store, adapters, tables."""

from __future__ import annotations

import getpass
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import sqlalchemy as sa
from pydantic import BaseModel

from cs_connector import registry
from cs_connector.config import Project, validate
from cs_connector.config.documents import suggest
from cs_connector.errors import ConfigError
from cs_connector.model import ATTACHMENT, ENTITIES, FEED, LINK, Entity
from cs_connector.store import monthly, tables
from cs_connector.store.leases import Keeper, Lease, hold, release
from cs_connector.store.meter import SharedMeter
from cs_connector.store.notes import StoreNotes
from cs_connector.store.shapes import kept, unknown
from cs_connector.store.store import Store
from cs_connector.transport.clock import SandboxTime, SystemClock
from cs_connector.vault import Vault, open_vault, resolve

from .summary import Summary

if TYPE_CHECKING:
    from cs_connector.ports import Adapter, Clock, Identity, ObjectInfo
    from cs_connector.unify import MappingFile, Source

LEASE = "run"  # held by whoever changes anything in the project


class Talk(Protocol):
    """Where progress goes."""

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]:
        """Show a step while it lasts; call what it yields with the number of things done since the last call."""
        ...


class Silent:
    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]:
        del name, total
        return nullcontext(lambda _done: None)


def whoami() -> str:
    """The user of this machine that runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return f"uid {os.getuid()}"


@dataclass(slots=True)
class Engine:
    """One open project. Close it.

    `accepted` names objects (connection.object) whose sudden change a person took as right; `budget` is how many
    calls a connection may use for reading in this run; `actor` is who started it. `described` is
    what objects looked like in this run (see `drift.described`).
    """

    project: Project
    store: Store
    clock: Clock
    vault: Vault
    as_of: date
    lease: Lease | None = None
    accepted: frozenset[str] = frozenset()
    budget: int | None = None
    actor: str = field(default_factory=whoami)
    talk: Talk = field(default_factory=Silent)
    summary: Summary = field(default_factory=lambda: Summary("", ""))
    described: dict[str, dict[str, ObjectInfo | None]] = field(default_factory=dict)
    _adapters: dict[str, Adapter] = field(default_factory=dict)
    _mappings: dict[str, MappingFile] = field(default_factory=dict)
    _keeper: Keeper | None = None

    def __post_init__(self) -> None:
        if self.lease:
            self._keeper = Keeper(self.store.state, self.lease, SystemClock())
            self._keeper.thread.start()

    @property
    def run(self) -> str:
        return self.summary.run

    def sources(self) -> list[Source]:
        """Every connection with its mapping, in the order of the project file."""
        from cs_connector.unify import Source  # who only asks reads no mapping

        found = []
        for rank, (name, connection) in enumerate(self.project.settings.connections.items()):
            self._known(name, connection.adapter)
            mapping = self._mapping(connection.mapping or connection.adapter)
            merging = registry.adapter(connection.adapter).capabilities.merging
            types = kept(self.store.state, name) if mapping.passing else {}
            found.append(
                Source(name, mapping.crm, rank, mapping, unknown(self.store.state, name), merging, types)
            )
        return found

    def _mapping(self, name: str) -> MappingFile:
        """Read once a run: parsing YAML takes longer than what is done with it."""
        from cs_connector.unify import load_mapping

        if name not in self._mappings:
            self._mappings[name] = load_mapping(self.project.mapping(name), self.project.layers)
        return self._mappings[name]

    def _known(self, name: str, adapter: str) -> None:
        known = registry.names("adapters")
        if adapter not in known:
            raise self.project.document.error(
                ("connections", name, "adapter"),
                f"there is no adapter called {adapter!r}",
                fix=suggest(adapter, known) or f"known: {', '.join(known)}",
            )

    def adapter(self, name: str) -> Adapter:
        """The adapter of a connection. Raises ConfigError with file and line for wrong settings."""
        if name not in self._adapters:
            self._adapters[name] = self._build(name)
        return self._adapters[name]

    def _build(self, name: str) -> Adapter:
        connection = self.project.settings.connections[name]
        self._known(name, connection.adapter)
        kind: Any = registry.adapter(connection.adapter)
        document = self.project.document
        where = ("connections", name, "settings")
        raw = {
            key: resolve(value, os.environ, self.project.root) if isinstance(value, str) else value
            for key, value in connection.settings.items()
        }
        resolved = document.data | {"connections": document.data["connections"] | {name: {"settings": raw}}}
        settings = validate(kind.Settings, type(document)(document.path, resolved, document.lines), where)
        settings = _rooted(settings, self.project.root)
        from cs_connector.ports import Surroundings  # who only asks talks to no CRM

        meter = SharedMeter(self.store.state, name, self.clock, connection.reserve)
        notes = StoreNotes(self.store.state, name)
        return kind(settings, Surroundings(name, self.clock, self.vault, meter, notes))  # type: ignore[no-any-return]

    def identify(self, name: str) -> Identity:
        """Ask the CRM who it is, and hold it to what it was the first time. Raises GuardStopped."""
        from .reading import pinned  # who only asks talks to no CRM

        said = self.project.settings.connections[name].org_id
        return pinned.hold(self.store.state, name, self.adapter(name), said)

    def beat(self) -> None:
        """Keep the lease. Raises FencedOut when it was lost."""
        if self._keeper:
            self._keeper.beat()

    @contextmanager
    def tables(self, entities: Iterable[str] = ()) -> Iterator[duckdb.DuckDBPyConnection]:
        """An executor with views of the named entity datasets (and link, feed)."""
        from cs_connector.language.executor import connect  # a run that only reads has no part in it

        spill = self.project.state / "spill"
        spill.mkdir(parents=True, exist_ok=True)
        con = connect(memory_limit=self.project.settings.memory, temp_directory=spill)
        try:
            for name in entities:
                self.attach(con, name)
            yield con
        finally:
            con.close()

    def attach(self, con: duckdb.DuckDBPyConnection, name: str) -> None:
        entity = _TABLES[name]
        columns = {c.name: c.type for c in entity.columns}
        self.store.facts.attach(con, f"entity/{name}", name, columns)

    def latest(self, con: duckdb.DuckDBPyConnection) -> Callable[[str, str], str]:
        """Views over the newest raw records of an object of a connection."""

        def view(connection: str, object_name: str) -> str:
            name = f"raw {connection} {object_name}"
            self.store.facts.latest(con, connection, object_name, name)
            return f'"{name}"'

        return view

    def publish(
        self, con: duckdb.DuckDBPyConnection, named: Mapping[str, str], days: Mapping[str, str] | None = None
    ) -> None:
        """Replace datasets by the rows of tables, all in one publish: dataset → table or query.

        `days` has SQL for the day of a row, for datasets of which large ones get a file a month.
        """
        facts, by = self.store.facts, days or {}
        paths = {name: monthly.stage(facts, con, name, query, by.get(name)) for name, query in named.items()}
        self.store.facts.publish(self.run, replace=paths, lease=self.lease)

    def publish_parts(self, con: duckdb.DuckDBPyConnection, parts: Iterable[Mapping[str, str]]) -> None:
        """The same of rows that come part by part, a file each: the queries of a part are run before the next part is made."""
        paths: dict[str, list[Path]] = {}
        for named in parts:
            for name, query in named.items():
                paths.setdefault(name, []).extend(monthly.stage(self.store.facts, con, name, query))
        self.store.facts.publish(self.run, replace=paths, lease=self.lease)

    def digest(self, prefixes: Iterable[str], *extra: object) -> str:
        """A digest of the live files of datasets, of every declaration, of the date and of `extra`."""
        total = hashlib.sha256(repr((self.as_of, extra)).encode())
        for prefix in prefixes:
            for dataset in self.store.facts.datasets(prefix):
                total.update("".join(p.name for p in self.store.facts.files(dataset)).encode())
        for path in self.declared():
            total.update(path.name.encode() + path.read_bytes())
        return total.hexdigest()

    def declared(self) -> list[Path]:
        """Every declaration, what ships and theirs, with the Python that metrics are made with."""
        layers = (*self.project.shipped, self.project.root)
        found = {p for layer in layers for p in layer.rglob("*.yml") if ".cs-connector" not in p.parts}
        return sorted(found.union(*(layer.glob("metrics/*.py") for layer in layers)))

    def config_hash(self) -> str:
        return hashlib.sha256(b"".join(p.read_bytes() for p in self.declared())).hexdigest()[:16]

    def stage_done(self, name: str, digest: str) -> bool:
        """Whether a stage was last done with exactly these inputs."""
        with self.store.state.read() as db:
            table = tables.stages
            return bool(db.scalar(sa.select(table.c.digest).where(table.c.name == name)) == digest)

    def mark_stage(self, name: str, digest: str) -> None:
        table = tables.stages
        with self.store.state.begin() as db:
            db.execute(sa.delete(table).where(table.c.name == name))
            db.execute(sa.insert(table).values(name=name, digest=digest, run=self.run, at=self.clock.now()))

    def install_id(self) -> str:
        """What tells this installation from another one that writes to the same CRM."""
        table = tables.meta
        with self.store.state.begin() as db:
            found = db.scalar(sa.select(table.c.value).where(table.c.name == "install_id"))
            if found is None:
                found = secrets.token_hex(8)
                db.execute(sa.insert(table).values(name="install_id", value=found))
        return str(found)

    def home(self) -> str | None:
        """The one connection that holds tasks: as configured, else the first that can."""
        named = self.project.settings.tasks.home
        writable = {n for n, c in self.project.settings.connections.items() if c.write}
        holding = [s.connection for s in self.sources() if any(w.source == "call" for w in s.mapping.write)]
        able = [name for name in holding if name in writable]
        if named is None:
            return able[0] if able else None
        if named not in able:
            raise self.project.document.error(
                ("tasks", "home"), f"{named} cannot hold tasks", fix=f"use one of: {', '.join(able)}"
            )
        return named

    def close(self) -> None:
        for adapter in self._adapters.values():
            adapter.close()
        if self._keeper:
            self._keeper.close()
        if self.lease:
            release(self.store.state, self.lease)
        self.store.close()


def _rooted(settings: BaseModel, root: Path) -> BaseModel:
    """Settings whose paths start at the project directory, wherever the program was started."""
    home = root.absolute()
    return settings.model_copy(update={k: home / v for k, v in settings if isinstance(v, Path)})


_TABLES: dict[str, Entity] = {**ENTITIES, "link": LINK, "feed": FEED, "attachment": ATTACHMENT}


class Job(Protocol):
    """A job: a name, and what it does with an engine; it fills the engine's summary."""

    name: str

    def __call__(self, engine: Engine) -> None: ...


def open_engine(project: Project, as_of: date | None = None, *, exclusive: bool = False) -> Engine:
    """Open a project; `exclusive` takes the lease that only one process can hold.

    Raises AlreadyRunning, StoreError, ConfigError.
    """
    sandbox = project.settings.sandbox
    clock: Clock = SandboxTime(sandbox.control_url) if sandbox else SystemClock()
    if not project.settings.connections:
        raise ConfigError(
            f"{project.root} has no connections",
            safe="nothing was read or written",
            fix="add one under connections: in its cs-connector.yml; docs/settings.md says how",
        )
    store = Store(project.state, project.url, clock)
    try:
        lease = hold(store.state, LEASE, SystemClock()) if exclusive else None
        store.recover()
        day = as_of or clock.now().date()
        vault = open_vault(project.state / "vault", os.environ, home=project.settings.vault.key)
        engine = Engine(project, store, clock, vault, day, lease)
    except BaseException:
        store.close()
        raise
    engine.summary = Summary(secrets.token_hex(3).upper(), day.isoformat())
    return engine
