"""What travels when a system is written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Value = str | int | float | bool | None


class Action(StrEnum):
    UPDATE = "update"
    UPSERT = "upsert"
    CREATE = "create"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One record to write.

    `key` is ours and unique in a plan. With UPSERT, `key_field` holds the CRM's unique field and `key` its
    value; with UPDATE and DELETE, `record_id` says which. A None in `fields` clears the field.
    `associate` names records to link to on creation, as (object, record id).
    """

    connection: str
    object: str
    action: Action
    key: str
    fields: Mapping[str, Value]
    key_field: str | None = None
    record_id: str | None = None
    associate: tuple[tuple[str, str], ...] = ()
    reason: str = ""


class Verdict(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    REJECTED = "rejected"  # for good: until the record or the configuration changes
    GONE = "gone"  # of a change by record id: the record is not there any more, and none is made in its place
    CONFLICT = "conflict"  # somebody changed the record since it was read: theirs stays
    LATER = "later"  # known not to be done, and worth another try
    UNKNOWN = "unknown"  # the answer was lost: look before sending again


NOT_LINKED = "NOT_ASSOCIATED"
"""The code of a receipt whose record is written and lacks a link of `associate`; with LATER it may be sent once more for that."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the CRM said of one change."""

    key: str
    verdict: Verdict
    record_id: str | None = None
    code: str = ""
    message: str = ""
