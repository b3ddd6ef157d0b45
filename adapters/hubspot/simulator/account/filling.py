"""Lists that fill themselves: who is on one is worked out when somebody looks, if a record has changed since."""

from __future__ import annotations

from contextlib import suppress

from ..errors import Refusal
from ..state import State
from .branches import compiled
from .segments import DYNAMIC, Segment


def follow(state: State, each: Segment) -> None:
    """Put the records on a dynamic list that belong there, and take the others off."""
    shelf, segments = state.shelves[each.type_id], state.segments
    sign = shelf.version, each.version
    if each.processing != DYNAMIC or segments.filled.get(each.id) == sign:
        return
    # HubSpot keeps a property that a list uses; where a fault took it away, the list stays as it was.
    with suppress(Refusal):
        fill(state, each)
    segments.filled[each.id] = sign


def follow_all(state: State, type_id: str) -> None:
    """The same for every list of a kind of record."""
    for each in state.segments.lists.values():
        if each.type_id == type_id and not each.deleted:
            follow(state, each)


def fill(state: State, each: Segment) -> None:
    """Make the members those whom its filters let through now; a record joined when it last changed.

    Raises Refusal for filters that cannot be asked.
    """
    if each.filters is None:
        return
    shelf, known = state.shelves[each.type_id], state.segments.members[each.id]
    test = compiled(each.filters, shelf)
    state.segments.members[each.id] = {
        record.id: known.get(record.id, max(record.modified, each.filtered))
        for record in shelf.live.values()
        if test(record)
    }
