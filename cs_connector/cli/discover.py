"""discover: save what connected systems say of their objects and fields, and propose mappings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt


def register(app: typer.Typer) -> None:
    app.command()(discover)


def discover(
    connection: Annotated[
        str | None, typer.Argument(help="The connection; without it, every one that describes itself.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The folder to save to.")] = Path("shape"),
    select: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="OBJECT", help="Only this object; may be given again and again."),
    ] = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Save the objects, fields and picklists of your systems, without records, and propose mappings for them."""
    from cs_connector.runner import discovering

    screen = opt.screen(as_json=as_json, quiet=quiet)
    with opt.engine(root) as engine:
        engine.talk = screen
        found = discovering.discover(engine, connection, out, select or [])
    if as_json:
        screen.document({"schema": "discover/1", "folder": str(out), "systems": found})
        return
    for system in found:
        screen.plain(f"{system['name']:<16} {system['crm']:<12} {system['documents']:,} documents")
    for system in found:
        if system["proposed"]:
            screen.plain(
                f"proposed for {system['name']}: {system['proposed']}; nothing reads it before it is renamed"
            )
    screen.plain(f"saved in {out}; try it with: cs-connector sandbox up --shape {out}")
