"""Changes that may travel together, in an order in which they do not stand in each other's way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from cs_connector.ports import Action, Change, Receipt, Value, Verdict

from ..soql import long_id

# Where a record names the one that Salesforce locks with it (vendor: record locking cheat sheet).
PARENTS = ("AccountId", "Account__c", "WhatId", "Relationship__c")
PEOPLE = frozenset({"Contact", "Lead"})
ACTIVITIES = frozenset({"Task", "Event"})
_BY_ID = frozenset({Action.UPDATE, Action.DELETE})
_kind = attrgetter("object", "action", "key_field")


@dataclass(frozen=True, slots=True)
class Group:
    """Changes of one kind to different records; `places` are their positions in what was asked for.

    `names` say which record each is about: its key for an upsert, its long id for an update or a deletion.
    """

    object: str
    action: Action
    key_field: str | None
    places: Sequence[int]
    changes: Sequence[Change]
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.changes)

    def part(self, at: Iterable[int]) -> Group:
        chosen = list(at)
        return self._of(*([of[n] for n in chosen] for of in (self.places, self.changes, self.names)))

    def without(self, at: Iterable[int]) -> Group:
        left = set(at)
        return self.part(n for n in range(len(self)) if n not in left) if left else self

    def cut(self, size: int) -> Iterator[Group]:
        """Parts of at most `size`, in order."""
        for start in range(0, len(self), size):
            here = slice(start, start + size)
            yield self._of(self.places[here], self.changes[here], self.names[here])

    def _of(self, places: Any, changes: Any, names: Any) -> Group:
        return Group(self.object, self.action, self.key_field, places, changes, names)

    @property
    def column(self) -> str | None:
        """The field that names a record; none for new ones."""
        return "Id" if self.action in _BY_ID else self.key_field if self.action is Action.UPSERT else None


def sort_out(changes: Sequence[Change]) -> tuple[list[Group], dict[int, Receipt]]:
    """Groups in the order of their first change, and the receipts of changes that cannot be sent, by position.

    Within a group records of one parent are neighbours. A record that is named twice is in two groups.
    """
    groups: list[Group] = []
    unfit: dict[int, Receipt] = {}
    for kind, places in _by_kind(changes).items():
        refused = dict(_unfit(changes, places))
        unfit |= refused
        fit = [n for n in places if n not in refused] if refused else places
        if fit:
            groups += _waves(_ordered(Group(*kind, fit, [changes[n] for n in fit], _names(changes, fit))))
    return groups, unfit


def _by_kind(changes: Sequence[Change]) -> dict[tuple[str, Action, str | None], Sequence[int]]:
    kinds = list(map(_kind, changes))
    if not kinds or kinds.count(kinds[0]) == len(kinds):
        return {kinds[0]: range(len(kinds))} if kinds else {}
    found: dict[tuple[str, Action, str | None], list[int]] = {}
    for n, kind in enumerate(kinds):
        found.setdefault(kind, []).append(n)
    return dict(found)


def _names(changes: Sequence[Change], places: Sequence[int]) -> list[str]:
    if changes[places[0]].action in _BY_ID:
        return [long_id(changes[n].record_id or "") for n in places]
    return [changes[n].key for n in places]


def _unfit(changes: Sequence[Change], places: Sequence[int]) -> Iterator[tuple[int, Receipt]]:
    for n in places:
        if receipt := _lacking(changes[n]):
            yield n, receipt


def _lacking(change: Change) -> Receipt | None:
    """The refusal of a change that cannot be sent as it is."""
    by_id = change.action in _BY_ID
    if by_id and not change.record_id:
        return _refused(change, "NO_ID", f"an {change.action} needs a record id")
    keyless = change.action is Action.UPSERT and not change.key_field
    if keyless or not (by_id or change.key):
        return _refused(change, "NO_KEY_FIELD", "an upsert needs a key field and its value")
    if change.associate and change.object not in ACTIVITIES:
        return _refused(change, "NO_ASSOCIATIONS", f"{change.object} is linked through its lookup fields")
    return None


def _refused(change: Change, code: str, message: str) -> Receipt:
    return Receipt(change.key, Verdict.REJECTED, change.record_id, code, message)


def _ordered(group: Group) -> Group:
    """An account stands for itself; other records stand with their parent."""
    keys: Sequence[Any] = group.names
    if group.object != "Account":
        keys = list(zip(map(_parent, group.changes), group.names, strict=True))
    order = sorted(range(len(group)), key=keys.__getitem__)
    return group if order == list(range(len(group))) else group.part(order)


def _parent(change: Change) -> str:
    for name in PARENTS:
        if value := change.fields.get(name):
            return str(value)
    return str(links(change).get("WhatId") or "") if change.associate else ""


def links(change: Change) -> dict[str, Value]:
    """An activity belongs to one person and to one other record."""
    return {"WhoId" if kind in PEOPLE else "WhatId": record_id for kind, record_id in change.associate}


def _waves(group: Group) -> Iterator[Group]:
    """Salesforce refuses all records of a call that share a name; a second change to one waits for the first."""
    if group.action is Action.CREATE:
        yield group
        return
    names = [name.lower() for name in group.names]
    if len(set(names)) == len(names):
        yield group
        return
    seen: Counter[str] = Counter()
    waves: dict[int, list[int]] = {}
    for n, name in enumerate(names):
        waves.setdefault(seen[name], []).append(n)
        seen[name] += 1
    yield from (group.part(wave) for wave in waves.values())
