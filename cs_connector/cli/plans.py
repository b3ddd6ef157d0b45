"""plan and apply."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt

DECIDE = ("unify", "score", "act")


def register(app: typer.Typer) -> None:
    app.command()(plan)
    app.command()(apply)


def plan(
    root: opt.ProjectDir = opt.HERE,
    out: Annotated[Path | None, typer.Option("--out", help="Where to keep the plan.")] = None,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Show what would be written, and change nothing in any CRM."""
    import msgspec

    from cs_connector.console import reports
    from cs_connector.runner import plans
    from cs_connector.runner.running import prepare

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    with opt.engine(root, as_of, exclusive=True) as engine:
        engine.talk = screen
        prepare(engine, DECIDE)
        document = plans.make(engine)
        target = out or _last(engine.project.state)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(msgspec.json.encode(document))
    if as_json:
        screen.document(document)
    else:
        reports.plan(screen, document)
    if not all(check["ok"] for check in document["guard"]):
        raise typer.Exit(5)


def apply(
    file: Annotated[Path | None, typer.Argument(help="A plan; the last one if none is named.")] = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Write exactly what a plan says. Refuses a stale, edited or foreign one."""
    from cs_connector.console import reports
    from cs_connector.runner import plans
    from cs_connector.runner.applying import apply_plan

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    with opt.engine(root, as_of, exclusive=True) as engine:
        engine.talk = screen
        document = plans.load(file or _last(engine.project.state))
        summary = apply_plan(engine, document)
    if as_json:
        screen.document(summary.document())
    else:
        reports.writes(screen, summary.document()["writes"])
        for note in summary.notes:
            screen.plain(note)
    if summary.exit:
        raise typer.Exit(summary.exit)


def _last(state: Path) -> Path:
    return state / "plans" / "last.json"
