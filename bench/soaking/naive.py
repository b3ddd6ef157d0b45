"""Readers as they are written at first; a history that does not catch them proves nothing of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from cs_connector.ports import Adapter, Ask, Page, RawRecord, Read

PAGE = 20
HUBSPOT_PAGE, HUBSPOT_MOST = 2, 100  # of its small profile
_TIMES = {"contacts": "lastmodifieddate"}


class Around:
    """An adapter, but for what a naive reader does its own way."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def __getattr__(self, name: str) -> Any:
        return getattr(self.adapter, name)


class Uncounted(Around):
    """Believes that every deletion is told."""

    def total(self, object_name: str) -> int | None:
        del object_name


class ByStamp(Around):
    """Asks for what is newer than the newest that it has seen, a page after the other."""

    def read(self, read: Read) -> Iterator[Page]:
        last = read.cursor or ""
        while True:
            rows = WAYS[self.adapter.crm](self.adapter, read, last)
            if not rows:
                yield Page((), last, done=True)
                return
            last = str(max(row.modified_at or "" for row in rows))
            yield Page(rows, last, done=False)


def _salesforce(adapter: Adapter, read: Read, last: str) -> list[RawRecord]:
    where = f"WHERE SystemModstamp > {last} " if last else ""
    fields = ", ".join(dict.fromkeys(("Id", "SystemModstamp", *read.fields)))
    query = f"SELECT {fields} FROM {read.object} {where}ORDER BY SystemModstamp LIMIT {PAGE}"
    rows = _asked(adapter, Ask("/query", {"q": query}))["records"]
    return [_record(row, row["Id"], row["SystemModstamp"].replace("+0000", "Z")) for row in rows]


def _hubspot(adapter: Adapter, read: Read, last: str) -> list[RawRecord]:
    """The pages of one search by their offset, as far as a search goes."""
    modified = _TIMES.get(read.object, "hs_lastmodifieddate")
    since = str(int(datetime.fromisoformat(last).timestamp() * 1000)) if last else "0"
    body = {
        "filterGroups": [{"filters": [{"propertyName": modified, "operator": "GT", "value": since}]}],
        "sorts": [{"propertyName": modified, "direction": "ASCENDING"}],
        "properties": [*read.fields],
        "limit": HUBSPOT_PAGE,
    }
    found: list[RawRecord] = []
    while len(found) < HUBSPOT_MOST:
        answer = _asked(
            adapter, Ask(f"/crm/v3/objects/{read.object}/search", body=body | {"after": str(len(found))})
        )
        found += [_record(row, row["id"], row["updatedAt"]) for row in answer["results"]]
        if "paging" not in answer:
            break
    return found


def _zendesk(adapter: Adapter, read: Read, last: str) -> list[RawRecord]:
    since = str(int(datetime.fromisoformat(last).timestamp()) + 1) if last else "0"
    answer = _asked(adapter, Ask(f"/incremental/{read.object}.json", {"start_time": since, "per_page": "5"}))
    return [_record(row, str(row["id"]), row["updated_at"]) for row in answer.get(read.object, ())]


def _asked(adapter: Adapter, ask: Ask) -> Any:
    answer = adapter.look(ask)
    assert answer is not None
    too_recent = answer.status == 422  # what Zendesk says of the last minute
    assert answer.status < 300 or too_recent, answer
    return {} if too_recent else answer.body


def _record(row: Mapping[str, Any], key: str, at: str) -> RawRecord:
    return RawRecord(key, at, False, msgspec.json.encode(row))


WAYS = {"salesforce": _salesforce, "hubspot": _hubspot, "zendesk": _zendesk}
STAMPED = {  # what they can read; the rest has no stamps
    "salesforce": ("Account", "Contact", "Case"),
    "hubspot": ("companies", "contacts", "tickets"),
    "zendesk": ("organizations", "users", "tickets"),
}
