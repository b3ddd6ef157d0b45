"""Contacts of the first version of the API: by e-mail address, with times in milliseconds. Only values, no history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cs_connector.sandbox.wire import Response

from ..account.filling import follow_all
from ..call import Call, answer, nothing, record_id
from ..errors import Refusal, unsimulated
from ..links.links import CONTACT_PRIMARY
from ..state import State
from ..times import parsed
from .kinds import COMPANIES, CONTACTS
from .shelf import Record, Shelf
from .values import Scalar
from .writes import Writer

_TIMES = frozenset({"date", "datetime"})


class Value(msgspec.Struct):
    property: str
    value: Scalar | None


class Values(msgspec.Struct):
    properties: list[Value]


class OlderContacts:
    def __init__(self, state: State, writer: Writer) -> None:
        self._state, self._writer = state, writer

    def profile(self, call: Call) -> Response:
        if call.query.get("propertyMode") != "value_only":
            raise unsimulated(
                "the history of properties in the older contacts API; use propertyMode=value_only"
            )
        shelf = self._open("read")
        record = self._by_email(shelf, call.args[0])
        if record is None:
            raise _nobody(f"e:{call.args[0]}")
        return answer(self._shown(shelf, record))

    def create_or_update(self, call: Call) -> Response:
        shelf = self._open("write")
        sent = {one.property: one.value for one in call.body(Values).properties}
        values = self._checked(shelf, {"email": call.args[0], **sent})
        record = self._by_email(shelf, call.args[0])
        self._writer.claim(shelf, [(record.id if record else None, values)])
        if record is None:
            written = self._writer.create(shelf, values)
        else:
            written = self._writer.update(shelf, record, values)
        return answer({"vid": written.record.id, "isNew": record is None})

    def update(self, call: Call) -> Response:
        shelf = self._open("write")
        record = self._by_email(shelf, call.args[0])
        if record is None:
            raise _nobody(f"e:{call.args[0]}")
        values = self._checked(shelf, {one.property: one.value for one in call.body(Values).properties})
        self._writer.claim(shelf, [(record.id, values)])
        self._writer.update(shelf, record, values)
        return nothing()

    def delete(self, call: Call) -> Response:
        shelf = self._open("write")
        record = shelf.get(record_id(call.args[0]))
        if record is None:
            raise _nobody(call.args[0])
        self._writer.archive(shelf, record)
        return answer({"vid": record.id, "deleted": True, "reason": "OK"})

    def _open(self, act: str) -> Shelf:
        self._state.permit(CONTACTS, act)
        return self._state.tidied(self._state.shelf(CONTACTS.name))

    def _by_email(self, shelf: Shelf, email: str) -> Record | None:
        holder = shelf.holder("email", email)
        return None if holder is None else shelf.get(holder)

    def _checked(self, shelf: Shelf, sent: Mapping[str, Scalar | None]) -> dict[str, str]:
        """Raises Refusal 400 in the older form, with every problem."""
        try:
            return self._writer.check(shelf, sent)
        except Refusal as refusal:
            keys = ("isValid", "message", "error", "name")
            told = msgspec.json.decode(str(refusal.body["message"]).partition(": ")[2])
            problems = [{key: each[key] for key in keys} for each in told]
            raise Refusal(400, "Property values were not valid", validationResults=problems) from refusal

    def _shown(self, shelf: Shelf, record: Record) -> dict[str, Any]:
        created = parsed(record.properties[CONTACTS.created])
        identity = {
            "type": "EMAIL", "value": record.properties.get("email", ""), "timestamp": created, "is-primary": True,
        }  # fmt: skip
        lead = {"type": "LEAD_GUID", "value": _guid(record.id), "timestamp": created}
        profile = {
            "vid": record.id, "saved-at-timestamp": created, "deleted-changed-timestamp": 0, "identities": [identity, lead],
        }  # fmt: skip
        return {
            "vid": record.id,
            "canonical-vid": record.id,
            "merged-vids": [],
            "portal-id": self._state.portal_id,
            "is-contact": True,
            "properties": self._values(shelf, record),
            "list-memberships": self._memberships(record),
            "identity-profiles": [profile],
            "merge-audits": [],
            **self._company(record),
        }

    def _company(self, record: Record) -> dict[str, Any]:
        """The primary company, where there is one."""
        number = self._state.links.one(CONTACT_PRIMARY, record.id)
        shelf = self._state.shelf(COMPANIES.name)
        company = None if number is None else shelf.get(number)
        if company is None:
            return {}
        about = {"company-id": company.id, "portal-id": self._state.portal_id}
        return {"associated-company": {**about, "properties": self._values(shelf, company)}}

    def _memberships(self, record: Record) -> list[dict[str, Any]]:
        segments = self._state.segments
        follow_all(self._state, CONTACTS.type_id)
        joined = (
            (each.id, segments.members[each.id].get(record.id))
            for each in segments.lists.values()
            if not each.deleted and each.type_id == CONTACTS.type_id
        )
        return [
            {
                "static-list-id": number,
                "internal-list-id": number,
                "timestamp": at,
                "vid": record.id,
                "is-member": True,
            }
            for number, at in joined
            if at is not None
        ]

    def _values(self, shelf: Shelf, record: Record) -> dict[str, dict[str, str]]:
        """Every value, times in milliseconds, and "" for what was cleared."""
        history = self._state.history.cleared((shelf.kind.type_id, record.id))
        cleared = (name for name in history if name in shelf.fields and not shelf.fields[name].read_only)
        whole = {**dict.fromkeys(cleared, ""), **record.properties}
        return {
            name: {"value": _older(shelf, name, value)}
            for name, value in whole.items()
            if name in shelf.fields
        }


def _older(shelf: Shelf, name: str, value: str) -> str:
    if shelf.fields[name].type not in _TIMES or not value:
        return value
    try:
        return str(parsed(value))
    except ValueError:
        return value


def _guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def _nobody(who: str) -> Refusal:
    why = [{"message": f"The contact {who} does not exist."}]
    refusal = Refusal(404, "contact does not exist", "OBJECT_NOT_FOUND", errors=why)
    refusal.headers["x-hubspot-notfound"] = "true"
    return refusal
