"""Recorded answers of HubSpot and tables of a warehouse as records of a portal, with the properties that they need.

A record is as its answers last showed it; one that was only named when it was archived is not there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from cs_connector.sandbox.recorded import Exchange, exchanges, table
from cs_connector.sandbox.wire import SeedRow

from .simulator.properties.fields import FIELD_TYPES, TYPES
from .simulator.records.builtin import group, properties
from .simulator.records.kinds import BUILT_IN

_ANSWER = re.compile(r"/crm/v3/objects/([^/]+)/(?:search|batch/(?:read|create|update|upsert))")
_LINKS = re.compile(r"/crm-associations/v1/associations/(\d+)/HUBSPOT_DEFINED/(\d+)")
_CONTACT_TO_COMPANY = 1
_TABLES = {"company": "companies", "contact": "contacts", "deal": "deals", "ticket": "tickets"}
_NAMES = {
    "deal_pipeline_id": "pipeline",
    "deal_pipeline_stage_id": "dealstage",
    "owner_id": "hubspot_owner_id",
}
_POINTERS = {"associatedcompanyid": "companies", "hs_parent_company_id": "companies"}
_JOINS = {
    "deal_company": ("deals", "companies"), "deal_contact": ("deals", "contacts"),
    "ticket_company": ("tickets", "companies"), "ticket_contact": ("tickets", "contacts"),
    "ticket_deal": ("tickets", "deals"),
}  # fmt: skip
_SEEDS = "fivetran_hubspot"
_Record = dict[str, Any]
_Records = dict[tuple[str, str], _Record]


def recorded(folder: Path) -> tuple[dict[str, Any], Iterator[SeedRow]]:
    """What to install, and every record. Raises UsageError."""
    found = [e for e in exchanges(folder, "hubspot") if e.accepted]
    schemas = {s["objectTypeId"]: s for e in found for s in _schemas(e)}
    names = _names(schemas)
    records: _Records = {}
    for kind, record in (*_answers(found), *_seeded(folder)):
        name = names.get(kind.lower(), kind)
        held = records.setdefault((name, record["id"]), {"properties": {}})
        held |= {**record, "properties": held["properties"] | record["properties"]}
    _link(records, [*_associations(found), *_joined(folder)])
    rows = (SeedRow(name, record) for (name, _), record in records.items())
    return _fields(records, found, schemas, names), chain(_owners(folder), rows)


def _names(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The plain name of every object by all that it is called, in lower case."""
    known = {alias: kind.name for kind in BUILT_IN for alias in kind.names()}
    return known | {type_id: str(s["name"]) for type_id, s in schemas.items() if type_id not in known}


def _schemas(exchange: Exchange) -> Iterator[Mapping[str, Any]]:
    body = exchange.response_body
    if exchange.path.startswith("/crm/v3/schemas") and isinstance(body, dict):
        yield from body.get("results", [body])


def _answers(found: Iterable[Exchange]) -> Iterator[tuple[str, _Record]]:
    """Every record that an answer shows, with the object that the path names."""
    for exchange in found:
        body, answer = exchange.response_body, _ANSWER.fullmatch(exchange.path)
        if answer and isinstance(body, dict):
            for one in body.get("results", ()):
                named = {key: one[key] for key in ("id", "properties", "createdAt", "updatedAt")}
                yield answer[1], named
        elif exchange.path.startswith("/contacts/v1/contact/") and isinstance(body, dict):
            yield from _old(exchange, body)


def _old(exchange: Exchange, body: Mapping[str, Any]) -> Iterator[tuple[str, _Record]]:
    """A contact of the first API: its times are milliseconds, its properties come one by one."""
    if "properties" in body:
        held = {name: one["value"] for name, one in body["properties"].items()}
        for name in ("createdate", "lastmodifieddate"):
            if name in held:
                held[name] = _iso(int(held[name]))
        yield "contacts", {"id": str(body["vid"]), "properties": held}
    elif "isNew" in body:
        sent = {one["property"]: one["value"] for one in exchange.request_body["properties"]}
        yield "contacts", {"id": str(body["vid"]), "properties": sent}


