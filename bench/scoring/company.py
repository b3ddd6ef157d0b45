"""Scoring, against a bare scan of the columns that it uses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import sqlalchemy as sa
from sqlglot import exp

from bench.bed import COMMAND, FINE
from bench.cost import Cost, least, spend
from bench.results import Row, judge
from bench.scan import Tables
from bench.size import Yard, runs
from cs_connector import health, registry
from cs_connector.measure.metrics import OF_ACCOUNT, OF_RELATIONSHIP
from cs_connector.model import ENTITIES, FEED, LINK
from cs_connector.store import tables
from cs_connector.store.store import Store
from cs_connector.transport.clock import SystemClock


def measure(yard: Yard) -> list[Row]:
    root, size = yard.scored, yard.size
    place, nothing = yard.folder / "scan.json", yard.folder / "nothing.json"
    place.write_text(json.dumps(used(root)))
    nothing.write_text("{}")
    scan = (sys.executable, "-m", "bench.scan")
    ours, start, floor, floor_start = least(
        size.times,
        lambda: _score(root),
        lambda: spend([*COMMAND, "score", "--project", root, "--json"], FINE),
        lambda: spend([*scan, place]),
        lambda: spend([*scan, nothing]),
    )
    mine, theirs = (max(a.cpu - b.cpu, 0.001) for a, b in ((ours, start), (floor, floor_start)))
    note = (
        f"CPU s for {size.accounts:,} accounts at seven dates, start-up ({start.cpu:.2f} and {floor_start.cpu:.2f} s) "
        f"taken off; {int(floor.out):,} rows scanned; {runs(size)}"
    )
    return [judge("health", "score / a scan of the columns that it uses", mine, theirs, None, note)]


def used(root: Path) -> Tables:
    """Files of each entity, and its columns that a metric or a scorecard can see."""
    definitions = health.load_definitions([*registry.shipped(), root])
    names = {*OF_RELATIONSHIP, *(name.removeprefix("account_") for name in OF_ACCOUNT)}
    for source in definitions.metrics.sources:
        if source.rows:
            names |= {column.name for column in source.rows.query.find_all(exp.Column)}
    found: Tables = {}
    with Store(root / ".cs-connector", None, SystemClock()) as store:
        for entity in (*ENTITIES.values(), LINK, FEED):
            columns = {c.name: c.type for c in entity.columns if entity in (LINK, FEED) or c.name in names}
            files = [str(path) for path in store.facts.files(f"entity/{entity.name}")]
            if files and columns:
                found[entity.name] = (files, columns)
    return found


def _score(root: Path) -> Cost:
    """Score again, though nothing changed: the mark that says so is taken away."""
    with Store(root / ".cs-connector", None, SystemClock()) as store, store.state.begin() as db:
        db.execute(sa.delete(tables.stages).where(tables.stages.c.name.like("score%")))
    return spend([*COMMAND, "score", "--project", root, "--json"], FINE)
