"""init, run, and each job by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cs_connector.errors import UsageError

from . import options as opt

JOBS = {
    "unify": "Resolve who is who, hierarchies, relationships and who is a customer.",
    "score": "Compute metrics, scorecards, caps and roll-up.",
    "act": "Turn rules into calls to action.",
}
DRY = ("sync", *JOBS)


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(run)
    app.command()(sync)
    app.command("score", help=JOBS["score"])(score)
    app.command("act", help=JOBS["act"])(_single("act"))


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
    ready = f"cs-connector run --project {directory}"
    filled = f"fill in the connections of {directory}/cs-connector.yml, then: cs-connector doctor --project {directory}"
    screen.plain(f"next: {ready if sandbox else filled}")


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


def sync(
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many calls it would need, and read nothing.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="CONNECTION.OBJECT", help="Its sudden change is right: go on."),
    ] = None,
    anew: Annotated[
        list[str] | None,
        typer.Option("--anew", metavar="CONNECTION.OBJECT", help="Read this object from the beginning."),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(
            "--budget", metavar="CALLS", min=1, help="Stop when a connection has used so many calls."
        ),
    ] = None,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Read what changed in every connection."""
    if dry_run and anew:
        raise UsageError(
            "--dry-run reads nothing, so nothing can be read anew",
            safe="nothing was changed",
            fix="leave out one of the two",
        )
    if dry_run:
        _estimate(root, as_json=as_json)
        return
    if anew:
        from cs_connector.runner.reading.anew import forget

        forget(opt.project(root), anew)
    names, accepted = ("sync",), frozenset(accept or ())
    _run(
        root,
        names,
        as_json=as_json,
        as_of=None,
        quiet=quiet,
        no_color=no_color,
        accepted=accepted,
        budget=budget,
    )


def _estimate(root: Path, *, as_json: bool) -> None:
    from cs_connector.console import reports
    from cs_connector.runner.reading import forecast

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        found, stopped = forecast.estimate(engine)
    if as_json:
        screen.document({"schema": "estimate/1", **found})
    else:
        reports.estimate(screen, found)
    if stopped:
        raise stopped


def score(
    root: opt.ProjectDir = opt.HERE,
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Only say what the project's files would change, and publish nothing."),
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", metavar="DIR", help="With --plan: compare with this folder, not the last run."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="With --plan: keep it in this file; JSON if it ends so, else Markdown."),
    ] = None,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    if plan:
        _plan(root, against, out, as_json=as_json, as_of=as_of, quiet=quiet)
        return
    if against or out:
        raise UsageError("--against and --out go with --plan", safe="nothing was done", fix="add --plan")
    _run(root, ("score",), as_json=as_json, as_of=as_of, quiet=quiet, no_color=no_color)


def _plan(
    root: Path, against: Path | None, out: Path | None, *, as_json: bool, as_of: str | None, quiet: bool
) -> None:
    import msgspec

    from cs_connector.console.score_plan import markdown, summary
    from cs_connector.runner.scorecards import plans

    screen = opt.screen(as_json=as_json, quiet=quiet)
    with opt.engine(root, as_of) as engine:
        engine.talk = screen
        document = plans.make(engine, against)
    if out:
        whole = msgspec.json.format(msgspec.json.encode(document)).decode() + "\n"
        out.write_text(whole if out.suffix == ".json" else markdown(document), encoding="utf-8")
    if as_json:
        screen.document(document)
        return
    screen.plain((summary(document) if out else markdown(document)).rstrip())
    if out:
        screen.plain(f"\nwrote {out}")


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
    root: Path,
    names: tuple[str, ...],
    *,
    as_json: bool,
    as_of: str | None,
    quiet: bool,
    no_color: bool,
    accepted: frozenset[str] = frozenset(),
    budget: int | None = None,
) -> None:
    from cs_connector.console import reports
    from cs_connector.runner.attention import worst
    from cs_connector.runner.running import run_jobs

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    summary = run_jobs(opt.project(root), names, opt.day(as_of), screen, accepted, budget)
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
