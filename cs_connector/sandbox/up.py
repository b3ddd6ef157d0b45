"""A sandbox: simulators that share a world, each on its own port, and the control server."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from cs_connector.errors import UsageError

from .authority import Authority
from .clock import SandboxClock
from .control import LARGEST, Control
from .faults import Faults
from .keeping import SCHEMA, Folder, Head
from .ledger import Ledger
from .life import Life
from .server import Server
from .snapshots import Snapshots
from .wire import SeedRow, Simulator, World

Build = Callable[[World, str, str], Simulator]
PROFILES = ("vendor", "small", "unlimited")


class Sandbox:
    """Built from (name, simulator class) pairs; the ports are bound at once, `start` begins to answer.

    With a `port`, control has that one and the simulators the next ones, in order; with `ports`, these; otherwise
    any free ones.
    Only this machine can reach it. With `tls` the simulators speak https; control does not.
    """

    def __init__(
        self,
        simulators: Sequence[tuple[str, Build]],
        as_of: datetime,
        *,
        seed: int = 0,
        profile: str = "vendor",
        port: int = 0,
        ports: Sequence[int] = (),
        tls: Authority | None = None,
    ) -> None:
        if profile not in PROFILES:
            fix = f"use one of: {', '.join(PROFILES)}"
            raise UsageError(f"there is no profile {profile!r}", safe="nothing was started", fix=fix)
        self.as_of, self.seed, self.tls = as_of, seed, tls
        clock = SandboxClock(as_of)
        self.world = World(clock, Ledger(clock), random.Random(seed), profile)  # noqa: S311 — dice, not keys
        self.faults = Faults()
        self.simulators: dict[str, Simulator] = {}
        self.servers: dict[str, Server] = {}
        self.life = Life(clock, self.world.ledger, self.simulators, self._still)
        self.snapshots = Snapshots(self.world, self.simulators, self.life, self._still)
        wanted = ports or [port and port + offset for offset in range(len(simulators) + 1)]
        with ExitStack() as undo:
            self.control = Server(wanted[0], largest=LARGEST)
            undo.callback(self.control.stop)
            for own, (name, build) in zip(wanted[1:], simulators, strict=True):
                undo.callback(self._add(name, build, own).stop)
            undo.pop_all()

    def _add(self, name: str, build: Build, port: int) -> Server:
        tls = self.tls.context if self.tls else None
        server = Server(port, faults=self.faults, tls=tls, now=self.world.clock.now)
        simulator = build(self.world, name, server.base_url)
        server.names = frozenset({name, simulator.crm})
        self.simulators[name] = simulator
        self.servers[name] = server
        return server

    def install(self, name: str, fields: Mapping[str, Any]) -> None:
        """Add custom fields and objects to a simulator, in the vendor's own form."""
        self.simulators[name].install(fields)

    def load(self, name: str, rows: Iterable[SeedRow]) -> None:
        """Add records that have always been there."""
        self.simulators[name].load(rows)

    def start(self) -> None:
        control = Control(self.world, self.faults, self.snapshots, self.life, self.simulators, self._still)
        self.control.start(control)
        for name, server in self.servers.items():
            simulator = self.simulators[name]
            server.start(simulator, simulator.control, self.life.catch_up)

    def stop(self) -> None:
        for server in (*self.servers.values(), self.control):
            server.stop()

    def document(self) -> dict[str, Any]:
        """The sandbox/1 document: a block a CRM; simulators with a name of their own are under `others`."""
        trust = {"ca_file": str(self.tls.file)} if self.tls else {}
        blocks = {name: {**simulator.credentials(), **trust} for name, simulator in self.simulators.items()}
        kinds = {name: simulator.crm for name, simulator in self.simulators.items()}
        return {
            "schema": "sandbox/1",
            "as_of": self.as_of.date().isoformat(),
            "control_url": self.control.base_url,
            **{name: block for name, block in blocks.items() if name == kinds[name]},
            "others": {n: {"crm": kinds[n], **block} for n, block in blocks.items() if n != kinds[n]},
        }

    def snapshot(self) -> int | str:
        """Keep the state of every simulator, the ledger, the dice and the life; the clock is not kept."""
        return self.snapshots.snapshot()

    def restore(self, number: int | str | None = None) -> int | str:
        """Bring a snapshot back, the newest where none is named. Raises LookupError where there is none."""
        return self.snapshots.restore(number)

    def keep(self, folder: Folder, document: Mapping[str, Any]) -> None:
        """From now on named snapshots go to this folder; `document` is what belongs to the sandbox besides."""
        kinds = [(name, simulator.crm) for name, simulator in self.simulators.items()]
        ports = [self.control.port, *(server.port for server in self.servers.values())]
        day, profile = self.as_of.isoformat(), self.world.profile

        def head(name: str) -> Head:
            return Head(SCHEMA, name, 0, day, profile, self.seed, kinds, ports, dict(document))

        self.snapshots.folder, self.snapshots.head = folder, head

    def _still(self) -> ExitStack:
        stack = ExitStack()
        for server in self.servers.values():
            stack.enter_context(server.lock)
        return stack

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
