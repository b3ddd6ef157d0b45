"""The commands. Importing this costs little: what a command needs it imports when it runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from . import (
    audit,
    connect,
    customers,
    discover,
    flow,
    identity,
    keep,
    look,
    mapping,
    measure,
    plans,
    provision,
    quarantine,
    sandbox,
    scorecards,
    timing,
    undo,
)
from .demand import OnDemand, parts

if TYPE_CHECKING:
    from cs_connector.errors import ConnectorError

for part in (
    connect,
    flow,
    identity,
    plans,
    provision,
    undo,
    look,
    quarantine,
    audit,
    customers,
    scorecards,
    mapping,
    measure,
    discover,
    sandbox,
    timing,
    keep,
):
    part.register(parts)
app = typer.Typer(
    name="cs-connector",
    cls=OnDemand,
    help="Health scores, relationships and tasks for customer success, inside the CRM that you have.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        from cs_connector import __version__

        typer.echo(f"cs-connector {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


def failed(error: BaseException) -> int:
    """Say what went wrong, and the exit code for it."""
    from typer.exceptions import TyperException

    from cs_connector.errors import ConnectorError

    if isinstance(error, typer.Exit):
        return error.exit_code
    if _left(error):
        return _unread()
    if isinstance(error, typer.Abort | KeyboardInterrupt | SystemExit):
        sys.stderr.write("stopped; everything that was committed is safe\n")
        return int(error.code or 0) if isinstance(error, SystemExit) else 130
    if isinstance(error, TyperException):
        error.show()  # type: ignore[attr-defined]
        return 2
    error = _unwritable(error) or error
    if isinstance(error, ConnectorError):
        from cs_connector.console import Screen

        Screen().error(error)
        return error.exit_code
    return _crashed(error)


def _unwritable(error: BaseException) -> ConnectorError | None:
    """What to say of a disk that is full, and of a file or folder that was named on the command line and cannot be used."""
    import errno

    from cs_connector.errors import StoreError, UsageError

    if not isinstance(error, OSError):
        return None
    why, safe = error.strerror or str(error), "what was committed before is kept"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            "the disk is full", why=str(error.filename or why), safe=safe, fix="make room, and run it again"
        )
    if error.filename and any(str(error.filename).startswith(word) for word in sys.argv[1:] if "/" in word):
        return UsageError(
            f"{error.filename} cannot be used",
            why=why,
            safe=safe,
            fix="name a place that is there and may be written to",
        )
    return None


def _left(error: BaseException) -> bool:
    """Whether who read what we print has gone (`… | head`): rich and click then leave by SystemExit, which nothing of ours does."""
    from cs_connector import stopping

    gone = isinstance(error, BrokenPipeError) or (isinstance(error, SystemExit) and error.code == 1)
    return gone and stopping.code() is None


def _unread() -> int:
    """End as other programs do, without a word."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still to be printed has somewhere to go
    return 141


def _crashed(error: BaseException) -> int:
    """A bug of ours: the traceback goes to a file, secrets removed; the terminal gets one sentence."""
    import os
    import tempfile
    import traceback

    from cs_connector.transport.redact import redact

    lines = "".join(traceback.format_exception(error)).splitlines()
    text = redact("\N{RETURN SYMBOL}".join(lines), 100_000).replace("\N{RETURN SYMBOL}", "\n")
    handle, path = tempfile.mkstemp(prefix="cs-connector-crash-", suffix=".txt")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    sys.stderr.write(
        f"error[CSC-BUG] cs-connector met a mistake of its own: {type(error).__name__}\n"
        f"  safe  what was committed before is kept\n  fix   please report it with {path}\n"
    )
    if os.environ.get("CS_CONNECTOR_DEBUG"):
        sys.stderr.write(text)
    return 70
