"""What the columns of entities and of results mean, in words for people who read them as tables."""

from __future__ import annotations

from cs_connector.language.kinds import kind
from cs_connector.model import ENTITIES, MONEY, Column, Entity

_ANYWHERE = {
    "account_id": "the account", "person_id": "the person", "parent_id": "the account above it", "relationship_id": "the relationship",
    "ultimate_parent_id": "the account at the top of its group; its own id at the top", "depth": "how many accounts are above it",
    "name": "its name", "title": "its title", "key": "the key by which it is found again from run to run", "custom": "fields that were passed through: JSON, by their names in the CRM",
    "product": "the product that it is about; unknown: the whole account", "region": "the region", "type": "its type, as it is declared or in the CRM",
    "kind": "of which kind it is, in the words of the mapping", "status": "its status, in the words of the mapping", "stage": "where it stands in its life",
    "currency": "the currency of its money", "arr": "yearly recurring revenue", "amount": "what it is about, in money",
    "seats": "seats that were bought", "features_bought": "key features that were bought",
    "start_on": "its first day", "end_on": "the day on which it ended, or will", "renewal_on": "the day of its next renewal",
    "due_on": "the day on which it is due", "on_date": "the day that it is about", "notice_on": "the day on which notice was given",
    "previous_end_on": "the day on which an earlier time as a customer ended", "alerts_paused_until": "no tasks until this day",
    "created_on": "the day on which it was made", "updated_on": "the day on which somebody last touched it", "modified_on": "the day on which somebody last changed it",
    "owner_user_id": "the user who owns it", "csm_user_id": "the customer success manager", "team_csm_user_id": "the customer success manager in the account team",
    "renewal_manager_user_id": "the user who is in charge of the renewal", "sales_owner_user_id": "the user in sales", "user_id": "the user",
    "partner_account_id": "the partner through whom it was bought", "auto_renew": "it renews by itself", "active": "it counts",
    "csm_judgement": "the judgement of the customer success manager: Good, Concerned or At risk", "csm_judgement_on": "the day of that judgement",
    "email": "the e-mail address", "role": "the role", "closed": "it is closed", "owner_source": "where the owner was found",
}  # fmt: skip
_OF = {
    "account": {
        "account_id": "the account", "domain": "its website or domain", "industry": "its industry", "segment": "its segment",
        "kind": "customer, prospect, partner and the like", "customer_status": "Customer, Trial or Former customer; unknown: it is not scored",
        "status_reason": "why it has this status", "lifecycle_stage": "where it stands in its life",
        "customer_since": "since when it is a customer", "arr": "yearly recurring revenue of its relationships",
        "owner_user_id": "the user who owns it in sales", "renewal_on": "the next renewal of its relationships",
    },
    "person": {
        "title": "the job title", "name": "the name", "decision_maker": "decides about us", "champion": "speaks for us", "active": "still works there",
        "left_on": "the day on which the person left", "was_decision_maker": "decided about us before leaving", "was_champion": "spoke for us before leaving",
    },
    "user": {"active": "can log in", "role": "the role in our company", "name": "the name"},
    "relationship": {
        "scorecard": "the scorecard that its type asks for; unknown: that of the assignment",
        "notice_on": "the day on which notice was given", "type": "the type of the relationship", "status": "Active, Onboarding, Ended and the like",
    },
    "subscription": {"subscription_id": "the subscription"},
    "ticket": {
        "ticket_id": "the ticket", "priority": "the priority, as the mapping says it", "opened_at": "when it was opened", "closed_at": "when it was closed",
        "waiting_since": "since when the customer waits for us",
    },
    "survey_response": {
        "survey_response_id": "the invitation or answer", "kind": "nps, csat and the like", "score": "the answer, on its own scale",
        "scale_min": "the least answer that its scale has", "scale_max": "the greatest answer that its scale has", "score_10": "the answer on a scale from 0 to 10",
        "invited_on": "the day of the invitation", "answered_on": "the day of the answer",
    },
    "usage": {
        "usage_id": "the figure", "metric": "what was measured", "grain": "day or month: what the figure is of",
        "on_date": "the day, or the first day of the month", "value": "the figure",
    },
    "invoice": {
        "invoice_id": "the invoice", "issued_on": "the day on which it was issued", "paid_on": "the day on which it was paid", "amount": "what is to be paid",
    },
    "opportunity": {"opportunity_id": "the opportunity", "won": "it was won", "close_on": "the day on which it was or is to be closed", "amount": "what it would bring"},
    "activity": {
        "activity_id": "the activity", "kind": "email, meeting, mailing sent and the like", "two_way": "both sides took part", "at": "when it happened",
    },
    "lifecycle_event": {
        "lifecycle_event_id": "the event", "kind": "the stage or milestone", "due_on": "the day on which it was planned", "on_date": "the day on which it was reached",
    },
    "goal": {"goal_id": "the goal", "measure": "by what it is measured", "target": "what is to be reached", "due_on": "the day by which it is to be reached"},
    "role": {"role_id": "the role of a person", "role": "the role in the relationship", "active": "the person still has it"},
    "document": {
        "document_id": "the document", "signed_on": "the day on which it was signed", "expires_on": "the day on which it expires",
        "kind": "success plan, contract and the like",
    },
    "task": {"task_id": "the task in the CRM", "key": "our mark in it", "outcome": "what came of it", "status": "its status in the CRM"},
}  # fmt: skip
_POINTS = "of 100"
Told = tuple[str, str, str, str]
CELL: list[Told] = [
    ("relationship_id", "text", "", "the relationship"),
    ("account_id", "text", "", "its account"),
    ("on_date", "date", "", "the day that it is about: as_of, and the month ends before it"),
]
TABLES: dict[str, list[Told]] = {
    "scores": [
        ("entity", "text", "", "relationship, account or group"),
        ("entity_id", "text", "", "its id"),
        ("scorecard", "text", "", "the scorecard by which it was judged"),
        ("main", "yes or no", "", "the scorecard in force for it, not one that is looked at beside"),
        ("on_date", "date", "", "the day that it is about: as_of, and the month ends before it"),
        ("score", "number", _POINTS, "0 to 100 as published; unknown where too little is known"),
        ("band", "text", "", "green, yellow, red or unknown"),
        ("uncapped", "number", _POINTS, "the score before caps and rounding"),
        ("coverage", "number", "share", "share of the weight that is known, 0 to 1"),
        ("low", "number", _POINTS, "the score if all that is unknown were worst"),
        ("high", "number", _POINTS, "the score if all that is unknown were best"),
        ("published", "text", "", "known, or carried where an old value holds the score down"),
        ("cap", "number", _POINTS, "the lowest cap that holds"),
        ("override", "text", "", "the name of that cap"),
    ],
    "measures": [
        *CELL[:2],
        ("scorecard", "text", "", "the scorecard by which it was judged"),
        CELL[2],
        ("group_name", "text", "", "the group of measures"),
        ("measure", "text", "", "the measure"),
        ("metric", "text", "", "the metric that it stands on"),
        ("value", "number", "as `unit` says", "what the metric came to"),
        ("unit", "text", "", "the unit of `value`"),
        ("score", "number", _POINTS, "the value through the curve of the measure, 0 to 100"),
        ("weight", "number", "share", "its share of the weight of all measures that count, 0 to 1"),
        ("contribution", "number", _POINTS, "score times weight: what it adds"),
        ("known", "yes or no", "", "the value is known on this day"),
        ("carried", "yes or no", "", "it is not, and what was last known counts"),
        ("carried_from", "date", "", "the day on which that was known"),
    ],
    "links": [
        ("entity_id", "text", "", "the entity"),
        ("entity", "text", "", "of which kind it is"),
        ("connection", "text", "", "the system that has the record"),
        ("object", "text", "", "the object there"),
        ("record_id", "text", "", "the id of the record there"),
        ("method", "text", "", "how it was found that the record belongs to the entity"),
        ("confidence", "number", "share", "how sure that is, 0 to 1"),
        ("evidence", "text", "", "what speaks for it"),
    ],
}
_UNITS = {"seats": "seats", "features_bought": "features", "score_10": "of 10", "depth": "accounts"}


def described(name: str) -> list[Told]:
    """The columns of an entity: name, type, unit and meaning."""
    entity = ENTITIES[name]
    return [
        (c.name, kind(c.type) or "text", _unit(entity, c), meaning(entity, c.name)) for c in entity.columns
    ]


def meaning(entity: Entity, column: str) -> str:
    """What a column of an entity means; nothing where nobody wrote it down."""
    return _OF.get(entity.name, {}).get(column) or _ANYWHERE.get(column, "")


def _unit(entity: Entity, column: Column) -> str:
    if column.type != MONEY:
        return _UNITS.get(column.name, "")
    return "money in `currency`" if entity.column("currency") else "money in the account's currency"
