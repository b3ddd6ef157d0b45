"""What a portal has: its properties and groups by object, and the schemas of its custom objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from cs_connector.errors import AdapterError, NotPermitted
from cs_connector.ports import Piece
from cs_connector.transport import Transport

from ..errors import problem
from ..paths import Paths
from .face import GROUP, OBJECT, declared, definition

Found = Mapping[str, Mapping[str, Any]]
_TYPES = {
    "0-1": "CONTACT",
    "0-2": "COMPANY",
    "0-27": "TASK",
}  # HubSpot's numbers of the objects that we link to


class Look:
    """Reads each list once, until it is told that something has changed."""

    def __init__(self, transport: Transport, paths: Paths) -> None:
        self._transport, self._paths = transport, paths
        self._lists: dict[str, Found] = {}

    def forget(self) -> None:
        self._lists.clear()

    def kind(self, name: str) -> str | None:
        """What the addresses call an object: of a custom one its number, None where the portal lacks it."""
        if name not in {schema["name"] for schema in declared()["schemas"]}:
            return name
        found = self._schemas().get(name)
        return str(found["objectTypeId"]) if found else None

    def find(self, piece: Piece) -> Piece | None:
        """The piece as the portal has it, with what is declared of it. Raises AdapterError."""
        if piece.kind == OBJECT:
            return self._schema(piece)
        name, _, field = piece.name.partition(".")
        kind = self.kind(name)
        if kind is None:
            return None
        home = self._paths.properties(kind) + ("/groups" if piece.kind == GROUP else "")
        found = self._listed(home).get(field)
        return replace(piece, body=definition(piece.body, found)) if found else None

    def _schema(self, piece: Piece) -> Piece | None:
        found = self._schemas().get(piece.name)
        if found is None:
            return None
        ends = {
            _TYPES.get(str(link[end]))
            for link in found["associations"]
            for end in ("fromObjectTypeId", "toObjectTypeId")
        }
        linked = [other for other in piece.body["associatedObjects"] if other in ends]
        body = {key: found.get(key) for key in piece.body}
        return replace(piece, body={**body, "associatedObjects": linked})

    def _schemas(self) -> Found:
        """None for a portal without custom objects, or an app that may not see them."""
        try:
            return self._listed(self._paths.schemas)
        except NotPermitted:
            return {}

    def _listed(self, url: str) -> Found:
        if url not in self._lists:
            answer = self._transport.get(url)
            if not answer.ok:
                raise AdapterError(f"HubSpot answered {answer.status_code}", why=problem(answer).message)
            results = msgspec.json.decode(answer.content)["results"]
            self._lists[url] = {each["name"]: each for each in results}
        return self._lists[url]
