"""backup, restore, migrate, unlock: keeping the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt


def register(app: typer.Typer) -> None:
    for command in (backup, restore, migrate, unlock):
        app.command()(command)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")], root: opt.ProjectDir = opt.HERE
) -> None:
    """Keep a consistent copy of state and facts in one file, with checksums."""
    from cs_connector.store import backup as copying

    with opt.engine(root, exclusive=True) as engine:
        copying.backup(engine.store, file)
    opt.screen().plain(f"wrote {file} ({file.stat().st_size:,} bytes)")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that backup wrote.")], root: opt.ProjectDir = opt.HERE
) -> None:
    """Bring a backup back into a project that has no store."""
    from cs_connector.store import backup as copying
    from cs_connector.transport.clock import SystemClock

    project = opt.project(root)
    copying.restore(file, project.state, project.url, SystemClock())
    opt.screen().plain(f"restored {file}")


def migrate(root: opt.ProjectDir = opt.HERE) -> None:
    """Bring the store up to this version of the program."""
    from cs_connector.store.state import State
    from cs_connector.transport.clock import SystemClock

    project = opt.project(root)
    state = State(project.url or f"sqlite:///{project.state / 'state.db'}", SystemClock())
    try:
        state.migrate()
    finally:
        state.close()
    opt.screen().line("the store is up to date")


def unlock(
    name: Annotated[str, typer.Argument(help="The lease, as the error names it.")] = "run",
    root: opt.ProjectDir = opt.HERE,
) -> None:
    """Take the lease from a process that is dead; it can commit nothing any more."""
    from cs_connector.store import leases

    with opt.engine(root) as engine:
        holder = leases.unlock(engine.store.state, name)
    opt.screen().plain(f"taken from {holder}" if holder else f"nobody holds the lease {name}")
