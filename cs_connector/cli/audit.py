"""audit: who wrote what into the CRMs, and whether the record of it is what was written."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cs_connector.errors import StoreError, UsageError

from . import options as opt

_audit = typer.Typer(
    help="What was written into the CRMs, by whom and when; and whether that record is whole."
)


def register(app: typer.Typer) -> None:
    app.add_typer(_audit, name="audit")


@_audit.command()
def verify(
    root: opt.ProjectDir = opt.HERE,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="FILE", help="Compare with this one, kept elsewhere."),
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Seal every row anew, and name the first one that was changed, inserted, moved or taken away."""
    from cs_connector.console import audit as console
    from cs_connector.runner.auditing import checking

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        document = checking.checked(engine, checkpoint)
    if as_json:
        screen.document(document)
    elif not document["wrong"]:
        console.verified(screen, document)
    if document["wrong"]:
        raise StoreError(
            f"the audit is not what was written, from row {document['wrong']['row']:,} on",
            why=document["wrong"]["what"],
            safe="nothing was changed",
            fix="keep the store as it is, and compare it with a backup",
        )
    if document["rows"] and not document["checkpoint"]:
        screen.ask("there is no checkpoint to compare with: rows that were cut off at the end would not show")
        raise typer.Exit(1)


@_audit.command()
def show(
    root: opt.ProjectDir = opt.HERE,
    run: Annotated[str | None, typer.Option("--run", help="What this run wrote.")] = None,
    record: Annotated[
        str | None, typer.Option("--record", metavar="ID", help="A record of a CRM, or our key of it.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="Everything of one account.")
    ] = None,
    field: Annotated[str | None, typer.Option("--field", help="Only where this field was written.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="From this day on.")] = None,
    count: Annotated[int, typer.Option("--count", min=1, help="At most so many, the newest.")] = 50,
    as_json: opt.Json = False,
) -> None:
    """Who wrote this, when, and from what."""
    from cs_connector.console import audit as console
    from cs_connector.runner.auditing import answers

    screen = opt.screen(as_json=as_json)
    with opt.engine(root) as engine:
        document = answers.answers(
            engine, answers.question(engine, run, record, account, field, opt.day(since))
        )
    opt.tell(screen, document, partial(console.rows, field=field, count=count))


@_audit.command()
def export(
    file: Annotated[Path, typer.Argument(help="The file to write, a line of JSON for each row.")],
    root: opt.ProjectDir = opt.HERE,
) -> None:
    """Write the whole audit into a file, with its seals."""
    from cs_connector.runner.auditing import answers

    with opt.engine(root) as engine:
        count = answers.write_out(engine, file)
    opt.screen().plain(f"wrote {file} ({count:,} rows)")


@_audit.command()
def checkpoint(
    file: Annotated[Path, typer.Argument(help="The file to write; keep it on another machine.")],
    root: opt.ProjectDir = opt.HERE,
) -> None:
    """Verify the audit, and write where it stands, signed."""
    from cs_connector.runner.auditing import checking

    with opt.engine(root) as engine:
        made = checking.keep_elsewhere(engine, file)
    opt.screen().plain(f"wrote {file} (row {made.row:,})")


@_audit.command()
def prune(
    before: Annotated[str, typer.Option("--before", metavar="DATE", help="Rows from before this day.")],
    root: opt.ProjectDir = opt.HERE,
    yes: opt.Yes = False,
) -> None:
    """Take old rows away, behind a signed checkpoint from which verify starts. They cannot be undone any more."""
    from cs_connector.runner.auditing import checking

    day = opt.day(before)
    assert day is not None
    if not yes:
        raise UsageError(
            f"this takes away what was written before {day}",
            safe="nothing was changed",
            fix="keep it first (cs-connector audit export FILE), then add --yes",
        )
    with opt.engine(root, exclusive=True) as engine:
        gone = checking.prune(engine, day)
    opt.screen().plain(f"{gone:,} rows were taken away")
