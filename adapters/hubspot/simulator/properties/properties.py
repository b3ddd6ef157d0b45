"""Properties: read, create, change, archive."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Response

from ..account.oauth import USER_ID
from ..call import Call, answer, nothing
from ..errors import Refusal, bad_request, exists, missing
from ..records.shelf import Shelf
from ..records.shown import batch, partly
from ..state import State
from ..times import iso
from .fields import MOST_UNIQUE, Property, changed, defined, simulated

USER = str(USER_ID)
MOST = 100
SENSITIVITIES = frozenset({"non_sensitive", "sensitive", "highly_sensitive"})
_WORD = re.compile(r"[a-zA-Z0-9_]+")


class Choice(msgspec.Struct):
    """An option of an enumeration."""

    label: str
    value: str | int | float | bool
    description: str | None = None
    displayOrder: int | None = None  # noqa: N815 — HubSpot's names
    hidden: bool | None = None


class Egg(msgspec.Struct):
    """A definition, or what is to be changed of one; what is not named is not there."""

    name: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    fieldType: str | UnsetType = UNSET  # noqa: N815
    groupName: str | UnsetType = UNSET  # noqa: N815
    description: str | UnsetType | None = UNSET
    options: list[Choice] | UnsetType | None = UNSET
    displayOrder: int | UnsetType | None = UNSET  # noqa: N815
    hasUniqueValue: bool | UnsetType | None = UNSET  # noqa: N815
    hidden: bool | UnsetType | None = UNSET
    formField: bool | UnsetType | None = UNSET  # noqa: N815
    externalOptions: bool | UnsetType | None = UNSET  # noqa: N815
    dataSensitivity: str | UnsetType = UNSET  # noqa: N815
    referencedObjectType: str | UnsetType | None = UNSET  # noqa: N815
    calculationFormula: str | UnsetType | None = UNSET  # noqa: N815
    currencyPropertyName: str | UnsetType | None = UNSET  # noqa: N815
    numberDisplayHint: str | UnsetType | None = UNSET  # noqa: N815
    textDisplayHint: str | UnsetType | None = UNSET  # noqa: N815
    showCurrencySymbol: bool | UnsetType | None = UNSET  # noqa: N815

    def told(self) -> dict[str, Any]:
        """The members that were named."""
        return dict(msgspec.to_builtins(self))


class Eggs(msgspec.Struct):
    inputs: list[Egg]


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
        wanted = _sensitivity(call)
        if call.archived:
            gone = shelf.retired.values()
            shown = [p.shown(at) for p, at in gone if _secrecy(p.spec) == wanted]
        else:
            shown = [p.shown() for p in shelf.fields.values() if _secrecy(p.spec) == wanted]
        return answer({"results": shown})

    def get(self, call: Call) -> Response:
        shelf = self._shelf(call)
        found = self._found(shelf, call.args[1], archived=call.archived)
        if _secrecy(found) != _sensitivity(call):
            raise _no_property(call.args[1])
        return answer(found)

    def create(self, call: Call) -> Response:
        shelf = self._shelf(call)
        made = self._add(shelf, [call.body(Egg).told()])[0]
        response = answer(made.shown(), 201)
        response.headers["location"] = f"{call.request.path.rstrip('/')}/{made.name}"
        return response

    def create_batch(self, call: Call) -> Response:
        """What cannot be made is reported in a 207."""
        shelf, started = self._shelf(call), self._state.now()
        results, errors = [], []
        for each in _some(call.body(Eggs).inputs):
            egg = each.told()
            try:
                results.append(self._add(shelf, [egg])[0].shown())
            except Refusal as refusal:
                if refusal.status == 501:
                    raise
                errors.append({**refusal.body, "context": {"name": [str(egg.get("name"))]}})
        body = batch(results, started, self._state.now())
        return answer(partly(body, errors), 207) if errors else answer(body, 201)

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
            raise _no_property(call.args[1])
        patch = call.body(Egg).told()
        if patch.get("groupName") is not None and patch["groupName"] not in shelf.groups:
            raise bad_request(f"Property group {patch['groupName']} does not exist")
        new = changed(old, patch, self._state.now())
        shelf.define(new)
        before = {key: old.spec.get(key) for key in patch}
        self._note(shelf, new.name, "update", before, {key: new.spec.get(key) for key in patch})
        return answer(new.shown())

    def archive(self, call: Call) -> Response:
        self._retire(self._shelf(call), call.args[1])
        return nothing()

    def archive_batch(self, call: Call) -> Response:
        shelf = self._shelf(call)
        for each in _some(call.body(Names).inputs):
            if each.name in shelf.fields:
                self._retire(shelf, each.name)
        return nothing()

    def _shelf(self, call: Call) -> Shelf:
        return schema_shelf(self._state, call)

    def _found(self, shelf: Shelf, name: str, *, archived: bool) -> Mapping[str, Any]:
        if archived and name in shelf.retired:
            prop, at = shelf.retired[name]
            return prop.shown(at)
        if archived or name not in shelf.fields:
            raise _no_property(name)
        return shelf.fields[name].shown()

    def _add(self, shelf: Shelf, eggs: Sequence[Mapping[str, Any]]) -> Sequence[Property]:
        for egg in eggs:
            simulated(egg)
        made = new_properties(shelf, eggs, self._state.now())
        for prop, egg in zip(made, eggs, strict=True):
            shelf.retired.pop(prop.name, None)
            shelf.define(prop)
            self._note(shelf, prop.name, "create", None, egg)
        return made

    def _retire(self, shelf: Shelf, name: str) -> None:
        prop = shelf.fields.get(name)
        if prop is None:
            raise _no_property(name)
        if not prop.spec["modificationMetadata"]["archivable"]:
            raise bad_request(f"Property {name} is a default property and cannot be archived")
        formulas = (str(p.spec.get("calculationFormula") or "") for p in shelf.fields.values())
        uses = sum(1 for formula in formulas if name in _WORD.findall(formula))
        if uses:
            where = f"Property: {name} of object type {shelf.kind.type_id}"
            raise bad_request(
                f"{where} is currently used in {uses} places and cannot be deleted",
                subCategory="PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE",
            )
        shelf.retire(name, iso(self._state.now()))
        self._note(shelf, name, "delete", {}, None)

    def _note(
        self,
        shelf: Shelf,
        name: str,
        action: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        self._ledger.write(self._name, f"properties/{shelf.kind.name}", name, action, before, after)


def schema_shelf(state: State, call: Call) -> Shelf:
    """The records whose schema a call is about. Raises Refusal 403 for an app that may not read or change it."""
    shelf = state.shelf(call.args[0])
    kind = shelf.kind
    read = call.request.method == "GET" or call.request.path.endswith("/read")
    noun = "custom" if kind.custom else kind.name
    if read or kind.read_only:
        state.demand(*kind.scopes("read"), *kind.scopes("write"), f"crm.schemas.{noun}.read")
    else:
        # An app that may write the records of activities and tickets may change their schema too.
        plain = () if f"crm.schemas.{noun}.write" in state.scopes or not kind.scope else kind.scopes("write")
        state.demand(f"crm.schemas.{noun}.write", *plain)
    return shelf


def new_properties(shelf: Shelf, eggs: Sequence[Mapping[str, Any]], now: int) -> list[Property]:
    """Definitions that may be added; an archived name is taken up again, as old as it was.

    Raises Refusal 400, or 409 for a name in use.
    """
    made = [_revived(shelf, defined(egg, now, USER)) for egg in eggs]
    names: set[str] = set()
    for prop in made:
        if prop.name in shelf.fields or prop.name in names:
            raise exists(f"A property named '{prop.name}'", "Properties.PROPERTY_WITH_NAME_EXISTS")
        if prop.spec["groupName"] not in shelf.groups:
            raise bad_request(f"Property group {prop.spec['groupName']} does not exist")
        names.add(prop.name)
    own = sum(1 for p in (*shelf.fields.values(), *made) if p.unique and not p.spec.get("hubspotDefined"))
    if own > MOST_UNIQUE:
        raise bad_request(f"An object type has at most {MOST_UNIQUE} properties with unique values")
    return made


def _revived(shelf: Shelf, prop: Property) -> Property:
    if prop.name not in shelf.retired:
        return prop
    created = shelf.retired[prop.name][0].spec.get("createdAt")
    return replace(prop, spec={**prop.spec, "createdAt": created})


def _secrecy(spec: Mapping[str, Any]) -> str:
    return str(spec.get("dataSensitivity", "non_sensitive"))


def _no_property(name: str) -> Refusal:
    return missing(f'Property "{name}"')


def _sensitivity(call: Call) -> str:
    text = call.query.get("dataSensitivity", "non_sensitive")
    if text not in SENSITIVITIES:
        raise bad_request(f"Invalid value for dataSensitivity: {text}")
    return text


def _some(inputs: list[Any]) -> list[Any]:
    if not 1 <= len(inputs) <= MOST:
        raise bad_request(f"A batch has 1 to {MOST} inputs, not {len(inputs)}")
    return inputs
