"""undo: take back what a run wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt

if TYPE_CHECKING:
    from cs_connector.act.planfile import PlanFile
    from cs_connector.console import Screen
    from cs_connector.runner import Summary


def register(app: typer.Typer) -> None:
    app.command()(undo)


def undo(
    run: Annotated[str, typer.Argument(help="The run, as in: cs-connector runs.")],
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select", metavar="CONNECTION.OBJECT", help="Only what it wrote there; may be repeated."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where to keep the plan.")] = None,
    approve: Annotated[
        str | None,
        typer.Option("--approve", metavar="REASON", help="With --yes: let it through over its limits."),
    ] = None,
    root: opt.ProjectDir = opt.HERE,
    yes: Annotated[bool, typer.Option("--yes", help="Write it at once.")] = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Plan to take back what a run wrote, where nobody changed it since; with --yes do it at once."""
    from cs_connector.act.planfile import last
    from cs_connector.runner.applying import apply_plan
    from cs_connector.runner.undoing import making

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    summary = None
    with opt.engine(root, exclusive=True) as engine:
        engine.talk = screen
        path = out or last(engine.project.state)
        file = making.make(engine, run, path, frozenset(select or ()))
        if yes and any(True for _ in file.rows()):
            summary = apply_plan(engine, file, approve)
    _say(screen, file, summary)
    _exit(file, summary)


def _say(screen: Screen, file: PlanFile, summary: Summary | None) -> None:
    from cs_connector.console import undo as shown

    if screen.as_json:
        screen.document(summary.document() if summary else {**file.head, "changes": list(file.rows())})
        return
    for line in shown.lines(file.head) if summary is None else shown.done(file.head, summary.document()):
        screen.plain(line)


def _exit(file: PlanFile, summary: Summary | None) -> None:
    stopped = summary is None and (file.head["stopped"] or not all(c["ok"] for c in file.head["guard"]))
    code = 5 if stopped else (summary.exit if summary else 0) or int(file.head["left_count"] > 0)
    if code:
        raise typer.Exit(code)