def _iso(millis: int) -> str:
    moment = datetime.fromtimestamp(millis / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seeded(folder: Path) -> Iterator[tuple[str, _Record]]:
    """The rows of the warehouse, whose texts stay as they are; only the time of change is HubSpot's own."""
    for name, kind in _TABLES.items():
        for row in table(folder, f"{_SEEDS}/{name}_data"):
            held = {_NAMES.get(k, k.removeprefix("property_")): v for k, v in row.items() if _is_property(k)}
            made = {"id": row.get("id") or row[f"{name}_id"], "properties": held}
            gone = "true" in (row.get("is_deleted", "").lower(), row.get("_fivetran_deleted", "").lower())
            yield kind, made | {"updatedAt": _time(held["createdate"]), "archived": gone}


def _is_property(column: str) -> bool:
    return column.startswith("property_") or column in _NAMES


def _time(text: str) -> str:
    """A time of the warehouse, without a zone and perhaps with a short hour, as HubSpot writes it."""
    day, _, clock = text.partition(" ")
    return f"{day}T{clock.zfill(8)}Z"


def _owners(folder: Path) -> Iterator[SeedRow]:
    for row in table(folder, f"{_SEEDS}/owner_data"):
        active = row["active_user_id"]
        yield SeedRow(
            "owners",
            {
                "id": row["owner_id"], "email": row["email"], "type": row["type"], "firstName": row["first_name"],
                "lastName": row["last_name"], "userId": int(active) if active else None, "archived": not active,
                "createdAt": row["created_at"], "updatedAt": row["updated_at"],
            },
        )  # fmt: skip


def _associations(found: Iterable[Exchange]) -> Iterator[tuple[str, str, str, str, int | None]]:
    """The companies of contacts, as last asked for."""
    last: dict[str, list[int]] = {}
    for exchange in found:
        asked = _LINKS.fullmatch(exchange.path)
        if asked and int(asked[2]) == _CONTACT_TO_COMPANY:
            last[asked[1]] = exchange.response_body["results"]
    for contact, companies in last.items():
        for company in companies:
            yield "contacts", contact, "companies", str(company), _CONTACT_TO_COMPANY


def _joined(folder: Path) -> Iterator[tuple[str, str, str, str, int | None]]:
    for name, (start, end) in _JOINS.items():
        one, other = f"{start[:-1]}_id", "company_id" if end == "companies" else f"{end[:-1]}_id"
        for row in table(folder, f"{_SEEDS}/{name}_data"):
            yield start, row[one], end, row[other], None


def _link(records: _Records, links: Iterable[tuple[str, str, str, str, int | None]]) -> None:
    """Add the links; one to a record that nothing shows is none in a portal either."""
    for start, record_id, end, other, type_id in links:
        record = records.get((start, record_id))
        if record is not None and (end, other) in records:
            to = {"to_object": end, "to_id": other}
            record.setdefault("associations", []).append(to | ({"type_id": type_id} if type_id else {}))
    for record in records.values():
        held = record["properties"]
        lost = [n for n, end in _POINTERS.items() if held.get(n) and (end, str(held[n])) not in records]
        for name in lost:
            del held[name]


def _fields(
    records: _Records,
    found: Iterable[Exchange],
    schemas: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
) -> dict[str, Any]:
    """Custom objects and properties as described; a property that nobody described is a text."""
    specs: dict[str, dict[str, Mapping[str, Any]]] = {}
    for type_id, schema in schemas.items():
        specs.setdefault(names[type_id], {}).update((p["name"], p) for p in schema["properties"])
    for exchange in found:
        if exchange.path == "/properties/v1/contacts/properties":
            known = specs.setdefault("contacts", {})
            known |= {p["name"]: p for p in exchange.response_body if p["name"] not in known}
    for (name, _), record in records.items():
        specs.setdefault(name, {}).update(
            (p, {"name": p}) for p in record["properties"] if p not in specs[name]
        )
    told = {names[type_id]: schema for type_id, schema in schemas.items()}
    built_in = {kind.name for kind in BUILT_IN}
    own = [n for n in specs if n not in built_in and n not in told]
    return {
        "$shape": _shape(told, built_in),
        "schemas": [_egg(name, specs[name]) for name in own],
        **{n: {"properties": _properties(n, specs[n], told.get(n))} for n in specs if n not in own},
    }


def _shape(told: Mapping[str, Mapping[str, Any]], built_in: Collection[str]) -> dict[str, Any]:
    """What the portal said of itself, as `discover` would have saved it."""
    own = [schema for name, schema in told.items() if name not in built_in]
    properties = {f"properties/{n}": {"results": s["properties"]} for n, s in told.items() if n in built_in}
    return {"schemas": {"results": own}, **properties}


def _egg(name: str, specs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A custom object that nobody described."""
    made = _properties(name, specs, None)
    display = made[0]["name"]
    labels = {"singular": name, "plural": name}
    return {"name": name, "labels": labels, "primaryDisplayProperty": display, "properties": made}


def _properties(
    name: str, specs: Mapping[str, Mapping[str, Any]], told: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """What the object does not have of these, in the one group that it always has."""
    have = {p["name"] for p in told["properties"]} if told else properties(name)
    return [_property(spec, group(name)[0]) for key, spec in specs.items() if key not in have]


def _property(spec: Mapping[str, Any], group_name: str) -> dict[str, Any]:
    kind, control, options = spec.get("type"), spec.get("fieldType"), spec.get("options") or ()
    return {
        "name": spec["name"],
        "label": spec.get("label") or spec["name"],
        "type": kind if kind in TYPES else "string",
        "fieldType": control if control in FIELD_TYPES else "text",
        "groupName": group_name,
        "options": [{**option, "label": option.get("label") or option["value"]} for option in options],
        "hubspotDefined": True,  # names older than the rule for names are in use
    }
