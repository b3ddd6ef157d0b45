"""Every error code that a record can get, what it means for the change, and how to mend it.

Codes: vendor, "Core Data Types Used in API Calls", StatusCode. One that is not listed is for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from cs_connector.ports import Action, Change, Receipt, Verdict
from cs_connector.transport import redact

from ..errors import LOCKED, Fault

RACED = "DUPLICATE_VALUE"
AMBIGUOUS = "DUPLICATE_EXTERNAL_ID"
GONE = "ENTITY_IS_DELETED"
OWNERS = frozenset(
    {
        "INACTIVE_OWNER_OR_USER", "OPERATION_WITH_INACTIVE_OWNER", "OPERATION_WITH_INACTIVE_USER_EXCEPTION",
        "OWNER_REFUSED", "TRANSFER_REQUIRES_READ",
    }
)  # fmt: skip
ALERTED = "DUPLICATES_DETECTED"
UNREAD = "UNREADABLE_RESULT"


class Meaning(NamedTuple):
    verdict: Verdict
    fix: str = ""


_VISIBLE = (
    "give the user of this connection our permission set, and see that it reaches this record and field"
)
_OWNER = "choose an active user as owner, or a fallback owner in the configuration"
_AUTOMATION = "ask the admin which flow or trigger stops it, and why"
_PICKLIST = "add the value to the field's picklist, and to the record type, or map another value"
_EMPTY = "fill the required field in Salesforce, or map a value for it"
_VALUE = "map a value that the field can hold"

REFUSED: Mapping[str, str] = {
    "BAD_CUSTOM_ENTITY_PARENT_DOMAIN": _VALUE,
    "CANNOT_EXECUTE_FLOW_TRIGGER": _AUTOMATION,
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _AUTOMATION,
    "CANNOT_UPDATE_CONVERTED_LEAD": "the lead was converted: write to its contact or account",
    "CIRCULAR_DEPENDENCY": "a record cannot stand above itself: mend the parent in Salesforce",
    "DELETE_FAILED": "other records keep it from being deleted: remove those first",
    "DEPENDENCY_EXISTS": "other records keep it from being deleted: remove those first",
    ALERTED: "a duplicate rule of the org blocks it: let the rule alert instead of block, or merge the records",
    AMBIGUOUS: "merge the records that share the key in Salesforce, or clear the key of all but one",
    RACED: "another record has this value in a unique field: clear it there, or merge the two",
    GONE: "the record is in the recycle bin: restore it there, or let the next run leave it out",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (
        "a validation rule of the org refuses it: correct the record, or let the rule pass the user of this connection"
    ),
    "FIELD_FILTER_VALIDATION_EXCEPTION": "the field's lookup filter does not let this record in",
    "FIELD_INTEGRITY_EXCEPTION": _VALUE,
    "INACTIVE_OWNER_OR_USER": _OWNER,
    "INSUFFICIENT_ACCESS": _VISIBLE,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _VISIBLE,
    "INSUFFICIENT_ACCESS_OR_READONLY": _VISIBLE,
    "INVALID_CROSS_REFERENCE_KEY": "the record that it names is gone, or hidden from the user of this connection",
    "INVALID_EMAIL_ADDRESS": _VALUE,
    "INVALID_FIELD": "the field is missing or hidden: install it, and give the user our permission set",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "the field can only be read: leave it out of the mapping, or give the right to it",
    "INVALID_ID_FIELD": _VALUE,
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": _PICKLIST,
    "INVALID_STATUS": _PICKLIST,
    "INVALID_TYPE": "the object is missing or hidden: install it, and give the user our permission set",
    "INVALID_TYPE_ON_FIELD_IN_RECORD": _VALUE,
    "JSON_PARSER_ERROR": _VALUE,
    "MALFORMED_ID": _VALUE,
    "MISSING_ARGUMENT": _EMPTY,
    "NUMBER_OUTSIDE_VALID_RANGE": "make the number smaller in the mapping, or the field wider",
    "OPERATION_WITH_INACTIVE_OWNER": _OWNER,
    "OPERATION_WITH_INACTIVE_USER_EXCEPTION": _OWNER,
    "REQUIRED_FIELD_MISSING": _EMPTY,
    "STRING_TOO_LONG": "make the text shorter in the mapping, or the field longer",
    "TRANSFER_REQUIRES_READ": "the new owner may not see this object: give the right, or choose another",
}
WAITING: Mapping[str, str] = {
    LOCKED: "somebody else is writing to it or to its parent",
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": "",
    "API_CURRENTLY_DISABLED": "",
    "ENTITY_IS_LOCKED": "an approval holds the record: it can be written when that is over",
    "LIMIT_EXCEEDED": "a limit of the org was met: see its limits in Setup",
    "PROCESSING_HALTED": "",
    "QUERY_TIMEOUT": "",
    "REQUEST_RUNNING_TOO_LONG": "a flow or trigger takes too long: ask the admin",
    "SERVER_UNAVAILABLE": "",
    "STORAGE_LIMIT_EXCEEDED": "the org has no room for records: see Storage Usage in Setup",
    "TOO_MANY_APEX_REQUESTS": "",
}
UNHEARD: Mapping[str, str] = {"UNKNOWN_EXCEPTION": "", "UNKNOWN_ERROR": "", UNREAD: ""}

MEANINGS: Mapping[str, Meaning] = {
    code: Meaning(verdict, fix)
    for verdict, codes in (
        (Verdict.REJECTED, REFUSED), (Verdict.LATER, WAITING), (Verdict.UNKNOWN, UNHEARD),
    )
    for code, fix in codes.items()
}  # fmt: skip
_FOR_GOOD = Meaning(Verdict.REJECTED)
# Two errors have the code of a field that is missing.
_NO_PARENT = "Foreign key external ID:"
_UNREADABLE_CELL = "Failed to deserialize field at col"


def done(change: Change, record_id: str | None, *, created: bool) -> Receipt:
    if change.action is Action.DELETE:
        return Receipt(change.key, Verdict.DELETED, record_id or change.record_id)
    verdict = Verdict.CREATED if created else Verdict.UPDATED
    return Receipt(change.key, verdict, record_id or change.record_id)


def refused(change: Change, fault: Fault, record_id: str | None = None) -> Receipt:
    """What a record's error makes of its change; a record that is gone already is deleted."""
    if change.action is Action.DELETE and fault.code == GONE:
        return done(change, record_id, created=False)
    verdict, fix = _meaning(fault)
    if change.action is Action.UPDATE and fault.code == GONE and not fault.fields:
        verdict = Verdict.GONE  # with a field it is the record to which that leads
    said = redact(fault.message)
    text = f"{said}; {fix}" if said and fix else said or fix
    return Receipt(change.key, verdict, record_id or change.record_id, _code(fault), text)


