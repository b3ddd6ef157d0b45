"""One holder at a time, and proof of it in every commit."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from cs_connector.errors import AlreadyRunning, FencedOut, StoreError

from .state import State
from .tables import leases

if TYPE_CHECKING:
    from cs_connector.ports import Clock


HELD = 120.0  # seconds that a process may be silent before its lease is anybody's


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do `name`; `epoch` grows with each holder."""

    name: str
    holder: str
    epoch: int
    seconds: float


def take(state: State, name: str, holder: str, clock: Clock, seconds: float = 60) -> Lease:
    """Become the holder. Raises AlreadyRunning while another one's lease has not run out."""
    with state.begin() as connection:
        row = connection.execute(sa.select(leases).where(leases.c.name == name)).one_or_none()
        now = clock.now()
        if row and row.holder and row.until and row.until > now:
            raise AlreadyRunning(
                f"{name} is already running",
                why=f"{row.holder} holds it until {row.until:%Y-%m-%d %H:%M:%S} UTC",
                safe="nothing was started",
                fix=f"wait for it; if that process is dead: cs-connector unlock {name}",
            )
        epoch = (row.epoch if row else 0) + 1
        values = {"holder": holder, "epoch": epoch, "until": now + timedelta(seconds=seconds)}
        if row:
            connection.execute(leases.update().where(leases.c.name == name).values(values))
        else:
            connection.execute(leases.insert().values(name=name, **values))
    return Lease(name, holder, epoch, seconds)


def heartbeat(state: State, lease: Lease, clock: Clock) -> None:
    """Hold on for another term. Raises FencedOut when someone else took over."""
    with state.begin() as connection:
        check(connection, lease)
        until = clock.now() + timedelta(seconds=lease.seconds)
        connection.execute(leases.update().where(leases.c.name == lease.name).values(until=until))


def release(state: State, lease: Lease) -> None:
    """Give it up; a lease that was lost already is left alone."""
    mine = (leases.c.name == lease.name) & (leases.c.epoch == lease.epoch)
    with state.begin() as connection:
        connection.execute(leases.update().where(mine).values(holder=None, until=None))


def unlock(state: State, name: str, holder: str | None = None) -> str | None:
    """Take the lease from whoever holds it, and say who that was; that process can commit no more.

    With `holder` it is taken from that one only: from nobody, when somebody else was faster.
    """
    with state.begin() as connection:
        row = connection.execute(sa.select(leases).where(leases.c.name == name)).one_or_none()
        if row is None or row.holder is None or holder not in (None, row.holder):
            return None
        free = {"holder": None, "until": None, "epoch": row.epoch + 1}
        connection.execute(leases.update().where(leases.c.name == name).values(free))
        return str(row.holder)


def holder(state: State, name: str) -> str | None:
    """Who holds the lease, or held it when it ran out."""
    with state.read() as connection:
        return connection.scalar(sa.select(leases.c.holder).where(leases.c.name == name))


def held(state: State, name: str, clock: Clock) -> bool:
    """Whether anybody may be at work under it: the term has not run out, and a holder on this machine is alive."""
    with state.read() as connection:
        row = connection.execute(sa.select(leases).where(leases.c.name == name)).one_or_none()
    return bool(row and row.holder and row.until and row.until > clock.now() and not _dead(row.holder))


class Keeper:
    """Keeps a lease from a thread of its own, also while the process is busy with one long step."""

    def __init__(self, state: State, lease: Lease, clock: Clock, every: float = 40) -> None:
        self._state, self._lease, self._clock, self._every = state, lease, clock, every
        self._lost: FencedOut | None = None
        self._over = threading.Event()
        self.thread = threading.Thread(target=self._keep, name=f"lease {lease.name}", daemon=True)

    def beat(self) -> None:
        """Raises FencedOut when the thread found the lease lost; each commit checks it for itself besides."""
        if self._lost:
            raise self._lost

    def close(self) -> None:
        self._over.set()
        if self.thread.is_alive():
            self.thread.join()

    def _keep(self) -> None:
        while not self._over.wait(self._every):
            try:
                heartbeat(self._state, self._lease, self._clock)
            except FencedOut as error:
                self._lost = error
                return
            except StoreError:  # busy or away for a moment: the lease lasts for two more tries
                continue


def check(connection: sa.Connection, lease: Lease) -> None:
    """Call inside each write transaction. Raises FencedOut when the lease is not ours any more."""
    row = connection.execute(sa.select(leases).where(leases.c.name == lease.name)).one_or_none()
    if row is None or row.epoch != lease.epoch or row.holder != lease.holder:
        raise FencedOut(
            f"this process lost its hold on {lease.name}",
            why="it paused for so long that another process took over, or it was unlocked",
            safe="what this process had not committed was dropped",
            fix="look at the other run: cs-connector runs",
        )


def hold(state: State, name: str, clock: Clock) -> Lease:
    """Become the holder as this process; a lease whose holder is a dead process of this machine is taken from it.

    Raises AlreadyRunning.
    """
    me = f"{socket.gethostname()}:{os.getpid()}"
    try:
        return take(state, name, me, clock, HELD)
    except AlreadyRunning:
        seen = holder(state, name)
        if not _dead(seen):
            raise
    unlock(state, name, seen)
    return take(state, name, me, clock, HELD)


def _dead(seen: str | None) -> bool:
    host, _, pid = (seen or "").partition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
