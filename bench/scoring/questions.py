"""Questions about one of many accounts, against finding the same rows by their key, and against loading what answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from bench.bed import COMMAND
from bench.cost import Cost, Work, least, spend
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
READ = {
    "explain": (*SCORES, *FACTS), "levers": SCORES, "why-changed": (*SCORES, *LATER),
    "books": ("health/snapshot", "health/measure", "entity/relationship"),
}  # fmt: skip
MORE = {"levers": ("--target", str(TARGET))}
KEYED, BOOKED, WHOLE = 10, 20, 2
OWNER = "usr_0"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about an id, and the accounts whose rows it takes."""

    question: str
    id: str
    accounts: Sequence[str]


def measure(yard: Yard) -> list[Row]:
    root = yard.folder / "asked"
    base = based(yard, yard.size.asked)
    made = base.with_name(f"{base.name}-made")
    lay(root, base, made, yard.size.asked, health.load_definitions(registry.shipped()).metrics)
    *single, book = asked(root, base)
    return [*(row for one in single for row in _rows(yard, root, one)), _book(yard, root, book)]


def asked(root: Path, base: Path) -> list[Asked]:
    """The questions about one account, and that about a book at the end."""
    account = _account(base)
    return [
        *(Asked(name, account, [account]) for name in READ if name != "books"),
        Asked("books", OWNER, _owned(root)),
    ]


def _account(base: Path) -> str:
    """One from the middle."""
    query = f"SELECT account_id FROM '{base}/account.parquet' ORDER BY account_id LIMIT 1 OFFSET (SELECT count(*) // 2 FROM '{base}/account.parquet')"
    with duckdb.connect() as con:
        return str(con.execute(query).fetchall()[0][0])


def _owned(root: Path) -> list[str]:
    """The accounts of a book."""
    query = "SELECT DISTINCT account_id FROM read_parquet($1) WHERE owner_user_id = $2 ORDER BY 1"
    with Store(root / ".cs-connector", None, SystemClock()) as store, duckdb.connect() as con:
        files = [str(path) for path in store.facts.files("entity/relationship")]
        return [row[0] for row in con.execute(query, [files, OWNER]).fetchall()]


def _rows(yard: Yard, root: Path, one: Asked) -> list[Row]:
    command = [*COMMAND, one.question, one.id, "--project", root, "--json", *MORE.get(one.question, ())]
    ours, read, whole, engine = least(
        _times(yard),
        *_reads(root, one),
        lambda: spend(command),
        lambda: spend([sys.executable, "-c", ENGINE]),
    )
    loaded = f"CPU s; the engine is {ENGINE.removeprefix('import ')}; {whole.wall:.2f} s by the clock"
    name = f"{one.question} of one account / one keyed read of the same rows"
    return [
        judge("health", name, ours.cpu, read.cpu, KEYED, _note(yard, one)),
        judge("health", f"{one.question}, the whole command / importing its engine", whole.cpu, engine.cpu, WHOLE, loaded),
    ]  # fmt: skip


def _book(yard: Yard, root: Path, one: Asked) -> Row:
    ours, read = least(_times(yard), *_reads(root, one))
    name = f"a book of {len(one.accounts):,} accounts / one keyed read of the same rows"
    return judge("health", name, ours.cpu, read.cpu, BOOKED, _note(yard, one))


def _times(yard: Yard) -> int:
    return max(yard.size.times, yard.size.starts // 3)


def _note(yard: Yard, one: Asked) -> str:
    return f"CPU s with all loaded; {yard.size.asked:,} accounts, {len(READ[one.question])} tables"


def _reads(root: Path, one: Asked) -> tuple[Work, Work]:
    """The question and the keyed read, each of which says its own CPU seconds."""
    keyed = _keyed(root, one)
    return (
        lambda: _told([sys.executable, "-m", f"{HERE}.asked", root, one.question, one.id]),
        lambda: _told([sys.executable, "-m", f"{HERE}.keyed", keyed]),
    )


def _keyed(root: Path, one: Asked) -> Path:
    """The files in which a question finds its rows, and the accounts."""
    place = root / f"{one.question}.json"
    with Store(root / ".cs-connector", None, SystemClock()) as store:
        files = {name: [str(path) for path in store.facts.files(name)] for name in READ[one.question]}
    place.write_text(json.dumps([files, one.accounts]))
    return place


def _told(command: list[str | Path]) -> Cost:
    """A command that says its own CPU seconds."""
    cost = spend(command)
    return replace(cost, cpu=float(cost.out))
