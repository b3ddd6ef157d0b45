"""Where the chain stood at a moment, signed: rows that are taken off its end, or all sealed anew, show against it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import sqlalchemy as sa

from cs_connector.errors import StoreError, UsageError
from cs_connector.store.state import State
from cs_connector.store.tables import audit, meta
from cs_connector.vault import write_private

from .book import START, Head, head

Sign = Callable[[str], str]
_SCHEMA = "audit-checkpoint/1"
_BASE = "audit_base"


class Checkpoint(msgspec.Struct, frozen=True):
    """The last row and its hash at a moment (UTC, ISO); `signature` is an HMAC under the vault's key."""

    row: int
    hash: str
    at: str
    signature: str
    schema: str = _SCHEMA

    def signed(self, sign: Sign) -> bool:
        return self.signature == sign(_told(self.row, self.hash, self.at))


NOTHING = Checkpoint(0, START, "", "")


def make(last: Head, at: datetime, sign: Sign) -> Checkpoint:
    moment = at.isoformat(timespec="seconds")
    return Checkpoint(last.id, last.hash, moment, sign(_told(last.id, last.hash, moment)))


def _told(row: int, found: str, at: str) -> str:
    return f"{_SCHEMA} {row} {found} {at}"


def load(path: Path) -> Checkpoint | None:
    """The checkpoint in a file; None where there is no file. Raises UsageError for another file."""
    try:
        return _parsed(path.read_bytes())
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise UsageError(
            f"{path} is not a checkpoint of the audit", why=str(error), safe="nothing was changed"
        ) from None


def _parsed(text: bytes | str) -> Checkpoint:
    return msgspec.json.decode(text, type=Checkpoint)


def keep(path: Path, checkpoint: Checkpoint) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, msgspec.json.encode(checkpoint) + b"\n")


def advance(state: State, path: Path, sign: Sign) -> Checkpoint | None:
    """Bring the file up to the end of the chain; None where there is nothing new.

    Raises StoreError when the row that the file names is not what it was: then the file stays as it is.
    """
    known = load(path) or NOTHING
    with state.read() as db:
        last, found = head(db), hash_of(db, known.row)
        gone = known.row <= base(db).row
    if known.row and not gone and (found != known.hash or not known.signed(sign)):
        raise StoreError(
            "the audit is not what it was",
            why=f"row {known.row:,} differs from the checkpoint of {known.at}, so rows were changed or taken away",
            safe="the checkpoint was left as it is",
            fix="look at what is wrong with: cs-connector audit verify",
        )
    if last.id == known.row:
        return None
    checkpoint = make(last, state.clock.now(), sign)
    keep(path, checkpoint)
    return checkpoint


def hash_of(db: sa.Connection, row: int) -> str | None:
    return db.scalar(sa.select(audit.c.hash).where(audit.c.id == row))


def base(db: sa.Connection) -> Checkpoint:
    """The checkpoint behind which rows were pruned; NOTHING where none were."""
    text = db.scalar(sa.select(meta.c.value).where(meta.c.name == _BASE))
    return _parsed(text) if text else NOTHING


def prune(state: State, before: datetime, sign: Sign) -> int:
    """Take away the rows that are older than a moment, behind a signed checkpoint; returns how many there were.

    The last row always stays: the next one is sealed with it.
    """
    with state.begin() as db:
        old = (audit.c.at < before) & (audit.c.id < head(db).id)
        last = db.execute(
            sa.select(audit.c.id, audit.c.hash).where(old).order_by(audit.c.id.desc()).limit(1)
        ).one_or_none()
        if last is None:
            return 0
        kept = make(Head(last.id, last.hash), state.clock.now(), sign)
        gone = db.execute(sa.delete(audit).where(audit.c.id <= last.id)).rowcount
        db.execute(sa.delete(meta).where(meta.c.name == _BASE))
        db.execute(sa.insert(meta).values(name=_BASE, value=msgspec.json.encode(kept).decode()))
    return int(gone)
