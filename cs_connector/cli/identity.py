"""link, unlink: a person's word on who is who; unify, with its report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import flow
from . import options as opt

if TYPE_CHECKING:
    from cs_connector.console import Screen
    from cs_connector.runner.identity.decisions import Decided

One = Annotated[
    str, typer.Argument(metavar="ID", help="A record (its id, or connection/object/id) or an entity.")
]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="Another one.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; shown with the link.")]

DECISIONS = {
    "link": "Say that two records, or the entities that they belong to, are the same; from the next unify on.",
    "unlink": "Say that two records are not the same, or that a record is not of an entity; from the next unify on.",
}


def register(app: typer.Typer) -> None:
    app.command(help=flow.JOBS["unify"])(unify)
    for action, told in DECISIONS.items():
        app.command(action, help=told)(_deciding(action))


def unify(
    root: opt.ProjectDir = opt.HERE,
    report: Annotated[
        bool,
        typer.Option("--report", help="Write identity.html and identity.json into the project's reports."),
    ] = False,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    from cs_connector.console import reports
    from cs_connector.runner.identity.report import write
    from cs_connector.runner.running import run_jobs

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    summary = run_jobs(opt.project(root), ("unify",), opt.day(as_of), screen)
    if report:
        with opt.engine(root, as_of) as engine:
            document, paths = write(engine)
        _show(screen, document, paths)
    else:
        opt.tell(screen, summary.document(), reports.run)
    if summary.exit:
        raise typer.Exit(summary.exit)


def _show(screen: Screen, document: dict[str, Any], paths: list[Path]) -> None:
    """On the screen what counts; the lists are in the files."""
    from cs_connector.runner.identity.report import sentences

    if screen.as_json:
        screen.document(document)
        return
    for line in sentences(document):
        screen.line(line)
    for path in paths:
        screen.plain(f"wrote {path}")


def _deciding(action: str) -> Callable[..., None]:
    """The command of a decision."""

    def decide(
        one: One,
        other: Other,
        root: opt.ProjectDir = opt.HERE,
        reason: Reason = None,
        as_json: opt.Json = False,
    ) -> None:
        from cs_connector.runner.identity import decisions

        screen = opt.screen(as_json=as_json)
        with opt.engine(root) as engine:
            decided = decisions.decide(engine, action, one, other, reason)
        _told(screen, action, decided)

    return decide


def _told(screen: Screen, action: str, decided: Decided) -> None:
    if screen.as_json:
        parts = {
            name: [{"left": left, "right": right} for left, right in pairs]
            for name, pairs in decided._asdict().items()
        }
        screen.document({"schema": "decision/1", "action": action, **parts})
        return
    from cs_connector.unify.sql import typed

    word = "are the same" if action == "link" else "are not the same"
    for left, right in decided.pairs:
        screen.line(f"{typed(left)} and {typed(right)} {word}")
    for left, right in decided.withdrawn:
        screen.line(f"taken back: {typed(left)} and {typed(right)} are not the same")
    screen.line("it counts from the next run on; see at once with: cs-connector unify --report")
