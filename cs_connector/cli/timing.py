"""schedule and serve: jobs by the clock."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options as opt

_schedule = typer.Typer(help="The schedule lines of the project file.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(_schedule, name="schedule")
    app.command()(serve)


@_schedule.command("list")
def list_(root: opt.ProjectDir = opt.HERE, as_json: opt.Json = False) -> None:
    """Every line with its next times, in its own zone and in UTC."""
    from cs_connector import scheduler

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        found = scheduler.upcoming(engine.project.settings.schedules, engine.clock.now())
    if as_json:
        screen.document({"schema": "schedule/1", "lines": found})
        return
    for line in found:
        screen.plain(f"{line['name']:<16} {line['job']:<12} {line['cron']:<16} {line['zone']}")
        for local, utc in line["next"]:
            screen.line(f"    {local}   ({utc} UTC)")
    if not found:
        screen.line("no schedule lines; add them under schedules: in cs-connector.yml")


@_schedule.command("run")
def run_now(
    name: Annotated[str, typer.Argument(help="The line, as schedule list shows it.")],
    root: opt.ProjectDir = opt.HERE,
) -> None:
    """Run one line's job now."""
    from cs_connector import scheduler

    screen = opt.screen()
    summary = scheduler.fire(opt.project(root), name, screen)
    screen.line(f"run {summary.run}: {summary.status}")
    if summary.exit:
        raise typer.Exit(summary.exit)


def serve(
    root: opt.ProjectDir = opt.HERE,
    once: Annotated[bool, typer.Option("--once", help="Run what is due, then stop.")] = False,
    quiet: opt.Quiet = False,
) -> None:
    """Run jobs by the schedule until stopped. A job that still runs is never started twice."""
    from cs_connector import scheduler

    scheduler.serve(opt.project(root), opt.screen(quiet=quiet), once=once)
