"""What a dead process left in the outbox is settled before anything else is done."""

from __future__ import annotations

from cs_connector.act import outbox
from cs_connector.act.outbox import Outbox
from cs_connector.act.plan import STAMPS

from . import auditing
from .engine import Engine


def box(engine: Engine) -> Outbox:
    """The outbox of this run. Its lease must be held."""
    assert engine.lease is not None
    stamps = {
        (source.connection, rule.object): frozenset(n for n, f in rule.fields.items() if f.column in STAMPS)
        for source in engine.sources()
        for rule in source.mapping.write
    }
    book = auditing.book(engine)
    return Outbox(engine.store.state, engine.lease, engine.run, book, engine.config_hash(), stamps)


def settle(engine: Engine) -> None:
    """Look up what is in flight, only in the org that it was sent to; what came of it becomes notes of the run."""
    with engine.store.state.read() as db:
        left = outbox.places(db)
    if not left:
        return
    flying = {connection for connection, state in left if state == "inflight"}
    adapters = {name: engine.adapter(name) for name in engine.project.settings.connections if name in flying}
    for name in adapters:
        engine.identify(name)
    engine.summary.notes += _told(outbox.recover(box(engine), adapters))


def _told(found: outbox.Found) -> list[str]:
    told = []
    if found.planned:
        told.append(
            f"{found.planned:,} changes that an earlier run had planned and not sent are planned anew"
        )
    if found.done or found.undone or found.refused:
        told.append(
            f"of the changes whose answer an earlier run did not hear, {found.done:,} were found in the CRM and "
            f"{found.undone:,} were not: those are planned anew"
        )
    if found.refused:
        told.append(f"{found.refused:,} of them were refused: cs-connector quarantine")
    told += (
        f"{connection} does not say whether {count:,} new {name} were made: they are not sent again"
        for (connection, name), count in sorted(found.doubtful.items())
    )
    return told
