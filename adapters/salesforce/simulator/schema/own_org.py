"""A real org's describes become the schema of this one.

What the schema understands (types, lengths, picklists, required fields, references, visibility) is taken over and so
has its effect; what else a describe says is kept beside it (`told`), so that this org describes itself like the real one.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cs_connector.errors import ConfigError
from cs_connector.sandbox.wire import SeedRow

from . import describe_fields
from .describe import MASTER, child_pairs, describe, summary
from .schema import NO_ACCESS, Access, Field, Fields, ObjectType, RecordType, Schema
from .told import ABSENT, BASE, VERSION

Json = Mapping[str, Any]
KEY = "$shape"
"""Under this key, install takes the documents that discover saved, by their path without `.json`."""
LIST = "sobjects"
NEEDED = frozenset({
    "organization", "user", "profile", "userrole", "group", "recordtype", "permissionset", "permissionsetassignment",
    "fieldpermissions", "objectpermissions", "account", "contact", "task", "event",
})  # fmt: skip


def apply(schema: Schema, documents: Mapping[str, Json]) -> list[ObjectType]:
    """Shape the schema; answers the objects that were described. Raises ConfigError for a file that is no describe."""
    told = {str(d.get("name", "")).lower(): d for path, d in documents.items() if path != LIST}
    for path, document in documents.items():
        if path != LIST and not {"name", "fields", "childRelationships"} <= document.keys():
            raise ConfigError(
                f"{path} is not a describe of a Salesforce object", fix="save it again with discover"
            )
    listed = {str(s["name"]).lower(): s for s in documents.get(LIST, {}).get("sobjects", ())}
    relations = dict(_relations(told.values()))
    made = [_object(schema, document, relations) for document in told.values()]
    if listed:
        _trim(schema, listed, told)
    for obj, document in zip(made, told.values(), strict=True):
        _remember(schema, obj, document, listed.get(obj.name.lower(), {}))
    return made


def _relations(documents: Iterable[Json]) -> Iterator[tuple[tuple[str, str], Json]]:
    """Child relationships by the child's object and field."""
    for document in documents:
        for child in document["childRelationships"]:
            yield (child["childSObject"].lower(), child["field"].lower()), child


def _object(schema: Schema, told: Json, relations: Mapping[tuple[str, str], Json]) -> ObjectType:
    held = schema.objects.get(told["name"].lower())
    if held is not None:
        schema.drop(held)
    prefix = told.get("keyPrefix") or (held.prefix if held else "")
    obj = held or ObjectType(told["name"], told["label"], told["labelPlural"], prefix)
    obj.label, obj.plural, obj.prefix = told["label"], told["labelPlural"], prefix
    obj.writable = bool(told["createable"] or told["updateable"] or told["deletable"])
    obj.deletable = bool(told["deletable"])
    obj.access = Access(create=told["createable"], edit=told["updateable"], delete=told["deletable"])
    before, obj.fields = obj.fields, Fields()
    for given in told["fields"]:
        relation = relations.get((told["name"].lower(), given["name"].lower()), {})
        made = _field(given, {f["name"]: f for f in told["fields"]}, relation)
        obj.add(_shown_from(before.get(given["name"].lower()), made))
    obj.record_types = dict(_record_types(told.get("recordTypeInfos", ())))
    obj.rules, obj.told = {}, {}
    schema.add(obj)
    return obj


def _field(told: Json, others: Mapping[str, Json], relation: Json) -> Field:
    active = [v for v in told["picklistValues"] if v["active"]]
    kind, frozen = told["type"], not (told["createable"] or told["updateable"])
    formula = told["calculatedFormula"] if told["calculated"] else None
    return Field(
        told["name"],
        kind,
        told["label"],
        length=told["length"],
        precision=told["digits"] if kind == "int" else told["precision"],
        scale=told["scale"],
        values=tuple(v["value"] for v in active),
        restricted=told["restrictedPicklist"],
        required=not told["nillable"] and (frozen or not told["defaultedOnCreate"]) and kind != "boolean",
        unique=told["unique"],
        external_id=told["externalId"],
        case_sensitive=told["caseSensitive"],
        read_only=frozen and not formula and not told["autoNumber"],
        create_only=told["createable"] and not told["updateable"],
        refers_to=tuple(told["referenceTo"]),
        relationship=told["relationshipName"],
        children=relation.get("relationshipName"),
        cascade=told["cascadeDelete"],
        default=_default(told),
        absent=False if kind == "boolean" else None,
        formula=formula,
        number_format="{00000}" if told["autoNumber"] else None,
        name_field=told["nameField"],
        help=told.get("inlineHelpText"),
        controller=told.get("controllerName"),
        valid_for=tuple(_valid_for(active, others.get(told.get("controllerName") or ""))),
        labels=tuple((v["value"], v["label"]) for v in active if v["label"] != v["value"]),
        compound=told.get("compoundFieldName"),
        notes=({"type": "Html"} if told.get("htmlFormatted") else {})
        | ({"deleteConstraint": "Restrict"} if relation.get("restrictedDelete") else {}),
    )


