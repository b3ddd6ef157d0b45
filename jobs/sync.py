"""sync: read what changed in every connection, land it, and fold it into facts."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import sqlalchemy as sa

from cs_connector.act import outbox
from cs_connector.errors import ConnectorError, about
from cs_connector.ports import Read
from cs_connector.runner import CallLine, Engine, ObjectLine, budget, drift, estimating, settling, shrink
from cs_connector.runner.reading import halted, withdrawn
from cs_connector.runner.reading.broken import Broken
from cs_connector.runner.undoing import deleted
from cs_connector.store import tables
from cs_connector.store.folding import Fold
from cs_connector.unify import Source


class Sync:
    name = "sync"

    def __call__(self, engine: Engine) -> None:
        """What stops one connection keeps no other from being read, and is raised at the end."""
        shrink.check_accepted(engine)
        unasked = settling.attempt(engine)
        deleted.land(engine)
        stopped: dict[str, ConnectorError] = {}
        sources = engine.sources()
        for source in sources:
            error = unasked.get(source.connection) or self._tried(engine, source)
            if error:
                stopped[source.connection] = error
                halted.note(engine.summary.notes, error)
        engine.store.tidy()
        if stopped:
            read = [s.connection for s in sources if s.connection not in stopped]
            raise halted.together(stopped, read)

    def _tried(self, engine: Engine, source: Source) -> ConnectorError | None:
        """Read a connection and count its calls; answers what stopped it."""
        name, stopped = source.connection, None
        try:
            with about(name, halted.SAFE):
                self._connection(engine, source)
        except halted.ALONE as error:
            stopped = error
        used = engine.adapter(name).usage()
        expected = estimating.remembered(engine, name)
        least, exact = expected or (None, True)
        engine.summary.calls.append(CallLine(name, used.used, used.limit, least, exact))
        return stopped

    def _connection(self, engine: Engine, source: Source) -> None:
        """Read all objects of a connection that can be read. Raises Spent where it had too few calls for that."""
        name, failed = source.connection, halted.Objects(source.connection, engine.summary.notes)
        engine.identify(name)
        objects = drift.look(engine, source, failed.attempt)
        totals = shrink.guard(engine, name, [each for each in objects if each not in failed], failed)
        backlog = budget.Backlog(engine, name, [each for each in objects if each not in failed])
        for each in backlog:
            with failed.attempt(each):
                self._object(engine, name, objects[each], totals.get(each), backlog)
        failed.settle()

    def _object(
        self, engine: Engine, connection: str, wanted: Read, total: int | None, backlog: budget.Backlog
    ) -> None:
        name, broken = wanted.object, Broken()
        folds = [self._read(engine, connection, wanted, backlog, broken)]
        if total is not None and shrink.returned(engine, connection, name, total, folds[0].deleted):
            engine.store.landing.again(connection, name)
            folds.append(self._read(engine, connection, wanted, backlog, broken))
        counts = [(fold.read, fold.new, fold.changed, fold.deleted) for fold in folds]
        read, new, changed, deleted = map(sum, zip(*counts, strict=True))
        swept = 0 if total is None else shrink.sweep(engine, connection, name, total, new)
        engine.store.facts.compact(f"raw/{connection}/{name}", engine.lease)
        self._confirm(engine, connection, name)
        line = ObjectLine(connection, name, read, new, changed, deleted + swept, broken.count)
        engine.summary.objects.append(line)
        if broken.count:
            engine.summary.notes.append(broken.told(connection, name))

    def _read(
        self, engine: Engine, connection: str, wanted: Read, backlog: budget.Backlog, broken: Broken
    ) -> Fold:
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
                broken.came(page)
                lost = withdrawn.passed_over(page)
                backlog.came(page)
                del page  # it may be large, and would stay while the next one comes
        if lost:
            withdrawn.note(engine, connection, name)
        fold = engine.store.fold(connection, name, engine.run, engine.lease)
        if lost and request.cursor is None and not fold.read:
            withdrawn.never(engine, connection, name)
        return fold

    def _confirm(self, engine: Engine, connection: str, name: str) -> None:
        """What we wrote and have now read back needs no place in the outbox."""
        feed = tables.feeds
        mine = (feed.c.connection == connection) & (feed.c.object == name)
        with engine.store.state.read() as db:
            until = db.scalar(sa.select(feed.c.watermark).where(mine))
        if until:
            outbox.confirm(engine.store.state, connection, name, until)


JOB = Sync()
