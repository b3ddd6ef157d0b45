"""Drives requests that change something, and looks at what each left in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .town import Town

Known = dict[str, Any]


class Step(NamedTuple):
    """A request, the object and action of an entry that it must leave, and under which name its record is known later.

    `{name}` in path and body stands for what is known by that name.
    """

    method: str
    path: str
    body: Any = None
    entry: tuple[str, str] = ("", "")
    keep: str = ""


def drive(town: Town, crm: str, step: Step, known: Known, **more: Any) -> Any:
    """Make the request; its entries have what was before and after. Answers the body."""
    before = len(town.ledger())
    more = more or {"json": filled(step.body, known)}
    answer = town.call(crm, filled(step.path, known), step.method, **more)
    where = f"{step.method} {step.path}"
    assert answer.ok, f"{where}: {answer.status_code} {answer.text[:500]}"
    entries = town.ledger()[before:]
    assert step.entry in {(e["object"], e["action"]) for e in entries}, f"{where} left {entries}"
    for entry in entries:
        assert entry["by"] == "api"
        assert entry["id"], where
        assert (entry["before"] is None) == (entry["action"] == "create"), entry
        assert entry["after"] is not None or entry["action"] in ("delete", "purge"), entry
    return (
        answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer.text
    )


def filled(value: Any, known: Known) -> Any:
    """The value with the names in it replaced; a text that is one name becomes what it stands for."""
    if isinstance(value, dict):
        return {filled(name, known): filled(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, known) for each in value]
    if not isinstance(value, str) or "{" not in value:
        return value
    whole = value[1:-1] if value[0] == "{" and value[-1] == "}" else ""
    return known[whole] if whole in known else value.format(**known)


def missed(routes: Iterable[tuple[str, str]], steps: Iterable[Step], prefix: str) -> list[tuple[str, str]]:
    """Routes (method, path with *, :name or *name for variable parts) that no step drives."""
    done = {(step.method, _shape(step.path.removeprefix(prefix).partition("?")[0])) for step in steps}
    return sorted(route for route in routes if not any(_fits(route, way) for way in done))


def _shape(path: str) -> tuple[str, ...]:
    return tuple("*" if "{" in part else part for part in path.strip("/").removesuffix(".json").split("/"))


def _fits(route: tuple[str, str], way: tuple[str, tuple[str, ...]]) -> bool:
    wanted = route[1].split("/")
    if route[0] != way[0] or len(wanted) != len(way[1]):
        return False
    return all(
        want[0] in "*:" if part == "*" else want in ("*", part)
        for want, part in zip(wanted, way[1], strict=True)
    )
