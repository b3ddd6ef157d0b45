"""The records of one custom object: their ids are texts, and their lists have no numbered pages.

Facts: the vendor's reference. External ids are unique within an object, and are compared by their case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import empty, invalid, not_found, reply
from ..bulk.bulk import run
from ..bulk.jobs import Jobs
from ..call import Call
from ..kinds import custom_record
from ..records.paging import only_by_cursor
from ..records.resource import Resource, required
from ..records.table import Record
from ..state import ME, State

LARGEST = 32_768  # bytes of a record


class CustomRecords(Resource):
    def __init__(self, state: State, jobs: Jobs, key: str) -> None:
        self.kind = custom_record(key)
        super().__init__(state)
        self._jobs, self.key = jobs, key
        self._actions: dict[str, Callable[[Any, list[str]], dict[str, Any]]] = {
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
            "create_or_update_by_external_id": self._upsert,
            "delete_by_external_id": self._delete_external,
        }

    def alive(self, record: Record) -> bool:
        return bool(record["custom_object_key"] == self.key)

    def all(self, call: Call) -> Response:
        """Filters: filter[ids] and filter[external_ids], of which each value is matched by its case."""
        only_by_cursor(call, self.state.limits.page)
        ids = self.table.where("custom_object_key", self.key)
        for name, column in (("filter[ids]", "id"), ("filter[external_ids]", "external_id")):
            if name in call.query:
                wanted = set(call.values(name, self.state.limits.bulk))
                ids = [key for key in ids if (self.table.get(key) or {}).get(column) in wanted]
        return self.listed(call, ids)

    def find_by_name(self, call: Call) -> Response:
        """Search and autocomplete: every record of which a text begins with the words."""
        only_by_cursor(call, self.state.limits.page)
        words = (call.query.get("query") or call.query.get("name") or "").casefold().split()
        ids = [record["id"] for record in self.living() if _begins(record, words)]
        return self.listed(call, ids, f"{self.kind.where}/search")

    def find(self, ident: Any) -> Record:
        record = self.table.get(str(ident))
        if record is None or not self.alive(record):
            raise not_found()
        return record

    def living(self) -> Iterable[Record]:
        found = (self.table.get(key) for key in self.table.where("custom_object_key", self.key))
        return (record for record in found if record is not None)

    def having(self, name: str, value: Any) -> list[Record]:
        return [record for record in super().having(name, value) if record.get(name) == value]

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        required(new, "name")
        external = new.get("external_id")
        if (
            external is not None
            and external != (old or {}).get("external_id")
            and self.having("external_id", external)
        ):
            raise invalid(external_id=f"External ID: {external} has already been taken")
        if len(str(new)) > LARGEST:
            raise invalid(base="Record: is larger than 32 KB")
        new["updated_by_user_id"] = str(ME)
        if old is None:
            new |= {"id": self.state.new_key(), "custom_object_key": self.key, "created_by_user_id": str(ME)}

    def upsert(self, call: Call) -> Response:
        """PATCH …/records?external_id=: 201 for a new record, 200 for one that was there."""
        external = call.query.get("external_id")
        if not external:
            raise invalid(external_id="External ID: cannot be blank")
        asked = {**call.part(self.kind.singular), "external_id": external}
        found = self.having("external_id", external)
        if found:
            return reply({self.kind.singular: self.view(self.change(found[0], asked, call.ignored))})
        return reply({self.kind.singular: self.view(self.add(asked, call.ignored))}, 201)

    def delete(self, call: Call) -> Response:
        self.erase(self.find(call.ident))
        return empty()

    def delete_by_external_id(self, call: Call) -> Response:
        self._delete_external(call.query.get("external_id"), [])
        return empty()

    def jobs(self, call: Call) -> Response:
        """POST …/jobs: up to a hundred records in one job."""
        job = call.part("job")
        action = str(job.get("action"))
        step = self._actions.get(action)
        if step is None:
            raise invalid(action=f"Action: {job.get('action')} is not valid")
        items = self._items(job.get("items"), by_id=action.startswith("delete"))
        self._jobs.check()
        results = run(items, step, f"{self.kind.singular}Failed", call.ignored)
        response = self._jobs.open(results)
        response.status = 201
        return response

    def _items(self, asked: Any, *, by_id: bool) -> list[Any]:
        """What a job is asked to do: records, or with `by_id` what names them. Raises Refusal (422)."""
        if not isinstance(asked, list) or not asked:
            raise invalid(items="Items: cannot be blank")
        if len(asked) > self.state.limits.bulk:
            raise invalid(items=f"Items: cannot be more than {self.state.limits.bulk}")
        if not (by_id or all(isinstance(item, dict) for item in asked)):
            raise invalid(items="Items: must be records")
        return asked

    def _create(self, item: Mapping[str, Any], ignored: list[str]) -> dict[str, Any]:
        return {"id": self.add(item, ignored)["id"], "status": "Created", "success": True}

    def _update(self, item: Mapping[str, Any], ignored: list[str]) -> dict[str, Any]:
        change = {name: value for name, value in item.items() if name != "id"}
        ident = self.change(self.find(item.get("id")), change, ignored)["id"]
        return {"id": ident, "status": "Updated", "success": True}

    def _upsert(self, item: Mapping[str, Any], ignored: list[str]) -> dict[str, Any]:
        found = self.having("external_id", item.get("external_id"))
        if found:
            return self._update({**item, "id": found[0]["id"]}, ignored)
        return self._create(item, ignored)

    def _delete(self, ident: str, _: list[str]) -> dict[str, Any]:
        self.erase(self.find(ident))
        return {"id": ident, "status": "Deleted", "success": True}

    def _delete_external(self, external: Any, _: list[str]) -> dict[str, Any]:
        found = self.having("external_id", external)
        if not found:
            raise not_found()
        return self._delete(found[0]["id"], _)


def _begins(record: Record, words: list[str]) -> bool:
    values = (record.get("name"), *(record.get("custom_object_fields") or {}).values())
    texts = [word for value in values for word in str(value or "").casefold().split()]
    return all(any(text.startswith(word) for text in texts) for word in words)


# What can be asked of records, by method and the path behind the object's own.
OFFERED: Mapping[tuple[str, str], Callable[[CustomRecords, Call], Response]] = {
    ("GET", "records"): CustomRecords.all,
    ("POST", "records"): CustomRecords.create,
    ("PATCH", "records"): CustomRecords.upsert,
    ("DELETE", "records"): CustomRecords.delete_by_external_id,
    ("GET", "records/count"): CustomRecords.count,
    ("GET", "records/autocomplete"): CustomRecords.find_by_name,
    ("GET", "records/search"): CustomRecords.find_by_name,
    ("GET", "records/*id"): CustomRecords.show,
    ("PATCH", "records/*id"): CustomRecords.update,
    ("DELETE", "records/*id"): CustomRecords.delete,
    ("POST", "jobs"): CustomRecords.jobs,
}
