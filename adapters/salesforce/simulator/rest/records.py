"""/sobjects/{object}/{id}: one record, by its id or by an external id."""

from __future__ import annotations

from typing import Any

from cs_connector.sandbox.wire import Request, Response

from ..answers import JSON, as_json, json_object, nothing
from ..errors import ApiError, RecordError, method_not_allowed, no_column, not_found, refused
from ..ids import full_id
from ..schema.schema import Field, ObjectType
from ..soql.paths import Reader
from ..state import State
from ..writing import shapes
from ..writing.rows import Row
from . import preconditions
from .headers import manner
from .preconditions import NotModified

ALLOWED = "DELETE,GET,HEAD,PATCH"
METHODS = frozenset(ALLOWED.split(","))


class Records:
    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, request: Request, version: str, obj: ObjectType) -> Response:
        body = json_object(request)
        shapes.check(obj, body, request.body)
        record_id = self._write(request, lambda: self._state.writer.create(obj, body))
        where = f"/services/data/v{version}/sobjects/{obj.name}/{record_id}"
        return as_json({"id": record_id, "success": True, "errors": []}, 201, {"Location": where})

    def handle(self, request: Request, version: str, obj: ObjectType, text: str) -> Response:
        """Raises ApiError."""
        if request.method not in METHODS:
            raise method_not_allowed(request.method, ALLOWED)
        row = self.row(obj, text, reading=request.method in {"GET", "HEAD"})
        if request.method == "DELETE":
            self._write(request, lambda: self._state.writer.delete(obj, row["Id"]))
            return nothing()
        try:
            preconditions.check(request, obj, row)
        except NotModified as same:
            return nothing(304, same.headers)
        if request.method == "PATCH":
            return self._update(request, obj, row["Id"])
        reader = self._reader(obj, request.query.get("fields"))
        shown = reader.draw(row, _attributes(obj, row, version))
        return Response(200, shown, {"Content-Type": JSON, **preconditions.marks(obj, row)})

    def upsert(self, request: Request, version: str, obj: ObjectType, key: Field, value: str) -> Response:
        """Raises ApiError."""
        body = json_object(request)
        shapes.check(obj, body, request.body)
        _forbid(body, key.name, "Id")
        ids = self.keyed(obj, key, value)
        if len(ids) > 1:
            return several(version, obj, ids)
        if ids:
            preconditions.check(request, obj, self._state.rows.of(obj).rows[ids[0]])
        elif request.query.get("updateOnly", "").lower() == "true":
            raise not_found()
        record_id, created = self._write(request, lambda: self._state.writer.upsert(obj, key, value, body))
        answer = {"id": record_id, "success": True, "errors": [], "created": created}
        where = f"/services/data/v{version}/sobjects/{obj.name}/{record_id}"
        return as_json(answer, 201 if created else 200, {"Location": where} if created else None)

    def keyed(self, obj: ObjectType, key: Field, value: str) -> list[str]:
        """The records with this external id. Raises ApiError for a value that the field cannot hold."""
        try:
            return self._state.writer.keyed(obj, key, value)
        except RecordError as bad:
            raise refused(bad) from None

    def row(self, obj: ObjectType, text: str, *, reading: bool) -> Row:
        """The record that a path names. Raises ApiError."""
        table = self._state.rows.of(obj)
        row = table.rows.get(text) or self._by_other_id(obj, text)
        if row is None or (reading and (row.get("IsDeleted") or table.hides(row["Id"]))):
            raise not_found()
        return row

    def _by_other_id(self, obj: ObjectType, text: str) -> Row | None:
        """The record, if this is its id in another form. Raises ApiError where it can be none."""
        if len(text) not in {15, 18} or not text.isalnum():
            raise ApiError(
                404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {text}"
            )
        record_id = full_id(text)
        if record_id is None or record_id[:3] != obj.prefix:
            raise ApiError(400, "MALFORMED_ID", f"{obj.label} ID: id value of incorrect type: {text}", ["Id"])
        return self._state.rows.of(obj).rows.get(record_id)

    def show(self, obj: ObjectType, row: Row, version: str, names: str | None) -> dict[str, Any]:
        """A record with all fields or those named, comma between. Raises ApiError INVALID_FIELD."""
        attributes = _attributes(obj, row, version)
        return {"attributes": attributes, **self._reader(obj, names).read(row)}

    def _reader(self, obj: ObjectType, names: str | None) -> Reader:
        """Raises ApiError INVALID_FIELD."""
        if not names:
            return self._state.engine.paths.reader(obj, ())
        wanted = tuple(name.strip() for name in names.split(","))
        unknown = next((name for name in wanted if obj.field(name) is None), None)
        if unknown is not None:
            raise no_column(unknown, obj.name)
        return self._state.engine.paths.reader(obj, wanted)

    def _update(self, request: Request, obj: ObjectType, record_id: str) -> Response:
        body = json_object(request)
        shapes.check(obj, body, request.body)
        _forbid(body, "Id")
        self._write(request, lambda: self._state.writer.update(obj, record_id, body))
        marks = preconditions.marks(obj, self._state.rows.of(obj).rows[record_id])
        return nothing(204, {"ETag": marks["ETag"]} if "ETag" in marks else None)

    def _write(self, request: Request, act: Any) -> Any:
        try:
            with self._state.writer.in_manner(manner(request)):
                done = act()
        except RecordError as bad:
            raise refused(bad) from None
        self._state.writer.commit()
        return done


def _attributes(obj: ObjectType, row: Row, version: str) -> dict[str, str]:
    return {"type": obj.name, "url": f"/services/data/v{version}/sobjects/{obj.name}/{row['Id']}"}


def several(version: str, obj: ObjectType, ids: list[str]) -> Response:
    """More than one record has the external id: their addresses."""
    return as_json([f"/services/data/v{version}/sobjects/{obj.name}/{i}" for i in ids], 300)


def _forbid(body: dict[str, Any], *names: str) -> None:
    """The record is named by the path and nowhere else."""
    for name in names:
        if any(given.lower() == name.lower() for given in body):
            raise ApiError(
                400, "INVALID_FIELD", f"The {name} field should not be specified in the sobject data.", [name]
            )
