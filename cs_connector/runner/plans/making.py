"""Making a plan: what would be written now, into a file. Changes nothing in any CRM."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import duckdb

from cs_connector.act import overview, plan, planfile
from cs_connector.act.guarding.guard import Check
from cs_connector.act.plan import Planned
from cs_connector.act.planfile import PlanFile
from cs_connector.ports import Action, Change
from cs_connector.runner.deciding import Held, planned
from cs_connector.runner.engine import Engine
from cs_connector.store.audit.book import head as newest

from . import holding, permission

LIFE = timedelta(hours=24)
Row = dict[str, Any]
Looked = Callable[[Planned], bool]


def make(engine: Engine, path: Path) -> PlanFile:
    """Write the plan/1 document of what would be written now, a change at a time."""
    with planned(engine) as (con, checks, held):
        return draw(engine, path, con, checks, held)


def draw(
    engine: Engine,
    path: Path,
    con: duckdb.DuckDBPyConnection,
    checks: list[Check],
    held: Held,
    more: Mapping[str, Any] | None = None,
) -> PlanFile:
    """Write the document of `plan_change`, and note that it was made here; `more` is what a plan of another kind says of itself."""
    overview.prepare(con)
    names = {(source, key): name for source, key, name in overview.names(con)}
    bill = Bill(engine, every if more else worked_in(engine))
    changes = bill.counted(plan.changes(con))
    rows = (planfile.row(c, names.get((c.source, c.key))) for c in changes)
    planfile.write(path, rows, lambda: {**_head(engine, con, checks, held, bill), **(more or {})})
    file = PlanFile(path)
    engine.mark_stage(made(file.head), file.head["digest"])
    return file


def made(head: Mapping[str, Any]) -> str:
    """The stage under which the digest of a plan is kept: whoever edits the file can compute it anew, but not note it."""
    return f"made:{head['plan']}"


def _head(engine: Engine, con: duckdb.DuckDBPyConnection, checks: list[Check], held: Held, bill: Bill) -> Row:
    now = engine.clock.now()
    return {
        "plan": secrets.token_hex(4).upper(),
        "created_at": now.isoformat(timespec="seconds"),
        "expires_at": (now + LIFE).isoformat(timespec="seconds"),
        "as_of": engine.as_of.isoformat(),
        "config_hash": engine.config_hash(),
        "data_epoch": engine.store.facts.version(),
        "audit_row": audited(engine),
        "population": overview.population(con),
        "connections": list(connections(engine, [n for n in written(engine) if n not in held.away])),
        "unreached": [
            {"name": name, "code": e.code, "what": e.what, "why": e.why, "fix": e.fix, "exit": e.exit_code}
            for name, e in held.away.items()
        ],
        "counts": overview.counts(con),
        "samples": overview.samples(con),
        "tasks": overview.tasks(con, engine.summary.held),
        "waiting": engine.summary.waiting,
        "bands": overview.bands(con, engine.sources()),
        "calls": bill.lines(),
        "guard": [line(check) for check in checks],
        "files": permission.files(engine),
        "changed_files": permission.changed(engine, {check.connection for check in checks}),
        "stopped": permission.stopped(engine),
        "notes": engine.summary.notes,
        "held": {
            "values": held.values,
            "unknown": list(held.unknown),
            "text": str(held) if held.values else "",
            "notes": held.missing,
            "whole": held.whole(len(bill.objects)),
        },
    }


def audited(engine: Engine) -> int:
    """The last row of the audit: what any CRM took since is behind it."""
    with engine.store.state.read() as db:
        return newest(db).id


def line(check: Check) -> Row:
    return {
        "rule": check.rule,
        "ok": check.ok,
        "figure": check.figure,
        "limit": check.limit,
        "connection": check.connection,
        "text": check.text,
        "detail": check.detail,
    }


def written(engine: Engine) -> list[str]:
    """The connections that are written to."""
    return [name for name, settings in engine.project.settings.connections.items() if settings.write]


def connections(engine: Engine, names: Sequence[str]) -> Iterator[Row]:
    """The orgs of connections that are written to, as they say who they are now."""
    for name in names:
        engine.identify(name)
    orgs = {org.connection: org for org in permission.orgs(engine, names)}
    for name in names:
        yield {
            "name": name,
            "crm": orgs[name].crm,
            "org_id": orgs[name].org_id,
            "org": orgs[name].name,
            "sandbox": orgs[name].sandbox,
            "approved": orgs[name].approved,
            "install_id": engine.install_id(),
        }


def worked_in(engine: Engine) -> Looked:
    """Records in which people work are looked at right before they are changed."""
    watched = holding.watched(engine)
    return lambda change: change.action == Action.UPDATE and (change.connection, change.object) in watched


def every(_change: Planned) -> bool:
    """A plan that takes a run back looks at all that it changes, deletes or makes again."""
    return True


class Bill:
    """The calls that a plan needs, counted while its changes go by in the batches in which they will be sent.

    Those of the last look at records, of which `looked` says whether it is taken, are among them.
    """

    def __init__(self, engine: Engine, looked: Looked) -> None:
        self.engine, self.looked = engine, looked
        self.objects: dict[str, dict[str, Row]] = {}

    def counted(self, changes: Iterable[Planned]) -> Iterator[Planned]:
        for (connection, name), group in groupby(changes, key=lambda c: (c.connection, c.object)):
            adapter = self.engine.adapter(connection)
            objects = self.objects.setdefault(connection, {})
            told = objects.setdefault(name, {"object": name, "changes": 0, "needed": 0})
            while batch := list(islice(group, adapter.capabilities.batch)):
                told["changes"] += len(batch)
                told["needed"] += adapter.cost([_change(c) for c in batch])
                looked = sum(map(self.looked, batch))
                told["needed"] += -(-looked // adapter.capabilities.seen)
                yield from batch

    def lines(self) -> list[Row]:
        """For each connection the calls needed, and those that the CRM has left today."""
        return [self._line(name, list(objects.values())) for name, objects in sorted(self.objects.items())]

    def _line(self, name: str, objects: list[Row]) -> Row:
        usage = self.engine.adapter(name).usage()
        needed = sum(told["needed"] for told in objects)
        return {
            "connection": name,
            "needed": needed,
            "left": usage.left,
            "limit": usage.limit,
            "share": round(needed / usage.left, 6) if usage.left else None,
            "objects": objects,
        }


def _change(change: Planned) -> Change:
    return Change(
        change.connection,
        change.object,
        Action(change.action),
        change.key,
        dict(change.values),
        change.key_field,
        change.record_id,
        change.associate,
        change.reason,
    )
