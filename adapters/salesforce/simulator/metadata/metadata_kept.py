"""Components that the org only keeps and shows: list views, layouts, tabs, reports. Each kind says what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any, Protocol

from .metadata_errors import beyond, lacking, misfit, unknown
from .metadata_objects import Objects, Shown
from .soap_xml import Part

Body = dict[str, Any]
Shelf = dict[str, tuple[str, Body]]
"""Components of one kind by their name in lower case: the name as given, and the body."""


class Components:
    """Every kept component of the org, by kind."""

    def __init__(self) -> None:
        self._shelves: dict[str, Shelf] = {}

    def of(self, kind: str) -> Shelf:
        return self._shelves.setdefault(kind, {})

    def copy(self) -> dict[str, Shelf]:
        return deepcopy(self._shelves)

    def restore(self, kept: Mapping[str, Shelf]) -> None:
        self._shelves = deepcopy(dict(kept))

    def forget_field(self, owner: str, name: str) -> None:
        """What lists a field that is gone lists it no more, as in Salesforce."""
        for kind, element in (("ListView", "columns"), ("CompactLayout", "fields")):
            for full_name, body in self.of(kind).values():
                if full_name.partition(".")[0].lower() == owner.lower():
                    body[element] = [c for c in listed(body.get(element)) if c.lower() != name.lower()]

    def forget_object(self, name: str) -> None:
        """The views, layouts and the tab of an object go with it."""
        start = f"{name.lower()}."
        for kind in ("ListView", "CompactLayout"):
            shelf = self.of(kind)
            for full_name in [n for n in shelf if n.startswith(start)]:
                del shelf[full_name]
        self.of("CustomTab").pop(name.lower(), None)


class Rules(Protocol):
    """How a kind differs from others; every method raises RecordError."""

    kind: str
    needs: tuple[str, ...]

    def check(self, full_name: str, body: Body) -> None: ...

    def taken(self, full_name: str) -> Exception: ...

    def used_by(self, full_name: str) -> Exception | None: ...


class Kept:
    """One kind of kept components, as the Metadata API asks for it."""

    def __init__(self, rules: Rules, shelf: Callable[[], Shelf]) -> None:
        self.kind, self._rules, self._shelf = rules.kind, rules, shelf

    def create(self, part: Part) -> None:
        full_name = part.text("fullName") or ""
        if full_name.lower() in self._shelf():
            raise self._rules.taken(full_name)
        self._keep(full_name, part)

    def update(self, part: Part) -> None:
        full_name = part.text("fullName") or ""
        held = self._shelf().get(full_name.lower())
        if held is None:
            raise unknown(self.kind, full_name)
        self._keep(held[0], part)

    def delete(self, full_name: str) -> None:
        if full_name.lower() not in self._shelf():
            raise unknown(self.kind, full_name)
        hindrance = self._rules.used_by(full_name)
        if hindrance is not None:
            raise hindrance
        del self._shelf()[full_name.lower()]

    def rename(self, _old: str, _new: str) -> None:
        raise beyond(f"Renaming a {self.kind}")

    def read(self, full_name: str) -> Shown | None:
        held = self._shelf().get(full_name.lower())
        return None if held is None else {"@type": self.kind, "fullName": held[0], **held[1]}

    def names(self) -> Iterable[str]:
        return [name for name, _ in self._shelf().values()]

    def _keep(self, full_name: str, part: Part) -> None:
        if not full_name:
            raise lacking("fullName")
        for name in self._rules.needs:
            if part.part(name) is None:
                raise lacking(name)
        body = plain(part)
        body.pop("fullName", None)
        self._rules.check(full_name, body)
        self._shelf()[full_name.lower()] = (full_name, body)


def plain(part: Part) -> Any:
    """An element as plain values: text, or children by name, where those that come again make a list."""
    children = [child for child in part if not child.nil]
    if not children:
        return part.value
    found: Body = {}
    for child in children:
        value = plain(child)
        found[child.name] = [*listed(found[child.name]), value] if child.name in found else value
    return found


def listed(value: Any) -> list[Any]:
    """The values of an element that may come once, often or not at all."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list) else [value]


def owner_of(objects: Objects, full_name: str) -> tuple[str, str]:
    """The object that bears a component and the component's own name. Raises RecordError."""
    owner, _, name = full_name.partition(".")
    obj = objects.get(owner)
    if not name:
        raise misfit(f"The full name '{full_name}' must be of the form Object.Component")
    if obj is None:
        raise unknown("CustomObject", owner)
    return obj.name, name
