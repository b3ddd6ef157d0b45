"""connect: let the program into a CRM, or say exactly what an admin has to do for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt

if TYPE_CHECKING:
    from cs_connector.console import Screen
    from cs_connector.ports import Adapter, Identity
    from cs_connector.runner import Engine


def register(app: typer.Typer) -> None:
    app.command()(connect)


def connect(
    name: Annotated[str, typer.Argument(help="A connection of cs-connector.yml.")],
    root: opt.ProjectDir = opt.HERE,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where the browser comes back to.")
    ] = 8823,
    steps: Annotated[bool, typer.Option("--steps", help="Only say what to do in the CRM.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only name the page.")] = False,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for the person.")] = 300,
    as_json: opt.Json = False,
) -> None:
    """Log in to a CRM, with a person's consent where it needs one."""
    from cs_connector import registry

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        connections = engine.project.settings.connections
        kind_of = registry.adapter(connections[opt.known(name, connections)].adapter)
        if not as_json:
            _explain(screen, kind_of, port)
        if not (kind_of.scopes or kind_of.steps):
            screen.say(f"{name} needs no login")
        if steps:  # also of a connection that has no login yet: they say how to come by one
            return
        identity = _log_in(screen, engine, name, port, wait, browser=not no_browser)
    kind = "sandbox" if identity.sandbox else "PRODUCTION" if kind_of.capabilities.writes else "read only"
    if as_json:
        screen.document(
            {
                "schema": "connect/1",
                "connection": name,
                "org_id": identity.org_id,
                "sandbox": identity.sandbox,
            }
        )
    else:
        screen.line(f"connected: {identity.name} ({identity.org_id}), {kind}")


def _log_in(screen: Screen, engine: Engine, name: str, port: int, wait: float, *, browser: bool) -> Identity:
    """Who the CRM is. What belongs to another org, or is refused, does not take the place of a login that works."""
    adapter = engine.adapter(name)
    with engine.vault.on_trial(name):
        if adapter.consent("", "") is None:
            engine.vault.forget(name)  # or a token of before would pass for the login that is tried
        else:
            _consent(screen, adapter, port, wait, browser=browser)
        return engine.identify(name)


def _explain(screen: Screen, adapter: type[Adapter], port: int) -> None:
    from cs_connector.ports import Adapter as Port

    if adapter.scopes:
        screen.line("[bold]What it will be allowed to do, and why[/]")
        for scope in adapter.scopes:
            screen.plain(f"  {scope.name:<38} {scope.why}")
    if adapter.steps:
        screen.line("[bold]What an admin does first[/]")
        for number, step in enumerate(adapter.steps, 1):
            screen.plain(f"  {number}. {step}")
        if adapter.consent is not Port.consent:
            screen.plain(f"  redirect address: http://localhost:{port}/callback")


def _consent(screen: Screen, adapter: Adapter, port: int, wait: float, *, browser: bool) -> None:
    import webbrowser

    from cs_connector.transport.consent import Callback

    with Callback(port) as callback:
        page = adapter.consent(callback.address, callback.state)
        screen.ask(f"open this page to let it in: {page}")
        if browser:
            webbrowser.open(str(page))
        adapter.approve(callback.wait(wait), callback.address)
