"""All of a sandbox at one moment, taken and brought back in one call; in memory, and on request on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from cs_connector.errors import UsageError

from .keeping import Folder, Head, Save, check_name, laid
from .life import Life
from .wire import Simulator, World


@runtime_checkable
class Lasting(Protocol):
    """A simulator whose logins outlive it."""

    def logins(self) -> object:
        """Secrets, tokens and counters that a snapshot leaves alone, as plain values."""
        ...

    def log_in(self, kept: Any) -> None:
        """Take back what `logins` gave, in another process."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of everything but the clock."""

    ledger: list[dict[str, Any]]
    dice: Any
    life: object
    simulators: dict[str, object]


class Snapshots:
    """`still` holds every simulator. With a `folder`, named snapshots are on disk; `head` describes the sandbox."""

    def __init__(
        self,
        world: World,
        simulators: Mapping[str, Simulator],
        life: Life,
        still: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._world, self._simulators, self._life, self._still = world, simulators, life, still
        self._taken: list[Moment] = []
        self.folder: Folder | None = None
        self.head: Callable[[str], Head] | None = None

    def snapshot(self, name: str | None = None) -> int | str:
        """Take one: it gets a number, or a name and a place on disk. The clock is not part of it.

        Raises UsageError for a name without a folder, or one that no file can have.
        """
        if name is None:
            self._taken.append(self._take())
            return len(self._taken)
        self.save(name)
        return name

    def restore(self, which: int | str | None = None) -> int | str:
        """Bring one back, the newest numbered one where none is named. Raises LookupError where there is none."""
        if isinstance(which, str):
            self._bring(self._saved(which).read(self._named)["moment"])
            return which
        number = len(self._taken) if which is None else which
        if not 1 <= number <= len(self._taken):
            raise LookupError(number)
        self._bring(self._taken[number - 1])
        return number

    def save(self, name: str) -> None:
        """Write everything to disk, clock and logins too. Raises UsageError without a folder, OSError."""
        check_name(name)
        if self.folder is None or self.head is None:
            raise UsageError(
                "this sandbox has no folder to keep a snapshot in",
                fix="start it with --keep DIR, or leave out the name",
            )
        with self._still():
            clock, moment = self._world.clock, self._take()
            lasting = {n: s.logins() for n, s in self._simulators.items() if isinstance(s, Lasting)}
        state = {"moment": moment, "logins": lasting, "now": clock.now(), "running": clock.running}
        self.folder.save(self.head(name), state, self._named)

    def lay(self, place: Path) -> None:
        """From now on large tables lie in files of a folder, which has to stay as long as the sandbox is there."""
        with self._still():
            self._bring(laid(self._take(), place, self._named))

    def resume(self, save: Save) -> None:
        """Be the sandbox that was saved. Raises UsageError for a damaged save, and for one of another version."""
        state = save.read(self._named)
        try:
            self._resume(state)
        except (AttributeError, KeyError, TypeError, ValueError, IndexError, AssertionError) as error:
            raise UsageError(
                f"the save {save.head.name!r} is of another version of this program",
                why=f"{type(error).__name__}: {error}",
                safe="it was not changed",
                fix="name another folder, or delete this one",
            ) from error

    def _resume(self, state: Mapping[str, Any]) -> None:
        clock, now = self._world.clock, state["now"]
        clock.move(running=False)
        clock.move(to=max(now, clock.now()), running=state["running"])
        self._bring(state["moment"])
        for name, kept in state["logins"].items():
            simulator = self._simulators[name]
            if isinstance(simulator, Lasting):
                simulator.log_in(kept)

    def _take(self) -> Moment:
        self._life.catch_up()
        with self._still():
            states = {name: simulator.snapshot() for name, simulator in self._simulators.items()}
            ledger, dice = self._world.ledger.entries(), self._world.dice.getstate()
            return Moment(ledger, dice, self._life.snapshot(), states)

    def _bring(self, moment: Moment) -> None:
        with self._still():
            for name, state in moment.simulators.items():
                self._simulators[name].restore(state)
            self._world.ledger.replace(moment.ledger)
            self._world.dice.setstate(moment.dice)
            self._life.restore(moment.life)

    def _saved(self, name: str) -> Save:
        found = self.folder.find(name) if self.folder else None
        if found is None:
            raise LookupError(name)
        return found

    @property
    def _named(self) -> dict[str, object]:
        world = self._world
        return {"world": world, "clock": world.clock, "ledger": world.ledger, "dice": world.dice}
