"""Properties and their groups: read, create, change, archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Response

from .call import Call, answer, nothing
from .errors import Refusal, bad_request, exists, missing
from .fields import Property, changed, defined
from .shelf import Shelf
from .shown import batch, partly
from .state import State
from .times import iso

USER = "72929209"
MOST = 100


class Eggs(msgspec.Struct):
    inputs: list[dict[str, Any]]


class Name(msgspec.Struct):
    name: str


class Names(msgspec.Struct):
    inputs: list[Name]
    archived: bool = False


class Properties:
    """`name` is the portal's in the ledger."""

    def __init__(self, state: State, ledger: Ledger, name: str) -> None:
        self._state = state
        self._ledger = ledger
        self._name = name

    def list(self, call: Call) -> Response:
        shelf = self._shelf(call)
        if call.archived:
            return answer({"results": [prop.shown(at) for prop, at in shelf.retired.values()]})
        return answer({"results": [prop.shown() for prop in shelf.fields.values()]})

    def get(self, call: Call) -> Response:
        return answer(self._found(self._shelf(call), call.args[1], archived=call.archived))

    def create(self, call: Call) -> Response:
        shelf = self._shelf(call)
        return answer(self._add(shelf, [call.body(dict[str, Any])])[0].shown(), 201)

    def create_batch(self, call: Call) -> Response:
        """All or none."""
        started = self._state.now()
        made = self._add(self._shelf(call), _some(call.body(Eggs).inputs))
        results = [prop.shown() for prop in made]
        return answer(batch(results, started, self._state.now()), 201)

    def read_batch(self, call: Call) -> Response:
        shelf, wanted = self._shelf(call), call.body(Names)
        started = self._state.now()
        results, errors = [], []
        for each in _some(wanted.inputs):
            try:
                results.append(self._found(shelf, each.name, archived=wanted.archived))
            except Refusal as refusal:
                errors.append({**refusal.body, "context": {"name": [each.name]}})
        body = batch(results, started, self._state.now())
        return answer(partly(body, errors), 207) if errors else answer(body)

    def update(self, call: Call) -> Response:
        shelf = self._shelf(call)
        old = shelf.fields.get(call.args[1])
        if old is None:
            raise missing(f"Property {call.args[1]}")
        patch = call.body(dict[str, Any])
        new = changed(old, patch, self._state.now())
        shelf.define(new)
        before = {key: old.spec.get(key) for key in patch}
        self._note(shelf, new.name, "update", before, {key: new.spec.get(key) for key in patch})
        return answer(new.shown())

    def archive(self, call: Call) -> Response:
        shelf = self._shelf(call)
        self._retire(shelf, call.args[1])
        return nothing()

    def archive_batch(self, call: Call) -> Response:
        shelf = self._shelf(call)
        for each in _some(call.body(Names).inputs):
            if each.name in shelf.fields:
                self._retire(shelf, each.name)
        return nothing()

    def groups(self, call: Call) -> Response:
        return answer({"results": list(self._shelf(call).groups.values())})

    def group(self, call: Call) -> Response:
        found = self._shelf(call).groups.get(call.args[1])
        if found is None:
            raise missing(f"Property group {call.args[1]}")
        return answer(found)

    def create_group(self, call: Call) -> Response:
        shelf = self._shelf(call)
        made = add_group(shelf, call.body(dict[str, Any]))
        self._note(shelf, made["name"], "create", None, made, "groups")
        return answer(made, 201)

    def update_group(self, call: Call) -> Response:
        shelf = self._shelf(call)
        old = shelf.groups.get(call.args[1])
        if old is None:
            raise missing(f"Property group {call.args[1]}")
        body = call.body(dict[str, Any])
        patch = {key: value for key, value in body.items() if key in ("label", "displayOrder")}
        shelf.groups[old["name"]] = {**old, **patch}
        self._note(shelf, old["name"], "update", {key: old[key] for key in patch}, patch, "groups")
        return answer(shelf.groups[old["name"]])

    def archive_group(self, call: Call) -> Response:
        shelf = self._shelf(call)
        name = call.args[1]
        if any(prop.spec["groupName"] == name for prop in shelf.fields.values()):
            raise bad_request(f"Property group {name} still has properties")
        if shelf.groups.pop(name, None) is not None:
            self._note(shelf, name, "delete", {}, None, "groups")
        return nothing()

    def _shelf(self, call: Call) -> Shelf:
        shelf = self._state.shelf(call.args[0])
        if call.request.method == "GET" or call.request.path.endswith("/read") or shelf.kind.read_only:
            self._state.permit(shelf.kind, "read")
        else:
            self._state.permit(shelf.kind, "write")
        return shelf

    def _found(self, shelf: Shelf, name: str, *, archived: bool) -> Mapping[str, Any]:
        if archived and name in shelf.retired:
            prop, at = shelf.retired[name]
            return prop.shown(at)
        if archived or name not in shelf.fields:
            raise missing(f"Property {name}")
        return shelf.fields[name].shown()

    def _add(self, shelf: Shelf, eggs: Sequence[Mapping[str, Any]]) -> Sequence[Property]:
        made = new_properties(shelf, eggs, self._state.now())
        for prop, egg in zip(made, eggs, strict=True):
            shelf.define(prop)
            self._note(shelf, prop.name, "create", None, egg)
        return made

    def _retire(self, shelf: Shelf, name: str) -> None:
        prop = shelf.fields.get(name)
        if prop is None:
            raise missing(f"Property {name}")
        if not prop.spec["modificationMetadata"]["archivable"]:
            raise bad_request(f"Property {name} is a default property and cannot be archived")
        shelf.retire(name, iso(self._state.now()))
        self._note(shelf, name, "delete", {}, None)

    def _note(
        self,
        shelf: Shelf,
        name: str,
        action: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
        noun: str = "properties",
    ) -> None:
        self._ledger.write(self._name, f"{noun}/{shelf.kind.name}", name, action, before, after)


def new_properties(shelf: Shelf, eggs: Sequence[Mapping[str, Any]], now: int) -> list[Property]:
    """Definitions that may be added. Raises Refusal 400, or 409 for a name that is or was in use."""
    made = [defined(egg, now, USER) for egg in eggs]
    names: set[str] = set()
    for prop in made:
        if prop.name in shelf.fields or prop.name in shelf.retired or prop.name in names:
            raise exists(f"A property named '{prop.name}'")
        if prop.spec["groupName"] not in shelf.groups:
            raise bad_request(f"Property group {prop.spec['groupName']} does not exist")
        names.add(prop.name)
    return made


def add_group(shelf: Shelf, egg: Mapping[str, Any]) -> dict[str, Any]:
    """Add a group. Raises Refusal 400, or 409 for a name in use."""
    if not egg.get("name") or not egg.get("label"):
        raise bad_request("A property group needs a name and a label")
    if egg["name"] in shelf.groups:
        raise exists(f"A property group named '{egg['name']}'")
    group = {
        "name": egg["name"],
        "label": egg["label"],
        "displayOrder": egg.get("displayOrder", -1),
        "archived": False,
    }
    shelf.groups[group["name"]] = group
    return group


def _some(inputs: list[Any]) -> list[Any]:
    if not 1 <= len(inputs) <= MOST:
        raise bad_request(f"A batch has 1 to {MOST} inputs, not {len(inputs)}")
    return inputs
