"""One holder at a time, and proof of it in every commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from cs_connector.errors import AlreadyRunning, FencedOut
from cs_connector.ports import Clock

from .state import State
from .tables import leases


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


def unlock(state: State, name: str) -> str | None:
    """Take the lease from whoever holds it, and say who that was; that process can commit no more."""
    with state.begin() as connection:
        row = connection.execute(sa.select(leases).where(leases.c.name == name)).one_or_none()
        if row is None or row.holder is None:
            return None
        free = {"holder": None, "until": None, "epoch": row.epoch + 1}
        connection.execute(leases.update().where(leases.c.name == name).values(free))
        return str(row.holder)


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
