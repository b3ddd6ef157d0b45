"""How far two answers have the same shape: status, headers, key sets, JSON types and what is null."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

KEYS = (
    ("id",),
    ("Id",),
    ("name",),
    ("childSObject", "field"),
)  # what tells one element of a list from another


@dataclass
class Comparison:
    """Points that were compared, and those that differ, as `where: what`."""

    points: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        return not self.differences

    def point(self, where: str, theirs: Any, ours: Any) -> bool:
        self.points += 1
        if theirs != ours:
            self.differences.append(f"{where}: theirs {theirs}, ours {ours}")
        return bool(theirs == ours)

    def values(self, where: str, theirs: Any, ours: Any) -> None:
        """Compare two JSON values, all the way down."""
        if not self.point(where, kind(theirs), kind(ours)):
            return
        if isinstance(theirs, dict):
            self._objects(where, theirs, ours)
        elif isinstance(theirs, list):
            self._lists(where, theirs, ours)

    def _objects(self, where: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
        for key in sorted({*theirs, *ours}):
            inside = f"{where}.{key}"
            if key in theirs and key in ours:
                self.values(inside, theirs[key], ours[key])
            else:
                self.point(inside, *("a key" if key in side else "no key" for side in (theirs, ours)))

    def _lists(self, where: str, theirs: list[Any], ours: list[Any]) -> None:
        """Elements with a name are compared with their namesakes, others in order."""
        if self.point(f"{where}[]", bool(theirs) and "filled", bool(ours) and "filled"):
            for one, other in _pairs(theirs, ours):
                self.values(f"{where}[]", one, other)


def kind(value: Any) -> str:
    """The JSON type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
    return "object"


def _pairs(theirs: list[Any], ours: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Namesakes where both sides have names and share any; else in order."""
    for keys in KEYS:
        named = {_name(one, keys): one for one in ours}
        shared = [(one, named[_name(one, keys)]) for one in theirs if _name(one, keys) in named]
        if None not in named and shared:
            return iter(shared)
    return zip(theirs, ours, strict=False)


def _name(value: Any, keys: tuple[str, ...]) -> tuple[str, ...] | None:
    found = tuple(str(value.get(key)) for key in keys) if isinstance(value, dict) else ("None",)
    return None if "None" in found else found


def tree(text: str) -> Any:
    """XML as nested objects: the shape of a SOAP answer. Raises ElementTree.ParseError."""
    return {_plain(root.tag): _element(root) for root in [ET.fromstring(text)]}


def _element(node: ET.Element) -> Any:
    if any(name.endswith("}nil") for name in node.attrib):
        return None
    return {_plain(child.tag): _element(child) for child in node} or node.text or ""


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]
