"""/composite/sobjects: up to 200 records a call, each with its own result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from .answers import as_json, json_object
from .errors import ApiError, RecordError, method_not_allowed, no_object, not_found
from .ids import full_id
from .schema import ObjectType
from .sobjects import Sobjects, key_field
from .state import State

MOST = 200
MOST_READ = 2000
Result = dict[str, Any]
ROLLED_BACK = RecordError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class Collection:
    def __init__(self, state: State, sobjects: Sobjects) -> None:
        self._state, self._sobjects = state, sobjects

    def handle(self, request: Request, version: str, rest: list[str]) -> Response:
        if len(rest) == 2 and request.method == "PATCH":
            return self._upsert(request, rest[0], rest[1])
        if len(rest) == 1 and request.method in {"GET", "POST"}:
            return self._retrieve(request, version, rest[0])
        if rest:
            raise not_found()
        acts = {"POST": self._create, "PATCH": self._update, "DELETE": self._delete}
        act = acts.get(request.method)
        if act is None:
            raise method_not_allowed(request.method)
        return act(request)

    def _create(self, request: Request) -> Response:
        def create(record: Mapping[str, Any]) -> Result:
            return _done(self._state.writer.create(self._typed(record), record))

        return self._each(*_records(request), create)

    def _update(self, request: Request) -> Response:
        def update(record: Mapping[str, Any]) -> Result:
            record_id = str(record.get("id") or record.get("Id") or "")
            if not record_id:
                raise RecordError("MISSING_ARGUMENT", "Id not specified in an update call")
            self._state.writer.update(self._typed(record), record_id, record)
            return _done(full_id(record_id) or record_id)

        return self._each(*_records(request), update)

    def _upsert(self, request: Request, name: str, key: str) -> Response:
        obj = self._object(name)
        field = key_field(obj, key)

        def upsert(record: Mapping[str, Any]) -> Result:
            if self._typed(record) is not obj:
                raise RecordError("INVALID_TYPE", f"The type of this record is not {obj.name}")
            given = {n: v for n, v in record.items() if n.lower() != field.name.lower()}
            value = next((v for n, v in record.items() if n.lower() == field.name.lower()), None)
            if field.type == "id" and value:
                self._state.writer.update(obj, str(value), given)
                return _done(full_id(str(value)) or "") | {"created": False}
            if value in {None, ""}:
                raise RecordError("MISSING_ARGUMENT", f"{field.name} not specified", [])
            record_id, created = self._state.writer.upsert(obj, field, value, given)
            return _done(record_id) | {"created": created}

        return self._each(*_records(request), upsert)

    def _delete(self, request: Request) -> Response:
        ids = [i for i in request.query.get("ids", "").split(",") if i]
        if not ids:
            raise ApiError(400, "MISSING_ARGUMENT", "ids parameter is required")

        def delete(record: Mapping[str, Any]) -> Result:
            text = str(record["id"])
            obj = self._state.schema.of_id(text)
            if obj is None or full_id(text) is None:
                raise RecordError("MALFORMED_ID", f"malformed id {text}")
            self._state.writer.delete(obj, text)
            return _done(full_id(text) or text)

        every = request.query.get("allOrNone", "false").lower() == "true"
        return self._each([{"id": i} for i in ids], every, delete)

    def _retrieve(self, request: Request, version: str, name: str) -> Response:
        obj = self._object(name)
        if request.method == "POST":
            body = json_object(request)
            ids, fields = body.get("ids") or [], ",".join(body.get("fields") or [])
        else:
            ids, fields = request.query.get("ids", "").split(","), request.query.get("fields", "")
        if len(ids) > MOST_READ:
            raise _too_many(MOST_READ)
        if not fields:
            raise ApiError(400, "MISSING_ARGUMENT", "fields parameter is required")
        found = [self._state.rows.of(obj).rows.get(full_id(str(i)) or "") for i in ids]
        return as_json(
            [
                None
                if row is None or row.get("IsDeleted")
                else self._sobjects.show(obj, row, version, fields)
                for row in found
            ]
        )

    def _each(
        self, records: list[Any], all_or_none: bool, act: Callable[[Mapping[str, Any]], Result]
    ) -> Response:
        """Run every record; with `all_or_none` one failure takes all back."""
        if len(records) > MOST:
            raise _too_many(MOST)
        writer = self._state.writer
        results: list[Result] = []
        for record in records:
            try:
                results.append(act(record if isinstance(record, Mapping) else {}))
            except RecordError as bad:
                results.append({"success": False, "errors": [bad.entry()]})
            if not all_or_none:
                writer.commit()
        if all_or_none and not all(r["success"] for r in results):
            writer.rollback()
            undone = {"success": False, "errors": [ROLLED_BACK.entry()]}
            return as_json([undone if r["success"] else r for r in results])
        writer.commit()
        return as_json(results)

    def _object(self, name: str) -> ObjectType:
        obj = self._state.schema.find(name)
        if obj is None:
            raise no_object(name)
        return obj

    def _typed(self, record: Mapping[str, Any]) -> ObjectType:
        attributes = record.get("attributes")
        name = attributes.get("type") if isinstance(attributes, Mapping) else None
        if not name:
            raise RecordError("INVALID_TYPE", "The sObject type must be specified in attributes.type")
        obj = self._state.schema.find(str(name))
        if obj is None:
            raise RecordError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return obj


def _records(request: Request) -> tuple[list[Any], bool]:
    body = json_object(request)
    records = body.get("records")
    if not isinstance(records, list) or not records:
        raise ApiError(400, "MISSING_ARGUMENT", "records is required")
    return records, bool(body.get("allOrNone", False))


def _done(record_id: str) -> Result:
    return {"id": record_id, "success": True, "errors": []}


def _too_many(most: int) -> ApiError:
    return ApiError(400, "INVALID_BATCH_SIZE", f"Record count exceeds the limit of {most}")
