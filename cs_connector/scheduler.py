"""Jobs by the clock: cron lines in a time zone, one firing at daylight-saving changes, no overlap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from cronsim import CronSim, CronSimError

from cs_connector.config import Project, ScheduleLine
from cs_connector.errors import AlreadyRunning, ConfigError, ConnectorError, UsageError
from cs_connector.runner.engine import Talk, open_engine
from cs_connector.runner.running import ALL, run_jobs
from cs_connector.runner.summary import Summary
from cs_connector.store.tables import stages

MISSED = 3600.0


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
    return run_jobs(project, names, talk=talk)


def serve(project: Project, screen: Any, *, once: bool = False) -> None:
    """Fire lines as they come due until interrupted; failures are said and on record, and do not stop it."""
    engine = open_engine(project)
    try:
        while True:
            now = engine.clock.now()
            lines = due(project.settings.schedules, _last(engine, now), now)
            for line in lines:
                _fire(project, engine, line, screen)
            if once:
                return
            if not lines:  # jobs take time: look again before sleeping
                engine.clock.sleep(_pause(project, now))
    finally:
        engine.close()


def _pause(project: Project, now: datetime) -> float:
    """Seconds to the next firing, looked at once an hour at least."""
    waits = [(next(times(line, now)) - now).total_seconds() for line in project.settings.schedules.values()]
    return max(1.0, min([MISSED, *waits]))


def _last(engine: Any, now: datetime) -> dict[str, datetime]:
    """When each line last fired; a new line counts from now on."""
    with engine.store.state.begin() as db:
        rows = db.execute(sa.select(stages).where(stages.c.name.startswith("schedule:")))
        known = {r.name.removeprefix("schedule:"): r.at for r in rows}
        for name in engine.project.settings.schedules:
            if name not in known:
                known[name] = now
                db.execute(sa.insert(stages).values(name=f"schedule:{name}", digest="", at=now))
    return known


def _fire(project: Project, engine: Any, line: Due, screen: Any) -> None:
    with engine.store.state.begin() as db:
        mine = stages.c.name == f"schedule:{line.name}"
        db.execute(sa.update(stages).where(mine).values(at=engine.clock.now(), digest=line.at.isoformat()))
    try:
        summary = fire(project, line.name, screen)
        screen.line(f"{line.name}: run {summary.run} {summary.status}")
    except AlreadyRunning:
        screen.line(f"{line.name}: skipped, the run before is not finished")
    except ConnectorError as error:
        screen.error(error)
