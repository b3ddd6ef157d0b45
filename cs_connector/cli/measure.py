"""measure check, preview, steps, sql, schema: are the metrics right, what does each step leave, what runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as opt

if TYPE_CHECKING:
    from cs_connector.errors import ConfigError
    from cs_connector.runner import Engine

_measure = typer.Typer(help="The metrics: are their files right, what does each step leave, what runs.")

Name = Annotated[str, typer.Argument(metavar="METRIC", help="A metric, or the file that holds several.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_measure, name="measure")


@_measure.command("check")
def check(root: opt.ProjectDir = opt.HERE, as_json: opt.Json = False) -> None:
    """Find every mistake of the metrics files, before anything runs."""
    from cs_connector.runner import measuring

    screen, project = opt.screen(as_json=as_json), opt.project(root)
    found = measuring.check(project)
    kept = [] if found else measuring.kept(project)
    if as_json:
        problems = [_problem(error) for error in found]
        screen.document({"schema": "measure-check/1", "problems": problems, "closed_months_kept": kept})
    else:
        for error in found:
            screen.error(error)
        screen.line(f"{len(found)} problems" if found else "every metric can be computed")
        if kept:
            screen.line(f"closed months are kept of {', '.join(kept)}")
    if found:
        raise typer.Exit(2)


def _problem(error: ConfigError) -> dict[str, Any]:
    place = error.place
    at = {"file": place.path, "line": place.line, "column": place.column} if place else {}
    return {**at, "what": error.what, "why": error.why, "fix": error.fix}


@_measure.command("preview")
def preview(
    name: Name,
    account: Annotated[
        str, typer.Option("--account", metavar="ID", help="An entity id, a record id or an exact name.")
    ],
    as_of: opt.AsOf = None,
    rows: Annotated[int, typer.Option("--rows", min=1, max=1000, help="Rows of each step.")] = 5,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
) -> None:
    """Show the rows that each step leaves for an account, and what its metrics come to."""
    from cs_connector.console.measuring import preview as shown
    from cs_connector.runner import measuring

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        document = measuring.preview(engine, name, account, opt.day(as_of), rows)
    opt.tell(screen, document, shown)


@_measure.command("steps")
def steps(
    name: Annotated[
        str | None, typer.Argument(metavar="METRIC", help="A metric, or a file; all files without it.")
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="A run instead of the last one.")
    ] = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
) -> None:
    """Show how many rows came to each step in a run, and how many it left."""
    from cs_connector.console.measuring import steps as shown
    from cs_connector.measure import tally

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine, engine.tables() as con:
        study = _study(engine, name) if name else None
        id_, found = tally.read(con, engine.store.facts, run)
    listed = [
        {"study": each, "steps": [asdict(one) for one in left]}
        for each, left in found.items()
        if study in (None, each)
    ]
    document = {"schema": "measure-steps/1", "run": id_, "studies": listed}
    opt.tell(screen, document, shown)


def _study(engine: Engine, name: str) -> str:
    from cs_connector.measure.metrics import load_metrics
    from cs_connector.runner import measuring

    return measuring.named(load_metrics([*engine.project.shipped, engine.project.root]), name).name


@_measure.command("sql")
def sql(
    name: Name,
    dialect: Annotated[
        str, typer.Option("--dialect", metavar="ENGINE", help="duckdb, postgres or spark.")
    ] = "duckdb",
    root: opt.ProjectDir = opt.HERE,
) -> None:
    """Print the SQL that runs for a metric."""
    from cs_connector.runner import measuring

    screen = opt.screen()
    for table, text in measuring.sql(opt.project(root), name, dialect):
        into = f"-- into the table {table!r}\n" if table else ""
        screen.plain(f"{into}{text};\n")


@_measure.command("schema")
def schema(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it here instead of printing it.")
    ] = None,
) -> None:
    """Print the JSON Schema of a metrics file, for your editor."""
    import json

    from cs_connector.measure.study import schema as made

    text = json.dumps(made(), indent=2)
    if out is None:
        opt.screen().plain(text)
    else:
        out.write_text(f"{text}\n")
