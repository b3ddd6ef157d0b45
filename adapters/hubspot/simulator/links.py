"""Associations: their types, and which record is linked to which, from both ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

HUBSPOT, USER = "HUBSPOT_DEFINED", "USER_DEFINED"


@dataclass(frozen=True, slots=True)
class LinkType:
    """One direction of an association. `only` says that a record has at most one link of this type."""

    id: int
    start: str
    end: str
    inverse: int
    name: str
    category: str = HUBSPOT
    label: str | None = None
    only: bool = False
    default: bool = False


Pair = tuple[str, str]
CONTACT, COMPANY, DEAL, TICKET, FEEDBACK, TASK = "0-1", "0-2", "0-3", "0-5", "0-19", "0-27"
PARENT_TO_CHILD, CHILD_TO_PARENT, CONTACT_PRIMARY = 13, 14, 1

# From, to, type id there and back, and the two names; these are what a link has when nothing else is asked for.
_DEFAULTS = (
    (CONTACT, COMPANY, 279, 280, "contact_to_company_unlabeled", "company_to_contact_unlabeled"),
    (DEAL, COMPANY, 341, 342, "deal_to_company_unlabeled", "company_to_deal_unlabeled"),
    (TICKET, COMPANY, 339, 340, "ticket_to_company_unlabeled", "company_to_ticket_unlabeled"),
    (DEAL, CONTACT, 3, 4, "deal_to_contact", "contact_to_deal"),
    (CONTACT, TICKET, 15, 16, "contact_to_ticket", "ticket_to_contact"),
    (DEAL, TICKET, 27, 28, "deal_to_ticket", "ticket_to_deal"),
    (CONTACT, FEEDBACK, 97, 98, "contact_to_feedback_submission", "feedback_submission_to_contact"),
    (TICKET, FEEDBACK, 99, 100, "ticket_to_feedback_submission", "feedback_submission_to_ticket"),
    (COMPANY, TASK, 191, 192, "company_to_task", "task_to_company"),
    (CONTACT, TASK, 203, 204, "contact_to_task", "task_to_contact"),
    (DEAL, TASK, 215, 216, "deal_to_task", "task_to_deal"),
    (TICKET, TASK, 229, 230, "ticket_to_task", "task_to_ticket"),
    (COMPANY, COMPANY, 450, 450, "company_to_company", "company_to_company"),
    (CONTACT, CONTACT, 449, 449, "contact_to_contact", "contact_to_contact"),
)
# The same for the main company; a record has one at most.
_PRIMARIES = (
    (CONTACT, COMPANY, 1, 2, "contact_to_company", "company_to_contact"),
    (DEAL, COMPANY, 5, 6, "deal_to_company", "company_to_deal"),
    (TICKET, COMPANY, 26, 25, "ticket_to_company", "company_to_ticket"),
)


@dataclass(slots=True)
class Links:
    """`tables` holds, for a pair of kinds, from whom to whom with which types; both directions are kept."""

    types: dict[int, LinkType] = field(default_factory=dict)
    defaults: dict[Pair, LinkType] = field(default_factory=dict)
    primaries: dict[Pair, LinkType] = field(default_factory=dict)
    tables: dict[Pair, dict[int, dict[int, tuple[int, ...]]]] = field(default_factory=dict)

    def copy(self) -> Self:
        tables = {
            pair: {start: dict(ends) for start, ends in table.items()} for pair, table in self.tables.items()
        }
        return type(self)(dict(self.types), dict(self.defaults), dict(self.primaries), tables)

    def register(self, *kinds: LinkType) -> None:
        """Make types known; of a pair's several the one marked as default is what a plain link has."""
        for kind in kinds:
            self.types[kind.id] = kind
            if kind.default:
                self.defaults[kind.start, kind.end] = kind
            if kind.only and kind.label == "Primary":
                self.primaries[kind.start, kind.end] = kind

    def of_pair(self, start: str, end: str) -> list[LinkType]:
        """The types that lead from one kind to another."""
        return [kind for kind in self.types.values() if (kind.start, kind.end) == (start, end)]

    def ends(self, start: str, record_id: int, end: str) -> dict[int, tuple[int, ...]]:
        """Linked record ids, each with the types of its link."""
        return self.tables.get((start, end), {}).get(record_id, {})

    def one(self, kind_id: int, record_id: int) -> int | None:
        """The record at the other end of the only link of a type."""
        kind = self.types[kind_id]
        ends = self.ends(kind.start, record_id, kind.end)
        return next((other for other, kinds in ends.items() if kind_id in kinds), None)

    def add(self, kind: LinkType, start: int, end: int) -> list[int]:
        """Link two records; a link that may only be once moves here. Gives who lost such a link.

        The first link to a company is also the primary one, and the primary one is also a plain one.
        """
        inverse = self.types[kind.inverse]
        if (inverse.start, inverse.end) in self.primaries:
            kind, inverse, start, end = inverse, kind, end, start
        if kind.id in self.ends(kind.start, start, kind.end).get(end, ()):
            return []
        lost: list[int] = []
        for each in self._together(kind, start):
            back = self.types[each.inverse]
            lost += self._free(each, start, end) + self._free(back, end, start)
            self._set(each, start, end)
            self._set(back, end, start)
        return lost

    def remove(self, kind: LinkType, start: int, end: int) -> bool:
        """Take one type off a link; the link goes with its last type."""
        self._unset(self.types[kind.inverse], end, start)
        return self._unset(kind, start, end)

    def cut(self, start_kind: str, start: int, end_kind: str, end: int) -> tuple[int, ...]:
        """Remove a link with all its types, which are returned."""
        gone = self.tables.get((start_kind, end_kind), {}).get(start, {}).pop(end, ())
        self.tables.get((end_kind, start_kind), {}).get(end, {}).pop(start, None)
        return gone

    def around(self, kind: str, record_id: int) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        """Everything a record is linked to: kind, id, types."""
        for (start, end), table in list(self.tables.items()):
            if start == kind:
                for other, types in list(table.get(record_id, {}).items()):
                    yield end, other, types

    def _together(self, kind: LinkType, start: int) -> list[LinkType]:
        primary = self.primaries.get((kind.start, kind.end))
        if primary is None:
            return [kind]
        plain = self.defaults[kind.start, kind.end]
        if kind is primary:
            return [primary, plain]
        plain_too = [kind] if kind is plain else [kind, plain]
        return plain_too if self.one(primary.id, start) is not None else [*plain_too, primary]

    def _free(self, kind: LinkType, start: int, keep: int) -> list[int]:
        if not kind.only:
            return []
        ends = self.ends(kind.start, start, kind.end)
        others = [other for other, kinds in ends.items() if kind.id in kinds and other != keep]
        for other in others:
            self.remove(kind, start, other)
        return others

    def _set(self, kind: LinkType, start: int, end: int) -> None:
        ends = self.tables.setdefault((kind.start, kind.end), {}).setdefault(start, {})
        held = ends.get(end, ())
        if kind.id not in held:
            ends[end] = tuple(sorted((*held, kind.id)))

    def _unset(self, kind: LinkType, start: int, end: int) -> bool:
        ends = self.tables.get((kind.start, kind.end), {}).get(start, {})
        held = ends.get(end, ())
        if kind.id not in held:
            return False
        left = tuple(each for each in held if each != kind.id)
        if left:
            ends[end] = left
        else:
            del ends[end]
        return True


def built_in() -> Links:
    """The types that every portal has, and no links."""
    links = Links()
    for start, end, there, back, name, inverse_name in _DEFAULTS:
        links.register(
            LinkType(there, start, end, back, name, default=True),
            LinkType(back, end, start, there, inverse_name, default=True),
        )
    for start, end, there, back, name, inverse_name in _PRIMARIES:
        links.register(
            LinkType(there, start, end, back, name, label="Primary", only=True),
            LinkType(back, end, start, there, inverse_name, label="Primary"),
        )
    links.register(
        LinkType(13, COMPANY, COMPANY, 14, "parent_to_child_company", label="Child Company"),
        LinkType(14, COMPANY, COMPANY, 13, "child_to_parent_company", label="Parent Company", only=True),
    )
    return links
