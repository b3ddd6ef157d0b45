"""What the real API has and this simulator does not: each is answered with 501 and a sentence.

The first entry of which the path begins with the words counts. A path that is in neither table is one that the real
API does not have either.
"""

from __future__ import annotations

from .answers import Refusal, no_endpoint, unsimulated

_RULES = (
    "Triggers, automations, macros and their like are not simulated: nothing happens to a ticket by itself."
)
_HELP = "The help center is not simulated."
_VOICE = "Talk and voice are not simulated."
_CHAT = "Chat, messaging and their routing are not simulated."
_SELL = "Sell is another product and is not simulated."
_FILES = "Files are not simulated: comments have no attachments."
_WORK = "Agents' work tools are not simulated."
_ADMIN = "This part of the account's administration is not simulated."

# (words that a path below /api/v2/ begins with; `*` is any one part), and the sentence.
KNOWN: tuple[tuple[str, str], ...] = (
    ("triggers", _RULES),
    ("trigger_categories", _RULES),
    ("automations", _RULES),
    ("macros", _RULES),
    ("views", "Views are not simulated: search and the lists are."),
    ("workspaces", _RULES),
    ("slas", "Service level agreements are not simulated."),
    ("group_slas", "Service level agreements are not simulated."),
    ("targets", _RULES),
    ("target_failures", _RULES),
    ("webhooks", "Webhooks are not simulated: nothing is sent to anybody."),
    ("event_connectors", "Event connectors are not simulated."),
    ("help_center", _HELP),
    ("guide", _HELP),
    ("gather", _HELP),
    ("community", _HELP),
    ("channels/voice", _VOICE),
    ("calls", _VOICE),
    ("talk", _VOICE),
    ("chat", _CHAT),
    ("chats", _CHAT),
    ("conversations", _CHAT),
    ("any_channel", _CHAT),
    ("channels", _CHAT),
    ("agent_availabilities", _CHAT),
    ("queues", _CHAT),
    ("routing", _CHAT),
    ("side_conversations", _CHAT),
    ("sell", _SELL),
    ("leads", _SELL),
    ("deals", _SELL),
    ("contacts", _SELL),
    ("attachments", _FILES),
    ("uploads", _FILES),
    ("requests", "The end users' own API is not simulated: tickets are."),
    ("end_users", "The end users' own API is not simulated: users are."),
    ("portal", "The end users' own API is not simulated."),
    ("problems", "Problems and their incidents are not listed: tickets are."),
    ("imports", "The import of tickets is not simulated: creating them is."),
    ("ticket_import", "The import of tickets is not simulated: creating them is."),
    ("incremental/ticket_events", "The export of ticket events is not simulated: the one of tickets is."),
    (
        "incremental/ticket_metric_events",
        "The export of ticket metric events is not simulated: the metrics of each ticket are.",
    ),
    ("incremental/calls", _VOICE),
    ("incremental/chats", _CHAT),
    ("incremental/help_center", _HELP),
    ("incremental/nps", "Net promoter score surveys are not simulated; the vendor ended them."),
    ("incremental/routing", _CHAT),
    ("nps", "Net promoter score surveys are not simulated; the vendor ended them."),
    ("satisfaction_reasons", "Reasons for a bad rating are not simulated."),
    (
        "tickets/*/satisfaction_rating",
        "Rating a ticket as an end user is not simulated: sandbox life does it.",
    ),
    ("tickets/*/merge", "Merging tickets is not simulated."),
    ("tickets/*/mark_as_spam", "Marking tickets as spam is not simulated."),
    ("tickets/mark_many_as_spam", "Marking tickets as spam is not simulated."),
    ("tickets", "This action on tickets is not simulated."),
    ("users/*/password", "Passwords are not simulated."),
    ("users/*/group_memberships", "Group memberships are not simulated: a user's default_group_id is."),
    ("users/*/sessions", "Sessions are not simulated."),
    ("users/*/compliance_deletion_statuses", "The course of a permanent deletion is not told."),
    ("users/*/entitlements", _ADMIN),
    ("users/*/organization_subscriptions", "Subscriptions are not simulated."),
    ("users/request_create", "Asking for an account is not simulated."),
    ("users/logout_many", "Sessions are not simulated."),
    ("users/*", "This action on users is not simulated."),
    ("organizations/*/subscriptions", "Subscriptions are not simulated."),
    ("organizations/*/requests", "The end users' own API is not simulated: tickets are."),
    ("organization_subscriptions", "Subscriptions are not simulated."),
    ("group_memberships", "Group memberships are not simulated: a user's default_group_id is."),
    ("groups/*/memberships", "Group memberships are not simulated: a user's default_group_id is."),
    (
        "custom_objects/*/records/search",
        "A search with filters in its body is not simulated: one by words is.",
    ),
    ("custom_objects/*", "This part of custom objects is not simulated."),
    ("relationships", "Lookups from the other side are not simulated: search by the field is."),
    ("object_layouts", _ADMIN),
    ("oauth/clients", "The one client of the sandbox cannot be changed."),
    ("oauth/global_clients", "The one client of the sandbox cannot be changed."),
    ("api_tokens", "API tokens can no longer be made."),
    ("custom_roles", "Custom roles are not simulated: an agent or an admin is behind every login."),
    ("skips", _WORK),
    ("bookmarks", _WORK),
    ("activities", _WORK),
    ("suspended_tickets", _WORK),
    ("audit_logs", _ADMIN),
    ("sessions", "Sessions are not simulated."),
    ("sharing_agreements", _ADMIN),
    ("resource_collections", _ADMIN),
    ("recipient_addresses", _ADMIN),
    ("dynamic_content", _ADMIN),
    ("deletion_schedules", _ADMIN),
    ("email_notifications", _ADMIN),
    ("brand_agents", _ADMIN),
    ("business_hours", _ADMIN),
    ("apps", _ADMIN),
    ("monitored_twitter_handles", _CHAT),
    ("it_asset_management", _ADMIN),
    ("account", _ADMIN),
    ("brands", "Brands are not changed here."),
    ("ticket_forms", "Ticket forms are not changed here."),
    ("custom_statuses", "Custom statuses are not deleted here."),
    ("ticket_form_statuses", _ADMIN),
    ("ticket_audits", _WORK),
    ("voice", _VOICE),
)


def refusal(parts: list[str]) -> Refusal:
    """What a path without an answer gets."""
    for words, sentence in KNOWN:
        wanted = words.split("/")
        if len(parts) >= len(wanted) and all(w in ("*", p) for w, p in zip(wanted, parts, strict=False)):
            return unsimulated(sentence)
    return no_endpoint()
