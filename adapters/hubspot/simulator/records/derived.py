"""Values that HubSpot computes from those that were written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from ..state import State
from ..times import iso, parsed
from .kinds import ACTIVITIES, Kind

PREVIEW = 250
TIMELY = frozenset({"hs_task_is_overdue"})
_BODIES = {
    "tasks": "hs_task_body",
    "notes": "hs_note_body",
    "meetings": "hs_meeting_body",
    "calls": "hs_call_body",
    "emails": "hs_email_text",
}
_STAGES = {"deals": "dealstage", "tickets": "hs_pipeline_stage"}
_PERSON = {"hs_is_contact": "true", "hs_is_unworked": "true", "hs_pipeline": "contacts-lifecycle-pipeline"}
_FIRST_PIPELINE = {"deals": {"pipeline": "default"}, "tickets": {"hs_pipeline": "0"}}


def on_create(state: State, kind: Kind, number: int, values: Mapping[str, str]) -> dict[str, str]:
    """Computed values of a new record, which the answer shows."""
    found: dict[str, str] = {}
    match kind.name:
        case "companies" if values.get("domain") and "website" not in values:
            found = {"website": values["domain"]}
        case "contacts":
            found = {"hs_all_contact_vids": str(number), **_PERSON, **_email(values)}
        case "tasks":
            found = _task(state, {"hs_task_status": "NOT_STARTED", **values})
        case "deals" | "tickets":
            found = {**_FIRST_PIPELINE[kind.name], **_closed(state, kind, values)}
        case "line_items":
            found = _amount(values)
    coordinates = {"hs_obj_coords": f"{kind.type_id}-{number}"} if kind in ACTIVITIES else {}
    return coordinates | found


def on_update(
    state: State, kind: Kind, values: Mapping[str, str], whole: Mapping[str, str]
) -> dict[str, str]:
    """Computed values that a write brings along; `whole` is the record with what was written."""
    match kind.name:
        case "contacts":
            return _email(values)
        case "tasks" if values.keys() & {"hs_task_status", "hs_timestamp"}:
            return _task(state, whole)
        case "deals" | "tickets" if _STAGES[kind.name] in values:
            return _closed(state, kind, values)
        case "line_items":
            return _amount(whole)
    return {}


def quietly(state: State, kind: Kind, values: Mapping[str, str]) -> dict[str, str]:
    """Computed values that the answer to the write does not show; "" clears."""
    found: dict[str, str] = {}
    if "hubspot_owner_id" in values:
        found["hubspot_owner_assigneddate"] = iso(state.now()) if values["hubspot_owner_id"] else ""
    body = _BODIES.get(kind.name)
    if body is not None and body in values:
        plain = re.sub(r"<[^>]*>", " ", values[body])
        found["hs_body_preview"] = " ".join(plain.split())[:PREVIEW]
    return found


def at_read(state: State, properties: Mapping[str, str], name: str) -> str | None:
    """The value of a property that changes while nobody writes."""
    return _overdue(state, properties) if name in properties else None


def _email(values: Mapping[str, str]) -> dict[str, str]:
    email = values.get("email")
    return {} if email is None else {"hs_email_domain": email.rpartition("@")[2]}


def _task(state: State, values: Mapping[str, str]) -> dict[str, str]:
    done = values.get("hs_task_status") == "COMPLETED"
    flags = {
        "hs_task_is_completed": "1" if done else "0",
        "hs_task_completion_date": values.get("hs_task_completion_date") or iso(state.now()) if done else "",
    }
    known = done or values.get("hs_timestamp")
    return flags | ({"hs_task_is_overdue": _overdue(state, values)} if known else {})


def _overdue(state: State, values: Mapping[str, str]) -> str:
    due = values.get("hs_timestamp")
    late = due and values.get("hs_task_status") != "COMPLETED" and parsed(due) < state.now()
    return "true" if late else "false"


def _closed(state: State, kind: Kind, values: Mapping[str, str]) -> dict[str, str]:
    pipelines = state.pipelines[kind.name].values()
    stages = {stage["id"]: stage["metadata"] for pipeline in pipelines for stage in pipeline["stages"]}
    metadata = stages.get(values.get(_STAGES[kind.name], ""), {})
    closed = metadata.get("isClosed", "false")
    if kind.name == "tickets":
        return {"hs_is_closed": closed, "closed_date": iso(state.now()) if closed == "true" else ""}
    won = "true" if closed == "true" and float(metadata.get("probability", 0)) == 1 else "false"
    return {"hs_is_closed": closed, "hs_is_closed_won": won}


def _amount(values: Mapping[str, str]) -> dict[str, str]:
    if not values.get("price") or not values.get("quantity"):
        return {}
    price = Decimal(values["price"]) - Decimal(values.get("discount") or 0)
    share = 1 - Decimal(values.get("hs_discount_percentage") or 0) / 100
    return {"amount": f"{(price * Decimal(values['quantity']) * share).normalize():f}"}
