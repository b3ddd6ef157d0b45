"""A connection with its mapping, and where its raw records are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cs_connector.ports import Merging

from .mapping import MappingFile

Latest = Callable[[str, str], str]
"""(connection, object) → the name of a view of the latest raw records: id, modified_at, deleted, payload."""


@dataclass(frozen=True, slots=True)
class Source:
    """A connection with its mapping; a lower rank is believed first.

    `unknown` are the fields of each object that cannot be believed now, whatever the records say; `merging` is how
    its records tell of merges. `types` are the fields that were described of each object, with their types.
    """

    connection: str
    crm: str
    rank: int
    mapping: MappingFile
    unknown: Mapping[str, frozenset[str]] = field(default_factory=dict)
    merging: Merging = field(default_factory=Merging)
    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
