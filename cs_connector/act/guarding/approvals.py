"""What a person let through: the first write to an org, and plans that a limit had stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cs_connector.store.tables import approved_orgs, approved_plans

Limits = Sequence[Mapping[str, Any]]


def known(db: sa.Connection, connection: str, org_id: str) -> bool:
    """Whether somebody approved of writing to this org."""
    mine = (approved_orgs.c.connection == connection) & (approved_orgs.c.org_id == org_id)
    return bool(db.scalar(sa.select(sa.func.count()).select_from(approved_orgs).where(mine)))


def approve_org(db: sa.Connection, connection: str, org_id: str, reason: str, who: str, at: datetime) -> None:
    if not known(db, connection, org_id):
        values = {"connection": connection, "org_id": org_id, "reason": reason, "who": who, "at": at}
        db.execute(sa.insert(approved_orgs).values(values))


def approve_plan(
    db: sa.Connection, plan: str, digest: str, reason: str, who: str, limits: Limits, at: datetime
) -> None:
    """Note that a person let a plan through; `limits` are those that had stopped it."""
    mine = approved_plans.c.plan == plan
    db.execute(sa.delete(approved_plans).where(mine))
    values = {"plan": plan, "digest": digest, "reason": reason, "who": who, "limits": list(limits), "at": at}
    db.execute(sa.insert(approved_plans).values(values))
