"""The commands. Importing this costs little: what a command needs it imports when it runs."""

from __future__ import annotations

import sys

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


@app.callback()
def _root() -> None:
    pass


def failed(error: BaseException) -> int:
    """Say what went wrong, and the exit code for it."""
    from typer.exceptions import TyperException

    from cs_connector.errors import ConnectorError

    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, typer.Abort | KeyboardInterrupt | SystemExit):
        sys.stderr.write("stopped; everything that was committed is safe\n")
        return int(error.code or 0) if isinstance(error, SystemExit) else 130
    if isinstance(error, TyperException):
        error.show()  # type: ignore[attr-defined]
        return 2
    if isinstance(error, ConnectorError):
        from cs_connector.console import Screen

        Screen().error(error)
        return error.exit_code
    return _crashed(error)


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
