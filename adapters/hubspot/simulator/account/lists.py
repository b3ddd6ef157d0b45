"""Lists of records: those that are filled by hand, once by filters, or always by filters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Response

from ..call import Call, answer, is_digits, nothing
from ..errors import bad_request, exists, missing
from ..paging import link
from ..records.shelf import Shelf
from ..state import BIN_DAYS, State
from ..times import DAY_MS, iso
from .branches import Branch, compiled, shown
from .filling import fill, follow, follow_all
from .oauth import USER_ID
from .segments import DYNAMIC, Segment

KINDS = frozenset({"MANUAL", "SNAPSHOT", DYNAMIC})
PAGE, MOST_JOINING, MOST_FOUND = 250, 100_000, 500


class NewList(msgspec.Struct):
    name: str
    objectTypeId: str  # noqa: N815 — HubSpot's names
    processingType: str  # noqa: N815
    filterBranch: Branch | None = None  # noqa: N815


class NewFilters(msgspec.Struct):
    filterBranch: Branch  # noqa: N815


class Changes(msgspec.Struct):
    recordIdsToAdd: list[str] = []  # noqa: N815
    recordIdsToRemove: list[str] = []  # noqa: N815


class Wanted(msgspec.Struct):
    query: str = ""
    listIds: list[str] | None = None  # noqa: N815
    processingTypes: list[str] | None = None  # noqa: N815
    offset: int = 0
    count: int = 20


class Lists:
    """`name` is the portal's in the ledger."""

    def __init__(self, state: State, ledger: Ledger, name: str) -> None:
        self._state = state
        self._ledger = ledger
        self._name = name

    def create(self, call: Call) -> Response:
        self._permit("write")
        wanted = call.body(NewList)
        shelf = _checked(wanted, self._state)
        if self._named(wanted.name, shelf.kind.type_id) is not None:
            raise exists(f"A list named '{wanted.name}'")
        segments, of = self._state.segments, (shelf.kind.type_id, wanted.processingType)
        made = segments.add(wanted.name, *of, self._state.now(), wanted.filterBranch)
        fill(self._state, made)
        self._note(made.id, "create", None, {"name": made.name, "objectTypeId": made.type_id})
        return answer({"list": self._whole(made)}, 200)

    def get(self, call: Call) -> Response:
        self._permit("read")
        return answer({"list": self._asked(call, self._one(call))})

    def several(self, call: Call) -> Response:
        self._permit("read")
        wanted = {int(text) for text in call.many("listIds") if is_digits(text)}
        found = [each for each in self._alive() if not wanted or each.id in wanted]
        return answer({"lists": [self._asked(call, each) for each in found]})

    def refilter(self, call: Call) -> Response:
        """Other filters for a dynamic list, which is filled by them from now on."""
        self._permit("write")
        old, filters = self._one(call), call.body(NewFilters).filterBranch
        if old.processing != DYNAMIC:
            raise bad_request(
                f"The filters of a list with processing type {old.processing} cannot be changed"
            )
        compiled(filters, self._state.shelves[old.type_id])
        now = self._state.now()
        new = old._replace(filters=filters, filtered=now, updated=now, version=old.version + 1)
        self._state.segments.lists[old.id] = new
        self._note(old.id, "update", {"name": old.name}, {"name": new.name, "filterBranch": shown(filters)})
        return answer({"updatedList": self._whole(new)})

    def by_name(self, call: Call) -> Response:
        self._permit("read")
        type_id, name = self._state.shelf(call.args[0]).kind.type_id, call.args[1]
        found = self._named(name, type_id)
        if found is None:
            raise missing(f"List {name}")
        return answer({"list": self._asked(call, found)})

    def search(self, call: Call) -> Response:
        self._permit("read")
        wanted = call.body(Wanted)
        if wanted.offset < 0 or wanted.count < 1:
            raise bad_request("offset must not be below 0, and count not below 1")
        ids = set(wanted.listIds or ())
        found = [
            each
            for each in self._alive()
            if wanted.query.lower() in each.name.lower()
            and (not ids or str(each.id) in ids)
            and (not wanted.processingTypes or each.processing in wanted.processingTypes)
        ]
        end = wanted.offset + min(wanted.count, MOST_FOUND)
        page = [self._shown(each, searched=True) for each in found[wanted.offset : end]]
        more = {"offset": min(end, len(found)), "hasMore": end < len(found), "total": len(found)}
        return answer({"lists": page, **more})

    def rename(self, call: Call) -> Response:
        self._permit("write")
        old, name = self._one(call), call.query.get("listName", "")
        taken = self._named(name, old.type_id)
        if not name or (taken is not None and taken.id != old.id):
            raise exists(f"A list named '{name}'") if name else bad_request("listName is missing")
        new = old._replace(name=name, version=old.version + 1, updated=self._state.now())
        self._state.segments.lists[old.id] = new
        self._note(old.id, "update", {"name": old.name}, {"name": name})
        return answer({"updatedList": self._shown(new)})

    def delete(self, call: Call) -> Response:
        """204; a list can be restored for as long as a record."""
        self._permit("write")
        old = self._one(call)
        self._state.segments.lists[old.id] = old._replace(deleted=self._state.now())
        self._note(old.id, "delete", {"name": old.name}, None)
        return nothing()

    def restore(self, call: Call) -> Response:
        self._permit("write")
        old = self._state.segments.lists.get(_number(call.args[0]))
        if old is None or self._state.now() - old.deleted > BIN_DAYS * DAY_MS:
            raise missing(f"List {call.args[0]}")
        self._state.segments.lists[old.id] = old._replace(deleted=0)
        self._note(old.id, "create", None, {"name": old.name})
        return nothing()

    def members(self, call: Call) -> Response:
        """By record id; the other order is that of joining."""
        self._permit("read")
        joined = self._members(self._one(call))
        by_time = call.request.path.endswith("join-order")
        order = {record: n for n, record in enumerate(sorted(joined, key=lambda r: (joined[r], r)), 1)}
        place = order if by_time else {record: record for record in joined}
        rest = sorted((record for record in joined if place[record] >= call.after()), key=place.__getitem__)
        limit = call.number("limit", 100, PAGE)
        page = [{"recordId": str(r), "membershipTimestamp": iso(joined[r])} for r in rest[:limit]]
        return answer({"results": page, **link(call, place[rest[limit]] if len(rest) > limit else None)})

    def add(self, call: Call) -> Response:
        return self._change(call, Changes(recordIdsToAdd=call.body(list[str])))

    def remove(self, call: Call) -> Response:
        return self._change(call, Changes(recordIdsToRemove=call.body(list[str])))

    def add_and_remove(self, call: Call) -> Response:
        return self._change(call, call.body(Changes))

    def add_from(self, call: Call) -> Response:
        """All that are on another list."""
        self._permit("write")
        target, other = self._by_hand(call), self._state.segments.lists.get(_number(call.args[1]))
        if other is None or other.type_id != target.type_id:
            raise bad_request(f"List {call.args[1]} cannot be added to list {target.id}")
        new = self._state.segments.join(target.id, self._members(other), self._state.now())
        self._noted(target, new, [])
        return nothing()

    def empty(self, call: Call) -> Response:
        self._permit("write")
        target = self._by_hand(call)
        gone = self._state.segments.leave(target.id, list(self._state.segments.members[target.id]))
        self._noted(target, [], gone)
        return nothing()

    def of_record(self, call: Call) -> Response:
        """The lists that a record is on."""
        self._permit("read")
        shelf, number = self._state.shelf(call.args[0]), _number(call.args[1])
        follow_all(self._state, shelf.kind.type_id)
        mine = [(each, self._state.segments.members[each.id].get(number)) for each in self._alive()]
        results = [
            {
                "listId": str(each.id),
                "listVersion": each.version,
                "firstAddedTimestamp": iso(at),
                "lastAddedTimestamp": iso(at),
            }
            for each, at in mine
            if at is not None and each.type_id == shelf.kind.type_id
        ]
        return answer({"results": results, "total": len(results)})

    def _change(self, call: Call, changes: Changes) -> Response:
        self._permit("write")
        target = self._by_hand(call)
        shelf = self._state.shelves[target.type_id]
        wanted = [*changes.recordIdsToAdd, *changes.recordIdsToRemove]
        if len(wanted) > MOST_JOINING:
            raise bad_request(f"At most {MOST_JOINING} records can join or leave at once")
        lost = [text for text in changes.recordIdsToAdd if _record(shelf, text) is None]
        adding = [n for text in changes.recordIdsToAdd if (n := _record(shelf, text)) is not None]
        segments = self._state.segments
        new = segments.join(target.id, adding, self._state.now())
        gone = segments.leave(target.id, map(_number, changes.recordIdsToRemove))
        self._noted(target, new, gone)
        added, removed = list(map(str, new)), list(map(str, gone))
        return answer({"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": lost})

    def _noted(self, target: Segment, new: Iterable[int], gone: Iterable[int]) -> None:
        added, removed = [str(n) for n in new], [str(n) for n in gone]
        if added or removed:
            self._note(target.id, "update", {"removed": removed}, {"added": added})

    def _one(self, call: Call) -> Segment:
        found = self._state.segments.lists.get(_number(call.args[0]))
        if found is None or found.deleted:
            raise missing(f"List {call.args[0]}")
        return found

    def _by_hand(self, call: Call) -> Segment:
        """A list whose members clients may change. Raises Refusal 400 for one that fills itself."""
        found = self._one(call)
        if found.processing == DYNAMIC:
            raise bad_request(
                f"List {found.id} has processing type DYNAMIC: its members follow from its filters"
            )
        return found

    def _members(self, each: Segment) -> dict[int, int]:
        follow(self._state, each)
        return self._state.segments.members[each.id]

    def _alive(self) -> list[Segment]:
        return [each for each in self._state.segments.lists.values() if not each.deleted]

    def _named(self, name: str, type_id: str) -> Segment | None:
        return next((each for each in self._alive() if (each.name, each.type_id) == (name, type_id)), None)

    def _shown(self, each: Segment, *, searched: bool = False) -> dict[str, Any]:
        size = len(self._members(each))
        shown = {
            "listId": str(each.id),
            "listVersion": each.version,
            "createdAt": iso(each.created),
            "updatedAt": iso(each.updated),
            "filtersUpdatedAt": iso(each.filtered or each.created),
            "processingStatus": "COMPLETE",
            "createdById": str(USER_ID),
            "updatedById": str(USER_ID),
            "processingType": each.processing,
            "objectTypeId": each.type_id,
            "name": each.name,
        }
        return (
            {**shown, "additionalProperties": {"hs_list_size": str(size)}}
            if searched
            else {**shown, "size": size}
        )

    def _whole(self, each: Segment) -> dict[str, Any]:
        """With its filters, if it has any."""
        return self._shown(each) | ({} if each.filters is None else {"filterBranch": shown(each.filters)})

    def _asked(self, call: Call, each: Segment) -> dict[str, Any]:
        return self._whole(each) if call.query.get("includeFilters") == "true" else self._shown(each)

    def _permit(self, act: str) -> None:
        self._state.demand(f"crm.lists.{act}")

    def _note(self, list_id: int, action: str, before: Any, after: Any) -> None:
        self._ledger.write(self._name, "lists", str(list_id), action, before, after)


def _checked(wanted: NewList, state: State) -> Shelf:
    """The records of a new list. Raises Refusal."""
    kind, filters = wanted.processingType, wanted.filterBranch
    if kind not in KINDS:
        raise bad_request(f"Unknown processing type {kind}")
    if filters is None and kind == DYNAMIC:
        raise bad_request("A list with processing type DYNAMIC needs a filterBranch")
    if filters is not None and kind == "MANUAL":
        raise bad_request("A list with processing type MANUAL cannot have a filterBranch")
    shelf = state.shelf(wanted.objectTypeId)
    if filters is not None:
        compiled(filters, shelf)
    return shelf


def _record(shelf: Shelf, text: str) -> int | None:
    record = shelf.get(int(text)) if is_digits(text) else None
    return None if record is None else record.id


def _number(text: str) -> int:
    return int(text) if is_digits(text) else 0
