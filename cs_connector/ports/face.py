"""What people see of us in a system: the fields, objects and views that an adapter can put there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CORE = "core"
SIGNATURE = (
    " Written by cs-connector, installation {installation}."  # at the end of a text in a body: who made it
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing to put into a CRM. `kind` and `name` are the CRM's own words, such as field and Account.CS_Key__c.

    `body` is what we declare of it, as plain JSON. `part` is core, or the optional part that it belongs to.
    """

    kind: str
    name: str
    body: Mapping[str, Any] = field(default_factory=dict)
    part: str = CORE


@dataclass(frozen=True, slots=True)
class Storage:
    """Room for records, in megabytes; `record` is what one record of ours takes."""

    used: float
    allowed: float
    record: float
