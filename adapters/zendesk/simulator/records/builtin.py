"""What every account has from its first day: a group, a brand, a form, statuses, and the system's own fields."""

from __future__ import annotations

from typing import Any

from ..fields.fields import Fields
from ..kinds import BRAND, CUSTOM_STATUS, GROUP, TICKET_FORM, Kind
from ..state import State

MADE = "2021-03-01T09:00:00Z"
FIRST = 3_600_000_001  # ids of what is built in
_SYSTEM_FIELDS = (
    ("subject", "Subject"),
    ("description", "Description"),
    ("status", "Status"),
    ("tickettype", "Type"),
    ("priority", "Priority"),
    ("group", "Group"),
    ("assignee", "Assignee"),
)
_STATUSES = (
    ("new", "New", "Open"),
    ("open", "Open", "Open"),
    ("pending", "Pending", "Awaiting your reply"),
    ("hold", "On-hold", "Open"),
    ("solved", "Solved", "Solved"),
)


def build(state: State) -> None:
    """Fill a new account."""
    fields = Fields(state, "ticket_fields")
    for number, (kind, title) in enumerate(_SYSTEM_FIELDS):
        system = {"system": True, "removable": False, "visible_in_portal": number < 2, "position": number}
        made = {"id": FIRST + 100 + number, "key": f"system::{kind}", "created_at": MADE, "updated_at": MADE}
        fields.define({"type": kind, "title": title, **system, **made})
    _put(state, GROUP, {"id": FIRST, "name": "Support", "default": True})
    url = state.base_url
    brand = {"name": state.name, "brand_url": url, "subdomain": state.name, "default": True}
    _put(state, BRAND, {"id": FIRST + 1, **brand})
    form = {"name": "Default Ticket Form", "display_name": "Default Ticket Form", "default": True}
    ids = [FIRST + 100 + number for number in range(len(_SYSTEM_FIELDS))]
    raw = {"raw_name": form["name"], "raw_display_name": form["display_name"], "ticket_field_ids": ids}
    _put(state, TICKET_FORM, {"id": FIRST + 2, **form, **raw})
    for number, (category, label, seen) in enumerate(_STATUSES):
        _put(
            state,
            CUSTOM_STATUS,
            {"id": FIRST + 10 + number, "status_category": category, **_labels(label, seen)},
        )


def _labels(label: str, seen: str) -> dict[str, Any]:
    return {
        "agent_label": label,
        "raw_agent_label": label,
        "end_user_label": seen,
        "raw_end_user_label": seen,
    }


def _put(state: State, kind: Kind, record: dict[str, Any]) -> None:
    state.table(kind).put({"created_at": MADE, "updated_at": MADE, **record})
