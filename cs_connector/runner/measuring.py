"""Questions about metrics: are their files right, what does each step leave, what runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from cs_connector.config import Project
from cs_connector.config.documents import suggest
from cs_connector.errors import ConfigError, UsageError
from cs_connector.language.engines import Engine as Other
from cs_connector.language.executor import Connection
from cs_connector.language.lowering import text
from cs_connector.measure import elsewhere as there
from cs_connector.measure import evaluate, mistakes, months
from cs_connector.measure import preview as previewing
from cs_connector.measure.metrics import Metrics, Source, load_metrics
from cs_connector.model import ENTITIES

from .deciding import standing
from .engine import Engine
from .finding import find

HIDDEN = {"r", "today", "custom"}.union(*(entity.personal for entity in ENTITIES.values()))

PREPARED = ("account", "relationship", "attachment", "link", "feed")


def check(project: Project) -> list[ConfigError]:
    """Every mistake of the metrics in force, by file and line."""
    return mistakes.found([*project.shipped, project.root])


def kept(project: Project) -> list[str]:
    """The studies whose closed months are kept (see measure.months). Raises ConfigError with file and line."""
    metrics = load_metrics([*project.shipped, project.root])
    return sorted({study for study, _ in months.kept(metrics.sources)})


def named(metrics: Metrics, name: str) -> Source:
    """The study of a metric, or of that name. Raises UsageError."""
    studies = {source.name: source for source in metrics.sources}
    if name in metrics.by_name or name in studies:
        return metrics.source(name) if name in metrics.by_name else studies[name]
    known = {*metrics.by_name, *studies}
    fix = suggest(name, known) or f"there are: {', '.join(sorted(known))}"
    raise UsageError(f"there is no metric {name!r}", safe="nothing was computed", fix=fix)


def preview(engine: Engine, name: str, account: str, day: date | None, most: int) -> dict[str, Any]:
    """measure-preview/1: the rows that each step leaves for an account, and what its metrics come to.

    What identifies a person is left out. Raises UsageError for a metric or an account that is not known.
    """
    metrics = load_metrics([*engine.project.shipped, engine.project.root])
    source, on = named(metrics, name), day or engine.as_of
    with standing(engine) as con:
        account_id = _account(con.execute, find(con, account))
        steps = previewing.steps(con, metrics, source, account_id, on, most)
        values = previewing.values(con, source)
    return {
        "schema": "measure-preview/1",
        "study": source.name,
        "account": account_id,
        "on": on,
        "steps": [_step(one) for one in steps],
        "metrics": {
            metric: {"title": rule.title, "unit": rule.unit} for metric, rule in source.study.metrics.items()
        },
        "values": values,
    }


def sql(project: Project, name: str, dialect: str) -> list[tuple[str, str]]:
    """What runs for a metric on an engine: each query with the table that its rows go to, "" for the last one.

    Raises UsageError for a metric that is not known, ConfigError for what the engine cannot run.
    """
    source = named(load_metrics([*project.shipped, project.root]), name)
    if dialect != "duckdb":
        there.portable(source, dialect)
    return [(table, text(tree, dialect, pretty=True)) for table, tree in there.queries(source)]


def elsewhere(engine: Engine, other: Other) -> Iterator[tuple[str, pa.Table]]:
    """Each study as another engine computes it over the files that were last published: relationship_id, account_id,
    on_date and a column a metric; those with a Python step are left out.

    What is prepared here goes to the other engine by files in the project's state, which it must be able to read, as the
    published ones. Raises ConfigError for what it cannot run.
    """
    metrics = load_metrics([*engine.project.shipped, engine.project.root])
    facts = engine.store.facts
    with (
        facts.pin() as version,
        engine.tables(PREPARED) as con,
        TemporaryDirectory(dir=engine.project.state, prefix="elsewhere-") as folder,
    ):
        evaluate.begin(con, engine.as_of, metrics)
        there.load(other, con, metrics, lambda name: facts.files(f"entity/{name}", version), Path(folder))
        for source in metrics.sources:
            if not there.local(source):
                yield source.name, _related(con, there.compute(other, source))


def _related(con: Connection, table: pa.Table) -> pa.Table:
    """With the names of the relationships for their numbers."""
    con.register("computed", table)
    found: pa.Table = con.sql(
        "SELECT relationship_id, account_id, today AS on_date, computed.* EXCLUDE (r, today) "
        "FROM computed JOIN scored USING (r) ORDER BY relationship_id, on_date"
    ).to_arrow_table()
    con.unregister("computed")
    return found


def _account(execute: Any, found: str) -> str:
    row = execute("SELECT account_id FROM relationship WHERE relationship_id = ?", [found]).fetchone()
    return str(row[0]) if row else found


def _step(left: previewing.Left) -> dict[str, Any]:
    names = [name for name in left.columns if name not in HIDDEN]
    return {
        "step": left.index + 1,
        "kind": left.kind,
        "row": left.row,
        "rows_in": left.came,
        "rows_out": left.went,
        "factor": left.factor,
        "columns": {name: left.columns[name] for name in names},
        "rows": [{name: row[name] for name in ("today", *names) if name in row} for row in left.rows],
    }
