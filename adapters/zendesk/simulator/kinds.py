"""What the records of this API look like: names, columns with their defaults, and what clients may write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """`custom` is the column that holds the customer's own fields; `definitions` is where those are defined."""

    plural: str
    singular: str
    columns: dict[str, Any]
    writable: frozenset[str] = frozenset()
    custom: str = ""
    definitions: str = ""
    path: str = ""

    @property
    def where(self) -> str:
        """The path of one record, below /api/v2/."""
        return self.path or self.plural


ORGANIZATION = Kind(
    "organizations",
    "organization",
    {
        "name": None,
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": None,
        "created_at": None,
        "updated_at": None,
        "domain_names": (),
        "details": None,
        "notes": None,
        "group_id": None,
        "tags": (),
        "organization_fields": {},
    },
    frozenset(
        [
            "name",
            "shared_tickets",
            "shared_comments",
            "external_id",
            "domain_names",
            "details",
            "notes",
            "group_id",
            "tags",
            "organization_fields",
        ]
    ),
    custom="organization_fields",
    definitions="organization_fields",
)

USER = Kind(
    "users",
    "user",
    {
        "name": None,
        "email": None,
        "created_at": None,
        "updated_at": None,
        "time_zone": "Arizona",
        "iana_time_zone": "America/Phoenix",
        "phone": None,
        "shared_phone_number": None,
        "photo": None,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": None,
        "role": "end-user",
        "verified": True,
        "external_id": None,
        "tags": (),
        "alias": "",
        "active": True,
        "shared": False,
        "shared_agent": False,
        "last_login_at": None,
        "two_factor_auth_enabled": False,
        "signature": None,
        "details": "",
        "notes": "",
        "role_type": None,
        "custom_role_id": None,
        "moderator": False,
        "ticket_restriction": "requested",
        "only_private_comments": False,
        "restricted_agent": True,
        "suspended": False,
        "default_group_id": None,
        "report_csv": False,
        "user_fields": {},
    },
    frozenset(
        [
            "name",
            "email",
            "time_zone",
            "phone",
            "locale",
            "organization_id",
            "role",
            "verified",
            "external_id",
            "tags",
            "alias",
            "signature",
            "details",
            "notes",
            "suspended",
            "user_fields",
        ]
    ),
    custom="user_fields",
    definitions="user_fields",
)

TICKET = Kind(
    "tickets",
    "ticket",
    {
        "external_id": None,
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": None,
        "updated_at": None,
        "generated_timestamp": None,
        "type": None,
        "subject": None,
        "raw_subject": None,
        "description": "",
        "priority": None,
        "status": "open",
        "recipient": None,
        "requester_id": None,
        "submitter_id": None,
        "assignee_id": None,
        "organization_id": None,
        "group_id": None,
        "collaborator_ids": (),
        "follower_ids": (),
        "email_cc_ids": (),
        "forum_topic_id": None,
        "problem_id": None,
        "has_incidents": False,
        "is_public": True,
        "due_at": None,
        "tags": (),
        "custom_fields": (),
        "satisfaction_rating": None,
        "sharing_agreement_ids": (),
        "custom_status_id": None,
        "fields": (),
        "followup_ids": (),
        "ticket_form_id": None,
        "brand_id": None,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
    },
    frozenset(
        [
            "external_id",
            "type",
            "subject",
            "comment",
            "description",
            "priority",
            "status",
            "requester_id",
            "submitter_id",
            "assignee_id",
            "organization_id",
            "group_id",
            "problem_id",
            "due_at",
            "tags",
            "custom_fields",
            "safe_update",
            "updated_stamp",
        ]
    ),
)

RATING = Kind(
    "satisfaction_ratings",
    "satisfaction_rating",
    {
        "assignee_id": None,
        "group_id": None,
        "requester_id": None,
        "ticket_id": None,
        "score": "unoffered",
        "created_at": None,
        "updated_at": None,
        "comment": None,
        "reason": None,
        "reason_code": None,
        "reason_id": None,
    },
)

SURVEY = Kind(
    "survey_responses",
    "survey_response",
    {
        "responder_id": None,
        "expires_at": None,
        "subject_zrns": (),
        "subjects": (),
        "survey": None,
        "answers": (),
    },
    path="guide/survey_responses",
)

KINDS = {kind.plural: kind for kind in (ORGANIZATION, USER, TICKET, RATING, SURVEY)}
