"""mapping check, mapping preview, mapping schema: do the mapping files fit, and what do they make of a record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt
from .look import Id

if TYPE_CHECKING:
    from cs_connector.console import Screen
    from cs_connector.runner.mappings import Checked

_mapping = typer.Typer(help="The mapping files: do they fit, and what do they make of a record.")


def register(app: typer.Typer) -> None:
    app.add_typer(_mapping, name="mapping")


@_mapping.command("check")
def check(
    saved: Annotated[
        Path | None,
        typer.Option(
            "--saved", metavar="DIR", help="Ask nothing: compare with what discover saved in this folder."
        ),
    ] = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
) -> None:
    """Find the mistakes of every mapping file, and compare it with what the connection has."""
    from dataclasses import asdict

    from cs_connector.runner import mappings

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        checked = mappings.check(engine, saved)
    if as_json:
        problems = [asdict(problem) for problem in checked.problems]
        screen.document({"schema": "mapping-check/1", "problems": problems, "not_compared": checked.unseen})
    else:
        _show(screen, checked)
    if checked.problems:
        raise typer.Exit(2)


def _show(screen: Screen, checked: Checked) -> None:
    found = checked.problems
    for problem in found:
        where = f"{problem.connection}: " if problem.connection else ""
        screen.plain(f"{problem.place}\n  {where}{problem.what}\n  fix: {problem.fix}")
    if checked.unseen:
        screen.plain(f"not compared, because it was not saved: {', '.join(checked.unseen)}")
    many = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    screen.line(many if found else "every mapping fits what its connection has")


@_mapping.command("preview")
def preview(id_: Id, root: opt.ProjectDir = opt.HERE, as_json: opt.Json = False) -> None:
    """How an account comes about: what each record says, how it is read, and what counts."""
    from cs_connector.console.preview import preview as shown
    from cs_connector.runner.previewing import preview as made

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        document = made(engine, id_)
    opt.tell(screen, document, shown)


@_mapping.command("schema")
def schema(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="[KIND]", help="mapping, customers, relationships, rates, lookup or precedence."
        ),
    ] = "mapping",
) -> None:
    """Print the JSON Schema of a mapping file, or of a file that mappings stand on, for your editor."""
    import json

    from cs_connector.config.documents import suggest
    from cs_connector.errors import UsageError
    from cs_connector.unify.declared.schema import FILES
    from cs_connector.unify.declared.schema import schema as made

    if kind not in FILES:
        fix = suggest(kind, FILES) or f"known: {', '.join(FILES)}"
        raise UsageError(f"there is no schema called {kind!r}", safe="nothing was done", fix=fix)
    opt.screen().plain(json.dumps(made(kind), indent=2))
