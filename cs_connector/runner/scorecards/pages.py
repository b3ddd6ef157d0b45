"""Where a person sees a record of a CRM in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cs_connector.errors import ConnectorError

if TYPE_CHECKING:
    from cs_connector.runner.engine import Engine


def page(engine: Engine, connection: str, name: str, record: str) -> str | None:
    """The address of a record; None where there is no such page, or the connection cannot say so now."""
    if connection not in engine.project.settings.connections:
        return None
    try:
        return engine.adapter(connection).address(name, record)
    except ConnectorError:
        return None


def linked(engine: Engine, document: dict[str, Any]) -> dict[str, Any]:
    """explain/1 with a `link` in every source. A CRM of which the address is not known yet is asked for it."""
    for measure in document["measures"]:
        for source in measure["sources"]:
            source["link"] = page(engine, source["connection"], source["object"], source["id"])
    return document
