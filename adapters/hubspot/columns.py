"""Which properties are asked for of every record."""

from __future__ import annotations

import json

from cs_connector.ports import Read

MERGED = "hs_merged_object_ids"
_MERGING = frozenset({"companies", "contacts", "deals", "tickets"})
_ROOM = 2_500  # characters: a search has at most 3,000, of which what it looks for takes 400


def columns(read: Read) -> list[str]:
    return sorted({*read.fields, *((MERGED,) if read.object in _MERGING else ())})


def wide(read: Read) -> bool:
    """Whether their names are too long for a search, so that what it finds has to be asked for by id."""
    return len(json.dumps(columns(read))) > _ROOM
