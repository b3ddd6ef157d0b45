"""The store of a project: state and facts, opened together."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa

from . import living
from .facts import Facts
from .files import Files, LocalFiles, bind
from .leases import Lease
from .state import State
from .tables import meta, segments

if TYPE_CHECKING:
    from cs_connector.ports import Clock

    from .folding import Fold
    from .landing import Landing

_TIDIED = "tidied"


class Store:
    """Opens, and sets up if new, the store in a folder; `url` names a database elsewhere.

    Raises StoreTooNew, and StoreError for an old store or a facts folder that is not its own.
    """

    def __init__(self, root: Path, url: str | None, clock: Clock) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root = root
        self.state = State(url or f"sqlite:///{root / 'state.db'}", clock)
        try:
            self.state.check()
            self.files: Files = LocalFiles(root / "facts")
            bind(self.state, self.files)
        except BaseException:
            self.state.close()
            raise
        self.facts = Facts(self.state, self.files)

    @cached_property
    def landing(self) -> Landing:
        """Where what is read goes first; who only asks never needs what it is made with."""
        from .landing import Landing

        return Landing(self.state, self.files, self.state.clock)

    def fold(self, connection: str, object_name: str, run: str, lease: Lease | None = None) -> Fold:
        from .folding import fold

        self.landing.leave()
        draft = self.landing.draft(connection, object_name)
        return fold(self.state, self.facts, connection, object_name, run, lease, draft)

    def live(self, connection: str, object_name: str) -> int | None:
        """How many records of an object are there and not deleted, as far as we have read; None before the first."""
        return living.count(self.facts, connection, object_name)

    def tidy(self) -> int:
        """Once a day, remove what nobody needs any more; returns the number of files removed."""
        now = self.state.clock.now()
        with self.state.begin() as db:
            last = db.scalar(sa.select(meta.c.value).where(meta.c.name == _TIDIED))
            if last and abs(now - datetime.fromisoformat(last)) < timedelta(days=1):
                return 0
            db.execute(meta.delete().where(meta.c.name == _TIDIED))
            db.execute(meta.insert().values(name=_TIDIED, value=now.isoformat()))
        return self.facts.collect()

    def recover(self) -> int:
        """Put right what a killed process left; returns the bytes of pages cut that were not whole."""
        with self.state.read() as db:
            landed = db.scalar(sa.select(segments.c.id).where(segments.c.state != "folded").limit(1))
        return 0 if landed is None else self.landing.recover()

    def close(self) -> None:
        if "landing" in vars(self):
            self.landing.close()
        self.state.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
