"""The objects that tell which statuses there are and which mean closed; their records follow the picklists."""

from __future__ import annotations

from collections.abc import Iterator

from cs_connector.sandbox.wire import SeedRow

from ..ids import make_id
from ..writing.derive import Deriver
from ..writing.rows import Row, Rows, Table
from ..writing.stages import PERCENT
from .schema import Field, Schema

PREFIX = "01J"  # they share it, like all lists of picklist values
VALUE = """
MasterLabel  string(255)  required name
ApiName  string(255)  required
SortOrder  int
"""
STATUS = f"{VALUE}IsDefault  boolean\nIsClosed  boolean\n"
OBJECTS = {
    f"TaskStatus  Task Status Value  Task Status Value  {PREFIX}  readonly  keeps": STATUS,
    f"CaseStatus  Case Status Value  Case Status Value  {PREFIX}  readonly  keeps": STATUS,
    f"OpportunityStage  Opportunity Stage  Opportunity Stage  {PREFIX}  readonly  keeps": f"""{VALUE}
IsActive  boolean
IsClosed  boolean
IsWon  boolean
DefaultProbability  percent(0)  label=Probability_(%)
Description  string(255)
ForecastCategory  picklist(Omitted|Pipeline|BestCase|MostLikely|Forecast|Closed)
ForecastCategoryName  picklist(Omitted|Pipeline|Best Case|Most Likely|Commit|Closed)
""",
}
PICKLISTS = {
    "TaskStatus": ("Task", "Status"),
    "CaseStatus": ("Case", "Status"),
    "OpportunityStage": ("Opportunity", "StageName"),
}


def relisted(schema: Schema, rows: Rows) -> Iterator[SeedRow]:
    """Empties these objects, and answers one record for each value that their picklists have now.

    What a value means is told by what it does to a record.
    """
    number = 0
    for name, (bearer, picklist) in PICKLISTS.items():
        listing, obj = schema.objects.get(name.lower()), schema.objects.get(bearer.lower())
        field = obj.fields.get(picklist.lower()) if obj else None
        if listing is None or field is None:
            continue
        _empty(rows.of(listing))
        known = {f.name for f in listing.fields.values()}
        for order, value in enumerate(field.values, 1):
            number += 1
            row = _value(field, value) | Deriver(schema, rows).derive(bearer, {picklist: value})
            row |= {
                "Id": make_id(PREFIX, number),
                "SortOrder": order,
                "DefaultProbability": float(PERCENT[value]) if value in PERCENT else None,
            }
            yield SeedRow(name, {k: v for k, v in row.items() if k in known})


def _empty(table: Table) -> None:
    for record_id in list(table.rows):
        table.put(record_id, None)


def _value(field: Field, value: str) -> Row:
    label = dict(field.labels).get(value, value)
    return {"MasterLabel": label, "ApiName": value, "IsDefault": value == field.default, "IsActive": True}
