"""A last look before a plan that takes something back is written: what has changed since it was made is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from cs_connector.act.plan import Planned
from cs_connector.ports import Action, Adapter, Change, Verdict
from cs_connector.runner.engine import Engine


def unchanged(engine: Engine, changes: Iterable[Planned]) -> Iterator[Planned]:
    """The changes whose records the CRMs still have as the plan found them; how many are left becomes a note of the run.

    A CRM that does not tell is believed to be as it was read.
    """
    left = 0
    for (connection, _name), group in groupby(changes, key=lambda c: (c.connection, c.object)):
        adapter = engine.adapter(connection)
        while batch := list(islice(group, adapter.capabilities.batch)):
            kept = _as_planned(adapter, batch)
            left += len(batch) - len(kept)
            yield from kept
    if left:
        told = "1 record was" if left == 1 else f"{left:,} records were"
        engine.summary.notes.append(f"{told} changed since the plan was made, and left")


def _as_planned(adapter: Adapter, batch: Sequence[Planned]) -> list[Planned]:
    known = [change for change in batch if change.record_id]
    answers = adapter.resume([_as_it_was(change) for change in known])
    gone = {c.key for c, answer in zip(known, answers, strict=True) if answer.verdict is Verdict.LATER}
    there = _there(adapter, [change for change in batch if not change.record_id])
    return [change for change in batch if change.key not in gone | there]


def _as_it_was(change: Planned) -> Change:
    """A change to what the record holds already: whoever is asked what became of it says whether it still does."""
    held = {name: was for name, was, _ in change.fields}
    return Change(change.connection, change.object, Action.UPDATE, change.key, held, None, change.record_id)


def _there(adapter: Adapter, made: Sequence[Planned]) -> set[str]:
    """The keys of records that were to be made and are there already."""
    found: set[str] = set()
    for (name, key_field), group in groupby(made, key=lambda c: (c.object, c.key_field)):
        keys = [change.key for change in group]
        found |= set(adapter.find(name, key_field, keys)) if key_field else set()
    return found
