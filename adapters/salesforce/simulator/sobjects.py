"""/sobjects: lists, describes, and single records."""

from __future__ import annotations

from typing import Any

from cs_connector.sandbox.wire import Request, Response

from .answers import as_json, json_object, nothing
from .describe import describe, describe_global, summary
from .errors import ApiError, RecordError, method_not_allowed, no_column, not_found, refused
from .ids import full_id
from .replication import Replication
from .rows import Row
from .schema import Field, ObjectType
from .state import State


class Sobjects:
    def __init__(self, state: State) -> None:
        self._state = state
        self._replication = Replication(state)

    def handle(self, request: Request, version: str, rest: list[str]) -> Response:
        if not rest:
            return as_json(describe_global(self._state.schema, version))
        obj = self._state.schema.find(rest[0])
        if obj is None:
            raise not_found()
        if len(rest) == 1:
            return self._object(request, version, obj)
        if len(rest) == 2:
            return self._named(request, version, obj, rest[1])
        return self._keyed(request, version, obj, rest[1], "/".join(rest[2:]))

    def _object(self, request: Request, version: str, obj: ObjectType) -> Response:
        if request.method == "GET":
            return as_json({"objectDescribe": summary(obj, version), "recentItems": []})
        if request.method == "POST":
            return self._create(version, obj, json_object(request))
        raise method_not_allowed(request.method)

    def _named(self, request: Request, version: str, obj: ObjectType, name: str) -> Response:
        if name == "describe":
            return as_json(describe(self._state.schema, obj, version))
        if name == "updated":
            return self._replication.updated(request, obj)
        if name == "deleted":
            return self._replication.deleted(request, obj)
        return self._row(request, version, obj, name)

    def _create(self, version: str, obj: ObjectType, body: dict[str, Any]) -> Response:
        record_id = self._write(lambda: self._state.writer.create(obj, body))
        where = f"/services/data/v{version}/sobjects/{obj.name}/{record_id}"
        return as_json({"id": record_id, "success": True, "errors": []}, 201, {"Location": where})

    def _row(self, request: Request, version: str, obj: ObjectType, text: str) -> Response:
        if request.method == "GET":
            record_id = full_id(text)
            row = self._state.rows.of(obj).rows.get(record_id) if record_id else None
            if row is None or row.get("IsDeleted"):
                raise not_found()
            return as_json(self.show(obj, row, version, request.query.get("fields")))
        if request.method == "PATCH":
            body = json_object(request)
            self._write(lambda: self._state.writer.update(obj, text, body))
            return nothing()
        if request.method == "DELETE":
            self._write(lambda: self._state.writer.delete(obj, text))
            return nothing()
        raise method_not_allowed(request.method)

    def _keyed(self, request: Request, version: str, obj: ObjectType, name: str, value: str) -> Response:
        """A record by external id."""
        field = key_field(obj, name)
        if field.type == "id":
            return self._row(request, version, obj, value)
        if request.method == "PATCH":
            return self._upsert(request, version, obj, field, value)
        found = self._find(version, obj, field, value)
        if isinstance(found, Response):
            return found
        return self._row(request, version, obj, found)

    def _upsert(self, request: Request, version: str, obj: ObjectType, field: Field, value: str) -> Response:
        body = json_object(request)
        if any(name.lower() in {field.name.lower(), "id"} for name in body):
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"The {field.name} field should not be specified in the sobject data.",
                [field.name],
            )
        ids = self._state.rows.of(obj).holding(field, value)
        if len(ids) > 1:
            return self._several(version, obj, ids)
        if not ids and request.query.get("updateOnly") == "true":
            raise not_found()
        record_id, created = self._write(lambda: self._state.writer.upsert(obj, field, value, body))
        answer = {"id": record_id, "success": True, "errors": [], "created": created}
        return as_json(answer, 201 if created else 200)

    def _find(self, version: str, obj: ObjectType, field: Field, value: str) -> str | Response:
        ids = self._state.rows.of(obj).holding(field, value)
        if len(ids) > 1:
            return self._several(version, obj, ids)
        if not ids:
            raise not_found()
        return ids[0]

    def _several(self, version: str, obj: ObjectType, ids: list[str]) -> Response:
        return as_json([f"/services/data/v{version}/sobjects/{obj.name}/{i}" for i in ids], 300)

    def show(self, obj: ObjectType, row: Row, version: str, names: str | None) -> dict[str, Any]:
        """A record with all fields or those named, comma between. Raises ApiError INVALID_FIELD."""
        made: dict[str, Any] = {
            "attributes": {
                "type": obj.name,
                "url": f"/services/data/v{version}/sobjects/{obj.name}/{row['Id']}",
            }
        }
        for name in names.split(",") if names else [f.name for f in obj.visible]:
            field = obj.field(name.strip())
            if field is None:
                raise no_column(name.strip(), obj.name)
            made[field.name] = self._state.engine.paths.getter(obj, field)(row)
        return made

    def _write(self, act: Any) -> Any:
        try:
            done = act()
        except RecordError as bad:
            self._state.writer.rollback()
            raise refused(bad) from None
        self._state.writer.commit()
        return done


def key_field(obj: ObjectType, name: str) -> Field:
    """The external-id field, or Id. Raises ApiError NOT_FOUND."""
    field = obj.field(name)
    if field is None or not (field.external_id or field.type == "id"):
        raise ApiError(
            404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}"
        )
    return field
