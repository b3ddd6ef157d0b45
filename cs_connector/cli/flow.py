"""init, run, and each job by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt

JOBS = {
    "sync": "Read what changed in every connection.",
    "unify": "Resolve who is who, hierarchies, relationships and who is a customer.",
    "score": "Compute metrics, scorecards, caps and roll-up.",
    "act": "Turn rules into calls to action.",
}
DRY = tuple(JOBS)


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(run)
    for name, text in JOBS.items():
        app.command(name, help=text)(_single(name))


def init(
    directory: Annotated[Path, typer.Argument(help="The directory to make.")],
    sandbox: Annotated[
        Path | None,
        typer.Option("--sandbox", help="A file with the document that `sandbox up --json` printed."),
    ] = None,
    quiet: opt.Quiet = False,
) -> None:
    """Make a project directory, wired to a sandbox or ready to be filled in."""
    from cs_connector.demo import project

    screen = opt.screen(quiet=quiet)
    written = project.make(directory, sandbox)
    for path in written:
        screen.plain(f"wrote {path}")
    screen.plain(f"next: cs-connector run --project {directory}")


def run(
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Everything but writing to a CRM.")] = False,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """The whole job: sync, unify, score, act, write back."""
    from cs_connector.runner.running import ALL

    names = DRY if dry_run else ALL
    _run(root, names, as_json=as_json, as_of=as_of, quiet=quiet, no_color=no_color)


def _single(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 — typer reads the inner signature
    def command(
        root: opt.ProjectDir = opt.HERE,
        as_json: opt.Json = False,
        as_of: opt.AsOf = None,
        quiet: opt.Quiet = False,
        no_color: opt.NoColor = False,
    ) -> None:
        _run(root, (name,), as_json=as_json, as_of=as_of, quiet=quiet, no_color=no_color)

    return command


def _run(
    root: Path, names: tuple[str, ...], *, as_json: bool, as_of: str | None, quiet: bool, no_color: bool
) -> None:
    from cs_connector.console import reports
    from cs_connector.runner.attention import worst
    from cs_connector.runner.running import run_jobs

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    summary = run_jobs(opt.project(root), names, opt.day(as_of), screen)
    if as_json:
        screen.document(summary.document())
    else:
        reports.run(screen, summary.document())
        if names == DRY:
            screen.line("a dry run: nothing was written to a CRM; see what would be with: cs-connector plan")
        if "score" in names:
            with opt.engine(root, as_of) as engine:
                reports.attention(screen, worst(engine))
    if summary.exit:
        raise typer.Exit(summary.exit)
