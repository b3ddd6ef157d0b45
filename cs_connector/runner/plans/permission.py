"""May this be written now: the switch, other installations, the orgs, and the limits, in that order."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cs_connector.act import switch
from cs_connector.act.guarding import approvals, guard, past
from cs_connector.act.guarding.guard import Check
from cs_connector.act.guarding.ways import PLAN, Way
from cs_connector.act.heartbeat.others import RULE, Neighbour, listed, refuse
from cs_connector.errors import GuardStopped
from cs_connector.runner.engine import Engine
from cs_connector.store.tables import connections, stages

from . import neighbours

NO_WRITES = "CS_CONNECTOR_NO_WRITES"
SETTINGS = "cs-connector.yml"
NIGHTS = 3  # what is lost may stay so for months, and what files bring shows in the rest meanwhile
_PARTS = "plans that were not whole"


@dataclass(frozen=True, slots=True)
class Org:
    """A connection and the org that it is; `approved` says that it may be written to."""

    connection: str
    crm: str
    org_id: str
    name: str
    sandbox: bool
    approved: bool

    def __str__(self) -> str:
        kind = "a sandbox" if self.sandbox else "production"
        return f"{self.name or self.connection} ({kind}, {self.org_id})"


def stopped(engine: Engine) -> str | None:
    """Why nothing may be written by this project now, as a whole clause; None when writing is allowed."""
    if os.environ.get(NO_WRITES, "").strip().lower() not in ("", "0", "false", "no"):
        return f"the variable {NO_WRITES} is set"
    if not engine.project.settings.safety.writes:
        return "safety: has writes: false in cs-connector.yml"
    with engine.store.state.read() as db:
        return switch.stopped(db)


def orgs(engine: Engine, names: Collection[str]) -> list[Org]:
    """The orgs that connections were when they first said it, in order of their names; writing asks them again."""
    with engine.store.state.read() as db:
        known = set(db.scalars(sa.select(connections.c.name)))
    for name in sorted({*names} - known):
        engine.identify(name)
    with engine.store.state.read() as db:
        wanted = connections.c.name.in_(list(names))
        rows = db.execute(sa.select(connections).where(wanted).order_by(connections.c.name)).all()
        return [
            Org(r.name, r.crm, r.org_id, r.org_name or "", bool(r.sandbox), _approved(engine, db, r))
            for r in rows
        ]


def _approved(engine: Engine, db: sa.Connection, row: sa.Row[tuple[object, ...]]) -> bool:
    """Nobody works in the simulated CRMs of a sandbox project."""
    return engine.project.settings.sandbox is not None or approvals.known(db, row.name, row.org_id)


def grant(
    engine: Engine,
    checks: Sequence[Check],
    names: Iterable[str],
    approval: Mapping[str, str] | None = None,
    way: Way = PLAN,
    *,
    whole: bool = True,
) -> None:
    """Let a plan be written to the named connections, and put its figures on record.

    A `whole` plan says all that the files of the project bring: what comes later has another cause. So it has after
    others that kept their limits under the same files on several days. Of `approval`,
    `reason` is a person's word that lets broken limits, first writes and other installations through, for the plan called
    `plan` with its `digest`. Raises GuardStopped, which advises the `way` of the plan.
    """
    names = sorted(names)
    if not names:
        if not way.undoes:
            _nothing(engine, checks, whole=whole)
        return
    if why := stopped(engine):
        raise switch.refusal(why)
    new = [org for org in orgs(engine, names) if not org.approved]
    others = neighbours.others(engine, names)
    if approval is None:
        refuse(others, way=way)
        _refuse_first(new, way)
        over = [check.connection for check in guard.broken(checks)]
        guard.enforce(checks, () if way.undoes else changed(engine, over), way)
    else:
        _approve(engine, new, others, checks, approval)
    if not way.undoes:  # which writes what older files had said, and is no usual night
        figures, now = guard.figures_of(checks), files(engine)
        with engine.store.state.read() as db:
            before = past.read(db).oldest(figures)
        seen = now if whole or approval or before is None or _often(engine, before, now) else before
        with engine.store.state.begin() as db:
            past.keep(db, engine.run, seen, figures, engine.clock.now())


def _nothing(engine: Engine, checks: Sequence[Check], *, whole: bool) -> None:
    """A plan without a change says that no file of the project is behind what the next night brings."""
    names, now = guard.figures_of(checks), files(engine)
    if guard.broken(checks) or not changed(engine, names):
        return
    with engine.store.state.read() as db:
        before = past.read(db).oldest(names)
    if whole or before is None or _often(engine, before, now):
        with engine.store.state.begin() as db:
            past.unharmed(db, engine.run, now, names, engine.clock.now())


def _often(engine: Engine, before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether this is one of several days with plans that were not whole, between the same files; counts today."""
    if before == now:
        return True
    same = hashlib.sha256(repr((sorted(before.items()), sorted(now.items()))).encode()).hexdigest()[:16]
    with engine.store.state.read() as db:
        told = (db.scalar(sa.select(stages.c.digest).where(stages.c.name == _PARTS)) or "").split()
    days = {engine.clock.now().date().isoformat(), *(told[1:] if told[:1] == [same] else ())}
    engine.mark_stage(_PARTS, " ".join([same, *sorted(days)]))
    return len(days) >= NIGHTS


