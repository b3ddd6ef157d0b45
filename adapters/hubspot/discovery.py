"""A HubSpot portal's own description: properties, their groups, pipelines, and the schemas of custom objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from cs_connector.errors import AdapterError, NotPermitted, UsageError
from cs_connector.ports import Document
from cs_connector.transport import Transport

from .paths import Paths

STANDARD = ("companies", "contacts", "deals", "tickets", "feedback_submissions", "tasks")
PIPED = ("deals", "tickets")
PEOPLE = frozenset({"createdUserId", "updatedUserId", "createdByUserId", "updatedByUserId"})


def documents(transport: Transport, paths: Paths, wanted: Sequence[str]) -> Iterator[Document]:
    """Objects that the login may not see are left out. Raises UsageError for a name that the portal does not have."""
    schemas = _asked(transport, paths.schemas) or {"results": []}
    own = {str(s["name"]): str(s["objectTypeId"]) for s in schemas["results"]}
    unknown = [name for name in wanted if name not in own and name not in STANDARD]
    if unknown:
        raise UsageError(
            f"this portal has no object {unknown[0]}", fix=f"known: {', '.join((*STANDARD, *own))}"
        )
    chosen = list(wanted) or [*STANDARD, *own]
    kept = [s for s in schemas["results"] if s["name"] in chosen]
    yield Document("schemas", {"results": [_anonymous(s) for s in kept]})
    for name in chosen:
        yield from _object(transport, paths, name, own.get(name, name))


def _object(transport: Transport, paths: Paths, name: str, kind: str) -> Iterator[Document]:
    found = _asked(transport, paths.properties(kind))
    if found is None:
        return
    yield Document(f"properties/{name}", {"results": [_anonymous(p) for p in found["results"]]})
    groups = _asked(transport, f"{paths.properties(kind)}/groups")
    yield Document(f"groups/{name}", {"results": (groups or {"results": []})["results"]})
    pipelines = _asked(transport, paths.pipelines(kind)) if name in PIPED else None
    if pipelines is not None:
        yield Document(f"pipelines/{name}", {"results": pipelines["results"]})


def _asked(transport: Transport, url: str) -> dict[str, Any] | None:
    """The answer, or nothing where this login may not ask or the portal lacks the feature."""
    try:
        response = transport.get(url)
    except NotPermitted:
        return None
    if response.status_code in {400, 403, 404}:
        return None
    if not response.ok:
        raise AdapterError(f"HubSpot answered {response.status_code}", why=f"asked for {url}")
    found: dict[str, Any] = msgspec.json.decode(response.content)
    return found


def _anonymous(told: Mapping[str, Any]) -> dict[str, Any]:
    """Without the users who made it, and without options that are people."""
    kept = {key: value for key, value in told.items() if key not in PEOPLE}
    if kept.get("externalOptions") or kept.get("referencedObjectType") == "OWNER":
        kept["options"] = []
    if "properties" in kept:
        kept["properties"] = [_anonymous(p) for p in kept["properties"]]
    return kept
