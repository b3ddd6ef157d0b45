"""/tooling: what clients ask at login, and the two objects that list the org's objects and fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_json
from ..errors import method_not_allowed, unsimulated
from ..ids import make_id
from ..metadata.metadata_fields import kind_of
from ..schema.describe import summary
from ..schema.schema import Field, ObjectType, Schema
from ..schema.standard import read_field
from ..soql.query import Engine
from ..state import State
from ..unsimulated import TOOLING
from ..writing.rows import Row, Rows
from .cursors import Cursors

OBJECTS = {
    ("EntityDefinition", "4ie"): """
Id  id
DurableId  string(255)
QualifiedApiName  string(70)
DeveloperName  string(40)
Label  string(255)
PluralLabel  string(255)
KeyPrefix  string(3)
NamespacePrefix  string(15)
IsCustomizable  boolean
IsCustomSetting  boolean
IsQueryable  boolean
IsSearchable  boolean
""",
    ("FieldDefinition", "4fe"): """
Id  id
DurableId  string(255)
EntityDefinitionId  string(255)
EntityDefinition  reference(EntityDefinition)  children=Fields
QualifiedApiName  string(70)
DeveloperName  string(40)
NamespacePrefix  string(15)
Label  string(255)
DataType  string(255)
Length  int
Precision  int
Scale  int
IsNillable  boolean
IsIndexed  boolean
IsCalculated  boolean
IsCompound  boolean
IsNameField  boolean
RelationshipName  string(80)
ExtraTypeInfo  string(20)
""",
}
LISTS = re.compile(r"\bFROM\s+(EntityDefinition|FieldDefinition)\b", re.IGNORECASE)
REAL = re.compile(
    r"\bFROM\s+(Apex\w+|CustomField|CustomObject|CompactLayout\w*|Flow\w*|Layout|ValidationRule|WorkflowRule|TraceFlag|"
    r"DebugLevel|MetadataPackage\w*|InstalledSubscriberPackage|Package2\w*|StaticResource|LightningComponentBundle|"
    r"PermissionSet\w*|Profile|RecordType|User|Organization|QueryResult|SourceMember|ContainerAsyncRequest)\b",
    re.IGNORECASE,
)


class Tooling:
    def __init__(self, state: State) -> None:
        self._org, schema, rows = state, _schema(), Rows()
        engine = Engine(schema, rows, state.now, state.user_id)
        self._state = replace(state, schema=schema, rows=rows, engine=engine)
        self._cursors = Cursors(self._state)

    def handle(self, request: Request, version: str, rest: list[str]) -> Response:
        """Answer /tooling/<rest>. Raises ApiError."""
        if rest[:1] not in (["query"], ["sobjects"]) or (rest[0] == "sobjects" and len(rest) > 1):
            raise unsimulated(TOOLING)
        if request.method not in {"GET", "HEAD"}:
            raise method_not_allowed(request.method)
        if rest[0] == "query":
            return self.query(request, version, "tooling/query", rest[1:])
        listed = [summary(obj, version) for obj in self._state.schema.objects.values()]
        return as_json({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})

    def lists(self, request: Request) -> bool:
        """Whether a query is about the lists of objects and fields, which the REST API has too."""
        return LISTS.search(request.query.get("q", "")) is not None

    def query(self, request: Request, version: str, name: str, rest: list[str]) -> Response:
        text = request.query.get("q", "")
        found = REAL.search(text)
        if found is not None:
            raise unsimulated(f"{found[1]} of the Tooling API")
        if not rest:
            self._list()
        return self._cursors.handle(request, version, name, rest)

    def _list(self) -> None:
        """Fill the two objects from the org as it now stands."""
        tables = {obj.name: self._state.rows.of(obj) for obj in self._state.schema.objects.values()}
        for table in tables.values():
            for record_id in list(table.rows):
                table.put(record_id, None)
        entities, fields = tables["EntityDefinition"], tables["FieldDefinition"]
        for number, obj in enumerate(self._org.schema.objects.values(), 1):
            if obj.access.read:
                entity = _entity(obj, make_id("4ie", number))
                entities.put(entity["Id"], entity)
                for count, row in enumerate(_fields(obj), 1000 * number):
                    made = {"Id": make_id("4fe", count), "EntityDefinition": entity["Id"], **row}
                    fields.put(made["Id"], made)


def _schema() -> Schema:
    schema = Schema()
    for (name, prefix), text in OBJECTS.items():
        label = name.replace("Definition", " Definition")
        obj = ObjectType(name, label, f"{label}s", prefix, writable=False)
        for line in text.strip().splitlines():
            obj.add(read_field(line))
        schema.add(obj)
    return schema


def _entity(obj: ObjectType, record_id: str) -> Row:
    return {
        "Id": record_id, "DurableId": obj.name, "QualifiedApiName": obj.name,
        "DeveloperName": obj.name.removesuffix("__c"), "Label": obj.label, "PluralLabel": obj.plural,
        "KeyPrefix": obj.prefix, "IsCustomizable": obj.writable, "IsCustomSetting": False, "IsQueryable": True,
        "IsSearchable": obj.writable,
    }  # fmt: skip


def _fields(obj: ObjectType) -> Iterator[Row]:
    for field in obj.visible:
        name = f"{obj.name}.{field.name}"
        yield {
            "DurableId": name, "EntityDefinitionId": obj.name, "QualifiedApiName": field.name,
            "DeveloperName": field.name.removesuffix("__c"), "Label": field.label, "DataType": _type(field),
            "Length": field.length, "Precision": field.precision, "Scale": field.scale,
            "IsNillable": field.nillable, "IsIndexed": field.indexed or field.type in {"id", "reference"},
            "IsCalculated": field.formula is not None, "IsCompound": field.type == "address",
            "IsNameField": field.name_field, "RelationshipName": field.relationship,
        }  # fmt: skip


def _type(field: Field) -> str:
    """The type as Setup writes it: Text(255), Number(18, 2), Lookup(Account)."""
    kind = kind_of(field)
    if field.refers_to:
        return f"{kind}({','.join(field.refers_to)})"
    if field.type in {"double", "currency", "percent"}:
        return f"{kind}({field.precision - field.scale}, {field.scale})"
    return f"{kind}({field.length})" if field.type in {"string", "textarea"} else kind
