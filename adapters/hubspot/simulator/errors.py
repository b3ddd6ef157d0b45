"""The error bodies of HubSpot. The correlation id is added where the answer is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

SCOPES_URL = "https://developers.hubspot.com/scopes"
SHOWN_ERRORS = 3


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

    def entry(self, trace: str) -> dict[str, Any]:
        """The same as one entry of `errors` in a 207, for the input with this trace."""
        context = {**self.body.get("context", {}), "objectWriteTraceId": [trace]}
        keys = ("status", "category", "subCategory", "message", "errors")
        return {**{key: self.body[key] for key in keys if key in self.body}, "context": context}


def bad_request(message: str, **more: Any) -> Refusal:
    return Refusal(400, message, "VALIDATION_ERROR", **more)


def bad_json(line: int, column: int, why: str) -> Refusal:
    """A body that is no JSON, or JSON of another shape; it has no category."""
    return Refusal(400, f"Invalid input JSON on line {line}, column {column}: {why}")


def lacking(names: Sequence[str]) -> Refusal:
    """A body without a member that must be there."""
    message = (
        f"Invalid input JSON on line 1, column 2: Some required fields were not set: [{', '.join(names)}]"
    )
    return bad_request(message)


def invalid(problems: Sequence[Mapping[str, Any]], portal_id: int) -> Refusal:
    """One problem a property: {isValid, message, error, name}; they travel as text inside the message.

    Only the first few are also given as `errors`.
    """
    items = [{**each, "localizedErrorMessage": each["message"], "portalId": portal_id} for each in problems]
    text = msgspec.json.encode(items).decode()
    errors = [
        {"message": each["message"], "code": each["error"], "context": {"propertyName": [each["name"]]}}
        for each in problems[:SHOWN_ERRORS]
    ]
    return bad_request(f"Property values were not valid: {text}", errors=errors)


def required(singular: str, names: Sequence[str]) -> Refusal:
    message = f"Error creating {singular.upper()}. Some required properties were not set."
    why = {"message": message, "code": "REQUIRED_FIELD", "context": {"properties": list(names)}}
    return bad_request(message, context={"properties": list(names)}, errors=[why])


def not_found() -> Refusal:
    """A record that is not there, archived ones included."""
    return Refusal(404, "resource not found", "OBJECT_NOT_FOUND")


def not_numeric(text: str) -> Refusal:
    """A record id that is no number."""
    message = "Object not found.  objectId are usually numeric."
    return Refusal(404, message, "OBJECT_NOT_FOUND", context={"id": [text]})


def missing(what: str, sub_category: str = "") -> Refusal:
    more = {"subCategory": sub_category} if sub_category else {}
    return Refusal(404, f"{what} does not exist", "OBJECT_NOT_FOUND", **more)


def unknown_kind(name: str) -> Refusal:
    """An object type that the portal does not have; it has no category."""
    return Refusal(400, f"Unable to infer object type from: {name}")


def no_such_path() -> Refusal:
    return Refusal(404, "resource not found")


def not_allowed() -> Refusal:
    return Refusal(405, "HTTP 405 Method Not Allowed")


def wrong_media(media: str) -> Refusal:
    refusal = Refusal(415, "HTTP 415 Unsupported Media Type")
    refusal.body["context"] = {"contentType": [media or "none"]}
    return refusal


def too_large() -> Refusal:
    return Refusal(413, "HTTP 413 Request Entity Too Large")


def too_long() -> Refusal:
    return Refusal(414, "HTTP 414 URI Too Long")


def unsimulated(what: str) -> Refusal:
    """Something that HubSpot has and this sandbox does not: never a wrong success."""
    return Refusal(501, f"The sandbox does not simulate {what}.", "NOT_IMPLEMENTED")


def exists(what: str, sub_category: str = "") -> Refusal:
    more = {"subCategory": sub_category} if sub_category else {}
    return Refusal(409, f"{what} already exists.", "OBJECT_ALREADY_EXISTS", **more)


def conflict(singular: str, record_id: int) -> Refusal:
    """The e-mail address of another contact."""
    message = f"{singular.capitalize()} already exists. Existing ID: {record_id}"
    return Refusal(409, message, "CONFLICT")


def held(portal_id: int, kind: str, name: str, value: str, own: str, holder: int) -> Refusal:
    """A unique property whose value another record has; `own` is "" for one that was not created."""
    where = f"portalId={portal_id}, objectTypeId=ObjectTypeId{{{kind}}}, propertyName={name}, value={value}"
    message = f"Cannot set PropertyValueCoordinates{{{where}}} on {own}. {holder} already has that value."
    return bad_request(message)


def doubled(ids: Sequence[str]) -> Refusal:
    listed = ", ".join(ids)
    message = f"Duplicate IDs found in batch input: [{listed}]. IDs must be unique"
    return bad_request(message, context={"ids": list(ids)})


def not_unique(type_id: str, name: str) -> Refusal:
    """A lookup by a property that does not exist or is not unique."""
    return bad_request(f"Unable to perform update/upsert by non-unique {type_id} property {name}")


def no_scope(scopes: Iterable[str]) -> Refusal:
    """One of these scopes is needed."""
    context = {"requiredGranularScopes": list(scopes), "links": [SCOPES_URL]}
    why = {"message": "One or more of the following scopes are required.", "context": context}
    message = "This app hasn't been granted all required scopes to make this call."
    message += f" Read more about required scopes here: {SCOPES_URL}."
    return Refusal(403, message, "MISSING_SCOPES", errors=[why], links={"scopes": SCOPES_URL})


def unauthenticated() -> Refusal:
    message = (
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find"
    )
    message += " more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
    return Refusal(401, message, "INVALID_AUTHENTICATION")


def unknown_token() -> Refusal:
    return Refusal(401, "The OAuth token used to make this call is not valid.", "INVALID_AUTHENTICATION")


def expired_token(seconds: int) -> Refusal:
    """The text counts in whole units, as big as they fit."""
    size, unit = next(
        (s, u) for s, u in ((3600, "hour"), (60, "minute"), (1, "second")) if seconds >= s or s == 1
    )
    message = f"The OAuth token used to make this call expired {seconds // size} {unit}(s) ago."
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
