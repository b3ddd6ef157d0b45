"""A real account's field definitions become those of this one, as Zendesk told them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_connector.errors import ConfigError

from ..state import DEFINED, State

KEY = "$shape"
"""Under this key, install takes the documents that discover saved, by their path without `.json`."""


def apply(state: State, documents: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises ConfigError for a document that holds no definitions of fields."""
    for noun, document in documents.items():
        if noun not in DEFINED or not isinstance(document.get(noun), list):
            raise ConfigError(
                f"{noun} holds no field definitions of Zendesk", fix="save it again with discover"
            )
        state.fields[noun] = {}
        for told in document[noun]:
            definition = {**told, "url": state.url(f"{noun}/{told['id']}.json")}
            state.fields[noun][key_of(definition)] = definition


def key_of(definition: Mapping[str, Any]) -> str:
    """Ticket fields of a real account have no key; their id stands for it."""
    return str(definition.get("key") or definition["id"])
