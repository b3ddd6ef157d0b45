"""provision: the fields, objects and views of ours in the CRMs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt

if TYPE_CHECKING:
    from cs_connector.console import Screen
    from cs_connector.runner.provisioning import Survey

_provision = typer.Typer(
    help="The fields, objects and views of ours in the CRMs: show, make or remove them.", no_args_is_help=True
)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="CONNECTION", help="These connections; else all that are written to."),
]
Parts = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="PART", help="An optional part besides the core; repeatable."),
]
Adopt = Annotated[
    bool, typer.Option("--adopt", help="Take over what is there already, and set back what others changed.")
]


def register(app: typer.Typer) -> None:
    app.add_typer(_provision, name="provision")


@_provision.command()
def plan(
    connections: Names = None,
    root: opt.ProjectDir = opt.HERE,
    parts: Parts = None,
    adopt: Adopt = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Show what is missing in the CRMs, field by field, and change nothing."""
    from cs_connector.runner import provisioning

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    with opt.engine(root) as engine:
        engine.talk = screen
        found = provisioning.survey(engine, connections or (), parts or (), adopt=adopt)
    _show(screen, "plan", "", found)
    _unreached(screen, found)
    if not all(site.room.ok for site in found.sites if site.room):
        raise typer.Exit(5)


@_provision.command()
def apply(
    connections: Names = None,
    root: opt.ProjectDir = opt.HERE,
    parts: Parts = None,
    adopt: Adopt = False,
    yes: opt.Yes = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Make what is missing, and change what we made and now declare otherwise; never what others made."""
    from cs_connector.runner import provisioning

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    with opt.engine(root, exclusive=True) as engine:
        engine.talk = screen
        found = provisioning.survey(engine, connections or (), parts or (), adopt=adopt)
        if adopt and any(site.to_do for site in found.sites) and not yes:
            _show(screen, "plan", "", found, talk=True)
            _ask("Take over what is listed above?")
        done = provisioning.put(engine, found.sites)
        _show(screen, "apply", engine.run, found)
    _unreached(screen, found)
    if not done:
        raise typer.Exit(1)


@_provision.command()
def destroy(
    connections: Names = None,
    root: opt.ProjectDir = opt.HERE,
    parts: Annotated[
        list[str] | None, typer.Option("--with", metavar="PART", help="Only this optional part; repeatable.")
    ] = None,
    unwanted: Annotated[
        bool, typer.Option("--left-over", help="Only what a newer version does not have any more.")
    ] = False,
    yes: opt.Yes = False,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> None:
    """Remove what we made, with the data in it; nothing else. Asks first."""
    from cs_connector.runner import provisioning

    screen = opt.screen(as_json=as_json, quiet=quiet, no_color=no_color)
    with opt.engine(root, exclusive=True) as engine:
        engine.talk = screen
        found = provisioning.removal(engine, connections or (), parts or (), unwanted=unwanted)
        if found.sites and not yes:
            _show(screen, "destroy", "", found, talk=True)
            _ask("Remove all of it, with the data in it?")
        done = provisioning.remove(engine, found.sites)
        _show(screen, "destroy", engine.run, found)
    _unreached(screen, found)
    if not done:
        raise typer.Exit(1)


def _show(screen: Screen, command: str, run: str, found: Survey, *, talk: bool = False) -> None:
    """The result, or with `talk` what a person is asked about."""
    from cs_connector.console import provisions
    from cs_connector.runner.provisioning import document

    told = document(command, run, found)
    if talk:
        provisions.told(lambda text: screen.err.print(text, soft_wrap=True), told)
    elif screen.as_json:
        screen.document(told)
    else:
        provisions.told(screen.line, told)


def _unreached(screen: Screen, found: Survey) -> None:
    """Say which connections could not be asked, and end with the first one's exit code."""
    for error in found.unreached.values():
        screen.error(error)
    for error in found.unreached.values():
        raise typer.Exit(error.exit_code)


def _ask(question: str) -> None:
    """Raises UsageError where nobody can answer, and typer.Abort for a no."""
    from cs_connector.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError(
            "nobody is there to say yes",
            why="this asks first, and there is no terminal",
            safe="nothing was changed in any CRM",
            fix="look at it with: cs-connector provision plan; then add --yes",
        )
    typer.confirm(question, abort=True, err=True)
