"""Values that HubSpot computes from those that were written."""

from __future__ import annotations

from collections.abc import Mapping

from .kinds import Kind
from .state import State
from .times import parsed


def on_create(state: State, kind: Kind, number: int, values: Mapping[str, str]) -> dict[str, str]:
    """Computed values of a new record."""
    match kind.name:
        case "companies":
            website = values.get("domain")
            return {"website": website} if website and "website" not in values else {}
        case "contacts":
            fixed = {
                "hs_is_contact": "true",
                "hs_is_unworked": "true",
                "hs_pipeline": "contacts-lifecycle-pipeline",
            }
            return {"hs_all_contact_vids": str(number), **fixed, **_email(values)}
        case "tasks":
            return {
                "hs_obj_coords": f"0-27-{number}",
                **_task(state, {"hs_task_status": "NOT_STARTED", **values}),
            }
        case "deals":
            return {"pipeline": "default", **_deal(state, values)}
        case "tickets":
            return {"hs_pipeline": "0"}
    return {}


def on_update(state: State, kind: Kind, values: Mapping[str, str]) -> dict[str, str]:
    """Computed values that a write brings along."""
    match kind.name:
        case "contacts":
            return _email(values)
        case "tasks":
            return _task(state, values) if "hs_task_status" in values else {}
        case "deals":
            return _deal(state, values) if "dealstage" in values else {}
    return {}


def _email(values: Mapping[str, str]) -> dict[str, str]:
    email = values.get("email")
    return {} if email is None else {"hs_email_domain": email.rpartition("@")[2]}


def _task(state: State, values: Mapping[str, str]) -> dict[str, str]:
    done = values["hs_task_status"] == "COMPLETED"
    due = values.get("hs_timestamp")
    late = due and not done and parsed(due) < state.now()
    flags = {"hs_task_is_completed": "1" if done else "0"}
    return flags | ({"hs_task_is_overdue": "true" if late else "false"} if due or done else {})


def _deal(state: State, values: Mapping[str, str]) -> dict[str, str]:
    pipelines = state.pipelines["deals"].values()
    stages = {stage["id"]: stage["metadata"] for pipeline in pipelines for stage in pipeline["stages"]}
    metadata = stages.get(values.get("dealstage", ""), {})
    closed = metadata.get("isClosed", "false")
    won = "true" if closed == "true" and float(metadata.get("probability", 0)) == 1 else "false"
    return {"hs_is_closed": closed, "hs_is_closed_won": won}
