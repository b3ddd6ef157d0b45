"""sync: read what changed in every connection, land it, and fold it into facts."""

from __future__ import annotations

from itertools import chain

import sqlalchemy as sa

from cs_connector.act import outbox
from cs_connector.ports import Read
from cs_connector.runner import CallLine, Engine, ObjectLine, budget, drift, estimating, shrink
from cs_connector.runner.applying import settle
from cs_connector.store import tables
from cs_connector.store.folding import Fold


class Sync:
    name = "sync"

    def __call__(self, engine: Engine) -> None:
        shrink.check_accepted(engine)
        settle(engine)
        for source in engine.sources():
            engine.identify(source.connection)
            objects = drift.look(engine, source)
            totals = shrink.guard(engine, source.connection, objects)
            for name, fields in objects.items():
                budget.check(engine, source.connection)
                self._object(engine, source.connection, name, fields, totals.get(name))
            used = engine.adapter(source.connection).usage()
            expected = estimating.remembered(engine, source.connection)
            engine.summary.calls.append(CallLine(source.connection, used.used, used.limit, expected))
        engine.store.tidy()

    def _object(
        self, engine: Engine, connection: str, name: str, fields: tuple[str, ...], total: int | None
    ) -> None:
        folds = [self._read(engine, connection, name, fields)]
        if total is not None and shrink.returned(engine, connection, name, total, folds[0].deleted):
            engine.store.landing.again(connection, name)
            folds.append(self._read(engine, connection, name, fields))
        counts = [(fold.read, fold.new, fold.changed, fold.deleted) for fold in folds]
        read, new, changed, deleted = map(sum, zip(*counts, strict=True))
        swept = 0 if total is None else shrink.sweep(engine, connection, name, total, new)
        engine.store.facts.compact(f"raw/{connection}/{name}", engine.lease)
        self._confirm(engine, connection, name)
        engine.summary.objects.append(ObjectLine(connection, name, read, new, changed, deleted + swept))

    def _read(self, engine: Engine, connection: str, name: str, fields: tuple[str, ...]) -> Fold:
        landing = engine.store.landing
        request = Read(name, fields, landing.cursor(connection, name))
        pages = iter(engine.adapter(connection).read(request))
        first = next(pages)
        with engine.talk.step(f"{connection} {name}", first.expected) as tick:
            for page in chain((first,), pages):
                landing.append(engine.lease, engine.run, connection, name, page)
                tick(len(page.records))
                engine.beat()
                if not page.done:
                    budget.check(engine, connection)
        return engine.store.fold(connection, name, engine.run, engine.lease)

    def _confirm(self, engine: Engine, connection: str, name: str) -> None:
        """What we wrote and have now read back needs no place in the outbox."""
        feed = tables.feeds
        mine = (feed.c.connection == connection) & (feed.c.object == name)
        with engine.store.state.read() as db:
            until = db.scalar(sa.select(feed.c.watermark).where(mine))
        if until:
            outbox.confirm(engine.store.state, connection, name, until)


JOB = Sync()
