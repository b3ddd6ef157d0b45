"""What of a connection is still to be read. A run may be given a number of calls; the next one goes on from where it stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from cs_connector.errors import QuotaExhausted
from cs_connector.ports import Page
from cs_connector.store.tables import feeds

from . import estimating
from .engine import Engine

NAMED = 5  # objects that are named where more are waiting


class Spent(QuotaExhausted):
    """The calls that a connection was given in this run are used; others may go on."""


class Backlog:
    """The objects of a connection in the order in which they are read, and how far the one at hand is.

    Where calls are few, what was never read to its end comes first: news of the others would use them up every time.
    """

    def __init__(self, engine: Engine, connection: str, objects: Iterable[str]) -> None:
        self._engine, self._connection = engine, connection
        done = _complete(engine, connection) if engine.budget is not None else set()
        self._waiting = sorted(objects, key=lambda name: name in done)
        self._current: str | None = None
        self._total: int | None = None
        self._begun, self._read = False, 0

    def __iter__(self) -> Iterator[str]:
        """The objects one after another. Raises Spent when there are no calls for the next one."""
        for name in list(self._waiting):
            self.check()
            yield name

    def begin(self, name: str, total: int | None) -> int | None:
        """An object of `total` records, where its CRM said so; answers how many are to be expected."""
        self._waiting = [other for other in self._waiting if other != name]
        self._current, self._begun, self._read = name, True, 0
        self._total = estimating.left(self._engine, self._connection, name) if total is None else total
        return self._total

    def came(self, page: Page) -> None:
        """A page is safe. Raises Spent when there are more and no calls for them."""
        self._read += len(page.records)
        if page.done:
            self._current = None
        else:
            self.check()

    def check(self) -> None:
        """Call where everything read is kept and more would come. Raises Spent when the calls are used."""
        budget, used = self._engine.budget, self._engine.adapter(self._connection).usage().used
        if budget is not None and used >= budget:
            raise Spent(
                f"{self._connection} has used the {budget:,} calls of this run's budget",
                why=f"{self._connection} made {used:,} calls; still to be read: {self._left()}",
                fix=self._when()
                if self._begun
                else f"give it more: {used:,} are made before the first record",
            )

    def _left(self) -> str:
        some = f" ({max(0, self._total - self._read):,} of {self._total:,} records)" if self._total else ""
        names = [f"the rest of {self._current}{some}"] if self._current else []
        names += self._waiting
        more = len(names) - NAMED
        return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")

    def _when(self) -> str:
        return f"run it again {self._soon()}: it goes on after the last page, everything before is kept"

    def _soon(self) -> str:
        usage = self._engine.adapter(self._connection).usage()
        if usage.limit is None or usage.left is None:
            return "when you like"
        reserve = self._engine.project.settings.connections[self._connection].reserve
        free = usage.left - int(usage.limit * reserve)
        if free <= 0:
            return "tomorrow, when the calls of this day are renewed"
        return f"when you like, {free:,} calls may still be used today"


def _complete(engine: Engine, connection: str) -> set[str]:
    query = sa.select(feeds.c.object).where(feeds.c.connection == connection, feeds.c.complete.is_(True))
    with engine.store.state.read() as db:
        return set(db.scalars(query))


def together(spent: Sequence[Spent]) -> Spent:
    """What stopped several connections, as one."""
    first, *others = spent
    if not others:
        return first
    return Spent(
        f"{len(spent)} connections have used their calls of this run's budget",
        why="; ".join(each.why for each in spent),
        fix=first.fix,
    )
