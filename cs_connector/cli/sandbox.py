"""sandbox up, sandbox ledger, demo: three simulated CRMs on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt

_sandbox = typer.Typer(help="Simulated CRMs on this machine.", no_args_is_help=True)

Seed = Annotated[int, typer.Option("--seed", help="The same seed makes the same company.")]
Accounts = Annotated[int, typer.Option("--accounts", min=20, max=100_000, help="How many accounts it has.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_sandbox, name="sandbox")
    app.command()(demo)


@_sandbox.command()
def up(
    seed: Seed = 1,
    accounts: Accounts = 200,
    port: Annotated[int, typer.Option("--port", help="The control port; the CRMs get the next ones.")] = 0,
    faults: Annotated[Path | None, typer.Option("--faults", help="A JSON file of fault rules.")] = None,
    files: Annotated[Path | None, typer.Option("--files", help="Where usage and invoice files go.")] = None,
    profile: Annotated[str, typer.Option("--profile", help="vendor, small or unlimited.")] = "vendor",
    recorded: Annotated[
        Path | None,
        typer.Option("--recorded", help="A folder of recorded exchanges and seeds to fill it from."),
    ] = None,
    as_of: opt.AsOf = None,
    as_json: opt.Json = False,
) -> None:
    """Start Salesforce, HubSpot and Zendesk simulators with a demo company, and stay up."""
    from cs_connector.demo import sandbox

    screen = opt.screen(as_json=as_json)
    order = sandbox.Order(seed, accounts, port, faults, files, profile, opt.day(as_of), recorded)
    with screen.step("filling the sandbox", accounts) as tick:
        running = sandbox.start(order, tick)
    try:
        if as_json:
            screen.document(running.document)
        else:
            screen.line(f"control {running.document['control_url']}")
            for name in running.sandbox.servers:
                screen.line(f"{name:<16} {running.sandbox.servers[name].base_url}")
            screen.line("stop with Ctrl-C")
        sandbox.wait()
    finally:
        running.stop()


@_sandbox.command()
def ledger(
    control: Annotated[str | None, typer.Option("--control", help="The control_url of the sandbox.")] = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
) -> None:
    """Every mutation that the simulated CRMs accepted."""
    from cs_connector.demo import sandbox

    screen = opt.screen(as_json=as_json)
    entries = sandbox.ledger(control or sandbox.control_of(root))
    if as_json:
        screen.document(entries)
        return
    for entry in entries:
        screen.plain(
            f"{entry['n']:>6} {entry['at'][:19]} {entry['crm']:<12} {entry['action']:<7} {entry['object']} {entry['id']}"
        )
    screen.line(f"{len(entries):,} mutations")


def demo(
    directory: Annotated[Path, typer.Argument(help="Where the demo project goes.")] = Path(".demo"),
    seed: Seed = 1,
    accounts: Accounts = 200,
    as_of: opt.AsOf = None,
    serve: Annotated[bool, typer.Option("--serve", envvar="SERVE", help="Stay up at the end.")] = False,
    no_color: opt.NoColor = False,
) -> None:
    """The main job against three simulated CRMs: no credentials, no questions."""
    from cs_connector.demo import show

    screen = opt.screen(no_color=no_color)
    code = show.play(screen, directory, seed, accounts, opt.day(as_of), stay=serve)
    if code:
        raise typer.Exit(code)
