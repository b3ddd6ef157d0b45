"""List views, layouts and tabs that came with the objects of an install.yml, in Salesforce's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cs_connector.errors import ConfigError

from ..errors import RecordError
from .metadata import Metadata
from .metadata_kept import Body

LISTS = {"listViews": "ListView", "compactLayouts": "CompactLayout"}


def furnish(metadata: Metadata, blocks: Mapping[str, Any]) -> None:
    """Raises ConfigError for what Salesforce would refuse."""
    for kind, full_name, body in _components(blocks):
        try:
            metadata.furnish(kind, full_name, body)
        except RecordError as bad:
            raise ConfigError(
                f"Salesforce would refuse the {kind} {full_name}.",
                why=bad.message,
                fix="Check it in install.yml.",
            ) from None


def _components(blocks: Mapping[str, Any]) -> Iterator[tuple[str, str, Body]]:
    for owner, block in blocks.items():
        if not isinstance(block, Mapping):
            continue
        for key, kind in LISTS.items():
            for spec in block.get(key) or ():
                body = {k: v for k, v in spec.items() if k not in {"name", "part"}}
                yield kind, f"{owner}.{spec['name']}", body
        if "tab" in block:
            yield "CustomTab", owner, {"customObject": True, **block["tab"]}
