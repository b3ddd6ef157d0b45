"""Custom objects: their definitions, and the fields of each.

Facts: the vendor's reference. How many an account may have depends on its plan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import empty, flat, invalid, not_found, reply
from ..bulk.jobs import Jobs
from ..call import Call
from ..finding.exports import Export
from ..kinds import CUSTOM_OBJECT, CUSTOM_RECORD
from ..paths import Handler, Routes
from ..records.paging import whole
from ..records.resource import Resource, required
from ..records.table import Record
from ..state import ME, State
from .custom_records import OFFERED, CustomRecords
from .fields import KEY, Fields
from .fields import OFFERED as FIELDS_OFFERED

STANDARD = ("standard::name", "Name"), ("standard::external_id", "External ID")


class CustomObjects(Resource):
    kind = CUSTOM_OBJECT
    identifiers = ()

    def __init__(self, state: State, jobs: Jobs) -> None:
        super().__init__(state)
        self._jobs = jobs

    def routes(self) -> Routes:
        one = "custom_objects/*key"
        found: Routes = {
            ("GET", "custom_objects"): self.all,
            ("POST", "custom_objects"): self.create,
            ("GET", "custom_objects/limits/object_limit"): self.limit,
            ("GET", one): self.show,
            ("PATCH", one): self.update,
            ("DELETE", one): self.delete,
        }
        return found | self._field_routes(one) | self._record_routes(one)

    def all(self, call: Call) -> Response:
        rows = [self.view(record) for record in self.living()]
        return reply({"custom_objects": rows, **whole(call, len(rows))})

    def limit(self, _: Call) -> Response:
        return reply({"count": len(self.table), "limit": self.state.limits.custom_objects})

    def view(self, record: Record) -> dict[str, Any]:
        shown = super().view(record)
        del shown["id"]
        return shown

    def show(self, call: Call) -> Response:
        return reply({"custom_object": self.view(self._object(call))})

    def create(self, call: Call) -> Response:
        view = self.view(self.add(call.part("custom_object"), call.ignored))
        return reply({"custom_object": view}, 201, {"location": view["url"]})

    def update(self, call: Call) -> Response:
        record = self.change(self._object(call), call.part("custom_object"), call.ignored)
        return reply({"custom_object": self.view(record)})

    def delete(self, call: Call) -> Response:
        self.remove(self._object(call))
        return empty()

    def remove(self, record: Record) -> None:
        records = self.state.table(CUSTOM_RECORD)
        for key in records.where("custom_object_key", record["key"]):
            self.state.drop(CUSTOM_RECORD, key)
        self.state.fields.pop(_fields(record["key"]), None)
        self.erase(record)

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        required(new, "key", "title", "title_pluralized")
        if old is not None and new["key"] != old["key"]:
            raise invalid(key="Key: cannot be changed")
        for name in ("title", "title_pluralized", "description"):
            new[f"raw_{name}"] = new.get(name) or ""
        new["updated_by_user_id"] = str(ME)
        if old is None:
            self._validate_new(new)

    def _validate_new(self, new: dict[str, Any]) -> None:
        key = str(new["key"])
        if not KEY.fullmatch(key):
            raise invalid(key="Key: is invalid")
        if key in self.table:
            raise invalid(key="Key: has already been taken")
        if len(self.table) >= self.state.limits.custom_objects:
            raise flat(422, "RecordInvalid", "The account cannot have more custom objects")
        new |= {"id": key, "created_by_user_id": str(ME)}
        definer = Fields(self.state, _fields(key))
        for name, title in STANDARD:
            definer.define({"key": name, "title": title, "system": True, "removable": False})

    def define(self, asked: dict[str, Any]) -> None:
        """An object that was always there, with its fields in a list of their own."""
        fields = asked.get("fields", ())
        self.add({name: value for name, value in asked.items() if name in self.kind.writable}, [])
        for field in fields:
            Fields(self.state, _fields(asked["key"])).define(field)

    def _object(self, call: Call) -> Record:
        record = self.table.get(call.params["key"])
        if record is None:
            raise not_found()
        return record

    def _field_routes(self, one: str) -> Routes:
        def bound(handler: Callable[[Fields, Call], Response]) -> Handler:
            return lambda call: handler(self._fields_of(call), call)

        return {
            ("PATCH" if method == "PUT" else method, f"{one}/fields{rest}"): bound(handler)
            for (method, rest), handler in FIELDS_OFFERED.items()
        }

    def _record_routes(self, one: str) -> Routes:
        def bound(handler: Callable[[CustomRecords, Call], Response]) -> Handler:
            return lambda call: handler(self.records_of(call), call)

        return {(method, f"{one}/{rest}"): bound(handler) for (method, rest), handler in OFFERED.items()}

    def export_routes(self) -> Routes:
        def answer(call: Call) -> Response:
            records = self.records_of(call)
            path = f"custom_objects/{records.key}"
            export = Export(self.state, CUSTOM_RECORD, records.shown, path, records.alive)
            return export.by_cursor(call)

        return {("GET", "incremental/custom_objects/*key/cursor"): answer}

    def _fields_of(self, call: Call) -> Fields:
        noun = _fields(self._object(call)["key"])
        return Fields(self.state, noun, "custom_object_fields", noun)

    def records_of(self, call: Call) -> CustomRecords:
        """The records of the object that the path names. Raises Refusal (404)."""
        return CustomRecords(self.state, self._jobs, self._object(call)["key"])


def _fields(key: str) -> str:
    return f"custom_objects/{key}/fields"
