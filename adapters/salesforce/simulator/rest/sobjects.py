"""/sobjects: lists, describes, and the way to single records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_json, json_body
from ..errors import ApiError, method_not_allowed, not_found, unsimulated
from ..schema.describe import summary
from ..schema.schema import Field, ObjectType
from ..state import State
from ..unsimulated import LAYOUT, OF_OBJECTS, OF_RECORDS, SOBJECTS, refuse
from .describes import Describes
from .records import Records, several
from .related import Related
from .replication import Replication

READ_ONLY = frozenset({"describe", "updated", "deleted"})


class Sobjects:
    """`send` answers a request to the API."""

    def __init__(self, state: State, send: Callable[[Request], Response]) -> None:
        self._state = state
        self.records = Records(state)
        self._related = Related(state, send, self.records.handle)
        self._replication = Replication(state)
        self._describes = Describes(state.schema, state.now, state.base_url)

    def handle(self, request: Request, version: str, rest: list[str]) -> Response:
        """Raises ApiError."""
        request = _meant(request)
        if not rest:
            _only_read(request)
            return self._describes.all(request, version)
        obj = self._state.schema.find(rest[0])
        if obj is None:
            refuse(SOBJECTS, rest[0])
            raise not_found()
        if len(rest) == 1:
            return self._object(request, version, obj)
        refuse(OF_OBJECTS, rest[1])
        if len(rest) == 2:
            return self._named(request, version, obj, rest[1])
        return self._below(request, version, obj, rest[1], [unquote(part) for part in rest[2:]])

    def _object(self, request: Request, version: str, obj: ObjectType) -> Response:
        if request.method == "POST":
            if isinstance(json_body(request), list):
                raise _a_list()
            return self.records.create(request, version, obj)
        if request.method not in {"GET", "HEAD"}:
            raise method_not_allowed(request.method, "GET,HEAD,POST")
        return as_json({"objectDescribe": summary(obj, version), "recentItems": []})

    def _named(self, request: Request, version: str, obj: ObjectType, name: str) -> Response:
        if name in READ_ONLY:
            _only_read(request)
            return self._told(request, version, obj, name)
        if name.lower() == "id" and request.method == "POST":
            return self.records.create(request, version, obj)
        return self.records.handle(request, version, obj, name)

    def _told(self, request: Request, version: str, obj: ObjectType, name: str) -> Response:
        if name == "describe":
            return self._describes.one(request, version, obj)
        tell = self._replication.updated if name == "updated" else self._replication.deleted
        return tell(request, obj)

    def _below(self, request: Request, version: str, obj: ObjectType, name: str, rest: list[str]) -> Response:
        """A record by external id, or what is related to a record."""
        if name == "describe":
            raise unsimulated(LAYOUT)
        field = obj.field(name)
        if field is None and len(name) in {15, 18} and self._state.schema.of_id(name) is obj:
            refuse(OF_RECORDS, rest[0])
            row = self.records.row(obj, name, reading=True)
            return self._related.handle(request, version, obj, row, rest[0])
        return self._keyed(request, version, obj, key_field(obj, name), "/".join(rest))

    def _keyed(self, request: Request, version: str, obj: ObjectType, field: Field, value: str) -> Response:
        if field.type == "id":
            return self.records.handle(request, version, obj, value)
        if request.method == "PATCH":
            return self.records.upsert(request, version, obj, field, value)
        ids = self.records.keyed(obj, field, value)
        if len(ids) > 1:
            return several(version, obj, ids)
        if not ids:
            raise not_found()
        return self.records.handle(request, version, obj, ids[0])


def key_field(obj: ObjectType, name: str) -> Field:
    """The external-id field, or Id. Raises ApiError NOT_FOUND."""
    field = obj.field(name)
    if field is None or not (field.external_id or field.type == "id"):
        raise ApiError(
            404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}"
        )
    return field


def _meant(request: Request) -> Request:
    """The request with the method that `_HttpMethod` names, for clients that cannot send PATCH."""
    method = request.query.get("_HttpMethod") if request.method == "POST" else None
    return replace(request, method=method.upper()) if method else request


def _only_read(request: Request) -> None:
    if request.method not in {"GET", "HEAD"}:
        raise method_not_allowed(request.method)


def _a_list() -> ApiError:
    return ApiError(
        400,
        "INVALID_FIELD",
        "Json Deserialization failed on token 'null' and has left off in the middle of parsing a row. Will go to "
        "end of row to begin parsing the next row",
    )