def _shown_from(standard: Field | None, made: Field) -> Field:
    """A standard field that shows another's value, of which no describe says whose."""
    if standard is None or standard.formula is None or made.formula:
        return made
    return replace(made, formula=standard.formula, read_only=False)


def _default(told: Json) -> Any:
    """What a new record gets: true or nothing for a checkbox."""
    chosen = next((v["value"] for v in told["picklistValues"] if v["active"] and v["defaultValue"]), None)
    given = told["defaultValue"] if told["defaultValue"] is not None else chosen
    return given if told["type"] != "boolean" else True if given in {True, "true"} else None


def _valid_for(values: Iterable[Json], controller: Json | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Under which controlling values each value may be chosen, out of the packed bits."""
    if controller is None:
        return
    order = [v["value"] for v in controller["picklistValues"]] or ["false", "true"]
    for value in values:
        bits = b64decode(value["validFor"] or "")
        yield (
            value["value"],
            tuple(o for at, o in enumerate(order) if at // 8 < len(bits) and bits[at // 8] & 0x80 >> at % 8),
        )


def _record_types(told: Iterable[Json]) -> Iterator[tuple[str, RecordType]]:
    for info in told:
        if info["recordTypeId"] == MASTER:
            continue
        name = str(info.get("developerName") or info["name"])
        yield (
            name.lower(),
            RecordType(
                info["recordTypeId"],
                name,
                info["name"],
                active=info["active"],
                available=info["available"],
                default=info["defaultRecordTypeMapping"],
            ),
        )


def _trim(schema: Schema, listed: Mapping[str, Json], described: Mapping[str, Json]) -> None:
    """Only the objects that the org lists are there; of those not described, the list is all that is known."""
    schema.absent = schema.absent_children = frozenset()
    for obj in list(schema.objects.values()):
        name = obj.name.lower()
        if name not in listed:
            _take_away(schema, obj)
        elif name not in described:
            obj.told = {"summary": _differing(listed[name], summary(obj, VERSION, BASE))}
    for name, entry in listed.items():
        if name not in schema.objects:
            schema.listed[entry["name"]] = _placeless(entry)


def _take_away(schema: Schema, obj: ObjectType) -> None:
    if obj.name.lower() in NEEDED:
        obj.access = NO_ACCESS
    else:
        schema.drop(obj)


def _remember(schema: Schema, obj: ObjectType, told: Json, listed: Json) -> None:
    """Keep what the describe says otherwise than we would."""
    for field, given in zip(list(obj.fields.values()), told["fields"], strict=True):
        obj.add(replace(field, told=_differing(given, describe_fields.shown(field, obj))))
    ours = describe(schema, obj, VERSION, BASE)
    apart = ("fields", "childRelationships")
    heads = [{k: v for k, v in one.items() if k not in apart} for one in (told, ours)]
    obj.told = {
        "summary": _differing(listed, summary(obj, VERSION, BASE)) if listed else {},
        "describe": _differing(*heads),
        "children": list(told["childRelationships"]),
        "known": child_pairs(schema, obj),
    }


def _differing(told: Json, ours: Json) -> dict[str, Any]:
    """What is told otherwise, with marks for what is not told at all."""
    placeless = _placeless(told)
    missing = object()
    other = {k: v for k, v in placeless.items() if ours.get(k, missing) != v}
    return other | {k: ABSENT for k in ours if k not in placeless}


def _placeless(told: Any) -> Any:
    """The same with marks for the version and the org's own address."""
    urls = told.get("urls")
    if not urls:
        return dict(told)
    place = urls["sobject"].split("/")
    before = f"/services/data/{place[3]}/"
    hosts = [u.split("/{ID}")[0] for k, u in urls.items() if k == "uiDetailTemplate" and u]
    return {k: _marked(v, before, hosts) for k, v in told.items()}


def _marked(value: Any, before: str, hosts: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {k: _marked(v, before, hosts) for k, v in value.items()}
    if isinstance(value, list):
        return [_marked(v, before, hosts) for v in value]
    if not isinstance(value, str):
        return value
    if value.startswith(before):
        return f"/services/data/v{VERSION}/" + value.removeprefix(before)
    host = next((h for h in hosts if h and value.startswith(h)), None)
    return BASE + value.removeprefix(host) if host else value


def record_type_rows(objects: Iterable[ObjectType]) -> Iterator[SeedRow]:
    """The records that stand for the record types of these objects."""
    for obj in objects:
        for kind in obj.record_types.values():
            row = {"Id": kind.id, "Name": kind.label, "DeveloperName": kind.name, "SobjectType": obj.name}
            yield SeedRow("RecordType", {**row, "IsActive": kind.active})
