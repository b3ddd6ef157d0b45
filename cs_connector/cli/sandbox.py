"""sandbox and its commands, demo: three simulated CRMs on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as opt

if TYPE_CHECKING:
    from cs_connector.console import Screen
    from cs_connector.demo.control import Remote
    from cs_connector.demo.sandbox import Running

_sandbox = typer.Typer(help="Simulated CRMs on this machine.", no_args_is_help=True)

Seed = Annotated[int, typer.Option("--seed", help="The same seed makes the same company.")]
Accounts = Annotated[int, typer.Option("--accounts", min=20, max=100_000, help="How many accounts it has.")]
Size = Annotated[
    int | None,
    typer.Option("--accounts", min=20, max=100_000, help="How many accounts the demo company has; else 200."),
]
Begin = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="The day on which it begins; else today.")
]
Bare = Annotated[
    bool, typer.Option("--bare", help="Without our fields and objects, so that provisioning can be tried.")
]
Host = Annotated[str, typer.Option("--host", help="This machine; no other address is served.")]
Where = Annotated[str | None, typer.Option("--control", help="The control_url of the sandbox.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_sandbox, name="sandbox")
    app.command()(demo)


@_sandbox.command()
def up(
    seed: Seed = 1,
    accounts: Size = None,
    port: Annotated[int, typer.Option("--port", help="The control port; the CRMs get the next ones.")] = 0,
    faults: Annotated[Path | None, typer.Option("--faults", help="A JSON file of fault rules.")] = None,
    files: Annotated[Path | None, typer.Option("--files", help="Where usage and invoice files go.")] = None,
    profile: Annotated[str, typer.Option("--profile", help="vendor, small or unlimited.")] = "vendor",
    recorded: Annotated[
        Path | None,
        typer.Option("--recorded", help="A folder of recorded exchanges and seeds to fill it from."),
    ] = None,
    life: Annotated[
        float, typer.Option("--life", min=0, help="How often users edit each CRM, in edits a day.")
    ] = 0,
    tls: Annotated[
        Path | None, typer.Option("--tls", help="Speak https; the authority's ca.pem goes to this folder.")
    ] = None,
    host: Host = "127.0.0.1",
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep", help="Save the sandbox in this folder when it stops; go on with what is there."
        ),
    ] = None,
    shape: Annotated[
        Path | None, typer.Option("--shape", help="A folder from discover: be like the systems saved there.")
    ] = None,
    fill: Annotated[
        Path | None, typer.Option("--fill", help="A folder of CSV files, such as salesforce/Account.csv.")
    ] = None,
    bare: Bare = False,
    as_of: Begin = None,
    as_json: opt.Json = False,
) -> None:
    """Start Salesforce, HubSpot and Zendesk simulators with a demo company, and stay up."""
    from cs_connector.demo import sandbox
    from cs_connector.sandbox.server import only_here

    only_here(host)
    screen = opt.screen(as_json=as_json)
    order = sandbox.Order(
        seed, accounts, port, faults, files, profile, opt.day(as_of), recorded, life=life, tls=tls, keep=keep,
        shape=shape, fill=fill, bare=bare,
    )  # fmt: skip
    with screen.step("filling the sandbox", order.size) as tick:
        running = sandbox.start(order, tick)
    try:
        if as_json:
            screen.document(running.document)
        else:
            _addresses(screen, running, trust=tls is not None)
        sandbox.wait()
    finally:
        running.stop()


def _addresses(screen: Screen, running: Running, *, trust: bool) -> None:
    """Where everything is, with the authority to `trust` where it speaks https, and how to stop it."""
    screen.line(f"control {running.document['control_url']}")
    for name, server in running.sandbox.servers.items():
        screen.line(f"{name:<16} {server.base_url}")
    if trust:
        screen.line(f"trust {running.document['salesforce']['ca_file']}")
    screen.line("stop with Ctrl-C")


@_sandbox.command()
def ledger(control: Where = None, root: opt.ProjectDir = opt.HERE, as_json: opt.Json = False) -> None:
    """Every mutation that the simulated CRMs accepted, by clients of the api and by users."""
    screen, entries = opt.screen(as_json=as_json), _remote(control, root).ledger()
    if as_json:
        screen.document(entries)
        return
    for e in entries:
        screen.plain(
            f"{e['n']:>6} {e['at'][:19]} {e['crm']:<12} {e['by']:<4} {e['action']:<8} {e['object']} {e['id']}"
        )
    screen.line(f"{len(entries):,} mutations")


@_sandbox.command()
def clock(
    advance: Annotated[str | None, typer.Option("--advance", help="Move it forward, by PT1H or P2D.")] = None,
    to: Annotated[str | None, typer.Option("--set", help="Move it forward to 2026-12-01T09:00:00Z.")] = None,
    running: Annotated[
        bool | None, typer.Option("--run/--freeze", help="Go on as fast as the real time, or stand still.")
    ] = None,
    control: Where = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
) -> None:
    """The time in the sandbox, and moving it."""
    screen = opt.screen(as_json=as_json)
    found = _remote(control, root).clock(advance=advance, set=to, running=running)
    if as_json:
        screen.document(found)
        return
    screen.plain(f"{found['now']}, {'running' if found['running'] else 'standing still'}")


@_sandbox.command()
def faults(
    file: Annotated[
        Path | None, typer.Argument(help="A JSON file of fault rules, in place of all others.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="No faults any more; end what they began.")] = False,
    control: Where = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
) -> None:
    """The faults on order, and how often each was met; with a file, order these instead."""
    from cs_connector.demo.control import rules_in
    from cs_connector.errors import UsageError

    if file and clear:
        raise UsageError(
            "a file and --clear are two orders", safe="nothing was changed", fix="give one of them"
        )
    rules = rules_in(file) if file else {"rules": []} if clear else None
    screen, found = opt.screen(as_json=as_json), _remote(control, root).faults(rules)
    if as_json:
        screen.document({"rules": found})
        return
    for line in found:
        screen.plain(f"matched {line['matched']:>5}, fired {line['fired']:>5}: {_told(line['rule'])}")
    screen.line("no faults are on order" if not found else f"{len(found)} on order")


@_sandbox.command()
def life(
    rate: Annotated[float | None, typer.Option("--rate", help="Edits a day in each CRM; 0 ends it.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="The same seed makes the same edits.")] = None,
    control: Where = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
) -> None:
    """How busy the users of the simulated CRMs are, and changing that."""
    from cs_connector.errors import UsageError

    if seed is not None and rate is None:
        raise UsageError(
            "--seed needs --rate", safe="nothing was changed", fix="add --rate 24, one edit an hour"
        )
    screen, found = opt.screen(as_json=as_json), _remote(control, root).life(rate=rate, seed=seed)
    if as_json:
        screen.document(found)
        return
    screen.plain(
        f"{found['rate']:g} edits a day in each CRM, seed {found['seed']}; {found['edits']:,} so far"
    )


@_sandbox.command()
def snapshot(
    name: Annotated[
        str | None, typer.Argument(help="Keep it on disk by this name, in the folder of --keep.")
    ] = None,
    control: Where = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
) -> None:
    """Keep the simulated CRMs as they are; prints the number to restore."""
    screen, kept = opt.screen(as_json=as_json), _remote(control, root).snapshot(name)
    if as_json:
        screen.document({"snapshot": kept})
        return
    screen.plain(f"snapshot {kept}")


@_sandbox.command()
def restore(
    which: Annotated[
        str | None, typer.Argument(help="The number or name of a snapshot; without one, the newest number.")
    ] = None,
    control: Where = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
) -> None:
    """Bring a snapshot back: records, fields, jobs, limits and ledger. The clock goes on."""
    wanted = int(which) if which is not None and which.isdecimal() else which
    screen, found = opt.screen(as_json=as_json), _remote(control, root).restore(wanted)
    if as_json:
        screen.document({"snapshot": found})
        return
    screen.plain(f"snapshot {found} is back")


def _remote(control: str | None, root: Path) -> Remote:
    from cs_connector.demo.control import Remote, control_of

    return Remote(control or control_of(root))


def _told(rule: dict[str, Any]) -> str:
    """A rule in a line: which requests, and what happens to them."""
    what = ", ".join(f"{name}: {value}" for name, value in rule["do"].items() if value is not None)
    which = " ".join(str(rule[name]) for name in ("crm", "method", "path") if rule.get(name) is not None)
    return f"{which or 'every request'} -> {what}"


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
