"""Which properties are asked for of every record."""

from __future__ import annotations

import json
from urllib.parse import quote_plus

from cs_connector.ports import Read

# Characters: HubSpot refuses some addresses from 8,000 on, and those of 16,000 always.
_ADDRESS = 7_500
MERGED = "hs_merged_object_ids"
_MERGING = frozenset({"companies", "contacts", "deals", "tickets"})
_ROOM = 2_500  # characters: a search has at most 3,000, of which what it looks for takes 400


def columns(read: Read) -> list[str]:
    return sorted({*read.fields, *((MERGED,) if read.object in _MERGING else ())})


def long(read: Read) -> bool:
    """Whether their names are too long for an address as well, such as a list has."""
    return len(quote_plus(",".join([*columns(read), *read.history]))) > _ADDRESS


def wide(read: Read) -> bool:
    """Whether their names are too long for a search, so that what it finds has to be asked for by id."""
    return len(json.dumps(columns(read))) > _ROOM
