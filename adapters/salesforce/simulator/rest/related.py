"""/sobjects/Account/{id}/Contacts: the records on the other end of a relationship."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from cs_connector.sandbox.wire import Request, Response

from ..errors import method_not_allowed, not_found
from ..schema.schema import Child, ObjectType
from ..state import State
from ..writing.rows import Row

Send = Callable[[Request], Response]
Show = Callable[[Request, str, ObjectType, str], Response]


class Related:
    """`send` answers a request to the API; `show` shows one record."""

    def __init__(self, state: State, send: Send, show: Show) -> None:
        self._state, self._send, self._show = state, send, show

    def handle(self, request: Request, version: str, obj: ObjectType, row: Row, name: str) -> Response:
        """Raises ApiError."""
        if request.method not in {"GET", "HEAD"}:
            raise method_not_allowed(request.method)
        parent = obj.parent(name)
        if parent is not None:
            target = self._state.schema.of_id(row.get(parent.name) or "")
            if target is None:
                raise not_found()
            return self._show(request, version, target, row[parent.name])
        child = next((c for c in self._state.schema.children(obj.name) if _named(c, name)), None)
        if child is None:
            raise not_found()
        return self._children(request, version, child, row["Id"])

    def _children(self, request: Request, version: str, child: Child, record_id: str) -> Response:
        kind = self._state.schema.objects[child.object.lower()]
        names = request.query.get("fields") or ",".join(f.name for f in kind.visible)
        text = f"SELECT {names} FROM {kind.name} WHERE {child.field.name} = '{record_id}'"
        path = f"/services/data/v{version}/query"
        return self._send(Request("GET", path, urlencode({"q": text}), request.headers, b""))


def _named(child: Child, name: str) -> bool:
    return (child.field.children or "").lower() == name.lower()
