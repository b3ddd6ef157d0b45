"""/composite/sobjects: up to 200 records a call, each with its own result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_json, flag, json_object, parser_error
from ..errors import ApiError, RecordError, method_not_allowed, no_object, not_found
from ..ids import full_id
from ..schema.schema import Field, ObjectType
from ..state import State
from ..writing import shapes
from ..writing.named import Named
from .headers import manner
from .records import Records
from .sobjects import key_field

MOST = 200
MOST_READ = 2000
MOST_CHUNKS = 10
Result = dict[str, Any]
Act = Callable[[Mapping[str, Any]], Result]
ROLLED_BACK = RecordError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The records of a call, whether one failure takes all back, and the request as sent."""

    request: Request
    records: list[Mapping[str, Any]]
    all_or_none: bool


class Collection:
    def __init__(self, state: State, records: Records) -> None:
        self._state, self._records = state, records

    def handle(self, request: Request, version: str, rest: list[str]) -> Response:
        if len(rest) == 2 and request.method == "PATCH":
            return self._upsert(request, rest[0], rest[1])
        if len(rest) == 1 and request.method in {"GET", "POST"}:
            return self._retrieve(request, version, rest[0])
        if len(rest) > 2:
            raise not_found()
        acts = {} if rest else {"POST": self._create, "PATCH": self._update, "DELETE": self._delete}
        act = acts.get(request.method)
        if act is None:
            raise method_not_allowed(request.method, ("POST,PATCH,DELETE", "GET,POST", "PATCH")[len(rest)])
        return act(request)

    def _create(self, request: Request) -> Response:
        def create(record: Mapping[str, Any]) -> Result:
            return _done(self._state.writer.create(self._typed(record), record))

        return self._each(_asked(request), create)

    def _update(self, request: Request) -> Response:
        asked = _asked(request)
        named = Named("id", (_given(record, "id") for record in asked.records))

        def update(record: Mapping[str, Any]) -> Result:
            record_id = _given(record, "id")
            if not record_id:
                raise RecordError("MISSING_ARGUMENT", "Id not specified in an update call")
            named.check(record_id)
            self._state.writer.update(self._typed(record), record_id, record)
            return _done(record_id)

        return self._each(asked, update)

    def _upsert(self, request: Request, name: str, key: str) -> Response:
        obj = self._object(name)
        key_of = key_field(obj, key)
        if key_of.type == "id":
            raise ApiError(
                404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {key}"
            )
        asked = _asked(request)
        named = Named("external id", (_given(record, key_of.name) for record in asked.records))

        def upsert(record: Mapping[str, Any]) -> Result:
            if self._typed(record) is not obj:
                raise RecordError("INVALID_TYPE", f"The type of this record is not {obj.name}")
            value, given = _key(record, key_of)
            named.check(value, [key_of.name])
            record_id, created = self._state.writer.upsert(obj, key_of, value, given)
            return _done(record_id) | {"created": created}

        return self._each(asked, upsert)

    def _delete(self, request: Request) -> Response:
        ids = _listed(request)
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
        return self._each(Asked(request, [{"id": i} for i in ids], every), delete)

    def _retrieve(self, request: Request, version: str, name: str) -> Response:
        obj = self._object(name)
        ids, fields = _wanted(request)
        if not ids:
            raise ApiError(400, "MISSING_ARGUMENT", "ids parameter is required")
        if len(ids) > MOST_READ:
            raise _too_many(MOST_READ)
        if not fields:
            raise ApiError(400, "MISSING_ARGUMENT", "fields parameter is required")
        table = self._state.rows.of(obj)
        found = [table.rows.get(full_id(i) or "") for i in ids]
        seen = [None if r is None or r.get("IsDeleted") or table.hides(r["Id"]) else r for r in found]
        return as_json([None if r is None else self._records.show(obj, r, version, fields) for r in seen])

    def _each(self, asked: Asked, act: Act) -> Response:
        """Run every record; all or none also when the request is part of such a one."""
        self._check(asked)
        writer = self._state.writer
        mark, all_or_none = writer.mark, asked.all_or_none or writer.is_held
        with writer.in_manner(manner(asked.request)):
            results = [_tried(act, record) for record in asked.records]
        if all_or_none and not all(r["success"] for r in results):
            writer.back_to(mark)
            results = [_failed(ROLLED_BACK) if r["success"] else r for r in results]
        writer.commit()
        return as_json(results)

    def _check(self, asked: Asked) -> None:
        """What fails the whole call. Raises ApiError."""
        if len(asked.records) > MOST:
            raise _too_many(MOST)
        if len(list(groupby(asked.records, key=_type_name))) > MOST_CHUNKS:
            raise ApiError(
                400,
                "LIMIT_EXCEEDED",
                f"Cannot have more than {MOST_CHUNKS} chunks in a single operation. Please rearrange the data to "
                "reduce chunking.",
            )
        for record in asked.records:
            obj = self._state.schema.find(_type_name(record))
            if obj is not None:
                shapes.check(obj, record, asked.request.body)

    def _object(self, name: str) -> ObjectType:
        obj = self._state.schema.find(name)
        if obj is None:
            raise no_object(name)
        return obj

    def _typed(self, record: Mapping[str, Any]) -> ObjectType:
        name = _type_name(record)
        if not name:
            raise RecordError("INVALID_TYPE", "The sObject type must be specified in attributes.type")
        obj = self._state.schema.find(name)
        if obj is None:
            raise RecordError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return obj


