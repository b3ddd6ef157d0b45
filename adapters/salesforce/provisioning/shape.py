"""Components as Salesforce has them, in the form in which we declare them, so that equal things are equal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SETS = {
    "fieldPermissions": "field",
    "objectPermissions": "object",
    "tabSettings": "tab",
    "userPermissions": "name",
}
"""Lists that Salesforce keeps in an order of its own, and what tells their elements apart."""


def like(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """What was found under the names that are wanted."""
    return {name: _like(name, value, found.get(name)) for name, value in wanted.items()}


def _like(name: str, wanted: Any, found: Any) -> Any:
    if isinstance(wanted, Mapping):
        return like(wanted, found) if isinstance(found, Mapping) else found
    if isinstance(wanted, list):
        return _elements(name, wanted, found or [])
    return found


def _elements(name: str, wanted: list[Any], found: list[Any]) -> list[Any]:
    """What Salesforce adds of its own to an element is left out; an element that is not wanted is not."""
    if not all(isinstance(one, Mapping) for one in wanted):
        return list(found)
    pattern = {key: value for one in wanted for key, value in one.items()}
    shown = [{k: v for k, v in like(pattern, one).items() if v not in (None, [])} for one in found]
    key = SETS.get(name)
    return sorted(shown, key=lambda one: str(one.get(key))) if key else shown
