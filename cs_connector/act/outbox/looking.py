"""The last look at records in which people work: right before one is changed, and only where it is as it was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cs_connector.ports import Action, Adapter, Change, Receipt, Value, Verdict

from . import tasks
from .box import Outbox
from .line import Line

CHANGED = "somebody changed it since it was read, and theirs stays"
GONE = "it is not there any more, and none is made in its place"
UNSEEN = "it could not be looked at before it is changed"


def look(outbox: Outbox, adapter: Adapter, batch: Sequence[Line]) -> dict[str, Receipt]:
    """What becomes of changes of a batch that are not to be sent, by the key of the line; of one object.

    A task is as it was when every field that is still written says what we wrote, any other record when those say it that are to change. A CRM
    whose adapter cannot tell is believed to be as it was read.
    """
    first = batch[0]
    names = outbox.watched.get((first.connection, first.object))
    if names is None:
        return {}
    lines = [line for line in batch if line.action == Action.UPDATE or line.linking]
    calls = {line.name for line in lines if line.source == "call"}
    with outbox.state.read() as db:
        told = tasks.told(db, calls) if calls else {}
    asked = [_known(line, told.get(line.name, {}), names) for line in lines]
    answers = zip(lines, adapter.resume(asked) if asked else (), strict=True)
    return {line.key: said for line, answer in answers if (said := _said(line, answer))}


def as_it_was(
    connection: str, name: str, key: str, record_id: str | None, held: Mapping[str, Value]
) -> Change:
    """A change of a record to what it holds already: whoever is asked what became of it says whether it still does."""
    return Change(connection, name, Action.UPDATE, key, held, None, record_id)


def _known(line: Line, told: Mapping[str, Value], names: Collection[str]) -> Change:
    """What nobody works in, as a key that was lost, is written whatever they did."""
    if line.values and line.values.keys().isdisjoint(names):
        told = {}
    held = {**{name: value for name, value in told.items() if name in names}, **line.was}
    return as_it_was(line.connection, line.object, line.name, line.record_id, held)


def _said(line: Line, answer: Receipt) -> Receipt | None:
    match answer.verdict:
        case Verdict.GONE:
            return Receipt(line.name, Verdict.GONE, line.record_id, "RECORD_GONE", GONE)
        case Verdict.LATER if not line.linking:  # an edit is no reason against a link
            return Receipt(line.name, Verdict.CONFLICT, line.record_id, "CHANGED_SINCE", CHANGED)
        case Verdict.UNKNOWN if answer.code:
            return Receipt(line.name, Verdict.LATER, line.record_id, answer.code, UNSEEN)
    return None
