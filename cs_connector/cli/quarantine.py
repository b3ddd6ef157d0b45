"""quarantine: what was set aside, and letting it go again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from . import options as opt

_quarantine = typer.Typer(
    help="Records that could not be read and changes that are not sent, with the reason.",
    invoke_without_command=True,
)


def register(app: typer.Typer) -> None:
    app.add_typer(_quarantine, name="quarantine")


@_quarantine.callback()
def quarantine(context: typer.Context, root: opt.ProjectDir = opt.HERE, as_json: opt.Json = False) -> None:
    """List what was set aside."""
    if context.invoked_subcommand:
        return
    from cs_connector.runner import questions

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        found = questions.quarantine(engine)
    if as_json:
        screen.document({"schema": "quarantine/1", "records": found})
        return
    for row in found:
        how = _STAGES.get(row["stage"], "")
        screen.plain(f"{row['connection']} {row['object']} {row['record_id']}: {how}{row['reason']}")
    if not found:
        screen.line("nothing is set aside")


_NONE = (
    "no refused change is held there; records that could not be read need no retry: each run looks at them again, and files are "
    "read again when they change"
)
_STAGES = {"write": "refused by the CRM, and not sent again as it is: ", "check": "not sent: "}


@_quarantine.command("retry")
def retry(
    record: Annotated[
        str | None, typer.Argument(help="The id of a record, or the key of a new one; all if none is given.")
    ] = None,
    select: Annotated[
        str | None, typer.Option("--select", metavar="CONNECTION.OBJECT", help="Only changes of this object.")
    ] = None,
    root: opt.ProjectDir = opt.HERE,
) -> None:
    """Let changes that a CRM refused go again: the next run sends those that are still wanted."""
    from cs_connector.act.outbox import owners, refused

    connection, _, name = (select or "").partition(".")
    with opt.engine(root, exclusive=True) as engine, engine.store.state.begin() as db:
        if connection:
            opt.known(connection, engine.project.settings.connections)
        if name:
            _held(connection, name, refused.objects(db, connection))
        keys = refused.retry(db, connection or None, name or None, record)
        if record is None:
            owners.forgive(db, connection or None)
    many = "1 change goes" if len(keys) == 1 else f"{len(keys):,} changes go"
    opt.screen().plain(f"{many} again with the next run" if keys else _NONE)


def _held(connection: str, name: str, objects: Sequence[str]) -> None:
    """Raises UsageError for an object none of whose changes are held, where others are."""
    from cs_connector.config.documents import suggest
    from cs_connector.errors import UsageError

    if objects and name not in objects:
        raise UsageError(
            f"no change of {connection}.{name} is held",
            safe="nothing was changed",
            fix=suggest(name, objects) or f"held are those of: {', '.join(objects)}",
        )
