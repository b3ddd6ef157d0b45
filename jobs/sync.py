"""sync: read what changed in every connection, land it, and fold it into facts."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import sqlalchemy as sa

from cs_connector.act import outbox
from cs_connector.errors import about
from cs_connector.ports import Read
from cs_connector.runner import CallLine, Engine, ObjectLine, budget, drift, estimating, shrink
from cs_connector.runner.settling import settle
from cs_connector.runner.undoing import deleted
from cs_connector.store import tables
from cs_connector.store.folding import Fold
from cs_connector.unify import Source

SAFE = "nothing was written to any CRM, and what was read before is kept"


class Sync:
    name = "sync"

    def __call__(self, engine: Engine) -> None:
        shrink.check_accepted(engine)
        settle(engine)
        deleted.land(engine)
        spent = []
        for source in engine.sources():
            with about(source.connection, SAFE):
                spent += [stopped] if (stopped := self._connection(engine, source)) else []
        engine.store.tidy()
        if spent:
            raise budget.together(spent)

    def _connection(self, engine: Engine, source: Source) -> budget.Spent | None:
        """Read all objects of a connection; answers what stopped it where it had too few calls for that."""
        name, stopped = source.connection, None
        engine.identify(name)
        objects = drift.look(engine, source)
        totals = shrink.guard(engine, name, objects)
        backlog = budget.Backlog(engine, name, objects)
        try:
            for each in backlog:
                self._object(engine, name, objects[each], totals.get(each), backlog)
        except budget.Spent as spent:
            stopped = spent
        used = engine.adapter(name).usage()
        expected = estimating.remembered(engine, name)
        engine.summary.calls.append(CallLine(name, used.used, used.limit, expected))
        return stopped

    def _object(
        self, engine: Engine, connection: str, wanted: Read, total: int | None, backlog: budget.Backlog
    ) -> None:
        name = wanted.object
        folds = [self._read(engine, connection, wanted, backlog)]
        if total is not None and shrink.returned(engine, connection, name, total, folds[0].deleted):
            engine.store.landing.again(connection, name)
            folds.append(self._read(engine, connection, wanted, backlog))
        counts = [(fold.read, fold.new, fold.changed, fold.deleted) for fold in folds]
        read, new, changed, deleted = map(sum, zip(*counts, strict=True))
        swept = 0 if total is None else shrink.sweep(engine, connection, name, total, new)
        engine.store.facts.compact(f"raw/{connection}/{name}", engine.lease)
        self._confirm(engine, connection, name)
        engine.summary.objects.append(ObjectLine(connection, name, read, new, changed, deleted + swept))

    def _read(self, engine: Engine, connection: str, wanted: Read, backlog: budget.Backlog) -> Fold:
        landing, name = engine.store.landing, wanted.object
        request = replace(wanted, cursor=landing.cursor(connection, name))
        pages = iter(engine.adapter(connection).read(request))
        first = next(pages)
        expected = backlog.begin(name, first.expected)
        with engine.talk.step(f"{connection} {name}", expected) as tick, landing.stretch():
            for page in chain((first,), pages):
                landing.append(engine.lease, engine.run, connection, name, page)
                tick(len(page.records))
                engine.beat()
                backlog.came(page)
                del page  # it may be large, and would stay while the next one comes
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
