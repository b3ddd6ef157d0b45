"""Finds what answers a path: words match themselves, `:name` a number, `*name` any text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cs_connector.sandbox.wire import Response

from .answers import not_integer
from .call import Call
from .digits import number

Handler = Callable[[Call], Response]
Routes = dict[tuple[str, str], Handler]
PREFIX = "/api/v2/"
MOST_KNOWN = 1000
_ACTIONS = {"GET": "show", "PUT": "update", "PATCH": "update", "DELETE": "destroy", "POST": "create"}


class Found(NamedTuple):
    handler: Handler
    template: str
    params: dict[str, str]


class _Place:
    """One part of a path, and what may come after it."""

    __slots__ = ("handlers", "name", "template", "wild", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Place] = {}
        self.wild: _Place | None = None
        self.name = ""
        self.template = ""
        self.handlers: dict[str, Handler] = {}

    def after(self, part: str) -> _Place:
        """The next place of a template, made where it is new."""
        if part[0] not in ":*":
            return self.words.setdefault(part, _Place())
        if self.wild is None:
            self.wild = _Place()
            self.wild.name = part
        assert self.wild.name == part, f"{self.template}: {part} or {self.wild.name}?"
        return self.wild


class Paths:
    def __init__(self, routes: Mapping[tuple[str, str], Handler]) -> None:
        self._root = _Place()
        self._known: dict[tuple[str, str], Found] = {}  # those of words alone, as they were written
        for (method, template), handler in routes.items():
            place = self._root
            for part in template.split("/"):
                place = place.after(part)
            place.template = template
            place.handlers[method] = handler

    def find(self, method: str, path: str) -> Found | None:
        """None for a path that is not there. Raises Refusal (400) for an id that is not a number."""
        known = self._known.get((method, path))
        if known is not None:
            return known
        found = self._found(method, parts_of(path)) if path.startswith(PREFIX) else None
        if found is not None and not found.params:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[method, path] = found
        return found

    def _found(self, method: str, parts: list[str]) -> Found | None:
        place, params = self._root, dict[str, str]()
        for part in parts:
            word = place.words.get(part)
            if word is not None:
                place = word
                continue
            if place.wild is None:
                return None
            place = place.wild
            if place.name[0] == ":" and number(part) is None:
                raise not_integer(place.name[1:], f"{parts[0]}/{_ACTIONS.get(method, 'show')}")
            params[place.name[1:]] = part
        handler = place.handlers.get(method)
        return None if handler is None else Found(handler, place.template, params)


def parts_of(path: str) -> list[str]:
    """The parts of a path below /api/v2/, without the .json at its end."""
    return path.removeprefix(PREFIX).strip("/").removesuffix(".json").split("/")
