"""connect: let the program into a CRM, or say exactly what an admin has to do for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt

if TYPE_CHECKING:
    from cs_connector.console import Screen
    from cs_connector.ports import Adapter


def register(app: typer.Typer) -> None:
    app.command()(connect)


def connect(
    name: Annotated[str, typer.Argument(help="A connection of cs-connector.yml.")],
    root: opt.ProjectDir = opt.HERE,
    port: Annotated[int, typer.Option("--port", help="Where the browser comes back to.")] = 8823,
    steps: Annotated[bool, typer.Option("--steps", help="Only say what to do in the CRM.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only name the page.")] = False,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for the person.")] = 300,
    as_json: opt.Json = False,
) -> None:
    """Log in to a CRM, with a person's consent where it needs one."""
    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        adapter = engine.adapter(opt.known(name, engine.project.settings.connections))
        if not as_json:
            _explain(screen, adapter, port)
        if steps:
            return
        with engine.vault.on_trial(name):  # what belongs to another org must not take the place of what works
            _consent(screen, adapter, port, wait, browser=not no_browser)
            identity = engine.identify(name)
    kind = "sandbox" if identity.sandbox else "PRODUCTION"
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


def _explain(screen: Screen, adapter: Adapter, port: int) -> None:
    if adapter.scopes:
        screen.line("[bold]What it will be allowed to do, and why[/]")
        for scope in adapter.scopes:
            screen.plain(f"  {scope.name:<38} {scope.why}")
    if adapter.steps:
        screen.line("[bold]What an admin does first[/]")
        for number, step in enumerate(adapter.steps, 1):
            screen.plain(f"  {number}. {step}")
        if adapter.consent("", ""):
            screen.plain(f"  redirect address: http://localhost:{port}/callback")


def _consent(screen: Screen, adapter: Adapter, port: int, wait: float, *, browser: bool) -> None:
    import webbrowser

    from cs_connector.transport.consent import Callback

    if adapter.consent("", "") is None:
        return
    with Callback(port) as callback:
        page = adapter.consent(callback.address, callback.state)
        screen.ask(f"open this page to let it in: {page}")
        if browser:
            webbrowser.open(str(page))
        adapter.approve(callback.wait(wait), callback.address)