def files(engine: Engine) -> dict[str, str]:
    """Every declaration, by its name in the project or, after `shipped/`, in what ships; with a digest."""
    found = {}
    for path in engine.declared():
        root = next((layer for layer in engine.project.shipped if path.is_relative_to(layer)), None)
        name = f"shipped/{path.relative_to(root)}" if root else str(path.relative_to(engine.project.root))
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


def changed(engine: Engine, names: Iterable[str] = ("",)) -> list[str]:
    """The declarations that are not as they were when something was last written to one of the named connections."""
    with engine.store.state.read() as db:
        return past.read(db).changed(files(engine), names)


def meaning(engine: Engine, before: past.Past, connection: str = "") -> list[str]:
    """The declarations that have changed since and say what is written; the settings say where, when and how much."""
    return [name for name in before.changed(files(engine), [connection]) if name != SETTINGS]


def _refuse_first(new: Sequence[Org], way: Way) -> None:
    if not new:
        return
    raise GuardStopped(
        f"this would be the first write to {', '.join(map(str, new))}",
        why="nobody has said yet that it may be written to",
        safe="nothing was written to any CRM",
        fix=f"look at it with: {way.look}; then: {way.let}",
    )


def _approve(
    engine: Engine,
    new: Sequence[Org],
    others: Sequence[Neighbour],
    checks: Sequence[Check],
    approval: Mapping[str, str],
) -> None:
    """Put on record who let what through, and say it in the run."""
    reason, who, now = approval["reason"], engine.actor, engine.clock.now()
    over = [check for check in guard.broken(checks) if check.rule != RULE]
    limits = neighbours.limits(others)
    limits += [
        {"connection": c.connection, "rule": c.rule, "figure": c.figure, "limit": c.limit} for c in over
    ]
    with engine.store.state.begin() as db:
        for org in new:
            approvals.approve_org(db, org.connection, org.org_id, reason, who, now)
        if limits:
            approvals.approve_plan(db, approval["plan"], approval["digest"], reason, who, limits, now)
    for org in new:
        engine.summary.notes.append(f"{who} approved the first write to {org}: {reason}")
    for other in others:
        engine.summary.notes.append(
            f"{who} approved of writing beside the installation {listed([other])}: {reason}"
        )
    if over:
        told = ", ".join(f"{c.connection} {c.rule}".strip() for c in over)
        engine.summary.notes.append(
            f"{who} approved plan {approval['plan']} over its limits ({told}): {reason}"
        )
