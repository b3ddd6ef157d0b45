"""What HubSpot's API has and this portal does not simulate; each answers 501.

The areas are those of the public API in 2026, in both families of paths.
"""

from __future__ import annotations

from collections.abc import Sequence

from .errors import Refusal, unsimulated

# First parts of a path, without its version; the longest that fits says what it is.
AREAS: dict[tuple[str, ...], str] = {
    ("automation",): "workflows, sequences and custom actions",
    ("business-units",): "brands",
    ("cms",): "the content management system",
    ("collector",): "data ingestion",
    ("communication-preferences",): "communication preferences",
    ("content",): "the content management system",
    ("conversations",): "conversations and their channels",
    ("deal-splits",): "deal splits",
    ("email",): "marketing e-mail",
    ("events",): "custom events",
    ("feature-flags",): "feature flags of apps",
    ("files",): "files",
    ("filemanager",): "files",
    ("forms",): "forms",
    ("hubdb",): "HubDB",
    ("integrators",): "timeline events",
    ("marketing",): "marketing e-mail, events, forms and campaigns",
    ("media-bridge",): "the media bridge",
    ("meta",): "the addresses of HubSpot's own network",
    ("scheduler",): "the meeting scheduler",
    ("settings",): "users, currencies and other settings",
    ("social",): "social media",
    ("tax-rates",): "tax rates",
    ("url-mappings",): "URL mappings",
    ("visitor-identification",): "visitor identification",
    ("webhooks-journal",): "the journal of webhooks",
    ("account-info", "activity"): "audit logs, logins and security history",
    ("associations", "usage"): "reports about high use of associations",
    ("commerce",): "invoices and payments",
    ("exports",): "exports",
    ("extensions",): "cards, calling and video conferencing",
    ("imports",): "imports",
    ("limits", "calculated-properties"): "the limit on calculated properties",
    ("lists", "folders"): "folders of lists",
    ("lists", "idmapping"): "ids of lists of the first version",
    ("lists", "*", "schedule-conversion"): "lists that turn from dynamic to static",
    ("lists", "*", "size-and-edits-history"): "the history of lists",
    ("object-library",): "the object library",
    ("timeline",): "timeline events",
    # The first and second versions that are still answered in 2026; the dated family replaces them.
    ("companies",): "the older companies API; use objects",
    ("contacts",): "the older contacts API, but for contacts by e-mail address; use objects",
    ("contacts", "lists"): "the contact lists API v1, which HubSpot has switched off; use lists",
    ("crm-associations",): "batches of the older associations API; use associations",
    ("crm-pipelines",): "the older pipelines API; use pipelines",
    ("crm-objects",): "the older objects API; use objects",
    ("deals",): "the older deals API; use objects",
    ("engagements",): "the older engagements API; use objects",
    ("owners-v2",): "the older owners API; use owners",
    ("properties-v1",): "the older properties API; use properties",
    ("email-v1",): "the older e-mail API",
}
# Kinds of record that every portal has and that hold nothing here.
_EMPTY = """
appointments carts commerce_payments communications contracts courses discounts fees goal_targets invoices leads
listings marketing_events orders partner_clients partner_services payments postal_mail projects quotes services
subscriptions taxes users
0-14 0-18 0-53 0-54 0-69 0-74 0-84 0-85 0-86 0-101 0-115 0-116 0-123 0-136 0-142 0-162 0-410 0-420 0-421 0-970
"""
KINDS = frozenset(_EMPTY.split())


def missing_area(path: Sequence[str]) -> Refusal | None:
    """The refusal of a path that no route has; None where HubSpot has none either."""
    for length in range(min(len(path), 3), 0, -1):
        what = AREAS.get(_key(path, length))
        if what is not None:
            return unsimulated(what)
    return None


def _key(path: Sequence[str], length: int) -> tuple[str, ...]:
    exact = tuple(path[:length])
    return exact if length < 3 or exact in AREAS else (path[0], "*", path[2])
