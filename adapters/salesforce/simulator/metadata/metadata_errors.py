"""How the Metadata API refuses one component of a call."""

from __future__ import annotations

from ..errors import RecordError


def misfit(message: str) -> RecordError:
    return RecordError("FIELD_INTEGRITY_EXCEPTION", message)


def must(what: str, kind: str) -> RecordError:
    return misfit(f"Must specify '{what}' for a CustomField of type {kind}")


def must_not(what: str, kind: str) -> RecordError:
    return misfit(f"Can not specify '{what}' for a CustomField of type {kind}")


def lacking(name: str) -> RecordError:
    return RecordError("REQUIRED_FIELD_MISSING", f"Required field is missing: {name}", [name])


def unknown(kind: str, name: str, inside: str = "") -> RecordError:
    """No component of this kind and name; `inside` is the element that names it."""
    said = f"In field: {inside} - " if inside else ""
    return RecordError("INVALID_CROSS_REFERENCE_KEY", f"{said}no {kind} named {name} found")


def duplicate(message: str) -> RecordError:
    return RecordError("DUPLICATE_DEVELOPER_NAME", message)


def beyond(what: str) -> RecordError:
    """Salesforce could do this, the simulator cannot."""
    return RecordError("FUNCTIONALITY_NOT_ENABLED", f"{what} is not simulated.")


def in_use(name: str, by: str) -> RecordError:
    return RecordError(
        "DEPENDENCY_EXISTS",
        f"This custom field is referenced elsewhere in salesforce.com. Remove the usage and try again. : {by}",
        [name],
    )
