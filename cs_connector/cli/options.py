"""The flags that every command knows, and what a command does around its work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cs_connector.config import Project
    from cs_connector.console import Screen
    from cs_connector.runner import Engine

ProjectDir = Annotated[
    Path,
    typer.Option(
        "--project", envvar="CS_CONNECTOR_PROJECT", help="The project directory.", show_default="here"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document for a program.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Compute as of this date, not today.")
]
KnownOn = Annotated[
    str | None,
    typer.Option("--known-on", metavar="DATE", help="As it was known at the end of this day, not now."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
NoColor = Annotated[bool, typer.Option("--no-color", envvar="NO_COLOR", help="No colours.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
HERE = Path()


def screen(*, as_json: bool = False, quiet: bool = False, no_color: bool = False) -> Screen:
    from cs_connector.console import Screen

    return Screen(as_json=as_json, quiet=quiet or as_json, color=not no_color)


def tell(screen: Screen, document: dict[str, Any], shown: Callable[[Screen, dict[str, Any]], None]) -> None:
    """Print a document for a program, or show a person what is in it."""
    if screen.as_json:
        screen.document(document)
    else:
        shown(screen, document)


def day(text: str | None) -> date | None:
    """A date given on the command line. Raises UsageError."""
    from cs_connector.errors import UsageError

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a date", safe="nothing was done", fix="write it as 2026-11-25"
        ) from None


def known(name: str, names: Iterable[str]) -> str:
    """A connection's name as it was given. Raises UsageError for one that the project does not have."""
    from cs_connector.config.documents import suggest
    from cs_connector.errors import UsageError

    if name in names:
        return name
    listed = ", ".join(names)
    raise UsageError(f"there is no connection {name}", fix=suggest(name, names) or f"there are: {listed}")


def project(root: Path) -> Project:
    from cs_connector import registry
    from cs_connector.config import open_project

    return open_project(root.resolve(), registry.shipped())


@contextmanager
def engine(root: Path, as_of: str | None = None, *, exclusive: bool = False) -> Iterator[Engine]:
    """An open engine for commands that look, or with `exclusive` for those that change the store."""
    from cs_connector.runner import open_engine

    opened = open_engine(project(root), day(as_of), exclusive=exclusive)
    try:
        yield opened
    finally:
        opened.close()
