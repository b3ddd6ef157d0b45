"""Putting pieces into the CRMs: on record first, then sent, then confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cs_connector.act import switch
from cs_connector.act.face import Standing, Step, key
from cs_connector.errors import AdapterError
from cs_connector.ports import Piece, Receipt, Verdict
from cs_connector.runner.engine import Engine
from cs_connector.runner.plans import permission
from cs_connector.runner.running import recorded
from cs_connector.runner.summary import WriteLine

from . import anew
from .entries import taken
from .late import catch_up
from .record import ASKED, CHANGING, MADE
from .surveying import Site

NOT_DONE = frozenset({Verdict.REJECTED, Verdict.LATER})
BATCH, FACE = 100, "fields and objects"
BEGUN = "what was sent before is on record; the rest was not sent, and the same command goes on from there"
DONE = frozenset({Verdict.CREATED, Verdict.UPDATED, Verdict.DELETED})


def put(engine: Engine, sites: Sequence[Site]) -> bool:
    """Do what is to be done, as one run; says whether all of it was. A piece that fails stops none that does not need it.

    Raises GuardStopped, before anything is sent, where there is too little room or all writes are stopped.
    """

    def work() -> None:
        allowed(engine)
        for site in sites:
            if site.room:
                site.room.enforce(site.connection)
        for site in sites:
            _put(engine, site)
            tell(engine, site)

    return recorded(engine, "provision", work).exit == 0


def tell(engine: Engine, site: Site) -> None:
    """What became of the pieces of a connection, in the summary of the run."""
    counts = Counter(receipt.verdict for receipt in site.receipts.values())
    if counts:
        line = WriteLine(
            site.connection, FACE, created=counts[Verdict.CREATED], updated=counts[Verdict.UPDATED]
        )
        line.deleted = counts[Verdict.DELETED]
        line.rejected = counts.total() - sum(counts[verdict] for verdict in DONE)
        line.unchanged = len(site.steps) - counts.total()
        engine.summary.writes.append(line)


def allowed(engine: Engine, safe: str = "nothing was changed in any CRM") -> None:
    """Raises GuardStopped while all writes are stopped."""
    if why := permission.stopped(engine):
        raise switch.refusal(why, safe=safe)


def _put(engine: Engine, site: Site) -> None:
    anew.late(engine, site)
    catch_up(site, {key(s.piece) for s in site.steps if s.standing is Standing.CREATE})
    as_they_are = [s.piece for s in site.steps if s.standing is Standing.ADOPT or _kept_up(s)]
    if as_they_are:
        site.record.confirm(as_they_are)
    waiting = [s for s in site.to_do if s.standing is not Standing.ADOPT]
    if not waiting:
        return
    with engine.talk.step(f"putting into {site.connection}", len(waiting)) as tick:
        for steps in _batches(waiting):
            allowed(engine, BEGUN)
            _announce(site, steps)
            anew.fields(engine, site, [s.piece for s in steps if s.standing is Standing.CREATE])
            receipts = _install(site, steps)
            anew.objects(engine, site, _created(steps, receipts))
            _settle(site, steps, receipts)
            engine.beat()
            tick(len(steps))


def _announce(site: Site, steps: Sequence[Step]) -> None:
    """Put on record what is about to be sent, for the case that no answer comes."""
    new = [step for step in steps if step.standing is Standing.CREATE]
    site.record.ask(step.piece for step in new if not step.ours)
    site.record.mark([step.piece for step in new if step.ours], ASKED)
    changed = [step.piece for step in steps if step.ours and step.standing is not Standing.CREATE]
    site.record.mark(changed, CHANGING)


def _kept_up(step: Step) -> bool:
    return step.ours and step.standing is Standing.THERE


def _install(site: Site, steps: Sequence[Step]) -> Sequence[Receipt]:
    try:
        return site.adapter.install([step.sent for step in steps])
    except AdapterError as error:
        return [refused(step, error) for step in steps]


def _created(steps: Sequence[Step], receipts: Sequence[Receipt]) -> Iterator[Piece]:
    pairs = zip(steps, receipts, strict=False)  # `_settle` tells where there are too few
    return (step.piece for step, receipt in pairs if receipt.verdict is Verdict.CREATED)


def refused(step: Step, error: AdapterError) -> Receipt:
    """What a piece is told when its whole request failed."""
    text = ": ".join(t for t in (error.what, error.why) if t) + (f" ({error.fix})" if error.fix else "")
    return Receipt(f"{step.piece.kind} {step.piece.name}", Verdict.UNKNOWN, None, error.code, text)


def _settle(site: Site, steps: Sequence[Step], receipts: Sequence[Receipt]) -> None:
    """Confirm what was done; what the CRM refused was never made, and what it left open stays on record."""
    if len(receipts) != len(steps):
        raise AssertionError(f"{site.connection} gave {len(receipts)} receipts for {len(steps)} pieces")
    pairs = list(zip(steps, receipts, strict=True))
    site.receipts |= {receipt.key: receipt for receipt in receipts}
    done = [taken(site.connection, s, r) for s, r in pairs if r.verdict in DONE]
    site.record.confirm((s.piece for s, r in pairs if r.verdict in DONE), done)
    open_ = [s for s, r in pairs if r.verdict in NOT_DONE]
    site.record.drop(s.piece for s in open_ if s.standing is Standing.CREATE and not s.ours)
    site.record.mark([s.piece for s in open_ if s.ours], MADE)


def _batches(steps: Sequence[Step]) -> Iterator[list[Step]]:
    return (list(steps[i : i + BATCH]) for i in range(0, len(steps), BATCH))
