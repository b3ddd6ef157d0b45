"""The types of associations between two kinds of record: labels that people made, and how many links there may be."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Response

from ..call import Call, answer, is_digits, nothing
from ..errors import bad_request, exists, missing
from ..records.shelf import Shelf
from ..state import State
from .links import USER, LinkType

MOST_LABELS, LONGEST_LABEL = 50, 50
FIRST_LABEL = 1_000


class NewLabel(msgspec.Struct):
    label: str
    name: str
    inverseLabel: str | None = None  # noqa: N815 — HubSpot's names


class Relabel(msgspec.Struct):
    associationTypeId: int  # noqa: N815
    label: str
    inverseLabel: str | None = None  # noqa: N815


class Labels:
    """`name` is the portal's in the ledger."""

    def __init__(self, state: State, ledger: Ledger, name: str) -> None:
        self._state = state
        self._ledger = ledger
        self._name = name

    def list(self, call: Call) -> Response:
        start, end = self._open(call, "read")
        kinds = self._state.links.of_pair(start.kind.type_id, end.kind.type_id)
        return answer({"results": [shown(kind) for kind in kinds]})

    def create(self, call: Call) -> Response:
        """A label in both directions; it may be called otherwise in the other one."""
        start, end = self._open(call, "write")
        wanted = call.body(NewLabel)
        self._check(start, end, wanted)
        links, here, there = self._state.links, start.kind.type_id, end.kind.type_id
        number = max(FIRST_LABEL, *links.types) + 1
        single = here == there and wanted.inverseLabel is None
        back = number if single else number + 1
        one = LinkType(number, here, there, back, wanted.name, USER, wanted.label)
        inverse = wanted.inverseLabel or wanted.label
        other = LinkType(back, there, here, number, f"{wanted.name}_inverse", USER, inverse)
        made = [one] if single else [one, other]
        links.register(*made)
        self._note(start, end, number, "create", None, wanted.label)
        return answer({"results": [shown(kind) for kind in made]})

    def update(self, call: Call) -> Response:
        """204. Only labels that people made can be changed, and only their words."""
        start, end = self._open(call, "write")
        wanted = call.body(Relabel)
        old = self._own(start, end, wanted.associationTypeId)
        links = self._state.links
        back = links.types[old.inverse]
        links.register(replace(old, label=wanted.label))
        if back.id != old.id:
            links.register(replace(back, label=wanted.inverseLabel or wanted.label))
        self._note(start, end, old.id, "update", old.label, wanted.label)
        return nothing()

    def delete(self, call: Call) -> Response:
        """204; records that were linked with it alone are linked no more."""
        start, end = self._open(call, "write")
        text = call.args[2]
        old = self._own(start, end, int(text) if is_digits(text) else 0)
        self._state.links.unregister(old)
        self._note(start, end, old.id, "delete", old.label, None)
        return nothing()

    def _check(self, start: Shelf, end: Shelf, wanted: NewLabel) -> None:
        kinds = self._state.links.of_pair(start.kind.type_id, end.kind.type_id)
        own = [kind for kind in kinds if kind.category == USER and not kind.default]
        if not wanted.label or not wanted.name:
            raise bad_request("A label needs a label and a name")
        for text in (wanted.label, wanted.name, wanted.inverseLabel or ""):
            if len(text) > LONGEST_LABEL:
                raise bad_request(f"A label must not be longer than {LONGEST_LABEL} characters")
        if any(wanted.name == kind.name or wanted.label == kind.label for kind in kinds):
            raise exists(f"An association label named '{wanted.label}'")
        if len(own) >= MOST_LABELS:
            raise bad_request(f"There are at most {MOST_LABELS} labels between two object types")

    def _own(self, start: Shelf, end: Shelf, number: int) -> LinkType:
        for kind in self._state.links.of_pair(start.kind.type_id, end.kind.type_id):
            if kind.id == number and kind.category == USER and not kind.default:
                return kind
        raise missing(f"Association label {number}")

    def _open(self, call: Call, act: str) -> tuple[Shelf, Shelf]:
        start, end = (self._state.shelf(call.args[at]) for at in (0, 1))
        for shelf in (start, end):
            self._state.permit(shelf.kind, "read" if shelf.kind.read_only else act)
        return start, end

    def _note(
        self, start: Shelf, end: Shelf, number: int, action: str, old: str | None, new: str | None
    ) -> None:
        what = f"labels/{start.kind.name}/{end.kind.name}"
        before = None if old is None and action == "create" else {"label": old}
        after = None if action == "delete" else {"label": new}
        self._ledger.write(self._name, what, str(number), action, before, after)


def shown(kind: LinkType) -> dict[str, object]:
    return {"category": kind.category, "typeId": kind.id, "label": kind.label}
