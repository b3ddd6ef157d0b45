"""relationships, perspective: what customers have going with us, one by one and from every side."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options as opt


def register(app: typer.Typer) -> None:
    app.command()(relationships)
    app.command()(perspective)


def relationships(
    id_: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="An account: an entity id, a CRM record id, or its exact name."),
    ] = None,
    root: opt.ProjectDir = opt.HERE,
    known_on: opt.KnownOn = None,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
) -> None:
    """The relationships of an account with their stages and people; without ID, how all of them stand."""
    from cs_connector.console import relations as shown
    from cs_connector.runner import relations

    screen = opt.screen(as_json=as_json, no_color=no_color)
    with opt.engine(root) as engine:
        day = opt.day(known_on)
        document = relations.of_account(engine, id_, day) if id_ else relations.overview(engine, day)
    opt.tell(screen, document, shown.of_account if id_ else shown.overview)


def perspective(
    by: Annotated[str, typer.Argument(metavar="BY", help="product, region, owner, segment, type, stage, …")],
    root: opt.ProjectDir = opt.HERE,
    known_on: opt.KnownOn = None,
    as_json: opt.Json = False,
) -> None:
    """All customers seen by product, region, owner or segment; the totals are always the same."""
    from cs_connector.console import relations as shown
    from cs_connector.runner import relations

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        document = relations.seen_by(engine, by, opt.day(known_on))
    opt.tell(screen, document, shown.perspective)
