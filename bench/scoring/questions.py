"""Questions about one of many accounts, against finding the same rows by their key, and against loading what answers."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import duckdb

from bench.bed import COMMAND
from bench.cost import Cost, least, spend
from bench.results import Row, judge
from bench.size import Yard
from cs_connector import health, registry
from cs_connector.store.store import Store
from cs_connector.transport.clock import SystemClock

from .asked import TARGET
from .judging import HERE, based
from .project import BEHIND, KEPT, lay

ENGINE = "import duckdb, pydantic, sqlalchemy, sqlglot"
SCORES = ("health/snapshot", "health/measure", "entity/account", "entity/relationship")
LATER = tuple(f"history/{day}/{name}" for day in KEPT for name in ("snapshot", "measure"))
FACTS = ("measure/metric", "health/contradiction", "unify/record", *(f"entity/{name}" for name in BEHIND))
READ = {"explain": (*SCORES, *FACTS), "levers": SCORES, "why-changed": (*SCORES, *LATER)}
MORE = {"levers": ("--target", str(TARGET))}
KEYED, WHOLE = 10, 2


def measure(yard: Yard) -> list[Row]:
    root = yard.folder / "asked"
    base = based(yard, yard.size.asked)
    made = base.with_name(f"{base.name}-made")
    lay(root, base, made, yard.size.asked, health.load_definitions(registry.shipped()).metrics)
    account = _account(base)
    return [row for question in READ for row in _rows(yard, root, question, account)]


def _account(base: Path) -> str:
    """One from the middle."""
    query = f"SELECT account_id FROM '{base}/account.parquet' ORDER BY account_id LIMIT 1 OFFSET (SELECT count(*) // 2 FROM '{base}/account.parquet')"
    with duckdb.connect() as con:
        return str(con.execute(query).fetchall()[0][0])


def _rows(yard: Yard, root: Path, question: str, account: str) -> list[Row]:
    keyed = _keyed(root, question)
    command = [*COMMAND, question, account, "--project", root, "--json", *MORE.get(question, ())]
    asked, read, whole, engine = least(
        max(yard.size.times, yard.size.starts // 3),
        lambda: _told([sys.executable, "-m", f"{HERE}.asked", root, question, account]),
        lambda: _told([sys.executable, "-m", f"{HERE}.keyed", keyed, account]),
        lambda: spend(command),
        lambda: spend([sys.executable, "-c", ENGINE]),
    )
    note = f"CPU s with all loaded; {yard.size.asked:,} accounts, {len(READ[question])} tables"
    loaded = f"CPU s; the engine is {ENGINE.removeprefix('import ')}; {whole.wall:.2f} s by the clock"
    return [
        judge("health", f"{question} of one account / one keyed read of the same rows", asked.cpu, read.cpu, KEYED, note),
        judge("health", f"{question}, the whole command / importing its engine", whole.cpu, engine.cpu, WHOLE, loaded),
    ]  # fmt: skip


def _keyed(root: Path, question: str) -> Path:
    """The files in which a question finds its rows."""
    place = root / f"{question}.json"
    with Store(root / ".cs-connector", None, SystemClock()) as store:
        files = {name: [str(path) for path in store.facts.files(name)] for name in READ[question]}
    place.write_text(json.dumps(files))
    return place


def _told(command: list[str | Path]) -> Cost:
    """A command that says its own CPU seconds."""
    cost = spend(command)
    return replace(cost, cpu=float(cost.out))
