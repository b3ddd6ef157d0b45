"""Associations: their types, and which record is linked to which, from both ends."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec

from cs_connector.sandbox.stored import Stored, opened

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
Ends = dict[int, tuple[int, ...]]

CONTACT, COMPANY, DEAL, TICKET, FEEDBACK, TASK = "0-1", "0-2", "0-3", "0-5", "0-19", "0-27"
PRODUCT, LINE_ITEM, NOTE, MEETING, CALL, EMAIL = "0-7", "0-8", "0-46", "0-47", "0-48", "0-49"
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
    (CALL, COMPANY, 182, 181, "call_to_company", "company_to_call"),
    (CALL, CONTACT, 194, 193, "call_to_contact", "contact_to_call"),
    (CALL, DEAL, 206, 205, "call_to_deal", "deal_to_call"),
    (CALL, TICKET, 220, 219, "call_to_ticket", "ticket_to_call"),
    (EMAIL, COMPANY, 186, 185, "email_to_company", "company_to_email"),
    (EMAIL, CONTACT, 198, 197, "email_to_contact", "contact_to_email"),
    (EMAIL, DEAL, 210, 209, "email_to_deal", "deal_to_email"),
    (EMAIL, TICKET, 224, 223, "email_to_ticket", "ticket_to_email"),
    (MEETING, COMPANY, 188, 187, "meeting_event_to_company", "company_to_meeting_event"),
    (MEETING, CONTACT, 200, 199, "meeting_event_to_contact", "contact_to_meeting_event"),
    (MEETING, DEAL, 212, 211, "meeting_event_to_deal", "deal_to_meeting_event"),
    (MEETING, TICKET, 226, 225, "meeting_event_to_ticket", "ticket_to_meeting_event"),
    (NOTE, COMPANY, 190, 189, "note_to_company", "company_to_note"),
    (NOTE, CONTACT, 202, 201, "note_to_contact", "contact_to_note"),
    (NOTE, DEAL, 214, 213, "note_to_deal", "deal_to_note"),
    (NOTE, TICKET, 228, 227, "note_to_ticket", "ticket_to_note"),
    (LINE_ITEM, DEAL, 20, 19, "line_item_to_deal", "deal_to_line_item"),
    (DEAL, DEAL, 451, 451, "deal_to_deal", "deal_to_deal"),
    (TICKET, TICKET, 452, 452, "ticket_to_ticket", "ticket_to_ticket"),
    (COMPANY, COMPANY, 450, 450, "company_to_company", "company_to_company"),
    (CONTACT, CONTACT, 449, 449, "contact_to_contact", "contact_to_contact"),
)
# The same for the main company; a record has one at most.
_PRIMARIES = (
    (CONTACT, COMPANY, 1, 2, "contact_to_company", "company_to_contact"),
    (DEAL, COMPANY, 5, 6, "deal_to_company", "company_to_deal"),
    (TICKET, COMPANY, 26, 25, "ticket_to_company", "company_to_ticket"),
)

_decode = msgspec.json.Decoder(Ends).decode


@dataclass(slots=True)
class Links:
    """`tables` holds, for a pair of kinds, from whom to whom with which types; both directions are kept.

    `owned` says whose ends were copied since the last snapshot and may be changed in place.
    """

    types: dict[int, LinkType] = field(default_factory=dict)
    defaults: dict[Pair, LinkType] = field(default_factory=dict)
    primaries: dict[Pair, LinkType] = field(default_factory=dict)
    tables: dict[Pair, MutableMapping[int, Ends]] = field(default_factory=dict)
    owned: dict[Pair, set[int]] = field(default_factory=dict)

    def copy(self) -> Self:
        """A copy that later changes do not touch; from now on neither owns what both hold."""
        self.owned = {}
        tables = {pair: copy(table) for pair, table in self.tables.items()}
        return type(self)(dict(self.types), dict(self.defaults), dict(self.primaries), tables)

    def __getstate__(self) -> tuple[Any, ...]:
        stored = {pair: Stored(table, msgspec.json.encode) for pair, table in self.tables.items()}
        return self.types, self.defaults, self.primaries, stored

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.types, self.defaults, self.primaries, stored = state
        self.tables = {pair: opened(table, _decode) for pair, table in stored.items()}
        self.owned = {}

    def register(self, *kinds: LinkType) -> None:
        """Make types known; of a pair's several the one marked as default is what a plain link has."""
        for kind in kinds:
            self.types[kind.id] = kind
            if kind.default:
                self.defaults[kind.start, kind.end] = kind
            if kind.only and kind.label == "Primary":
                self.primaries[kind.start, kind.end] = kind

    def unregister(self, kind: LinkType) -> None:
        """Forget a type and its inverse, and take them off every link; a link goes with its last type."""
        for each in {kind.id: kind, kind.inverse: self.types[kind.inverse]}.values():
            self.types.pop(each.id, None)
            if self.defaults.get((each.start, each.end)) is each:
                del self.defaults[each.start, each.end]
            for start, ends in list(self.tables.get((each.start, each.end), {}).items()):
                for end in [end for end, held in ends.items() if each.id in held]:
                    self._unset(each, start, end)

    def forget(self, kind: str) -> None:
        """Forget all types from or to a kind of record, with their links."""
        for table in (self.tables, self.defaults, self.primaries, self.owned):
            for pair in [pair for pair in table if kind in pair]:
                del table[pair]
        self.types = {i: each for i, each in self.types.items() if kind not in (each.start, each.end)}

    def of_pair(self, start: str, end: str) -> list[LinkType]:
        """The types that lead from one kind to another."""
        return [kind for kind in self.types.values() if (kind.start, kind.end) == (start, end)]

    def ends(self, start: str, record_id: int, end: str) -> Ends:
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
        if end not in self.ends(start_kind, start, end_kind):
            return ()
        self._own(end_kind, end, start_kind).pop(start, None)
        return self._own(start_kind, start, end_kind).pop(end)

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
        held = self.ends(kind.start, start, kind.end).get(end, ())
        if kind.id not in held:
            self._own(kind.start, start, kind.end)[end] = tuple(sorted((*held, kind.id)))

    def _unset(self, kind: LinkType, start: int, end: int) -> bool:
        held = self.ends(kind.start, start, kind.end).get(end, ())
        if kind.id not in held:
            return False
        ends = self._own(kind.start, start, kind.end)
        left = tuple(each for each in held if each != kind.id)
        if left:
            ends[end] = left
        else:
            del ends[end]
        return True

    def _own(self, start_kind: str, start: int, end_kind: str) -> Ends:
        """The ends of a record, which may be changed: no snapshot holds them."""
        table = self.tables.setdefault((start_kind, end_kind), {})
        owned = self.owned.setdefault((start_kind, end_kind), set())
        if start not in owned:
            table[start] = dict(table.get(start, {}))
            owned.add(start)
        return table[start]


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