def _code(fault: Fault) -> str:
    """Whatever is wrong with an owner, Salesforce says it with a code of its own, and names the field."""
    of_owner = isinstance(fault.fields, list) and "OwnerId" in fault.fields
    return "OWNER_REFUSED" if of_owner and fault.code not in OWNERS else fault.code


def _meaning(fault: Fault) -> Meaning:
    if fault.code == "INVALID_FIELD" and fault.message.startswith(_NO_PARENT):
        return Meaning(Verdict.LATER, "the record that it names by its key is not there yet")
    if fault.code == "INVALID_FIELD" and fault.message.startswith(_UNREADABLE_CELL):
        return Meaning(Verdict.REJECTED, _VALUE)
    return MEANINGS.get(fault.code, _FOR_GOOD)


def doubted(receipt: Receipt) -> Receipt:
    """The same where a try before may have been obeyed, and was not answered: what is not done now may be done by that."""
    return replace(receipt, verdict=Verdict.UNKNOWN) if receipt.verdict is Verdict.LATER else receipt


def missing(change: Change, why: str) -> Receipt:
    """Salesforce answered, and not for this record."""
    return Receipt(change.key, Verdict.UNKNOWN, change.record_id, UNREAD, why)


def ambiguous(change: Change, ids: Sequence[str]) -> Receipt:
    """Several records have the key of an upsert."""
    text = f"records {', '.join(ids)} have this key" if ids else "several records have this key"
    return Receipt(change.key, Verdict.REJECTED, None, AMBIGUOUS, f"{text}; {REFUSED[AMBIGUOUS]}")


def later(change: Change, code: str, why: str) -> Receipt:
    return Receipt(change.key, Verdict.LATER, change.record_id, code, why)
