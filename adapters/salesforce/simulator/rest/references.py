"""`@{ref.id}`: what one part of a composite request takes from the answer to another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import ApiError

REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def filled(value: Any, answered: Mapping[str, Any]) -> Any:
    """The value with every reference replaced, at any depth. Raises ApiError PROCESSING_HALTED."""
    if isinstance(value, str):
        return REFERENCE.sub(lambda match: _found(match, answered), value)
    if isinstance(value, Mapping):
        return {key: filled(part, answered) for key, part in value.items()}
    return [filled(part, answered) for part in value] if isinstance(value, list) else value


def named(value: Any) -> Iterator[str]:
    """The reference ids that a value names."""
    if isinstance(value, str):
        yield from (match[1] for match in REFERENCE.finditer(value))
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for part in parts:
        yield from named(part)


def _found(match: re.Match[str], answered: Mapping[str, Any]) -> str:
    value = answered.get(match[1])
    for step in STEP.finditer(match[2]):
        value = _step(value, step)
    if value is None or isinstance(value, (dict, list)):
        wanted = f"{match[1]}{match[2]}"
        raise ApiError(
            400,
            "PROCESSING_HALTED",
            f"Invalid reference specified. No value for {wanted} found in {match[1]}",
        )
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _step(value: Any, step: re.Match[str]) -> Any:
    if isinstance(value, Mapping) and step[1]:
        return value.get(step[1])
    if isinstance(value, list) and step[2]:
        return value[int(step[2])] if int(step[2]) < len(value) else None
    return None
