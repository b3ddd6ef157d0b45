"""One simulated CRM and a project that reads it, with clocks that stand still until they are moved."""

from __future__ import annotations

import dataclasses
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cs_connector import registry
from cs_connector.config import Project
from cs_connector.ports import Adapter
from cs_connector.runner.summary import ObjectLine
from cs_connector.sandbox.clock import Dates, SandboxClock
from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.server import Server
from cs_connector.sandbox.wire import Request, Response, Simulator, World
from cs_connector.store.store import Store

from .hand import Caller, Hand
from .hands import HANDS
from .judge import Copy
from .near import BASE, answering
from .project import written
from .reading import as_it_is, known, mapping, sync

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
CRMS = ("salesforce", "hubspot", "zendesk")
PORTS = {"salesforce": 9, "hubspot": 10, "zendesk": 11}  # they stand for simulators in this process
CALL = timedelta(milliseconds=20)  # that an answer takes
PAUSE = timedelta(seconds=10)  # that lets every limit but that of the day recover


class Skewed:
    """The clock of the machine that reads: `ahead` of the CRM's. A wait moves both."""

    def __init__(self, clock: SandboxClock, ahead: timedelta = timedelta()) -> None:
        self._clock, self.ahead = clock, ahead

    def now(self) -> datetime:
        return self._clock.now() + self.ahead

    def sleep(self, seconds: float) -> None:
        self._clock.advance(timedelta(seconds=max(0.0, seconds)))


@dataclass
class Town:
    """`before` is called before each request of the reader is answered, `alter` may change the answer."""

    crm: str
    simulator: Simulator
    clock: SandboxClock
    hand: Hand
    project: Project
    store: Store
    reader: Skewed
    objects: tuple[str, ...]
    wrap: Callable[[Adapter], Adapter]
    before: Callable[[], None]
    alter: Callable[[Request, Response], Response] = lambda _, answer: answer
    runs: int = 0

    def sync(self) -> list[ObjectLine]:
        """Read what changed, as a run of the real job does."""
        self.runs += 1
        return sync(self.project, self.store, self.reader, self.objects, f"R{self.runs}", self.wrap)

    def answer(self, request: Request) -> Response:
        self.before()
        self.clock.advance(CALL)
        return self.alter(request, self.simulator.handle(request))

    def fields(self, name: str) -> tuple[str, ...]:
        """The fields that the mapping reads of an object."""
        return mapping(self.crm).objects()[name]

    @property
    def copy(self) -> Copy:
        return Copy(self.crm, self.objects, self.hand, self.store)

    def pass_time(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))


class Builder:
    """Makes towns. Below `folder` is a store that each of them begins with, so that it is set up once."""

    def __init__(self, folder: Path, profile: str) -> None:
        self.folder, self.profile = folder, profile
        self._number = 0
        Store(folder / "empty", None, Skewed(_standing())).close()

    @contextmanager
    def near(self, crm: str, dice: random.Random, objects: tuple[str, ...] = ()) -> Iterator[Town]:
        """A town whose CRM answers without sockets."""
        with (
            self._town(crm, BASE.format(port=PORTS[crm]), dice, objects) as town,
            answering({PORTS[crm]: town.answer}, town.clock.now),
        ):
            yield town

    @contextmanager
    def far(self, crm: str, dice: random.Random, objects: tuple[str, ...] = ()) -> Iterator[Town]:
        """A town whose CRM answers on a port."""
        server = Server()
        with ExitStack() as stack:
            town = stack.enter_context(self._town(crm, server.base_url, dice, objects))
            server.dates = Dates(town.clock.now)
            server.start(_Answers(town))
            stack.callback(server.stop)
            yield town

    @contextmanager
    def _town(self, crm: str, base: str, dice: random.Random, objects: tuple[str, ...]) -> Iterator[Town]:
        clock = _standing()
        world = World(clock, Ledger(clock), random.Random(dice.random()), self.profile)
        simulator = registry.simulator(crm)(world, crm, base)
        caller = Caller(simulator.handle, simulator.credentials(), lambda: clock.advance(PAUSE))
        hand = HANDS[crm](caller, simulator.live)
        self._number += 1
        root = self.folder / f"town{self._number}"
        project = dataclasses.replace(self._project(crm, simulator), root=root)
        shutil.copytree(self.folder / "empty", project.state)
        reader = Skewed(clock)
        chosen = objects or known(crm)
        try:
            with Store(project.state, None, reader) as store:
                yield Town(
                    crm, simulator, clock, hand, project, store, reader, chosen, as_it_is, lambda: None
                )
        finally:
            shutil.rmtree(root)

    def _project(self, crm: str, simulator: Simulator) -> Project:
        return written(self.folder / crm, crm, simulator.credentials())


class _Answers:
    def __init__(self, town: Town) -> None:
        self._town = town

    def handle(self, request: Request) -> Response:
        return self._town.answer(request)


def _standing() -> SandboxClock:
    clock = SandboxClock(START - timedelta(hours=1))
    clock.move(to=START, running=False)
    return clock
