"""Kinds of which little is simulated: groups, brands, ticket forms, custom statuses, locales and settings."""

from __future__ import annotations

from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import empty, invalid, not_found, reply
from ..call import Call
from ..kinds import BRAND, CUSTOM_STATUS, GROUP, TICKET_FORM
from ..paths import Routes
from ..state import State
from ..tickets.surveys import are_surveys
from .paging import whole
from .resource import Resource, required
from .table import Record

LOCALE = {
    "id": 1,
    "locale": "en-US",
    "name": "English",
    "native_name": "English (United States)",
    "default": True,
}


class Groups(Resource):
    kind = GROUP
    identifiers = ()

    def routes(self) -> Routes:
        return super().routes() | {("GET", "groups/assignable"): self.all}

    def alive(self, record: Record) -> bool:
        return not record.get("deleted")

    def buried(self, record: Record) -> dict[str, Any]:
        return {**record, "deleted": True}

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        del old
        required(new, "name")
        others = (record for record in self.having("name", new["name"]) if record["id"] != new.get("id"))
        if next(others, None) is not None:
            raise invalid(name=f"Name: {new['name']} has already been taken")


class Brands(Resource):
    kind = BRAND

    def routes(self) -> Routes:
        return self.reading()


class TicketForms(Resource):
    kind = TICKET_FORM

    def routes(self) -> Routes:
        found = self.reading()
        del found["GET", "ticket_forms/count"]
        return found | {("GET", "ticket_forms/show_many"): self.show_many}


class CustomStatuses(Resource):
    kind = CUSTOM_STATUS
    identifiers = ()

    def routes(self) -> Routes:
        found = super().routes()
        for way in (("GET", "custom_statuses/count"), ("DELETE", "custom_statuses/:id")):
            del found[way]
        return found

    def all(self, call: Call) -> Response:
        """Never paged; filters: status_categories and active."""
        wanted = call.query.get("status_categories")
        rows = [
            self.view(record)
            for record in self.living()
            if wanted is None or record.get("status_category") in wanted.split(",")
        ]
        return reply({"custom_statuses": rows})

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        required(new, "status_category", "agent_label")
        if new["status_category"] not in ("new", "open", "pending", "hold", "solved"):
            raise invalid(status_category=f"Status category: {new['status_category']} is not valid")
        new.setdefault("end_user_label", new["agent_label"])
        new["default"] = new.get("default", False) if old is not None else False
        for name in ("agent_label", "end_user_label"):
            new[f"raw_{name}"] = new[name]


class About:
    """What an account tells of itself."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Routes:
        return {
            ("GET", "account/settings"): self.settings,
            ("GET", "locales"): self.locales,
            ("GET", "locales/public"): self.locales,
            ("GET", "locales/agent"): self.locales,
            ("GET", "locales/current"): self.locale,
            ("GET", "locales/*id"): self.locale,
            ("GET", "guide/content_tags"): self.content_tags,
        }

    def settings(self, _: Call) -> Response:
        surveys = are_surveys(self._state)
        active = {"customer_satisfaction": not surveys, "csat_survey": surveys}
        many = {"multiple_organizations": self._state.settings.many_organizations}
        found = {"active_features": active, "localization": {"locale_ids": [1]}, "users": many}
        return reply({"settings": found})

    def locales(self, call: Call) -> Response:
        return reply({"locales": [self._locale()], **whole(call, 1)})

    def locale(self, call: Call) -> Response:
        if call.ident not in ("", "1", "en-US"):
            raise not_found()
        return reply({"locale": self._locale()})

    def content_tags(self, _: Call) -> Response:
        """An account without them answers with nothing at all, as recorded."""
        return empty(404)

    def _locale(self) -> dict[str, Any]:
        made = {"created_at": "2009-07-15T20:38:13Z", "updated_at": "2026-01-15T20:38:13Z", "rtl": False}
        return {"url": self._state.url("locales/en-US.json"), **LOCALE, **made}
