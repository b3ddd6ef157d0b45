"""What the records of this API look like: names, columns with their defaults, and what clients may write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """`custom` is the column that holds the customer's own fields; `definitions` is where those are defined.

    Columns in `kept` are not shown: they serve the simulator.
    """

    plural: str
    singular: str
    columns: dict[str, Any]
    writable: frozenset[str] = frozenset()
    custom: str = ""
    definitions: str = ""
    path: str = ""
    kept: frozenset[str] = frozenset()

    @property
    def where(self) -> str:
        """The path of one record, below /api/v2/."""
        return self.path or self.plural


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def custom_record(key: str) -> Kind:
    """The records of one custom object."""
    return replace(
        CUSTOM_RECORD, definitions=f"custom_objects/{key}/fields", path=f"custom_objects/{key}/records"
    )


# fmt: off
ORGANIZATION = Kind(
    "organizations", "organization",
    {
        "name": None, "shared_tickets": False, "shared_comments": False, "external_id": None, "created_at": None,
        "updated_at": None, "domain_names": (), "details": None, "notes": None, "group_id": None, "tags": (),
        "organization_fields": {},
    },
    _words(
        "name shared_tickets shared_comments external_id domain_names details notes group_id tags organization_fields"
    ),
    custom="organization_fields", definitions="organization_fields",
)

USER = Kind(
    "users", "user",
    {
        "name": None, "email": None, "created_at": None, "updated_at": None, "time_zone": "Arizona",
        "iana_time_zone": "America/Phoenix", "phone": None, "shared_phone_number": None, "photo": None,
        "locale_id": 1, "locale": "en-US", "organization_id": None, "role": "end-user", "verified": True,
        "external_id": None, "tags": (), "alias": None, "active": True, "shared": False, "shared_agent": False,
        "last_login_at": None, "two_factor_auth_enabled": False, "signature": None, "details": None, "notes": None,
        "role_type": None, "custom_role_id": None, "moderator": False, "ticket_restriction": "requested",
        "only_private_comments": False, "restricted_agent": True, "suspended": False, "default_group_id": None,
        "report_csv": False, "user_fields": {},
    },
    _words(
        "name email time_zone phone locale organization_id role verified external_id tags alias signature details"
        " notes suspended user_fields default_group_id ticket_restriction only_private_comments custom_role_id"
        " moderator identities skip_verify_email"
    ),
    custom="user_fields", definitions="user_fields", kept=_words("gone merged_into"),
)

TICKET = Kind(
    "tickets", "ticket",
    {
        "external_id": None, "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": None, "updated_at": None, "generated_timestamp": None, "type": None, "subject": None,
        "raw_subject": None, "description": "", "priority": None, "status": "open", "recipient": None,
        "requester_id": None, "submitter_id": None, "assignee_id": None, "organization_id": None, "group_id": None,
        "collaborator_ids": (), "follower_ids": (), "email_cc_ids": (), "forum_topic_id": None, "problem_id": None,
        "has_incidents": False, "is_public": True, "due_at": None, "tags": (), "custom_fields": (),
        "satisfaction_rating": None, "sharing_agreement_ids": (), "custom_status_id": None, "encoded_id": None,
        "fields": (), "followup_ids": (), "ticket_form_id": None, "brand_id": None, "allow_channelback": False,
        "allow_attachments": True, "from_messaging_channel": False,
    },
    _words(
        "external_id type subject comment description priority status requester_id requester submitter_id"
        " assignee_id organization_id group_id problem_id due_at tags additional_tags remove_tags custom_fields"
        " safe_update updated_stamp custom_status_id ticket_form_id brand_id collaborator_ids follower_ids"
        " email_cc_ids is_public"
    ),
    kept=_words("metric_set comment comments deleted_at deleted_by previous_status scrubbed first_public"),
)

RATING = Kind(
    "satisfaction_ratings", "satisfaction_rating",
    {
        "assignee_id": None, "group_id": None, "requester_id": None, "ticket_id": None, "score": "unoffered",
        "created_at": None, "updated_at": None, "comment": None, "reason": None, "reason_code": None,
        "reason_id": None,
    },
)

SURVEY = Kind(
    "survey_responses", "survey_response",
    {
        "responder_id": None, "expires_at": None, "subject_zrns": (), "subjects": (), "survey": None, "answers": (),
    },
    path="guide/survey_responses",
)

MEMBERSHIP = Kind(
    "organization_memberships", "organization_membership",
    {
        "user_id": None, "organization_id": None, "default": None, "created_at": None, "organization_name": None,
        "updated_at": None, "view_tickets": True,
    },
    _words("user_id organization_id default view_tickets"),
)

IDENTITY = Kind(
    "identities", "identity",
    {
        "user_id": None, "type": "email", "value": None, "verified": False, "primary": False, "created_at": None,
        "updated_at": None, "undeliverable_count": 0, "deliverable_state": "deliverable",
    },
    _words("type value verified primary skip_verify_email"),
)

AUDIT = Kind(
    "audits", "audit",
    {
        "ticket_id": None, "created_at": None, "author_id": None, "metadata": {"system": {}, "custom": {}},
        "events": (), "via": {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}},
    },
)

MERGE = Kind(
    "organization_merges", "organization_merge",
    {"loser_id": None, "winner_id": None, "status": "new"},
    _words("winner_id"), kept=_words("began looks"),
)

GROUP = Kind(
    "groups", "group",
    {
        "is_public": True, "name": None, "description": "", "default": False, "deleted": False, "created_at": None,
        "updated_at": None,
    },
    _words("name description is_public default"),
)

BRAND = Kind(
    "brands", "brand",
    {
        "name": None, "brand_url": None, "subdomain": None, "host_mapping": None, "has_help_center": False,
        "help_center_state": "disabled", "active": True, "default": False, "is_deleted": False, "logo": None,
        "ticket_form_ids": (), "signature_template": "{{agent.signature}}", "created_at": None, "updated_at": None,
    },
)

TICKET_FORM = Kind(
    "ticket_forms", "ticket_form",
    {
        "name": None, "display_name": None, "end_user_visible": True, "position": 0, "ticket_field_ids": (),
        "active": True, "default": False, "created_at": None, "updated_at": None, "in_all_brands": True,
        "restricted_brand_ids": (), "end_user_conditions": (), "agent_conditions": (), "raw_name": None,
        "raw_display_name": None,
    },
)

CUSTOM_STATUS = Kind(
    "custom_statuses", "custom_status",
    {
        "status_category": None, "agent_label": None, "raw_agent_label": None, "end_user_label": None,
        "raw_end_user_label": None, "description": "", "raw_description": "", "end_user_description": "",
        "raw_end_user_description": "", "active": True, "default": True, "created_at": None, "updated_at": None,
    },
    _words("status_category agent_label end_user_label description end_user_description active"),
)

CUSTOM_OBJECT = Kind(
    "custom_objects", "custom_object",
    {
        "key": None, "title": None, "title_pluralized": None, "description": "", "raw_title": None,
        "raw_title_pluralized": None, "raw_description": "", "include_in_list_view": True, "allows_photos": False,
        "created_by_user_id": None, "updated_by_user_id": None, "created_at": None, "updated_at": None,
    },
    _words("key title title_pluralized description include_in_list_view allows_photos"),
)

CUSTOM_RECORD = Kind(
    "custom_object_records", "custom_object_record",
    {
        "name": None, "custom_object_key": None, "custom_object_fields": {}, "external_id": None, "photo": None,
        "created_by_user_id": None, "updated_by_user_id": None, "created_at": None, "updated_at": None,
    },
    _words("name external_id custom_object_fields"), custom="custom_object_fields",
)
# fmt: on

KINDS = {
    kind.plural: kind
    for kind in (
        ORGANIZATION, USER, TICKET, RATING, SURVEY, MEMBERSHIP, IDENTITY, AUDIT, MERGE, GROUP, BRAND, TICKET_FORM,
        CUSTOM_STATUS, CUSTOM_OBJECT, CUSTOM_RECORD,
    )
}  # fmt: skip
