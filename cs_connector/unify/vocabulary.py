"""How people call what we look for in a CRM: objects, their fields, and the values of a few picklists."""

from __future__ import annotations

Phrases = tuple[str, ...]

OBJECTS: dict[str, Phrases] = {
    "subscription": (
        "subscription", "contract", "customer contract", "agreement", "license", "licence", "entitlement",
        "service contract", "recurring order", "renewal", "installed product",
    ),
    "goal": ("goal", "success goal", "objective", "outcome", "success plan", "success criteria", "key result"),
    "lifecycle_event": (
        "lifecycle event", "milestone", "customer milestone", "journey stage", "onboarding step", "lifecycle stage",
    ),
    "invoice": ("invoice", "bill", "customer invoice", "billing document"),
}  # fmt: skip
PRODUCTS: Phrases = ("product", "product line", "package", "offering", "service catalog")

# At least one of these makes an object what its name says.
TELLING: dict[str, Phrases] = {
    "subscription": ("renewal_on", "end_on", "start_on"),
    "goal": ("status", "due_on"),
    "lifecycle_event": ("on_date",),
    "invoice": ("due_on", "issued_on", "paid_on"),
}

ATTRIBUTES: dict[str, dict[str, Phrases]] = {
    "account": {
        "industry": ("industry", "vertical", "sector"),
        "segment": ("segment", "tier", "customer segment", "size class"),
        "kind": ("type", "account type", "customer type", "relationship type"),
        "customer_since": ("customer since", "first contract", "customer from"),
        "csm_user_id": ("csm", "customer success manager", "success manager", "csm owner"),
        "csm_judgement": ("csm judgement", "csm sentiment", "csm pulse", "csm score", "customer sentiment"),
        "csm_judgement_on": ("csm judgement on", "csm sentiment updated", "csm pulse updated"),
        "alerts_paused_until": ("alerts paused until", "do not contact until", "snoozed until"),
    },
    "person": {
        "title": ("title", "job title"),
        "decision_maker": ("decision maker", "economic buyer", "is decision maker"),
        "champion": ("champion", "is champion", "advocate"),
        "left_on": ("left company on", "left on", "departed"),
    },
    "ticket": {
        "product": ("product", "product name", "product area"),
        "waiting_since": ("waiting since", "pending since", "on hold since"),
    },
    "subscription": {
        "product": ("product", "product name", "plan", "package", "sku"),
        "region": ("region", "territory"),
        "type": ("type", "subscription type", "contract type"),
        "status": ("status", "state", "contract status"),
        "start_on": ("start", "begin", "effective", "subscription start", "contract start", "go live"),
        "end_on": ("end", "expiry", "expiration", "expires", "termination", "contract end"),
        "renewal_on": ("renewal", "renew", "next renewal"),
        "arr": (
            "arr", "annual recurring revenue", "annual value", "annual contract value", "acv", "annual revenue",
            "yearly value",
        ),
        "currency": ("currency", "currency iso code"),
        "seats": ("seats", "licenses", "licences", "users", "number of seats", "quantity"),
        "features_bought": ("features bought", "features", "modules bought"),
        "auto_renew": ("auto renew", "auto renewal", "automatic renewal", "evergreen"),
        "notice_on": ("notice", "notice deadline", "cancel by", "cancellation deadline"),
        "owner_user_id": ("csm", "customer success manager", "owner", "success manager"),
    },
    "goal": {
        "product": ("product", "product name"),
        "status": ("status", "state", "progress status", "health"),
        "due_on": ("due", "target", "deadline", "due by"),
        "updated_on": ("updated on", "last reviewed", "last update", "reviewed"),
    },
    "lifecycle_event": {
        "product": ("product", "product name"),
        "kind": ("kind", "type", "stage", "milestone", "name"),
        "on_date": ("date", "on", "completed on", "reached on", "occurred on"),
    },
    "invoice": {
        "issued_on": ("issued", "invoice", "issue", "billed on"),
        "due_on": ("due", "payment due"),
        "paid_on": ("paid", "payment", "paid on"),
        "amount": ("amount", "total", "total amount", "invoice amount", "gross"),
        "currency": ("currency", "currency iso code"),
    },
}  # fmt: skip

VALUES: dict[tuple[str, str], dict[str, Phrases]] = {
    ("subscription", "status"): {
        "Active": ("active", "activated", "live", "current", "in force", "signed"),
        "Trial": ("trial", "pilot", "proof of concept", "evaluation"),
        "Ended": (
            "ended", "expired", "cancelled", "canceled", "terminated", "churned", "closed", "inactive", "lapsed",
        ),
    },
    ("goal", "status"): {
        "On track": ("on track", "in progress", "green", "active"),
        "At risk": ("at risk", "yellow", "delayed", "off track", "behind"),
        "Met": ("met", "achieved", "completed", "complete", "done", "reached"),
        "Missed": ("missed", "not met", "failed", "red", "abandoned", "cancelled"),
    },
}  # fmt: skip
