"""Definitions of the customer's own fields: /organization_fields, /user_fields, /ticket_fields and custom objects'."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import empty, invalid, not_found, reply
from ..call import Call
from ..paths import Routes
from ..records.paging import whole
from ..state import DEFINED, Definition, State
from .own_account import key_of

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
TICKET_TYPES = TYPES | frozenset(["tagger", "partialcreditcard"])
CHOICES = ("dropdown", "multiselect", "tagger")
KEY = re.compile(r"[A-Za-z0-9_]+")
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


CREATABLE = (*WRITABLE, "key", "type", "relationship_target_type", "relationship_filter", "required")


class Fields:
    """The definitions of one noun, such as organization_fields; keys are unique and never change.

    `path` is where they are below /api/v2/, `singular` and `plural` how a body names them.
    """

    def __init__(self, state: State, noun: str, plural: str = "", path: str = "") -> None:
        self._state, self._noun = state, noun
        self._plural, self._path = plural or noun, path or noun
        self._one = self._plural.removesuffix("s")
        self._besides = ("agent_description",) if noun == "ticket_fields" else ()

    def routes(self) -> Routes:
        return {
            (method, self._noun + rest): partial(handler, self) for (method, rest), handler in OFFERED.items()
        }

    def all(self, call: Call) -> Response:
        found = [self._view(definition) for definition in self._definitions.values()]
        return reply({self._plural: found, **whole(call, len(found))})

    def count(self, _: Call) -> Response:
        return reply({"count": {"value": len(self._definitions), "refreshed_at": self._state.stamp()}})

    def show(self, call: Call) -> Response:
        return reply({self._one: self._view(self._find(call.ident))})

    def create(self, call: Call) -> Response:
        if len(self._definitions) >= self._state.limits.custom_fields and self._noun not in DEFINED:
            raise invalid(base="The custom object cannot have more fields")
        body = call.part(self._one)
        able = (*CREATABLE, *self._besides)
        asked = {name: value for name, value in body.items() if name in able}
        call.ignored.extend(f"{self._one}.{name}" for name in body if name not in able)
        definition = self.define(asked)
        self._state.log(self._noun, definition["id"], "create", None, definition)
        return reply({self._one: self._view(definition)}, 201, {"location": definition["url"]})

    def update(self, call: Call) -> Response:
        """Neither the key nor the type can be changed; what else is not writable is dropped."""
        old, body = self._find(call.ident), call.part(self._one)
        for name in ("key", "type"):
            if body.get(name, old.get(name)) != old.get(name):
                raise invalid(**{name: f"{name.capitalize()}: cannot be changed"})
        able = (*WRITABLE, *self._besides)
        asked = {name: value for name, value in body.items() if name in able}
        call.ignored.extend(f"{self._one}.{name}" for name in body if name not in (*able, "key", "type"))
        if "custom_field_options" in asked:
            asked["custom_field_options"] = self._options(asked["custom_field_options"])
        return reply({self._one: self._view(self._changed(old, asked))})

    def delete(self, call: Call) -> Response:
        old = self._find(call.ident)
        if not old.get("removable", True):
            raise invalid(base="System fields cannot be deleted")
        del self._definitions[key_of(old)]
        self._state.look += 1
        self._state.log(self._noun, old["id"], "delete", old, None)
        return empty()

    def options(self, call: Call) -> Response:
        found = self._choices(self._find(call.ident))
        return reply({"custom_field_options": found, **whole(call, len(found))})

    def option(self, call: Call) -> Response:
        return reply({"custom_field_option": self._option(self._find(call.ident), call)})

    def put_option(self, call: Call) -> Response:
        """201 for a new option, 200 for one that was named by its id."""
        old, asked = self._find(call.ident), call.part("custom_field_option")
        held = self._choices(old)
        known = next((option for option in held if option["id"] == asked.get("id")), None)
        made = self._options([{**(known or {}), **asked}])[0]
        options = [made if option is known else option for option in held]
        self._changed(old, {"custom_field_options": self._options(options if known else [*held, made])})
        return reply({"custom_field_option": made}, 200 if known else 201)

    def delete_option(self, call: Call) -> Response:
        old = self._find(call.ident)
        gone = self._option(old, call)
        self._changed(old, {"custom_field_options": [o for o in self._choices(old) if o is not gone]})
        return empty()

    def define(self, asked: Mapping[str, Any]) -> Definition:
        """Add a definition. Raises Refusal (422) for a key that is missing or taken, or an unknown type."""
        of_tickets = self._noun == "ticket_fields"
        kind, title = str(asked.get("type", "text")), asked.get("title")
        key = str(asked.get("key") or (asked.get("id") if of_tickets else "") or "")
        if not title:
            raise invalid(title="Title: cannot be blank")
        if kind not in (TICKET_TYPES if of_tickets else TYPES) and asked.get("removable", True):
            raise invalid(type=f"Type: {kind} is not a valid type")
        if not (KEY.fullmatch(key) or of_tickets or "::" in key):
            raise invalid(key=f"Key: {'is invalid' if key else 'cannot be blank'}")
        if key in self._definitions:
            raise invalid(key=f"Key: {key} has already been taken")
        definition = self._made({**asked, "type": kind, "title": title, "key": key})
        self._definitions[definition["key"]] = definition
        self._state.look += 1
        return definition

    @property
    def _definitions(self) -> dict[str, Definition]:
        return self._state.definitions(self._noun)

    def _view(self, definition: Definition) -> Definition:
        """Fields of tickets are known by their ids alone."""
        if self._noun != "ticket_fields":
            return definition
        return {name: value for name, value in definition.items() if name != "key"}

    def _changed(self, old: Definition, asked: dict[str, Any]) -> Definition:
        new = {**old, **asked, "updated_at": self._state.stamp()}
        for name in ("title", "description"):
            if name in asked:
                new[f"raw_{name}"] = asked[name]
        self._definitions[key_of(old)] = new
        self._state.look += 1
        self._state.log(self._noun, old["id"], "update", {name: old.get(name) for name in asked}, asked)
        return new

    def _find(self, ident: str) -> Definition:
        for definition in self._definitions.values():
            if ident in (str(definition["id"]), key_of(definition)):
                return definition
        raise not_found()

    def _made(self, asked: Mapping[str, Any]) -> Definition:
        ident = asked.get("id") or self._state.new_id()
        now = self._state.stamp()
        description = asked.get("description", "")
        definition = {
            "url": self._state.url(f"{self._path}/{ident}.json"),
            "id": ident,
            "type": asked["type"],
            "key": asked["key"] or str(ident),
            "title": asked["title"],
            "description": description,
            "raw_title": asked["title"],
            "raw_description": description,
            "position": asked.get("position", 9999),
            "active": asked.get("active", True),
            "system": asked.get("system", False),
            "regexp_for_validation": asked.get("regexp_for_validation"),
            "created_at": asked.get("created_at") or now,
            "updated_at": asked.get("updated_at") or now,
        }
        return definition | self._special(asked)

    def _special(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        kind = asked["type"]
        if self._noun == "ticket_fields":
            return self._of_tickets(asked) | self._by_type(asked, kind)
        return self._by_type(asked, kind)

    def _by_type(self, asked: Mapping[str, Any], kind: str) -> dict[str, Any]:
        if kind == "date":
            return {"regexp_for_validation": DATE_PATTERN}
        if kind == "regexp" and not asked.get("regexp_for_validation"):
            raise invalid(regexp_for_validation="Regexp for validation: cannot be blank")
        if kind == "checkbox":
            return {"tag": asked.get("tag")}
        if kind in CHOICES:
            return {"custom_field_options": self._options(asked.get("custom_field_options"))}
        if kind == "lookup":
            return {
                "relationship_target_type": asked.get("relationship_target_type", "zen:organization"),
                "relationship_filter": asked.get("relationship_filter") or {"all": [], "any": []},
            }
        return {}

    def _of_tickets(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What fields of tickets tell besides."""
        return {
            "collapsed_for_agents": False,
            "required": asked.get("required", False),
            "title_in_portal": asked["title"],
            "raw_title_in_portal": asked["title"],
            "visible_in_portal": asked.get("visible_in_portal", False),
            "editable_in_portal": asked.get("editable_in_portal", False),
            "required_in_portal": asked.get("required_in_portal", False),
            "agent_description": asked.get("agent_description"),
            "tag": asked.get("tag"),
            "removable": asked.get("removable", True),
        }

    def _choices(self, definition: Definition) -> list[dict[str, Any]]:
        return list(definition.get("custom_field_options") or ())

    def _option(self, definition: Definition, call: Call) -> dict[str, Any]:
        for option in self._choices(definition):
            if str(option["id"]) == call.params["option_id"]:
                return option
        raise not_found()

    def _options(self, asked: Any) -> list[dict[str, Any]]:
        if not isinstance(asked, list) or not asked:
            raise invalid(custom_field_options="Custom field options: must have at least one option")
        found = [self._made_option(option) for option in asked]
        if len({option["value"] for option in found}) < len(found):
            raise invalid(custom_field_options="Custom field options: values must be unique")
        return found

    def _made_option(self, asked: Any) -> dict[str, Any]:
        given = asked if isinstance(asked, dict) else {}
        name, value = given.get("name"), given.get("value")
        if not (name and value and isinstance(name, str) and isinstance(value, (str, int, float))):
            raise invalid(custom_field_options="Custom field options: name and value cannot be blank")
        ident = given.get("id") or self._state.new_id()
        return {"id": ident, "name": name, "raw_name": name, "value": str(value)}


# What can be asked of definitions, by method and the path behind their own.
OFFERED: Mapping[tuple[str, str], Callable[[Fields, Call], Response]] = {
    ("GET", ""): Fields.all,
    ("GET", "/count"): Fields.count,
    ("GET", "/*id"): Fields.show,
    ("POST", ""): Fields.create,
    ("PUT", "/*id"): Fields.update,
    ("DELETE", "/*id"): Fields.delete,
    ("GET", "/*id/options"): Fields.options,
    ("GET", "/*id/options/:option_id"): Fields.option,
    ("POST", "/*id/options"): Fields.put_option,
    ("DELETE", "/*id/options/:option_id"): Fields.delete_option,
}
