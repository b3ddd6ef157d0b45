"""Recorded answers of Salesforce and tree-import files as records of an org, with the fields that they need.

A record is as its answers last showed it; one that was only named when it was deleted is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from cs_connector.sandbox.ids import sales_id
from cs_connector.sandbox.recorded import Exchange, exchanges
from cs_connector.sandbox.wire import SeedRow

from .simulator.schema.schema import Schema
from .simulator.schema.standard import standard_schema

_TYPES = {
    "textarea": "LongText", "address": "LongText", "picklist": "Picklist", "multipicklist": "MultiPicklist",
    "double": "Number", "int": "Number", "currency": "Currency", "percent": "Percent", "date": "Date",
    "datetime": "DateTime", "boolean": "Checkbox", "reference": "Lookup", "email": "Email", "url": "Url",
    "phone": "Phone",
}  # fmt: skip
_DAY, _TIME = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\dT\S+")
_ELEMENT = re.compile(r"<(user\w+)>([^<]*)</")
_TREES = ("a0P", 1_000)  # the key prefix and first number of records that bring no id
_Records = dict[str, dict[str, dict[str, Any]]]
Fields = dict[str, dict[str, Any]]


def recorded(folder: Path) -> tuple[Fields, Iterator[SeedRow]]:
    """What to install, and every record: object → record. Raises UsageError."""
    found = exchanges(folder, "salesforce")
    records: _Records = {}
    for exchange in found:
        for name, record in _shown(exchange):
            records.setdefault(name, {}).setdefault(record["Id"], {}).update(record)
    for name, record in _trees(folder / "sf_ebikes"):
        records.setdefault(name, {})[record["Id"]] = record
    rows = (SeedRow(name, record) for name, held in records.items() for record in held.values())
    return _fields(records, [e.response_body for e in found if e.path.endswith("/describe")]), rows


def _shown(exchange: Exchange) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records that an exchange shows, each with its object and its Id."""
    body = exchange.response_body
    if not exchange.accepted:
        return
    if "/Soap/" in exchange.path:
        yield from _users(str(body))
    elif isinstance(body, dict):
        for one in body.get("records", [body]):
            yield from _one(exchange, one)
    elif isinstance(body, list) and exchange.method in ("POST", "PATCH"):
        pairs = zip(exchange.request_body["records"], body, strict=True)
        written = ((sent, said["id"]) for sent, said in pairs if said.get("success"))
        yield from ((sent["attributes"]["type"], {**_plain(sent), "Id": made}) for sent, made in written)


def _one(exchange: Exchange, one: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A record that was read, or the one that was created."""
    if "attributes" in one:
        url = one["attributes"]["url"]
        yield one["attributes"]["type"], {"Id": url.rpartition("/")[2], **_plain(one)}
    elif exchange.method == "POST" and one.get("success"):
        yield exchange.path.rpartition("/")[2], {**_plain(exchange.request_body), "Id": one["id"]}


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("attributes", "id")}


def _users(answer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Who logged in."""
    said = dict(_ELEMENT.findall(answer))
    if "userId" in said:
        first, _, last = said.get("userFullName", "").rpartition(" ")
        named = {"FirstName": first, "LastName": last, "Email": said.get("userEmail")}
        yield "User", {"Id": said["userId"], "Username": said.get("userName"), "IsActive": True, **named}


def _trees(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Records of a tree import, in the order of its plan, with ids in place of its references."""
    plans = sorted(folder.glob("*plan.json"))
    steps = [step for plan in plans for step in msgspec.json.decode(plan.read_bytes())]
    ids: dict[str, str] = {}
    standard = standard_schema()
    for number, step in enumerate(steps):
        known = standard.objects.get(step["sobject"].lower())
        prefix = known.prefix if known else f"{_TREES[0][:2]}{chr(ord(_TREES[0][2]) + number)}"
        for file in step["files"]:
            for one in msgspec.json.decode((folder / file).read_bytes())["records"]:
                made = sales_id(prefix, _TREES[1] + len(ids))
                ids[f"@{one['attributes']['referenceId']}"] = made
                yield step["sobject"], {"Id": made, **{k: _linked(v, ids) for k, v in _plain(one).items()}}


def _linked(value: Any, ids: Mapping[str, str]) -> Any:
    return ids.get(value, value) if isinstance(value, str) else value


def _fields(records: _Records, described: Iterable[Mapping[str, Any]]) -> Fields:
    """The objects and fields that a new org does not have, as described, else as their values show."""
    standard = standard_schema()
    blocks: Fields = {}
    for about in described:
        known = {f["name"]: _described(f) for f in about["fields"]}
        blocks[about["name"]] = _block(about["name"], about["keyPrefix"], known, standard)
    for name, held in records.items():
        values = [pair for record in held.values() for pair in record.items()]
        shown = {
            field: _guessed(field, value) for field, value in sorted(values, key=lambda p: p[1] is not None)
        }
        block = _block(name, next(iter(held))[:3], shown, standard)
        first = blocks.setdefault(name, {**block, "fields": []})
        have = {f["name"] for f in first["fields"]}
        first["fields"] += [f for f in block["fields"] if f["name"] not in have]
    return blocks


def _block(
    name: str, prefix: str, fields: Mapping[str, Mapping[str, Any]], standard: Schema
) -> dict[str, Any]:
    obj = standard.objects.get(name.lower())
    known = {f.name for f in obj.fields.values()} if obj else _SYSTEM
    return {"keyPrefix": prefix, "fields": [f for key, f in fields.items() if key not in known]}


_SYSTEM = frozenset(
    {
        "Id", "IsDeleted", "OwnerId", "Name", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById",
        "SystemModstamp", "CurrencyIsoCode",
    }
)  # fmt: skip


def _described(field: Mapping[str, Any]) -> dict[str, Any]:
    """A field of a describe answer as install takes it."""
    made = {"name": field["name"], "type": _TYPES.get(field["type"], "Text"), "label": field["label"]}
    if made["type"] == "Lookup":
        made |= {"referenceTo": field["referenceTo"], "relationshipName": field.get("relationshipName")}
    values = [v["value"] for v in field.get("picklistValues") or ()]
    sizes = {key: field[key] for key in ("length", "precision", "scale") if field.get(key)}
    return made | sizes | ({"values": values} if values else {})


def _guessed(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "type": _kind(value)}


def _kind(value: Any) -> str:
    """The type of field that holds a value."""
    if isinstance(value, bool):
        return "Checkbox"
    if isinstance(value, int | float):
        return "Number"
    text = str(value)
    return "DateTime" if _TIME.fullmatch(text) else "Date" if _DAY.fullmatch(text) else "Text"
