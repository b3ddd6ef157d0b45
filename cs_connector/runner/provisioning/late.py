"""What earlier runs had sent without an answer on record: looked at once more, and told to the audit."""

from __future__ import annotations

from collections.abc import Collection

from cs_connector.act.face import Key, Step, key
from cs_connector.store.audit import Entry

from .entries import LATE, changed_late, gone, made_late
from .record import ASKED, GOING, Open
from .surveying import Site


def catch_up(site: Site, absent: Collection[Key]) -> None:
    """Each of it that shows in the CRM gets its row in the audit, under the run that sent it; `absent` are not there.

    A step says how its piece differs from what is declared: that is what a change was to make of it.
    """
    unanswered = site.record.unanswered()
    open_ = [(step, unanswered[key(step.piece)]) for step in site.steps if key(step.piece) in unanswered]
    if not open_:
        return
    late: dict[str, list[Entry]] = {}
    for step, sent in open_:
        entry = _late(site.connection, step, sent, missing=key(step.piece) in absent)
        if entry:
            late.setdefault(sent.run, []).append(entry)
    there = [step.piece for step, _ in open_ if key(step.piece) not in absent]
    went = [step.piece for step, sent in open_ if key(step.piece) in absent and sent.state == GOING]
    site.record.settle(late, there, went)


def _late(connection: str, step: Step, sent: Open, *, missing: bool) -> Entry | None:
    if sent.state == GOING:
        return gone(connection, sent.made.piece, LATE) if missing else None
    if missing:
        return None
    if sent.state == ASKED:
        return made_late(connection, step)
    return changed_late(connection, step, sent.made)
