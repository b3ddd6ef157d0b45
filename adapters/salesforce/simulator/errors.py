"""How Salesforce says no: to a whole request, or to one record of many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class RecordError(Exception):
    """One record is refused; `code` is Salesforce's status code."""

    def __init__(self, code: str, message: str, fields: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.fields = code, message, list(fields)

    def entry(self) -> dict[str, Any]:
        """The element of `errors` in a collections answer."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}

    def more(self) -> dict[str, Any]:
        """What the answer to a single-record request says besides."""
        return {} if self.code in WITHOUT_FIELDS else {"fields": self.fields}


class ApiError(Exception):
    """The request is refused; the body is an array of one error, with `more` for its other keys."""

    def __init__(
        self, status: int, code: str, message: str, fields: Iterable[str] | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.more = more if fields is None else {"fields": list(fields), **more}

    def body(self) -> list[dict[str, Any]]:
        return [{"message": self.message, "errorCode": self.code, **self.more}]


NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
STATUSES = {
    "ENTITY_IS_DELETED": 404, "NOT_FOUND": 404, "INSUFFICIENT_ACCESS_OR_READONLY": 403, NOT_IMPLEMENTED: 501,
}  # fmt: skip
WITHOUT_FIELDS = frozenset({"INVALID_FIELD", "NOT_FOUND"})


def refused(error: RecordError) -> ApiError:
    """The answer of a single-record request whose record was refused."""
    return ApiError(STATUSES.get(error.code, 400), error.code, error.message, **error.more())


def not_found() -> ApiError:
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def method_not_allowed(method: str, allowed: str = "HEAD,GET") -> ApiError:
    return ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {allowed}")


def unsimulated(what: str) -> ApiError:
    """A real org does this, the simulated one does not."""
    return ApiError(501, NOT_IMPLEMENTED, f"{what} is not simulated.")


def malformed(text: str, at: int, why: str) -> ApiError:
    """A query that cannot be read; `at` counts characters from 0."""
    snippet = text[max(0, at - 20) : at + 20]
    mark = " " * min(at, 20) + "^"
    return ApiError(400, "MALFORMED_QUERY", f"\n{snippet}\n{mark}\nERROR at Row:1:Column:{at + 1}\n{why}")


def no_column(name: str, object_name: str) -> ApiError:
    return ApiError(
        400,
        "INVALID_FIELD",
        f"\nSELECT {name} FROM {object_name}\n       ^\nERROR at Row:1:Column:8\n"
        f"No such column '{name}' on entity '{object_name}'. If you are attempting to use a custom field, be "
        "sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call "
        "for the appropriate names.",
    )


def no_object(name: str) -> ApiError:
    return ApiError(
        400,
        "INVALID_TYPE",
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to "
        "append the '__c' after the entity name. Please reference your WSDL or the describe call for the "
        "appropriate names.",
    )
