"""explain, levers, why-changed, why-not, timeline, runs, export, doctor: looking, never changing."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cs_connector.errors import UsageError

from . import options as opt

Id = Annotated[
    str, typer.Argument(metavar="ID", help="An entity id, a CRM record id, or the exact name of an account.")
]


class Reading(StrEnum):
    """How the past is read: as it was known then, or with what is known and configured now."""

    KNOWN = "known"
    RESTATED = "restated"


class Listing(StrEnum):
    """A list of accounts."""

    ATTENTION = "attention"


def register(app: typer.Typer) -> None:
    app.command()(explain)
    app.command()(levers)
    app.command("why-changed")(why_changed)
    app.command("why-not")(why_not)
    app.command()(timeline)
    app.command()(export)
    app.command()(doctor)
    app.add_typer(_runs, name="runs")


_runs = typer.Typer(help="What jobs did.", invoke_without_command=True)


def explain(
    id_: Id,
    root: opt.ProjectDir = opt.HERE,
    scorecard: Annotated[str | None, typer.Option("--scorecard", help="By another scorecard.")] = None,
    links: Annotated[
        bool,
        typer.Option("--links", help="With the page of each record in its CRM, which may be asked for it."),
    ] = False,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    no_color: opt.NoColor = False,
) -> None:
    """Why an account or a relationship has its score, down to the source records."""
    from cs_connector.console import reports
    from cs_connector.runner import asking

    screen = opt.screen(as_json=as_json, no_color=no_color)
    with opt.engine(root, as_of) as engine:
        document = asking.explain(engine, id_, scorecard, opt.day(as_of))
        if links:
            from cs_connector.runner.scorecards.pages import linked

            document = linked(engine, document)
    opt.tell(screen, document, reports.explain)


def levers(
    id_: Id,
    target: Annotated[
        int | None,
        typer.Option("--target", min=1, max=100, help="The score to reach; where the next band begins."),
    ] = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
) -> None:
    """The least change in each measure that reaches a target score."""
    from cs_connector.console import reports
    from cs_connector.runner import asking

    screen = opt.screen(as_json=as_json)
    with opt.engine(root, as_of) as engine:
        document = asking.levers(engine, id_, target, opt.day(as_of))
    opt.tell(screen, document, reports.levers)


def why_changed(
    id_: Id,
    root: opt.ProjectDir = opt.HERE,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Since this day; the last month end before.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Until this day; the newest.")
    ] = None,
    reading: Annotated[
        Reading | None,
        typer.Option("--reading", help="Each day as known then, or both restated with what is known now."),
    ] = None,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
) -> None:
    """Why a score is not what it was: parts that add up to the difference exactly."""
    from cs_connector.console import reasons
    from cs_connector.runner import asking

    screen = opt.screen(as_json=as_json, no_color=no_color)
    with opt.engine(root) as engine:
        document = asking.why_changed(
            engine, id_, opt.day(first), opt.day(last), reading.value if reading else None
        )
    opt.tell(screen, document, reasons.why_changed)


def why_not(
    id_: Id,
    root: opt.ProjectDir = opt.HERE,
    rule: Annotated[str | None, typer.Option("--rule", help="Why this rule raised no task.")] = None,
    list_: Annotated[
        Listing | None, typer.Option("--list", help="Why it is not in this list of accounts.")
    ] = None,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    no_color: opt.NoColor = False,
) -> None:
    """Why a rule did not fire for an account or a relationship, or why an account is not in a list."""
    from cs_connector.console import reasons
    from cs_connector.runner import questions

    if (rule is None) == (list_ is None):
        raise UsageError(
            "say what it is not",
            why="one of --rule and --list is needed",
            safe="nothing was changed",
            fix="--rule RULE, or --list attention",
        )
    screen = opt.screen(as_json=as_json, no_color=no_color)
    with opt.engine(root, as_of) as engine:
        document = questions.why_not(engine, id_, rule, opt.day(as_of))
    opt.tell(screen, document, reasons.why_not)


def timeline(
    id_: Id,
    root: opt.ProjectDir = opt.HERE,
    count: Annotated[int, typer.Option("--count", min=1, help="At most so many events.")] = 40,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    no_color: opt.NoColor = False,
) -> None:
    """What happened at an account, the newest first, and what is ahead."""
    from cs_connector.console.chronicle import chronicle
    from cs_connector.runner.timeline import timeline as told

    screen = opt.screen(as_json=as_json, no_color=no_color)
    with opt.engine(root, as_of) as engine:
        document = told(engine, id_)
    opt.tell(screen, document, partial(chronicle, count=count))


def export(
    directory: Annotated[Path, typer.Argument(help="Where to write.")],
    root: opt.ProjectDir = opt.HERE,
    format_: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    as_of: opt.AsOf = None,
    known_on: opt.KnownOn = None,
) -> None:
    """The canonical export: one file an entity, scores, links and records, always in the same order."""
    from cs_connector.runner import exporting

    then = opt.day(known_on)
    if then and as_of:
        raise UsageError("--known-on is for entities, --as-of for scores", fix="use one of them")
    with opt.engine(root, as_of) as engine:
        for path in (
            exporting.as_known(engine, directory, format_, then)
            if then
            else exporting.export(engine, directory, format_, opt.day(as_of))
        ):
            opt.screen().plain(str(path))


def doctor(
    connection: Annotated[str | None, typer.Argument(help="With --probe: this connection only.")] = None,
    root: opt.ProjectDir = opt.HERE,
    probe: Annotated[
        bool, typer.Option("--probe", help="Test by reading what is assumed about the vendors.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="With --probe: a file to send, without any values.")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Check the project, the store and every connection; with --probe, test what is assumed about the vendors."""
    from cs_connector.runner import checking

    if probe:
        _probe(connection, root, out, as_json=as_json)
        return
    if connection or out:
        raise UsageError(
            "a connection and --out go with --probe", fix="cs-connector doctor --probe CONNECTION"
        )
    from cs_connector.console import reports

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        found = checking.check(engine)
    if as_json:
        screen.document({"schema": "doctor/1", "checks": found})
    else:
        reports.checks(screen, found)
    if code := checking.ends(found):
        raise typer.Exit(code)


def _probe(connection: str | None, root: Path, out: Path | None, *, as_json: bool) -> None:
    from cs_connector.console import reports
    from cs_connector.runner import probing

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        found = probing.probe(engine, connection)
    document = {"schema": probing.SCHEMA, "probes": found}
    if out:
        out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if as_json:
        screen.document(document)
    else:
        reports.probes(screen, found)


@_runs.callback()
def runs(context: typer.Context, root: opt.ProjectDir = opt.HERE, as_json: opt.Json = False) -> None:
    """List the last runs."""
    if context.invoked_subcommand:
        return
    from cs_connector.runner import questions

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        found = questions.runs(engine)
    if as_json:
        screen.document({"schema": "runs/1", "runs": found})
        return
    for row in found:
        screen.plain(
            f"{row['id']}  {row['started_at']:%Y-%m-%d %H:%M}  {row['job']:<20} exit {_code(row['exit'])}  {row['status']}"
        )
    if not found:
        screen.line("no runs yet; start one with: cs-connector run")


def _code(exit_: int | None) -> str:
    return "-" if exit_ is None else str(exit_)


@_runs.command("show")
def show(
    run: Annotated[str, typer.Argument(help="The run, as in: cs-connector runs.")],
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
) -> None:
    """What one run did."""
    from cs_connector.console import reports
    from cs_connector.runner import questions

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        document = questions.run(engine, run)
    opt.tell(screen, document, reports.run)
