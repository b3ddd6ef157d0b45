"""Lists: what they are called, what they are filled by, and which records are on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from .branches import Branch

DYNAMIC = "DYNAMIC"


class Segment(NamedTuple):
    """A list. Times are milliseconds; `deleted` is when it was deleted, 0 for one that is there, `filtered` when its
    filters were set.
    """

    id: int
    name: str
    type_id: str
    processing: str
    created: int
    updated: int
    version: int = 1
    deleted: int = 0
    filters: Branch | None = None
    filtered: int = 0


@dataclass(slots=True)
class Segments:
    """`members` are record ids with the moment at which they joined, by list; `filled` are the versions of records and
    list for which a dynamic one was filled.
    """

    lists: dict[int, Segment] = field(default_factory=dict)
    members: dict[int, dict[int, int]] = field(default_factory=dict)
    newest: int = 0
    filled: dict[int, tuple[int, int]] = field(default_factory=dict)

    def copy(self) -> Self:
        members = {i: dict(m) for i, m in self.members.items()}
        return type(self)(dict(self.lists), members, self.newest, dict(self.filled))

    def add(
        self, name: str, type_id: str, processing: str, now: int, filters: Branch | None = None
    ) -> Segment:
        self.newest += 1
        made = Segment(self.newest, name, type_id, processing, now, now, filters=filters, filtered=now)
        self.lists[made.id], self.members[made.id] = made, {}
        return made

    def join(self, list_id: int, records: Iterable[int], now: int) -> list[int]:
        """Those that were not on the list yet."""
        members = self.members[list_id]
        new = [record for record in dict.fromkeys(records) if record not in members]
        members.update(dict.fromkeys(new, now))
        return new

    def leave(self, list_id: int, records: Iterable[int]) -> list[int]:
        """Those that were on the list."""
        members = self.members[list_id]
        gone = [record for record in dict.fromkeys(records) if record in members]
        for record in gone:
            del members[record]
        return gone

    def drop(self, type_id: str, record: int) -> None:
        """Take a record that went away off all lists."""
        for each in self.lists.values():
            if each.type_id == type_id:
                self.members[each.id].pop(record, None)

    def replace(self, type_id: str, olds: Sequence[int], new: int) -> None:
        """Put a merged record where those that it came from were."""
        for each in self.lists.values():
            joined = [self.members[each.id].pop(old, None) for old in olds] if each.type_id == type_id else []
            known = [moment for moment in joined if moment is not None]
            if known:
                self.members[each.id][new] = min(known)
