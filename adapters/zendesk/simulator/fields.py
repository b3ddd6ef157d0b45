"""Definitions of the customer's own fields: /organization_fields, /user_fields and /ticket_fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_connector.sandbox.wire import Response

from .answers import Call, invalid, not_found, reply
from .state import Definition, State

TYPES = frozenset(
    [
        "text",
        "textarea",
        "checkbox",
        "date",
        "integer",
        "decimal",
        "regexp",
        "dropdown",
        "multiselect",
        "lookup",
    ]
)
TICKET_TYPES = TYPES | {
    "tagger",
    "subject",
    "description",
    "status",
    "priority",
    "tickettype",
    "group",
    "assignee",
}
DATE_PATTERN = r"\A([0-9]{4})-(1[0-2]|0[1-9])-(3[01]|[12][0-9]|0[1-9])\z"
WRITABLE = (
    "title",
    "description",
    "position",
    "active",
    "regexp_for_validation",
    "tag",
    "custom_field_options",
)


class Fields:
    """The definitions of one noun, such as organization_fields; keys are unique and never change."""

    def __init__(self, state: State, noun: str) -> None:
        self._state, self._noun = state, noun
        self._one = noun.removesuffix("s")

    def all(self, _: Call) -> Response:
        found = list(self._definitions.values())
        paging = {"next_page": None, "previous_page": None, "count": len(found)}
        return reply({self._noun: found, **paging})

    def show(self, call: Call) -> Response:
        return reply({self._one: self._find(call.ident)})

    def create(self, call: Call) -> Response:
        definition = self.define(call.part(self._one))
        self._state.log(self._noun, definition["id"], "create", None, definition)
        return reply({self._one: definition}, 201, {"location": definition["url"]})

    def update(self, call: Call) -> Response:
        old = self._find(call.ident)
        asked = {name: value for name, value in call.part(self._one).items() if name in WRITABLE}
        if "custom_field_options" in asked:
            asked["custom_field_options"] = self._options(asked["custom_field_options"])
        new = {**old, **asked, "updated_at": self._state.stamp()}
        self._definitions[old["key"]] = new
        self._state.log(self._noun, old["id"], "update", {name: old.get(name) for name in asked}, asked)
        return reply({self._one: new})

    def delete(self, call: Call) -> Response:
        old = self._find(call.ident)
        del self._definitions[old["key"]]
        self._state.log(self._noun, old["id"], "delete", old, None)
        return Response(204)

    def define(self, asked: Mapping[str, Any]) -> Definition:
        """Add a definition. Raises Refusal (422) for a key that is missing or taken, or an unknown type."""
        kind, title = asked.get("type", "text"), asked.get("title")
        key = str(asked.get("key") or (asked.get("id") if self._noun == "ticket_fields" else "") or "")
        if not title:
            raise invalid(title="Title: cannot be blank")
        if kind not in (TICKET_TYPES if self._noun == "ticket_fields" else TYPES):
            raise invalid(type=f"Type: {kind} is not a valid type")
        if not key and self._noun != "ticket_fields":
            raise invalid(key="Key: cannot be blank")
        if key in self._definitions:
            raise invalid(key=f"Key: {key} has already been taken")
        definition = self._made({**asked, "type": kind, "title": title, "key": key})
        self._definitions[definition["key"]] = definition
        return definition

    @property
    def _definitions(self) -> dict[str, Definition]:
        return self._state.fields[self._noun]

    def _find(self, ident: str) -> Definition:
        for definition in self._definitions.values():
            if ident in (str(definition["id"]), definition["key"]):
                return definition
        raise not_found()

    def _made(self, asked: Mapping[str, Any]) -> Definition:
        ident = asked.get("id") or self._state.new_id()
        now = self._state.stamp()
        description = asked.get("description", "")
        definition = {
            "url": self._state.url(f"{self._noun}/{ident}.json"),
            "id": ident,
            "type": asked["type"],
            "key": asked["key"] or str(ident),
            "title": asked["title"],
            "description": description,
            "raw_title": asked["title"],
            "raw_description": description,
            "position": asked.get("position", 9999),
            "active": asked.get("active", True),
            "system": False,
            "regexp_for_validation": asked.get("regexp_for_validation"),
            "created_at": now,
            "updated_at": now,
        }
        return definition | self._special(asked)

    def _special(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        kind = asked["type"]
        if kind == "date":
            return {"regexp_for_validation": DATE_PATTERN}
        if kind == "checkbox":
            return {"tag": asked.get("tag")}
        if kind in ("dropdown", "multiselect", "tagger"):
            return {"custom_field_options": self._options(asked.get("custom_field_options"))}
        if kind == "lookup":
            return {"relationship_target_type": asked.get("relationship_target_type", "zen:organization")}
        return {}

    def _options(self, asked: Any) -> list[dict[str, Any]]:
        if not asked:
            raise invalid(custom_field_options="Custom field options: must have at least one option")
        return [
            {
                "id": option.get("id") or self._state.new_id(),
                "name": option["name"],
                "raw_name": option["name"],
                "value": option["value"],
            }
            for option in asked
        ]
