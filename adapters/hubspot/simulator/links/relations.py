"""Linking records, and the properties that show a link: a contact's company, a company's parent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cs_connector.sandbox.ledger import Ledger

from ..errors import bad_request, not_found
from ..records.history import APP, CALCULATED
from ..records.shelf import Record, Shelf
from ..state import State
from .links import CHILD_TO_PARENT, COMPANY, CONTACT, CONTACT_PRIMARY, PARENT_TO_CHILD, LinkType

End = tuple[str, int, tuple[int, ...]]


class Relations:
    """Changes associations; `name` is the portal's in the ledger."""

    def __init__(self, state: State, ledger: Ledger, name: str) -> None:
        self._state = state
        self._ledger = ledger
        self._name = name

    def default(self, start: Shelf, end: Shelf) -> LinkType:
        """The plain type between two kinds. Raises Refusal 400 where there is none."""
        kind = self._state.links.defaults.get((start.kind.type_id, end.kind.type_id))
        if kind is None:
            raise bad_request(f"No association type exists between {start.kind.name} and {end.kind.name}")
        return kind

    def typed(self, type_id: int, category: str, start: Shelf, end: Shelf | None = None) -> LinkType:
        """The type with an id, which must lead from `start` (to `end`). Raises Refusal 400."""
        kind = self._state.links.types.get(type_id)
        fits = kind is not None and kind.category == category and kind.start == start.kind.type_id
        if kind is None or not fits or (end is not None and kind.end != end.kind.type_id):
            where = f"from {start.kind.name}" + (f" to {end.kind.name}" if end else "")
            raise bad_request(f"Association type {type_id} of {category} does not lead {where}")
        return kind

    def link(self, kind: LinkType, start: int, end: int) -> None:
        """Link two records. Raises Refusal 404 where one does not exist."""
        links = self._state.links
        for type_id, record_id in ((kind.start, start), (kind.end, end)):
            if record_id not in self._state.shelves[type_id].live:
                raise not_found()
        before = links.ends(kind.start, start, kind.end).get(end)
        lost = links.add(kind, start, end)
        after = links.ends(kind.start, start, kind.end)[end]
        self._note(kind, start, end, before, after)
        self._reflect((kind.start, start), (kind.end, end), *((kind.end, other) for other in lost))

    def unlink(self, start: Shelf, record_id: int, end: Shelf, other: int) -> None:
        """Remove a link with all its types; nothing happens where there is none."""
        types = self._state.links.cut(start.kind.type_id, record_id, end.kind.type_id, other)
        if types:
            self._note(self._state.links.types[types[0]], record_id, other, types, None)
            self._reflect((start.kind.type_id, record_id), (end.kind.type_id, other))

    def unlabel(self, kind: LinkType, start: int, end: int) -> None:
        """Take one type off a link."""
        before = self._state.links.ends(kind.start, start, kind.end).get(end)
        if self._state.links.remove(kind, start, end):
            after = self._state.links.ends(kind.start, start, kind.end).get(end)
            self._note(kind, start, end, before, after)
            self._reflect((kind.start, start), (kind.end, end))

    def set_company(self, contact: int, company: str) -> None:
        """Make a company the contact's primary one, as writing `associatedcompanyid` does; "" takes it away."""
        links = self._state.links
        current = links.one(CONTACT_PRIMARY, contact)
        wanted = self._state.shelves[COMPANY].get(int(company)) if company else None
        if wanted is not None:
            links.add(links.types[CONTACT_PRIMARY], contact, wanted.id)
        elif current is not None:
            links.cut(CONTACT, contact, COMPANY, current)
        self._reflect((CONTACT, contact))

    def ends(self, shelf: Shelf, record_id: int) -> list[End]:
        """All that a record is linked to."""
        return list(self._state.links.around(shelf.kind.type_id, record_id))

    def drop(self, shelf: Shelf, record_id: int) -> None:
        """Cut all links of a record that is going away."""
        around = self.ends(shelf, record_id)
        for other_kind, other, _ in around:
            self._state.links.cut(shelf.kind.type_id, record_id, other_kind, other)
        self._reflect(*((other_kind, other) for other_kind, other, _ in around))

    def restore(self, shelf: Shelf, record_id: int, ends: Iterable[End]) -> None:
        """Give a merged record the links of those it came from; the first ones win where only one can be."""
        links = self._state.links
        touched = [(shelf.kind.type_id, record_id)]
        for other_kind, other, types in ends:
            if other not in self._state.shelves[other_kind].live:
                continue
            for type_id in types:
                kind = links.types[type_id]
                if not (kind.only and links.one(type_id, record_id) is not None):
                    links.add(kind, record_id, other)
            touched.append((other_kind, other))
        self._reflect(*touched)

    def _reflect(self, *touched: tuple[str, int]) -> None:
        for type_id, record_id in dict.fromkeys(touched):
            shelf = self._state.shelves[type_id]
            record = shelf.live.get(record_id)
            if record is None or type_id not in (CONTACT, COMPANY):
                continue
            shown = reflected(self._state, type_id, record_id)
            if any(record.properties.get(name, "") != value for name, value in shown.items()):
                # An association changes nobody's modified date: who reads by date does not see it.
                kept = _kept(record.properties, shown)
                self._state.keep(shelf, Record(record_id, kept, record.modified), CALCULATED)

    def _tell(self, kind: LinkType, start: int, end: int, *, removed: bool) -> None:
        """Subscribers learn of a link from both of its ends."""
        back = self._state.links.types[kind.inverse]
        for each, own, other in ((kind, start, end), (back, end, start)):
            here, there = (self._state.shelves[type_id].kind for type_id in (each.start, each.end))
            more = {
                "associationType": f"{here.singular.upper()}_TO_{there.singular.upper()}",
                "fromObjectId": own,
                "toObjectId": other,
                "associationRemoved": removed,
                "isPrimaryAssociation": bool(each.only),
            }
            self._state.hooks.happened(here, own, "associationChange", self._state.now(), APP, **more)

    def _note(
        self,
        kind: LinkType,
        start: int,
        end: int,
        before: tuple[int, ...] | None,
        after: tuple[int, ...] | None,
    ) -> None:
        self._tell(kind, start, end, removed=after is None)
        action = "create" if before is None else "delete" if after is None else "update"
        names = [self._state.shelves[type_id].kind.name for type_id in (kind.start, kind.end)]
        self._ledger.write(
            self._name,
            "associations/" + "/".join(names),
            f"{start}/{end}",
            action,
            None if before is None else {"types": list(before)},
            None if after is None else {"types": list(after)},
        )


def reflected(state: State, type_id: str, record_id: int) -> dict[str, str]:
    """The properties of a contact or company that come from its links; "" for none."""
    links = state.links
    if type_id == CONTACT:
        company = links.one(CONTACT_PRIMARY, record_id)
        return {"associatedcompanyid": "" if company is None else str(company)}
    parent = links.one(CHILD_TO_PARENT, record_id)
    around = links.ends(COMPANY, record_id, COMPANY)
    children = sum(1 for types in around.values() if PARENT_TO_CHILD in types)
    return {
        "hs_parent_company_id": "" if parent is None else str(parent),
        "hs_num_child_companies": str(children) if children else "",
    }


def _kept(properties: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in {**properties, **changes}.items() if value}
