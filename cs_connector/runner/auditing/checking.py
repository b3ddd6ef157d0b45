"""Whether the audit is what was written."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from cs_connector.errors import StoreError, UsageError
from cs_connector.runner.engine import Engine
from cs_connector.store.audit import checkpoint
from cs_connector.store.audit.book import head
from cs_connector.store.audit.checking import Verified, verify

from .answers import midnight
from .writing import FILE, close, sign


def check(engine: Engine, elsewhere: Path | None) -> tuple[Verified, checkpoint.Checkpoint | None]:
    """Walk the audit and compare it with the project's checkpoint, or with one that was kept elsewhere."""
    path = elsewhere or engine.project.state / FILE
    known = checkpoint.load(path)
    if known is None and elsewhere:
        raise UsageError(f"there is no checkpoint at {path}", safe="nothing was changed")
    with engine.store.state.read() as db:
        return verify(db, sign(engine), known), known


def checked(engine: Engine, elsewhere: Path | None) -> dict[str, Any]:
    """audit-check/1: how many rows are what was written, and the first one that is not."""
    result, known = check(engine, elsewhere)
    return {
        "schema": "audit-check/1",
        "rows": result.rows,
        "first": result.first,
        "last": result.last,
        "sealed": result.sealed,
        "checkpoint": known.at if known else None,
        "open": result.last - result.sealed if result.sealed is not None else None,
        "wrong": {"row": result.wrong.row, "what": result.wrong.what} if result.wrong else None,
    }


def must_hold(engine: Engine) -> checkpoint.Checkpoint | None:
    """The checkpoint that the audit agrees with. Raises StoreError, naming the row, where it does not."""
    result, known = check(engine, None)
    if result.wrong:
        raise StoreError(
            f"the audit is not what was written: row {result.wrong.row:,}",
            why=result.wrong.what,
            safe="nothing was changed",
            fix="keep the store as it is, and compare it with a backup: cs-connector restore",
        )
    return known


def keep_elsewhere(engine: Engine, file: Path) -> checkpoint.Checkpoint:
    """Write a signed checkpoint of the whole audit, to be kept where nobody can change both."""
    must_hold(engine)
    with engine.store.state.read() as db:
        made = checkpoint.make(head(db), engine.clock.now(), sign(engine))
    checkpoint.keep(file, made)
    return made


def prune(engine: Engine, before: date) -> int:
    """Take away rows from before a day, once the whole audit was found whole; returns how many."""
    must_hold(engine)
    gone = checkpoint.prune(engine.store.state, midnight(before), sign(engine))
    close(engine)
    return gone
