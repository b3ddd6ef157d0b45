"""sync: read what changed in every connection, land it, and fold it into facts."""

from __future__ import annotations

from itertools import chain

import sqlalchemy as sa

from cs_connector.act import outbox
from cs_connector.ports import Read
from cs_connector.runner import CallLine, Engine, ObjectLine, budget, drift, estimating, shrink
from cs_connector.runner.applying import settle
from cs_connector.store import tables


class Sync:
    name = "sync"

    def __call__(self, engine: Engine) -> None:
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
        fold = engine.store.fold(connection, name, engine.run, engine.lease)
        swept = 0 if total is None else shrink.sweep(engine, connection, name, total, fold.new)
        engine.store.facts.compact(f"raw/{connection}/{name}", engine.lease)
        self._confirm(engine, connection, name)
        line = ObjectLine(connection, name, fold.read, fold.new, fold.changed, fold.deleted + swept)
        engine.summary.objects.append(line)

    def _confirm(self, engine: Engine, connection: str, name: str) -> None:
        """What we wrote and have now read back needs no place in the outbox."""
        feed = tables.feeds
        mine = (feed.c.connection == connection) & (feed.c.object == name)
        with engine.store.state.read() as db:
            until = db.scalar(sa.select(feed.c.watermark).where(mine))
        if until:
            outbox.confirm(engine.store.state, connection, name, until)


JOB = Sync()
