"""plan and apply; writes: the switch that stops all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt

if TYPE_CHECKING:
    from cs_connector.act.planfile import PlanFile
    from cs_connector.console import Screen
    from cs_connector.runner.summary import Summary

Recorded = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="The day on record for this run, if not that of the plan."),
]
DECIDE = ("unify", "score", "act")
_writes = typer.Typer(help="Stop everything that is written to the CRMs, and let it go on.")


def register(app: typer.Typer) -> None:
    app.command()(plan)
    app.command()(apply)
    app.add_typer(_writes, name="writes")


def plan(
    root: opt.ProjectDir = opt.HERE,
    out: Annotated[Path | None, typer.Option("--out", help="Where to keep the plan.")] = None,
    show: Annotated[
        str | None,
        typer.Option(
            "--show", metavar="CONNECTION.OBJECT", help="Make no plan; list this of the one at hand."
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="NAME", help="Make no plan; list this account of the one at hand."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--list", metavar="N", min=1, help="How many changes to list, 20 if not given."),
    ] = None,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Show what would be written, and change nothing in any CRM."""
    from cs_connector.act.planfile import last

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    if show or account or count:
        _list(screen, out or last(opt.project(root).state), show, account, count or 20)
        return
    file = _made(screen, root, out, as_of)
    if as_json:
        _print(file)
    else:
        _show(screen, file)
    if file.head["stopped"] or not all(check["ok"] for check in file.head["guard"]):
        raise typer.Exit(5)
    for unreached in file.head["unreached"]:
        raise typer.Exit(unreached["exit"])


def _made(screen: Screen, root: Path, out: Path | None, as_of: str | None) -> PlanFile:
    from cs_connector.act.planfile import last
    from cs_connector.runner.plans import making
    from cs_connector.runner.running import prepare

    with opt.engine(root, as_of, exclusive=True) as engine:
        engine.talk = screen
        prepare(engine, DECIDE)
        return making.make(engine, out or last(engine.project.state))


def _print(file: PlanFile) -> None:
    """The document on one line, as it stands in the file."""
    import sys

    with file.path.open(encoding="utf-8") as lines:
        for line in lines:
            sys.stdout.write(line.rstrip("\n"))
    sys.stdout.write("\n")
    sys.stdout.flush()


def _show(screen: Screen, file: PlanFile) -> None:
    from cs_connector.console import plan as shown

    for line in shown.lines(file.head):
        screen.plain(line)


def _list(screen: Screen, path: Path, show: str | None, account: str | None, count: int) -> None:
    """Some changes of a plan that was made already."""
    from cs_connector.act.planfile import PlanFile
    from cs_connector.console import plan as shown

    for line in shown.listed(PlanFile(path), show, account, count):
        screen.plain(line)


def apply(
    file: Annotated[Path | None, typer.Argument(help="A plan; the last one if none is named.")] = None,
    approve: Annotated[
        str | None,
        typer.Option(
            "--approve",
            metavar="REASON",
            help="Let it through over its limits, or as the first write to an org; kept with your name.",
        ),
    ] = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
    as_of: Recorded = None,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Write exactly what a plan says. Refuses a stale, edited or foreign one."""
    from cs_connector.act.planfile import PlanFile, last
    from cs_connector.runner.applying import apply_plan

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    reason = None if approve is None else _said(approve, "--approve")
    planned = PlanFile(file or last(opt.project(root).state))
    with opt.engine(root, as_of or _day(planned), exclusive=True) as engine:
        engine.talk = screen
        summary = apply_plan(engine, planned, reason)
    if as_json:
        screen.document(summary.document())
    else:
        _written(screen, summary)
    if summary.exit:
        raise typer.Exit(summary.exit)


def _day(planned: PlanFile) -> str | None:
    """The day whose scores a plan writes: that is what a run is on record with."""
    day = planned.head.get("as_of")
    return day if isinstance(day, str) else None


def _written(screen: Screen, summary: Summary) -> None:
    from cs_connector.console import reports

    reports.writes(screen, summary.document()["writes"])
    for note in summary.notes:
        screen.plain(note)
    if any(line.created or line.updated or line.deleted for line in summary.writes):
        screen.plain(f"run {summary.run}; take it back with: cs-connector undo {summary.run}")


def _said(reason: str, what: str) -> str:
    """Raises UsageError for a reason without a word."""
    from cs_connector.errors import UsageError

    if not reason.strip():
        raise UsageError(
            f"{what} needs a reason", safe="nothing was changed", fix="say in a few words why it is right"
        )
    return reason.strip()


@_writes.command("stop")
def stop(
    reason: Annotated[str, typer.Argument(help="Why; whoever is stopped by it reads this.")],
    root: opt.ProjectDir = opt.HERE,
) -> None:
    """Stop all writes to every CRM, now: a run that is writing stops at its next batch."""
    from cs_connector.act import switch

    said = _said(reason, "writes stop")
    with opt.engine(root) as engine, engine.store.state.begin() as db:
        switch.stop(db, said, engine.actor, engine.clock.now())
    opt.screen().plain("all writes are stopped; let them go on with: cs-connector writes allow")


@_writes.command("allow")
def allow(root: opt.ProjectDir = opt.HERE) -> None:
    """Let writes go on."""
    from cs_connector.act import switch
    from cs_connector.runner.plans import permission

    with opt.engine(root) as engine:
        with engine.store.state.begin() as db:
            switch.allow(db, engine.actor, engine.clock.now())
        still = permission.stopped(engine)
    opt.screen().plain(f"writes are still stopped: {still}" if still else "writes are allowed")
    if still:
        raise typer.Exit(5)


@_writes.command("show")
def show(root: opt.ProjectDir = opt.HERE, as_json: opt.Json = False) -> None:
    """Say whether anything may be written, and who last stopped or allowed it."""
    from cs_connector.act import switch
    from cs_connector.runner.plans import permission

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        why = permission.stopped(engine)
        with engine.store.state.read() as db:
            turns = switch.history(db, 10)
    if as_json:
        told = [{"stopped": t.stopped, "reason": t.reason, "who": t.who, "at": t.at} for t in turns]
        screen.document({"schema": "writes/1", "stopped": why, "turns": told})
        return
    screen.plain(f"all writes are stopped: {why}" if why else "writes are allowed")
    for turn in turns:
        done = f"stopped: {turn.reason}" if turn.stopped else "allowed"
        screen.plain(f"  {turn.at:%Y-%m-%d %H:%M} UTC  {turn.who}  {done}")
