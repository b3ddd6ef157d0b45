"""Jobs by the clock: cron lines in a time zone, one firing at daylight-saving changes, no overlap."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from cronsim import CronSim, CronSimError

from cs_connector.config import Project, ScheduleLine, open_project
from cs_connector.errors import AlreadyRunning, ConfigError, ConnectorError, StoreError, UsageError
from cs_connector.runner.engine import Talk, open_engine
from cs_connector.runner.running import ALL, run_jobs
from cs_connector.runner.summary import Summary
from cs_connector.store.tables import runs, stages

MISSED = 3600.0
AWAY = 60.0  # seconds until a store that cannot be reached is tried again


@dataclass(frozen=True, slots=True)
class Due:
    name: str
    at: datetime


def times(line: ScheduleLine, after: datetime) -> Iterator[datetime]:
    """When a line fires after a moment, in its own zone. Raises ConfigError for a wrong cron text."""
    try:
        walk = CronSim(line.cron, after.astimezone(ZoneInfo(line.zone)))
        # In the hour that is there twice, cronsim starts from its first half, which may be over.
        yield from (moment for moment in walk if moment.timestamp() > after.timestamp())
    except CronSimError as error:
        raise ConfigError(
            f"{line.cron!r} is not a cron line", why=str(error), fix='write five fields, like "15 6 * * 1-5"'
        ) from None


def upcoming(lines: Mapping[str, ScheduleLine], now: datetime, count: int = 5) -> list[dict[str, Any]]:
    """The next firings of every line, local and UTC."""
    found = []
    for name, line in lines.items():
        walk = times(line, now)
        moments = [next(walk) for _ in range(count)]
        shown = [(m.isoformat(timespec="minutes"), f"{m.astimezone(UTC):%Y-%m-%d %H:%M}") for m in moments]
        found.append({"name": name, "job": line.job, "cron": line.cron, "zone": line.zone, "next": shown})
    return found


def due(lines: Mapping[str, ScheduleLine], last: Mapping[str, datetime], now: datetime) -> list[Due]:
    """Lines that should have fired since they last did: once each, however many firings were missed."""
    found = []
    for name, line in lines.items():
        first = next(times(line, last.get(name, now)))
        if first <= now:
            found.append(Due(name, first))
    return sorted(found, key=lambda d: (d.at, d.name))


def fire(project: Project, name: str, talk: Talk) -> Summary:
    """Run a line's job. Raises UsageError for an unknown line."""
    line = project.settings.schedules.get(name)
    if line is None:
        known = ", ".join(project.settings.schedules) or "none"
        raise UsageError(f"there is no schedule line called {name!r}", fix=f"known: {known}")
    names = (ALL if line.apply else ALL[:-1]) if line.job == "run" else (line.job,)
    return run_jobs(project, names, talk=talk, schedule=name)


def serve(project: Project, screen: Any, *, once: bool = False) -> None:
    """Fire lines as they come due until interrupted; failures are said and on record, and do not stop it, nor does a store that is
    away for a while.

    The project is read again before each look and each job, so that a change of its files needs no restart.
    """
    engine = open_engine(project)
    try:
        if once:
            _round(_again(project, screen), engine, engine.clock.now(), screen)
        while not once:
            project = _again(project, screen)
            if wait := _served(project, engine, screen):
                engine.clock.sleep(wait)
    finally:
        engine.close()


def _served(project: Project, engine: Any, screen: Any) -> float:
    """Fire what is due; how many seconds to wait then. Jobs take time: after some, none."""
    now = engine.clock.now()
    try:
        fired = _round(project, engine, now, screen)
    except StoreError as error:
        screen.error(error)
        return AWAY
    return 0.0 if fired else _pause(project, now)


def _round(project: Project, engine: Any, now: datetime, screen: Any) -> list[Due]:
    """Fire what is due, and say what that was. Raises StoreError where the store cannot tell, or take, when each line fired."""
    lines = due(project.settings.schedules, _last(engine, project, now), now)
    for line in lines:
        _fire(project, engine, line, screen)
    return lines


def _again(project: Project, screen: Any) -> Project:
    """The project as its files are now; as it was, while they are wrong."""
    try:
        return open_project(project.root, project.shipped)
    except ConfigError as error:
        screen.error(error)
        return project


def _pause(project: Project, now: datetime) -> float:
    """Seconds to the next firing, looked at once an hour at least."""
    waits = [(next(times(line, now)) - now).total_seconds() for line in project.settings.schedules.values()]
    return max(1.0, min([MISSED, *waits]))


def _last(engine: Any, project: Project, now: datetime) -> dict[str, datetime]:
    """When each line last fired; a new line counts from now on."""
    with engine.store.state.begin() as db:
        rows = db.execute(sa.select(stages).where(stages.c.name.startswith("schedule:")))
        known = {r.name.removeprefix("schedule:"): r.at for r in rows}
        for name in project.settings.schedules:
            if name not in known:
                known[name] = now
                db.execute(sa.insert(stages).values(name=f"schedule:{name}", digest="", at=now))
    return known


def _fire(project: Project, engine: Any, line: Due, screen: Any) -> None:
    with engine.store.state.begin() as db:
        mine = stages.c.name == f"schedule:{line.name}"
        db.execute(sa.update(stages).where(mine).values(at=engine.clock.now(), digest=line.at.isoformat()))
    before = _runs(engine)
    try:
        summary = fire(open_project(project.root, project.shipped), line.name, screen)
        screen.line(f"{line.name}: run {summary.run} {summary.status}")
    except AlreadyRunning:
        screen.line(f"{line.name}: skipped, the run before is not finished")
    except Exception as error:  # noqa: BLE001 — whatever a job meets, the next one has its turn
        known = error if isinstance(error, ConnectorError) else _bug(line.name, error)
        screen.error(known)
        if _runs(engine) == before:
            _record(engine, line.name, known)


def _runs(engine: Any) -> int:
    with engine.store.state.read() as db:
        return int(db.scalar(sa.select(sa.func.count()).select_from(runs)))


def _bug(name: str, error: Exception) -> ConnectorError:
    """A mistake of ours, without its text: that may hold anything."""
    return ConnectorError(
        f"{name} met a mistake of ours: {type(error).__name__}",
        safe="what was committed before is kept, and the schedule goes on",
        fix=f"for a report of it: cs-connector schedule run {name}",
        code="CSC-BUG",
    )


def _record(engine: Any, name: str, error: ConnectorError) -> None:
    """A job that ended before its run began is on record all the same."""
    now, status = engine.clock.now(), f"stopped: {error.what}"
    run = Summary(secrets.token_hex(3).upper(), now.date().isoformat(), status, error.exit_code)
    with engine.store.state.begin() as db:
        db.execute(
            sa.insert(runs).values(
                id=run.run, job=name, as_of=now.date(), started_at=now, finished_at=now, status=status,
                exit=run.exit, summary=run.document(),
            )
        )  # fmt: skip
