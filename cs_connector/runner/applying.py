"""Writing: a plan's changes go out through the outbox and are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from cs_connector.act import outbox
from cs_connector.act.plan import Planned
from cs_connector.errors import AdapterError

from . import plans
from .engine import Engine
from .running import recorded
from .settling import settle
from .summary import Summary, WriteLine


def apply_plan(engine: Engine, document: Mapping[str, Any]) -> Summary:
    """Apply a plan file as one run. Raises GuardStopped for a plan that may not be applied."""

    def work() -> None:
        settle(engine)
        changes = plans.check(engine, document)
        plans.mark(engine, document)
        write(engine, changes, Counter(c.connection for c in changes))

    return recorded(engine, "apply", work)


def write(engine: Engine, changes: Iterable[Planned], counts: Mapping[str, int]) -> bool:
    """Send the changes, of which `counts` says how many each connection gets; says whether all were taken.

    Raises AdapterError, after everything else was sent, when a connection confirmed nothing.
    """
    assert engine.lease is not None
    adapters = {name: engine.adapter(name) for name in counts}
    for name in adapters:
        engine.identify(name)
    tallies: dict[tuple[str, str], outbox.Tally] = {}
    try:
        with engine.talk.step("writing", sum(counts.values())) as tick:
            seen = 0
            for tally in outbox.send(engine.store.state, engine.lease, engine.run, adapters, changes):
                tallies[tally.connection, tally.object] = tally
                done = sum(t.created + t.updated + _missed(t) for t in tallies.values())
                tick(done - seen)
                seen = done
                engine.beat()
    except AdapterError as error:
        written = sum(t.created + t.updated for t in tallies.values())
        error.safe = (
            f"{written:,} changes were written and are on record; nothing is lost: the next run looks up what was "
            "not confirmed and plans the rest again"
        )
        raise
    finally:
        _count(engine.summary, tallies)
    return all(_missed(t) == 0 for t in tallies.values())


def _missed(tally: outbox.Tally) -> int:
    """Changes that are not known to be in the CRM."""
    return tally.rejected + tally.unknown + tally.unsent


def _count(summary: Summary, tallies: Mapping[tuple[str, str], outbox.Tally]) -> None:
    lines = {(w.connection, w.object): w for w in summary.writes}
    for key, tally in tallies.items():
        line = lines.setdefault(key, WriteLine(*key))
        line.created, line.updated, line.cleared = tally.created, tally.updated, tally.cleared
        line.rejected = _missed(tally)
        line.unchanged = max(0, line.unchanged - tally.created - tally.updated - line.rejected)
        for reason, count in sorted(tally.reasons.items()):
            summary.notes.append(f"{tally.connection} refused {count} {tally.object}: {reason}")
        for reason, count in sorted(tally.lost.items()):
            summary.notes.append(f"{tally.connection} did not confirm {count} {tally.object}: {reason}")
        if tally.unsent:
            summary.notes.append(
                f"{tally.unsent} {tally.object} were not sent to {tally.connection} any more"
            )
    summary.writes = [lines[k] for k in sorted(lines)]
