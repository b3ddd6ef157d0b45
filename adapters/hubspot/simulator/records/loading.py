"""Records that have always been there: into the store without checks of values and without the ledger."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from cs_connector.sandbox.wire import SeedRow

from ..account.owners import seeded
from ..errors import Refusal
from ..links.links import CHILD_TO_PARENT, COMPANY, CONTACT, CONTACT_PRIMARY
from ..links.relations import reflected
from ..state import State
from ..times import iso, parsed
from .shelf import Record, Shelf

Link = tuple[str, int, str, int, int]


def load(state: State, rows: Iterable[SeedRow]) -> None:
    """Add owners and records, archived ones to the recycle bin. Raises ValueError for an object, property or link that the portal cannot have."""
    collecting = gc.isenabled()
    gc.disable()  # nothing of this is garbage, and looking for some takes longer than the loading
    try:
        _load(state, rows)
    finally:
        if collecting:
            gc.enable()


def _load(state: State, rows: Iterable[SeedRow]) -> None:
    records: dict[str, list[Record]] = defaultdict(list)
    links: list[Link] = []
    for name, record in rows:
        if name == "owners":
            owner = seeded(record)
            state.owners[owner["id"]] = owner
            continue
        shelf = _shelf(state, name)
        made = _record(shelf, record, state.now())
        state.next_id = max(state.next_id, made.id)
        empty = [name for name, value in record.get("properties", {}).items() if value == ""]
        state.history.clear((shelf.kind.type_id, made.id), empty, made.modified)
        if record.get("archived"):
            shelf.fill([made])
            shelf.throw(made, str(record.get("archivedAt") or iso(made.modified)))
            continue
        records[shelf.kind.type_id].append(made)
        links += _links(state, shelf, made, record.get("associations", ()))
    for type_id, made_here in records.items():
        state.shelves[type_id].fill(made_here)
    _join(state, links)
    _mirror(state, records)


def _shelf(state: State, name: str) -> Shelf:
    try:
        return state.named(name)
    except Refusal as error:
        raise ValueError(f"HubSpot has no object {name}") from error


def _record(shelf: Shelf, row: Mapping[str, Any], now: int) -> Record:
    kind = shelf.kind
    given = row.get("properties", {})
    if not given.keys() <= shelf.fields.keys():
        unknown = ", ".join(sorted(given.keys() - shelf.fields.keys()))
        raise ValueError(f"HubSpot {kind.name} {row.get('id')} has unknown properties: {unknown}")
    properties = {name: _text(value) for name, value in given.items() if value is not None and value != ""}
    created = row.get("createdAt") or properties.get(kind.created) or iso(now)
    modified = row.get("updatedAt") or properties.get(kind.modified) or created
    number = int(row["id"])
    properties |= {"hs_object_id": str(number), kind.created: created, kind.modified: modified}
    if "email" in properties and kind.name == "contacts":
        properties["hs_email_domain"] = properties["email"].rpartition("@")[2]
    return Record(number, properties, parsed(modified))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _links(state: State, shelf: Shelf, record: Record, wanted: Iterable[Mapping[str, Any]]) -> list[Link]:
    start = shelf.kind.type_id
    found = []
    for each in wanted:
        end = _shelf(state, each["to_object"]).kind.type_id
        type_id = each.get("type_id") or state.links.defaults[start, end].id
        found.append((start, record.id, end, int(each["to_id"]), int(type_id)))
    company = record.properties.get("associatedcompanyid")
    if start == CONTACT and company:
        found.append((CONTACT, record.id, COMPANY, int(company), CONTACT_PRIMARY))
    parent = record.properties.get("hs_parent_company_id")
    if start == COMPANY and parent:
        found.append((COMPANY, record.id, COMPANY, int(parent), CHILD_TO_PARENT))
    return found


def _join(state: State, links: Iterable[Link]) -> None:
    for start, record_id, end, other, type_id in links:
        kind = state.links.types.get(type_id)
        if kind is None or (kind.start, kind.end) != (start, end):
            raise ValueError(f"HubSpot association type {type_id} does not lead from {start} to {end}")
        if other not in state.shelves[end].live:
            raise ValueError(f"HubSpot {state.shelves[end].kind.singular} {other} is linked to but not there")
        state.links.add(kind, record_id, other)


def _mirror(state: State, loaded: Mapping[str, list[Record]]) -> None:
    """Show links in the properties of contacts and companies, without touching their modified time."""
    for type_id in (CONTACT, COMPANY):
        shelf = state.shelves[type_id]
        for record in loaded.get(type_id, ()):
            shown = reflected(state, type_id, record.id)
            if any(record.properties.get(name, "") != value for name, value in shown.items()):
                kept = {name: value for name, value in {**record.properties, **shown}.items() if value}
                shelf.live[record.id] = record._replace(properties=kept)
