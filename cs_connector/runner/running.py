"""One run: the jobs in order, on record from start to end."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from cs_connector import registry, stopping
from cs_connector.config import Project
from cs_connector.errors import ConnectorError, StoreError, UsageError
from cs_connector.store.tables import runs

from .auditing.writing import close
from .engine import Engine, Silent, Talk, open_engine
from .settling import attempt
from .summary import DIED, RUNNING, Summary
from .undoing import deleted

ALL = ("sync", "unify", "score", "act", "write_back")


def run_jobs(
    project: Project,
    names: Sequence[str],
    as_of: date | None = None,
    talk: Talk | None = None,
    accepted: frozenset[str] = frozenset(),
    budget: int | None = None,
    schedule: str | None = None,
) -> Summary:
    """Run jobs one after another under the project's lease; what happened is kept whatever happens.

    `schedule` is the line of the project file by which they run.
    """
    engine = open_engine(project, as_of, exclusive=True)
    engine.actor += f", schedule {schedule}" if schedule else ""
    engine.talk, engine.accepted, engine.budget = talk or Silent(), accepted, budget
    gc.freeze()  # what the imports made stays: the collector need not look at it again for every page
    try:
        return recorded(
            engine, "+".join(names) if len(names) < len(ALL) else "run", lambda: _jobs(engine, names)
        )
    finally:
        engine.close()


def recorded(engine: Engine, job: str, work: Callable[[], None]) -> Summary:
    """Do work as one run: its row in `runs` says how it ended, also when it failed. Those of killed runs say so from here on."""
    summary = engine.summary
    started = {"as_of": engine.as_of, "started_at": engine.clock.now(), "actor": engine.actor}
    started["config_hash"] = engine.config_hash()
    with engine.store.state.begin() as db:
        if engine.lease:  # so no other run can be alive
            db.execute(sa.update(runs).where(runs.c.status == RUNNING).values(status=DIED))
        db.execute(sa.insert(runs).values(id=summary.run, job=job, status=RUNNING, **started))
    try:
        work()
        close(engine)
        summary.exit = 1 if summary.rejects else 0
        summary.status = "done with rejects" if summary.rejects else "done"
    except BaseException as error:
        summary.exit, summary.status = _ending(error)
        with suppress(StoreError):  # what the run failed with counts more; the next one says it, too
            close(engine)
        raise
    finally:
        _finish(engine, summary)
    return summary


def _ending(error: BaseException) -> tuple[int, str]:
    """Exit code and status of a run that was stopped, by somebody, by an error of its own or by a bug of ours."""
    asked = stopping.code()
    if asked is not None:
        return asked, "interrupted"
    if isinstance(error, ConnectorError):
        return error.exit_code, f"stopped: {error.what}"
    if isinstance(error, Exception):
        return 70, f"failed: {type(error).__name__}"
    return (int(error.code or 0) if isinstance(error, SystemExit) else 130), "interrupted"


def _finish(engine: Engine, summary: Summary) -> None:
    values = {
        "finished_at": engine.clock.now(),
        "status": summary.status,
        "exit": summary.exit,
        "summary": summary.document(),
    }
    with engine.store.state.begin() as db:
        db.execute(sa.update(runs).where(runs.c.id == summary.run).values(values))


def prepare(engine: Engine, names: Sequence[str]) -> None:
    """Bring what a command is about to look at up to date, without a run of its own.

    What is in flight is looked up first, which may take `Capabilities.settling` seconds; of CRMs that cannot be asked it is
    said that this is not known.
    """
    if not engine.store.facts.datasets("raw/"):
        raise UsageError(
            "nothing has been read yet",
            why="this project has no data",
            safe="nothing was written",
            fix="cs-connector run",
        )
    engine.summary.notes += (
        f"what became of the last changes of {name} is not known, so this may be out of date: {error.what}"
        for name, error in attempt(engine).items()
    )
    deleted.land(engine)
    for name in names:
        registry.job(name)(engine)


def _jobs(engine: Engine, names: Sequence[str]) -> None:
    for name in names:
        registry.job(name)(engine)
        engine.beat()
    used = {line.connection: line for line in engine.summary.calls}
    for name in list(used):
        usage = engine.adapter(name).usage()
        used[name] = replace(used[name], used=usage.used, limit=usage.limit)
    engine.summary.calls = list(used.values())
