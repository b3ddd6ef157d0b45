"""Pull and land: read from Salesforce, land, fold; against a loop that parses the same pages for nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cs_connector.adapters.salesforce.soql import changes
from ruamel.yaml import YAML

from cs_connector import registry
from cs_connector.unify import load_mapping

from .bed import COMMAND, Bed, serving
from .cost import Broken, Cost, least, spend
from .results import Row, judge
from .size import Yard, runs

OBJECTS = ("Contact", "Case")


def measure(yard: Yard) -> list[Row]:
    """CPU seconds a pull takes above that of an org with nothing in it, and the same for the floor."""
    size = yard.size
    org = (sys.executable, "-m", "bench.org")
    full, empty = yard.folder / "org", yard.folder / "empty_org"
    with serving(full, [*org, str(size.records)]) as filled, serving(empty, [*org, "0"]) as bare:
        ours, start, floor, floor_start = least(
            size.times,
            lambda: _pull(filled, size.records),
            lambda: _pull(bare, 0),
            lambda: _floor(filled, size.records),
            lambda: _floor(bare, 0),
        )
    mine, theirs = (max(a.cpu - b.cpu, 0.001) for a, b in ((ours, start), (floor, floor_start)))
    note = (
        f"CPU s for {size.records:,} records, start-up ({start.cpu:.2f} and {floor_start.cpu:.2f} s) taken off; "
        f"{size.records / mine:,.0f} against {size.records / theirs:,.0f} records a CPU second; {runs(size)}"
    )
    return [judge("main", "pull and land / requests and orjson over the same pages", mine, theirs, 3.0, note)]


def _pull(bed: Bed, records: int) -> Cost:
    root = bed.project()
    _only(root / "mappings" / "salesforce.yml")
    cost = spend([*COMMAND, "sync", "--project", root, "--json"])
    _same(sum(line["read"] for line in json.loads(cost.out)["objects"]), records)
    return cost


def _floor(bed: Bed, records: int) -> Cost:
    mapping = load_mapping(bed.made[-1] / "mappings" / "salesforce.yml")
    queries = [
        changes(name, (*fields, "IsDeleted"), "SystemModstamp", None)
        for name, fields in mapping.objects().items()
    ]
    cost = spend([sys.executable, "-m", "bench.floor", bed.folder / "sandbox.json", *queries])
    _same(int(cost.out), records)
    return cost


def _only(target: Path) -> None:
    """The mapping that ships, cut down to what is in the org."""
    yaml = YAML(typ="safe")
    shipped = yaml.load(registry.shipped()[0] / "salesforce.yml")
    kept = [rule for rule in shipped["read"] if rule["object"] in OBJECTS]
    target.parent.mkdir(parents=True, exist_ok=True)
    yaml.dump({"version": 1, "crm": "salesforce", "read": kept}, target)


def _same(read: int, records: int) -> None:
    if read != records:
        raise Broken(f"{read:,} records were read, {records:,} are there")
