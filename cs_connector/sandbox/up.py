"""A sandbox: simulators that share a world, each on its own port, and the control server."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from .clock import SandboxClock
from .control import Control
from .faults import Faults
from .ledger import Ledger
from .server import Server
from .wire import SeedRow, Simulator, World

Build = Callable[[World, str, str], Simulator]


class Sandbox:
    """Built from (name, simulator class) pairs; the ports are bound at once, `start` begins to answer.

    With a `port`, control has that one and the simulators the next ones, in order; otherwise any free ones.
    Only this machine can reach it.
    """

    def __init__(
        self,
        simulators: Sequence[tuple[str, Build]],
        as_of: datetime,
        *,
        seed: int = 0,
        profile: str = "vendor",
        port: int = 0,
    ) -> None:
        self.as_of = as_of
        clock = SandboxClock(as_of)
        self.world = World(clock, Ledger(clock), random.Random(seed), profile)  # noqa: S311 — dice, not keys
        self.faults = Faults()
        self.simulators: dict[str, Simulator] = {}
        self.servers: dict[str, Server] = {}
        self._snapshots: list[tuple[list[dict[str, Any]], object, dict[str, object]]] = []
        with ExitStack() as undo:
            self.control = Server(port)
            undo.callback(self.control.stop)
            for offset, (name, build) in enumerate(simulators, start=1):
                undo.callback(self._add(name, build, port and port + offset).stop)
            undo.pop_all()

    def _add(self, name: str, build: Build, port: int) -> Server:
        server = Server(port, faults=self.faults)
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
        names = frozenset[str]().union(*(server.names for server in self.servers.values()))
        self.control.start(Control(self.world, self.faults, self, names))
        for name, server in self.servers.items():
            server.start(self.simulators[name], self.simulators[name].control)

    def stop(self) -> None:
        for server in (*self.servers.values(), self.control):
            server.stop()

    def document(self) -> dict[str, Any]:
        """The sandbox/1 document: a block a CRM; simulators with a name of their own are under `others`."""
        blocks = {name: dict(simulator.credentials()) for name, simulator in self.simulators.items()}
        kinds = {name: simulator.crm for name, simulator in self.simulators.items()}
        return {
            "schema": "sandbox/1",
            "as_of": self.as_of.date().isoformat(),
            "control_url": self.control.base_url,
            **{name: block for name, block in blocks.items() if name == kinds[name]},
            "others": {n: {"crm": kinds[n], **block} for n, block in blocks.items() if n != kinds[n]},
        }

    def snapshot(self) -> int:
        """Keep the state of every simulator, the ledger and the dice; the clock is not kept."""
        with self._still():
            states = {name: simulator.snapshot() for name, simulator in self.simulators.items()}
            self._snapshots.append((self.world.ledger.entries(), self.world.dice.getstate(), states))
            return len(self._snapshots)

    def restore(self, number: int | None = None) -> int:
        """Bring a snapshot back, the newest where none is named. Raises LookupError where there is none."""
        number = len(self._snapshots) if number is None else number
        if not 1 <= number <= len(self._snapshots):
            raise LookupError(number)
        entries, dice, states = self._snapshots[number - 1]
        with self._still():
            for name, state in states.items():
                self.simulators[name].restore(state)
            self.world.ledger.replace(entries)
            self.world.dice.setstate(dice)  # type: ignore[arg-type]
        return number

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
