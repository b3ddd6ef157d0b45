"""Taking out again what is on record as ours, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from cs_connector.act.face import Standing, Step, backwards, compare, key, left_over, signed
from cs_connector.errors import AdapterError, UsageError
from cs_connector.ports import Receipt, Verdict
from cs_connector.runner.engine import Engine
from cs_connector.runner.running import recorded

from .entries import gone
from .late import catch_up
from .making import BEGUN, DONE, NOT_DONE, allowed, refused, tell
from .record import CHANGING, GOING, MADE, Record
from .surveying import PARTS, Site, Survey, each


def removal(engine: Engine, names: Sequence[str], parts: Sequence[str], *, unwanted: bool = False) -> Survey:
    """What of ours is in the named connections, or in all: the newest first. Changes nothing.

    With `parts` only these; with `unwanted` only what we do not declare any more. Raises UsageError and
    GuardStopped as `survey` does.
    """
    found = each(engine, names, lambda name: _site(engine, name, parts, unwanted=unwanted))
    there = {step.piece.part for site in found.sites for step in site.steps}
    for part in parts:
        if part not in there and not found.unreached:
            raise UsageError(
                f"nothing of a part called {part} is there", safe="nothing was changed", fix=PARTS
            )
    return found


def _site(engine: Engine, name: str, parts: Sequence[str], *, unwanted: bool) -> Site:
    identity, adapter = engine.identify(name), engine.adapter(name)
    record = Record(engine, name, identity.org_id)
    made = record.read()
    own = tuple(dict.fromkeys(m.piece.part for m in made.values()))
    steps = [Step(m.piece, Standing.LEFT, ours=True) for m in backwards(made)]
    if unwanted:
        steps = left_over(made, adapter.face(own))
    elif parts:
        steps = [step for step in steps if step.piece.part in parts]
    counts = adapter.filled([step.piece for step in steps]) if steps else []
    filled = {_name(s): n for s, n in zip(steps, counts, strict=True) if n is not None}
    return Site(name, adapter, identity, record, own, steps, filled=filled)


def remove(engine: Engine, sites: Sequence[Site]) -> bool:
    """Remove what was looked up, as one run; says whether all of it is gone. Raises GuardStopped while all writes are stopped."""

    def work() -> None:
        allowed(engine)
        for site in sites:
            allowed(engine, BEGUN)
            with engine.talk.step(f"taking out of {site.connection}", len(site.steps)) as tick:
                _settle(engine, site)
                tick(len(site.steps))
            tell(engine, site)

    return recorded(engine, "provision", work).exit == 0


def _settle(engine: Engine, site: Site) -> None:
    """What somebody has removed already is gone, too; only what we took away is ours to tell."""
    try:
        site.steps = _as_declared(engine, site)
        found = site.adapter.present([step.piece for step in site.steps])
    except AdapterError as error:
        site.receipts = {_name(step): refused(step, error) for step in site.steps}
        return
    there = [step for step, piece in zip(site.steps, found, strict=True) if piece is not None]
    absent = [step for step, piece in zip(site.steps, found, strict=True) if piece is None]
    catch_up(site, {key(step.piece) for step in absent})
    site.record.mark([step.piece for step in there], GOING)
    site.receipts = {_name(step): Receipt(_name(step), Verdict.DELETED) for step in absent}
    site.receipts |= {receipt.key: receipt for receipt in _remove(site, there)}
    _note(site, there, absent)
    engine.beat()


def _as_declared(engine: Engine, site: Site) -> list[Step]:
    """The steps; those of pieces whose last change got no answer say what that was to make of them, and what is there."""
    changing = {name for name, sent in site.record.unanswered().items() if sent.state == CHANGING}
    if not changing:
        return list(site.steps)
    declared = signed(site.adapter.face(site.parts), engine.install_id())
    wanted = [piece for piece in declared if key(piece) in changing]
    compared = {key(s.piece): s for s in compare(wanted, site.adapter.present(wanted), site.record.read())}
    return [compared.get(key(step.piece), step) for step in site.steps]


def _remove(site: Site, steps: Sequence[Step]) -> Sequence[Receipt]:
    try:
        return site.adapter.remove([step.piece for step in steps]) if steps else ()
    except AdapterError as error:
        return [refused(step, error) for step in steps]


def _note(site: Site, there: Sequence[Step], absent: Sequence[Step]) -> None:
    verdicts = {name: receipt.verdict for name, receipt in site.receipts.items()}
    taken = [step.piece for step in there if verdicts[_name(step)] in DONE]
    entries = [gone(site.connection, step.held) for step in there if step.piece in taken]
    site.record.drop([*taken, *(step.piece for step in absent)], entries)
    site.record.mark([step.piece for step in there if verdicts[_name(step)] in NOT_DONE], MADE)


def _name(step: Step) -> str:
    return f"{step.piece.kind} {step.piece.name}"
