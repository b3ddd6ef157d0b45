"""The error bodies of HubSpot. The correlation id is added where the answer is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec


class Refusal(Exception):
    """An answer other than success: its status, the members of its body, and headers of its own."""

    def __init__(self, status: int, message: str, category: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body: dict[str, Any] = {"status": "error", "message": message}
        if category:
            self.body["category"] = category
        self.body |= more


def bad_request(message: str) -> Refusal:
    return Refusal(400, message, "VALIDATION_ERROR")


def bad_json(why: str) -> Refusal:
    return Refusal(400, f"Invalid input JSON on line 1, column 1: {why}", "VALIDATION_ERROR")


def invalid(problems: Sequence[Mapping[str, Any]]) -> Refusal:
    """One problem a property: {isValid, message, error, name}; they travel as text inside the message."""
    text = msgspec.json.encode(list(problems)).decode()
    return Refusal(400, f"Property values were not valid: {text}", "VALIDATION_ERROR")


def required(singular: str, names: Sequence[str]) -> Refusal:
    message = f"Error creating {singular.upper()}. Some required properties were not set."
    why = {"message": message, "code": "REQUIRED_FIELD", "context": {"properties": list(names)}}
    return Refusal(400, message, "VALIDATION_ERROR", errors=[why])


def not_found() -> Refusal:
    return Refusal(404, "Object not found.  objectId are usually numeric.", "OBJECT_NOT_FOUND")


def missing(what: str) -> Refusal:
    return Refusal(404, f"{what} does not exist", "OBJECT_NOT_FOUND")


def no_such_path() -> Refusal:
    return Refusal(404, "resource not found")


def not_allowed() -> Refusal:
    return Refusal(405, "HTTP 405 Method Not Allowed")


def exists(what: str) -> Refusal:
    return Refusal(409, f"{what} already exists.", "OBJECT_ALREADY_EXISTS")


def conflict(singular: str, record_id: int) -> Refusal:
    message = f"{singular.capitalize()} already exists. Existing ID: {record_id}"
    return Refusal(409, message, "CONFLICT")


def no_scope(scopes: Iterable[str]) -> Refusal:
    why = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(scopes)},
    }
    message = "This app hasn't been granted all required scopes to make this call."
    return Refusal(403, message, "MISSING_SCOPES", errors=[why])


def unauthenticated() -> Refusal:
    return Refusal(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")


def unknown_token() -> Refusal:
    return Refusal(401, "The OAuth token used to make this call is not valid.", "INVALID_AUTHENTICATION")


def expired_token(hours: int) -> Refusal:
    message = f"The OAuth token used to make this call expired {hours} hour(s) ago."
    return Refusal(401, message, "EXPIRED_AUTHENTICATION")


def read_misses(singular: str, ids: Sequence[str]) -> dict[str, Any]:
    """One entry of `errors` in a 207."""
    message = f"Could not get some {singular.upper()} objects, they may be deleted or not exist."
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"{message} Check that ids are valid.",
        "context": {"ids": list(ids)},
    }


def no_links(from_id: str, from_name: str, to_name: str) -> dict[str, Any]:
    """The entry of a record without associations in the 207 of a batch read."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {to_name} is associated with {from_name} {from_id}.",
        "context": {"fromObjectId": [from_id], "fromObjectType": [from_name], "toObjectType": [to_name]},
    }