def _listed(request: Request) -> list[str]:
    return [i.strip() for i in request.query.get("ids", "").split(",") if i.strip()]


def _wanted(request: Request) -> tuple[list[str], str]:
    """The ids to read and the names of their fields, comma between. Raises ApiError."""
    if request.method != "POST":
        return _listed(request), request.query.get("fields", "")
    body = json_object(request)
    ids, fields = body.get("ids") or [], body.get("fields") or []
    if not isinstance(ids, list) or not isinstance(fields, list):
        raise parser_error("Cannot deserialize instance of a list from a value", request.body, b'"ids"')
    return [str(i) for i in ids], ",".join(str(name) for name in fields)


def _asked(request: Request) -> Asked:
    """Raises ApiError for a body of another shape."""
    body = json_object(request)
    records = body.get("records")
    if not isinstance(records, list) or not records:
        raise ApiError(400, "MISSING_ARGUMENT", "records is required")
    if not all(isinstance(record, Mapping) for record in records):
        raise parser_error("Cannot deserialize instance of an sObject from a value", request.body, b"")
    return Asked(request, records, flag(body, "allOrNone", request.body))


def _key(record: Mapping[str, Any], key: Field) -> tuple[str, dict[str, Any]]:
    """The external id and the other values. Raises RecordError."""
    value = _given(record, key.name)
    if not value:
        raise RecordError("MISSING_ARGUMENT", f"{key.name} not specified", [])
    return value, {n: v for n, v in record.items() if n.lower() != key.name.lower()}


def _given(record: Mapping[str, Any], name: str) -> str:
    """What a record is named by, ids in their long form; nothing where it is not."""
    value = next((v for n, v in record.items() if n.lower() == name.lower()), None)
    text = "" if value is None else str(value)
    return (full_id(text) or text) if name.lower() == "id" else text


def _type_name(record: Mapping[str, Any]) -> str:
    attributes = record.get("attributes")
    return str((attributes.get("type") or "") if isinstance(attributes, Mapping) else "")


def _tried(act: Act, record: Mapping[str, Any]) -> Result:
    try:
        return act(record)
    except RecordError as bad:
        return _failed(bad)


def _failed(why: RecordError) -> Result:
    return {"success": False, "errors": [why.entry()]}


def _done(record_id: str) -> Result:
    return {"id": record_id, "success": True, "errors": []}


def _too_many(most: int) -> ApiError:
    return ApiError(400, "INVALID_BATCH_SIZE", f"Record count exceeds the limit of {most}")
