"""What a dead process left in the outbox is settled before anything else is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from cs_connector.act import outbox
from cs_connector.act.outbox import Outbox
from cs_connector.act.plan import STAMPS
from cs_connector.errors import AdapterError, about

from . import auditing
from .engine import Engine
from .undoing import interrupted

SAFE = "nothing was written to any CRM, and what is in flight is looked up by the next run"


def box(engine: Engine, watched: Mapping[tuple[str, str], Collection[str]] | None = None) -> Outbox:
    """The outbox of this run; the records of `watched` objects are looked at before they are changed. Its lease must be held."""
    assert engine.lease is not None
    stamps = {
        (source.connection, rule.object): frozenset(n for n, f in rule.fields.items() if f.column in STAMPS)
        for source in engine.sources()
        for rule in source.mapping.write
    }
    book = auditing.book(engine)
    return Outbox(
        engine.store.state, engine.lease, engine.run, book, engine.config_hash(), stamps, watched or {}
    )


def settle(engine: Engine) -> None:
    """Look up what is in flight, only in the org that it was sent to; what came of it becomes notes of the run.

    Raises GuardStopped for another org, and AdapterError, when all others are settled, for a CRM that cannot be asked.
    """
    for error in attempt(engine).values():
        raise error


def attempt(engine: Engine) -> dict[str, AdapterError]:
    """The same; answers which CRMs could not be asked, and why. What is in flight there stays so."""
    with engine.store.state.read() as db:
        left, back = outbox.places(db), interrupted.left(db)
    if not left:
        return {}
    flying = {connection for connection, state in left if state == "inflight"}
    names = [name for name in engine.project.settings.connections if name in flying]
    unasked = _refused(names, engine.identify)
    found = outbox.recover(box(engine), {})

    def look(name: str) -> None:
        found.add(outbox.recover(box(engine), {name: engine.adapter(name)}))

    unasked |= _refused([name for name in names if name not in unasked], look)
    engine.summary.notes += _told(found, back)
    return unasked


def _refused(names: Sequence[str], ask: Callable[[str], object]) -> dict[str, AdapterError]:
    """Ask of each connection; answers which of them did not take it, and why."""
    errors = {}
    for name in names:
        try:
            with about(name, SAFE):
                ask(name)
        except AdapterError as error:
            errors[name] = error
    return errors


def _told(found: outbox.Found, back: Sequence[str] = ()) -> list[str]:
    """In sentences; `back` are the runs whose undo was cut short."""
    told, anew = [], "let go" if back else "planned anew"
    if found.planned:
        told.append(f"{found.planned:,} changes that an earlier run had planned and not sent are {anew}")
    if found.done or found.undone or found.refused or found.gone:
        told.append(
            f"of the changes whose answer an earlier run did not hear, {found.done:,} were found in the CRM and "
            f"{found.undone:,} were not: those are {anew}"
        )
    told += (
        f"the undo of run {run} was cut short; take back the rest with: cs-connector undo {run}"
        for run in back
    )
    if found.gone:
        told.append(f"{found.gone:,} of them were of records that are not there any more: none is made again")
    if found.refused:
        told.append(f"{found.refused:,} of them were refused: cs-connector quarantine")
    told += (
        f"{connection} does not say whether {count:,} new {name} were made: they are not sent again"
        for (connection, name), count in sorted(found.doubtful.items())
    )
    return told
