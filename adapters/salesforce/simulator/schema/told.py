"""What a loaded describe says otherwise than we would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VERSION, BASE, ABSENT = "{version}", "{base}", "\0"
"""In what a loaded describe tells: the version, the org's own address, and a key that it does not have."""


def placed(told: Any, version: str, base: str) -> Any:
    """What a loaded describe says, with this version and this org's address."""
    if isinstance(told, Mapping):
        return {key: placed(value, version, base) for key, value in told.items()}
    if isinstance(told, list):
        return [placed(value, version, base) for value in told]
    return told.replace(VERSION, version).replace(BASE, base) if isinstance(told, str) else told


def over(ours: dict[str, Any], told: Mapping[str, Any], version: str = "", base: str = "") -> dict[str, Any]:
    """Ours, where nothing else is told."""
    whole = ours | placed(told, version, base)
    return {key: value for key, value in whole.items() if value != ABSENT}
