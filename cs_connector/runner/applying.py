"""Writing: a plan's changes go out through the outbox and are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from cs_connector.act import outbox
from cs_connector.act.outbox import Tally
from cs_connector.act.plan import Planned
from cs_connector.act.planfile import PlanFile
from cs_connector.errors import AdapterError, about

from .engine import Engine
from .plans import checking, holding, neighbours
from .running import recorded
from .settling import box, settle
from .summary import Summary, WriteLine
from .undoing import again, deleted, interrupted
from .undoing.looking import unchanged


def apply_plan(engine: Engine, file: PlanFile, reason: str | None = None) -> Summary:
    """Apply a plan file as one run; with `reason` a person lets it through over its limits.

    Raises GuardStopped for a plan that may not be applied, UsageError for half a plan.
    """
    undone = file.head.get("undoes")

    def work() -> None:
        settle(engine)
        counts = checking.check(engine, file, reason)
        checking.mark(engine, file)
        changes = file.changes()
        if undone:
            again.remember(engine, undone["run"])
            changes = unchanged(engine, file)
        try:
            if undone:
                write(engine, changes, counts, rest=interrupted.rest(undone["run"]))
            else:
                write(engine, changes, counts, holding.watched(engine))
        finally:
            deleted.land(engine)

    return recorded(engine, "undo" if undone else "apply", work)


def write(
    engine: Engine,
    changes: Iterable[Planned],
    counts: Mapping[str, int],
    watched: Mapping[tuple[str, str], Collection[str]] | None = None,
    rest: str = "plans the rest again",
) -> bool:
    """Send the changes, of which `counts` says how many each connection gets; says whether all were taken.

    The records of `watched` (`holding.watched`) are looked at right before they are changed. `rest` says what the next run
    does with what was not sent.

    Raises AdapterError, after everything else was sent, when a connection confirmed nothing.
    """
    for name in counts:
        engine.identify(name)
    out = box(engine, watched)
    tallies = _blocked(out.lay(changes))
    known = engine.project.settings.connections
    places = [name for name in out.connections() if name in known]
    adapters = {name: engine.adapter(name) for name in places if name in counts or _there(engine, name)}
    try:
        with engine.talk.step("writing", sum(counts.values())) as tick:
            _sum_up(_watched(engine, outbox.send(out, adapters)), tallies, tick)
    except AdapterError as error:
        written = sum(t.done for t in tallies.values())
        error.safe = (
            f"{written:,} changes were written and are on record; nothing is lost: the next run looks up what was "
            f"not confirmed and {rest}"
        )
        raise
    finally:
        _count(engine.summary, tallies)
    return len(adapters) == len(places) and all(t.missed + t.left == 0 for t in tallies.values())


def _there(engine: Engine, name: str) -> bool:
    """Whether a CRM in which there are only links to be made says who it is; they wait where it does not."""
    try:
        with about(name, ""):
            engine.identify(name)
    except AdapterError as away:
        engine.summary.notes.append(f"{away.what}; what is there and not linked yet is linked by a later run")
        return False
    return True


def _sum_up(
    sent: Iterable[Tally], tallies: dict[tuple[str, str], Tally], tick: Callable[[int], None]
) -> None:
    """Keep the newest tally of each place, and tell how many more changes are through."""
    seen = 0
    for tally in sent:
        where = tally.connection, tally.object
        tally.blocked = tallies[where].blocked if where in tallies else 0
        tallies[where] = tally
        done = sum(t.done + t.missed + t.left for t in tallies.values())
        tick(max(0, done - seen))
        seen = max(done, seen)


def _watched(engine: Engine, tallies: Iterator[Tally]) -> Iterator[Tally]:
    """The same; once a CRM has our first heartbeat, others that write there stop us before anything else is sent."""
    signs = neighbours.signs(engine)
    for tally in tallies:
        yield tally
        engine.beat()
        if (tally.connection, tally.object) in signs and tally.created:
            neighbours.look_around(engine, tally.connection)


def _blocked(changes: Iterable[Planned]) -> dict[tuple[str, str], Tally]:
    """Changes that stay out because it is not known what became of the last one of their record."""
    counted = Counter((c.connection, c.object) for c in changes)
    return {where: Tally(*where, blocked=count) for where, count in sorted(counted.items())}


def _count(summary: Summary, tallies: Mapping[tuple[str, str], Tally]) -> None:
    lines = {(w.connection, w.object): w for w in summary.writes}
    for key, tally in tallies.items():
        line = lines.setdefault(key, WriteLine(*key))
        line.created, line.updated, line.cleared = tally.created, tally.updated, tally.cleared
        line.deleted = tally.deleted
        line.rejected += tally.missed
        line.unchanged = max(0, line.unchanged - tally.done - tally.missed)
        summary.notes += _told(tally)
    summary.writes = [lines[k] for k in sorted(lines)]


def _told(tally: Tally) -> Iterator[str]:
    """What did not go as planned, one sentence a reason."""
    where, name = tally.connection, tally.object
    for reason, count in sorted(tally.reasons.items()):
        yield f"{where} refused {count} {name}: {reason}"
    for reason, count in sorted(tally.lost.items()):
        yield f"{where} did not confirm {count} {name}: {reason}"
    for reason, count in sorted(tally.waiting.items()):
        yield f"{where} could not take {count} {name} now, they come later: {reason}"
    for reason, count in sorted(tally.loose.items()):
        yield f"{where} {name}: {_records(count)} written, and not linked to what they belong to: {reason}"
    if tally.gone:
        yield f"{where} {name}: {_records(tally.gone)} not there any more, and not made again"
    if tally.conflicts:
        yield f"{where} {name}: somebody changed {_records(tally.conflicts)} since the last reading; theirs stays"
    if tally.unsent:
        yield f"{tally.unsent} {name} were not sent to {where} any more"
    if tally.blocked:
        yield f"{tally.blocked} {name} were not sent to {where}: what became of their last change is not known yet"


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"
