"""Whether a value fits a column: refused in the vendor's words where it does not, and brought into its form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..answers import Refusal, nested
from ..digits import number
from ..kinds import Kind
from ..times import epoch, stamp

FLAGS = {"true": True, "false": False, "1": True, "0": False}
LARGEST_ID = 2**63


def fitted(kind: Kind, name: str, value: Any) -> Any:
    """The value as a column keeps it. Raises Refusal (400)."""
    if value is None or name not in kind.columns:
        return value
    return _form(name, kind.columns[name])(name, value)


def _form(name: str, example: Any) -> Callable[[str, Any], Any]:
    """What a column's default, or its name, tells of its values."""
    if isinstance(example, bool):
        return flag
    if isinstance(example, tuple):
        return _list
    if isinstance(example, dict):
        return _object
    if name == "due_at":
        return _moment
    return _ident if name.endswith("_id") and name != "external_id" else plain


def plain(name: str, value: Any) -> str:
    """A text or a number. Raises Refusal (400)."""
    if isinstance(value, list | dict | bool):
        raise _wrong(name, "a string")
    return str(value)


def _ident(name: str, value: Any) -> int:
    found = None if isinstance(value, bool) else number(str(value))
    if found is None or found >= LARGEST_ID:
        raise _wrong(name, "an integer")
    return found


def _moment(name: str, value: Any) -> str:
    """As times are told: whole seconds, UTC. The refusal is recorded in zendesk-java-client issues 103 and 331."""
    try:
        return stamp(epoch(value))
    except (TypeError, ValueError):
        wrong = f"Invalid parameter: {name} It must be an acceptable ISO 8601 date format"
        raise nested(
            400, "Invalid attribute", f"You passed an invalid value for the {name} attribute. {wrong}"
        ) from None


def flag(name: str, value: Any) -> bool:
    """A value for true or false. Raises Refusal (400)."""
    found = FLAGS.get(str(value).lower())
    if found is None:
        raise _wrong(name, "a boolean")
    return found


def _list(name: str, value: Any) -> list[Any]:
    """Words of a text count as a list of them; custom fields may be an object of ids and values."""
    if isinstance(value, dict) and name == "custom_fields":
        return [{"id": ident, "value": held} for ident, held in value.items()]
    found = value.split() if isinstance(value, str) else value
    if not isinstance(found, list):
        raise _wrong(name, "an array")
    if name in ("tags", "domain_names") and not all(isinstance(part, str | int) for part in found):
        raise _wrong(name, "an array of strings")
    return [str(part) for part in found] if name in ("tags", "domain_names") else found


def _object(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(name, "an object")
    return value


def _wrong(name: str, wanted: str) -> Refusal:
    return nested(
        400, "Invalid attribute", f"You passed an invalid value for the {name} attribute. must be {wanted}"
    )
