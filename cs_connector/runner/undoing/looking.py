"""A last look before a plan that takes something back is written: what has changed since it was made is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from cs_connector.act.outbox.looking import as_it_was
from cs_connector.act.plan import Planned
from cs_connector.act.planfile import PlanFile
from cs_connector.act.undo import Where
from cs_connector.ports import Adapter, Change, Verdict
from cs_connector.runner.engine import Engine

_OTHERWISE = (Verdict.LATER, Verdict.GONE)


def unchanged(engine: Engine, file: PlanFile) -> Iterator[Planned]:
    """The changes whose records the CRMs still have as the plan found them; how many are left becomes a note of the run.

    All are looked at before the first comes back, so that nobody waits for a CRM with a transaction open. A CRM that does
    not tell is believed to be as it was read.
    """
    changed = set(_changed(engine, file.changes()))
    if changed:
        told = "1 record was" if len(changed) == 1 else f"{len(changed):,} records were"
        engine.summary.notes.append(f"{told} changed since the plan was made, and left")
    return (c for c in file.changes() if (c.connection, c.object, c.key) not in changed)


def _changed(engine: Engine, changes: Iterable[Planned]) -> Iterator[Where]:
    for (connection, name), group in groupby(changes, key=lambda c: (c.connection, c.object)):
        adapter = engine.adapter(connection)
        while batch := list(islice(group, adapter.capabilities.batch)):
            yield from ((connection, name, key) for key in _otherwise(adapter, batch))


def _otherwise(adapter: Adapter, batch: Sequence[Planned]) -> set[str]:
    """The keys of changes whose records are not as the plan found them."""
    known = [change for change in batch if change.record_id]
    answers = adapter.resume([_known(change) for change in known])
    other = {c.key for c, answer in zip(known, answers, strict=True) if answer.verdict in _OTHERWISE}
    return other | _there(adapter, [change for change in batch if not change.record_id])


def _known(change: Planned) -> Change:
    held = {name: was for name, was, _ in change.fields}
    return as_it_was(change.connection, change.object, change.key, change.record_id, held)


def _there(adapter: Adapter, made: Sequence[Planned]) -> set[str]:
    """The keys of records that were to be made and are there already."""
    found: set[str] = set()
    for (name, key_field), group in groupby(made, key=lambda c: (c.object, c.key_field)):
        keys = [change.key for change in group]
        found |= set(adapter.find(name, key_field, keys)) if key_field else set()
    return found
