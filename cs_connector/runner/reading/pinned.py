"""Who a connection was the first time it was asked, and that it still is."""

from __future__ import annotations

import sqlalchemy as sa

from cs_connector.errors import GuardStopped
from cs_connector.ports import Adapter, Identity
from cs_connector.store.state import State
from cs_connector.store.tables import connections


def hold(state: State, name: str, adapter: Adapter, said: str | None) -> Identity:
    """Ask the system who it is: it must be what it was the first time, and what the project file has `said`.

    A system in which nothing is written, such as a folder that moved, may be another one once the file says which.
    Raises GuardStopped.
    """
    identity = adapter.check()
    if said not in (None, identity.org_id):
        raise _stranger(name, adapter, identity, said)
    with state.begin() as db:
        pinned = db.scalar(sa.select(connections.c.org_id).where(connections.c.name == name))
        if pinned == identity.org_id:
            return identity
        if pinned is not None and (said is None or adapter.capabilities.writes):
            raise _stranger(name, adapter, identity, pinned)
        db.execute(sa.delete(connections).where(connections.c.name == name))
        db.execute(
            sa.insert(connections).values(
                name=name, crm=identity.crm, org_id=identity.org_id, org_name=identity.name,
                sandbox=identity.sandbox, pinned_at=state.clock.now(),
            )
        )  # fmt: skip
    return identity


def _stranger(name: str, adapter: Adapter, identity: Identity, known: str | None) -> GuardStopped:
    fix = "check the credentials of the connection, or make a new project for the other org"
    if not adapter.capabilities.writes:
        fix = f"if it is the same one in another place, write org_id: {identity.org_id} below {name}: in cs-connector.yml; else correct its settings"
    return GuardStopped(
        f"{name} is not the {identity.crm} that it was",
        why=f"it answers as {identity.org_id}, but {known} is what this project knows",
        safe="nothing of that org was read, and nothing was written to it",
        fix=fix,
    )
