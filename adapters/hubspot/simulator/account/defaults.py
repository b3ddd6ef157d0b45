"""The pipelines that a new portal has, as the API shows them."""

from __future__ import annotations

from typing import Any

BEGINNING = "1970-01-01T00:00:00Z"
_DEAL_STAGES = (
    ("appointmentscheduled", "Appointment scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified to buy", "0.4"),
    ("presentationscheduled", "Presentation scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision maker bought in", "0.8"),
    ("contractsent", "Contract sent", "0.9"),
    ("closedwon", "Closed won", "1.0"),
    ("closedlost", "Closed lost", "0.0"),
)
_TICKET_STAGES = (
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)


def pipelines() -> dict[str, dict[str, dict[str, Any]]]:
    """Pipelines by kind and id."""
    deal = {
        stage: {"isClosed": "true" if stage.startswith("closed") else "false", "probability": chance}
        for stage, _, chance in _DEAL_STAGES
    }
    ticket = {
        stage: {"isClosed": "true" if state == "CLOSED" else "false", "ticketState": state}
        for stage, _, state in _TICKET_STAGES
    }
    deal_labels = {stage: label for stage, label, _ in _DEAL_STAGES}
    ticket_labels = {stage: label for stage, label, _ in _TICKET_STAGES}
    return {
        "deals": {"default": _pipeline("default", "Sales Pipeline", deal_labels, deal)},
        "tickets": {"0": _pipeline("0", "Support Pipeline", ticket_labels, ticket)},
    }


def _pipeline(
    pipeline: str, label: str, labels: dict[str, str], metadata: dict[str, dict[str, str]]
) -> dict[str, Any]:
    stages = [
        {
            "label": labels[stage],
            "displayOrder": order,
            "metadata": metadata[stage],
            "id": stage,
            "createdAt": BEGINNING,
            "updatedAt": BEGINNING,
            "archived": False,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }
        for order, stage in enumerate(labels)
    ]
    return {
        "label": label,
        "displayOrder": 0,
        "id": pipeline,
        "stages": stages,
        "createdAt": BEGINNING,
        "updatedAt": BEGINNING,
        "archived": False,
    }
