"""Saves what connected systems say of themselves, their objects, fields and picklists, no records; and proposes mappings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cs_connector import registry
from cs_connector.config.documents import suggest
from cs_connector.errors import UsageError, about
from cs_connector.ports import Adapter, Document, ObjectInfo
from cs_connector.sandbox import shape
from cs_connector.unify import Source

from . import proposals
from .engine import Engine


def discover(
    engine: Engine, connection: str | None, folder: Path, objects: Sequence[str]
) -> list[dict[str, Any]]:
    """One entry a saved system: name, crm, documents, and the mapping file that is proposed, None for chosen objects only.

    Raises UsageError for a connection that is not there, or what is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"{folder} is a file, not a folder", safe="nothing was saved", fix="name a folder with --out"
        )
    return [_told(engine, name, folder, objects) for name in _chosen(engine, connection)]


def _told(engine: Engine, name: str, folder: Path, objects: Sequence[str]) -> dict[str, Any]:
    with about(name, "what was saved before is kept"):
        return _save(engine, name, folder, objects)


def _chosen(engine: Engine, connection: str | None) -> list[str]:
    """The named one, or all whose CRM can be simulated. Raises UsageError."""
    connections = engine.project.settings.connections
    if connection is not None and connection not in connections:
        hint = suggest(connection, connections) or f"known: {', '.join(connections)}"
        raise UsageError(f"there is no connection called {connection!r}", safe="nothing was saved", fix=hint)
    if connection is not None:
        return [connection]
    known = registry.names("simulators")
    found = [name for name, one in connections.items() if one.adapter in known]
    if not found:
        raise UsageError(
            "no connection of this project can be saved",
            safe="nothing was saved",
            fix=f"connect {', '.join(known)}",
        )
    return found


def _save(engine: Engine, name: str, folder: Path, objects: Sequence[str]) -> dict[str, Any]:
    engine.identify(name)
    adapter = engine.adapter(name)
    shown: list[ObjectInfo] = []
    with engine.talk.step(f"asking {name}") as tick:
        told = _noted(adapter, adapter.metadata(objects), shown, tick)
        saved = shape.save(folder, shape.System(name, adapter.crm), told)
    proposed = None if objects else proposals.write(engine, _source(engine, name), shown)
    return {
        "name": name,
        "crm": adapter.crm,
        "documents": saved,
        "proposed": None if proposed is None else str(proposed),
    }


def _source(engine: Engine, name: str) -> Source:
    return next(source for source in engine.sources() if source.connection == name)


def _noted(
    adapter: Adapter, documents: Iterator[Document], shown: list[ObjectInfo], tick: Callable[[int], None]
) -> Iterator[Document]:
    for document in documents:
        tick(1)
        if info := adapter.shown(document):
            shown.append(info)
        yield document
