"""Tickets of each CRM, read, landed and folded, against a loop that parses the same pages for nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from .bed import COMMAND, Bed, serving
from .cost import Broken, Cost, least, spend
from .results import Row, judge
from .size import Yard, runs
from .tickets import EACH

GOAL, MEMORY = 1.5, 300.0
FEW = 20  # records of an org with hardly anything in it, whose cost is the start-up


@dataclass(frozen=True, slots=True)
class Way:
    """One way to read: of which CRM, how many records a page has, and what of its settings differs."""

    name: str
    crm: str
    object: str
    page: int
    fields: dict[str, str]
    settings: str = ""


CASE = {"status": "Status", "priority": "Priority", "opened_at": "CreatedDate", "closed_at": "ClosedDate"}
TICKET = {"status": "hs_pipeline_stage", "priority": "hs_ticket_priority", "opened_at": "createdate"}
REQUEST = {"status": "status", "priority": "priority", "opened_at": "created_at"}
WAYS = (
    Way("Salesforce REST", "salesforce", "Case", 2_000, CASE, "bulk_from: 1000000000"),
    Way("Salesforce Bulk 2.0", "salesforce", "Case", 50_000, CASE, "bulk_from: 0"),
    Way("HubSpot list", "hubspot", "tickets", 100, TICKET),
    Way("Zendesk export", "zendesk", "tickets", 1_000, REQUEST),
)
MAPPING = """version: 1
crm: {crm}
{root}read:
  - object: {object}
    entity: ticket
    fields: {fields}
"""


def measure(yard: Yard) -> list[Row]:
    return [row for way in WAYS[: yard.size.ways] for row in _way(yard, way)]


def _way(yard: Yard, way: Way) -> list[Row]:
    records = yard.size.records
    folder = yard.folder / way.name.replace(" ", "_")
    with _filled(folder / "full", way, records) as full, _filled(folder / "few", way, FEW) as few:
        ours, start, floor, floor_start = least(
            yard.size.times,
            lambda: _sync(full, way, records),
            lambda: _sync(few, way, FEW),
            lambda: _floor(full, way, records),
            lambda: _floor(few, way, FEW),
        )
    mine, theirs = (max(a.cpu - b.cpu, 0.001) for a, b in ((ours, start), (floor, floor_start)))
    calls = json.loads(ours.out)["calls"][0]["used"]
    allowed = -(-records // way.page) + 2
    note = f"CPU s for {records:,} records, start-up taken off; {records / mine:,.0f} records a CPU second; {runs(yard.size)}"
    return [
        judge("sync", f"{way.name}, landed and folded / requests and orjson", mine, theirs, GOAL, note),
        judge(
            "sync",
            f"{way.name}, calls beside the login / pages and 2",
            calls - 3,
            allowed,
            1.0,
            f"{calls:,} calls in all",
        ),
        judge("sync", f"{way.name}, peak memory in MB", ours.memory, MEMORY, 1.0, f"{records:,} records"),
    ]


def _filled(folder: Path, way: Way, records: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return serving(folder, [sys.executable, "-m", "bench.crm", way.crm, str(max(1, records // EACH))])


def _sync(bed: Bed, way: Way, records: int) -> Cost:
    root = bed.project()
    target = root / "mappings" / f"{way.crm}.yml"
    target.parent.mkdir(parents=True, exist_ok=True)
    inside = "root: properties\n" if way.crm == "hubspot" else ""
    target.write_text(
        MAPPING.format(crm=way.crm, root=inside, object=way.object, fields=json.dumps(way.fields))
    )
    if way.settings:
        file = root / "cs-connector.yml"
        file.write_text(
            file.read_text().replace("    settings:\n", f"    settings:\n      {way.settings}\n", 1)
        )
    cost = spend([*COMMAND, "sync", "--project", root, "--json"])
    read = sum(line["read"] for line in json.loads(cost.out)["objects"])
    if read != max(EACH, records):
        raise Broken(f"{way.name}: {read:,} records were read, {records:,} are there")
    return cost


def _floor(bed: Bed, way: Way, records: int) -> Cost:
    fields = ",".join(way.fields.values())
    cost = spend([sys.executable, "-m", "bench.reading", bed.folder / "sandbox.json", way.crm, fields])
    if int(cost.out) != max(EACH, records):
        raise Broken(f"{way.name}: the floor read {cost.out} records, {records:,} are there")
    return cost
