"""Records that lost a race are sent again: what somebody had locked, and a key that somebody made at the same moment."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping

from cs_connector.errors import NotPermitted, Rejected
from cs_connector.ports import Action, Change, Clock, Receipt, Verdict

from ..errors import LOCKED
from . import verdicts
from .collection import MOST
from .groups import Group

ALONE = 10  # so many at most are sent one by one; a lock on more than that is somebody's large job
COLLECTED: Mapping[str, int] = {LOCKED: 5, verdicts.RACED: 1}
# A job knows no header that lets duplicates pass where the rule only alerts.
INGESTED: Mapping[str, int] = {**COLLECTED, verdicts.ALERTED: 1}
_dice = random.SystemRandom()


class Races:
    """`send` writes one group. What it raises beside Rejected and NotPermitted passes through."""

    def __init__(self, send: Callable[[Group], list[Receipt]], clock: Clock) -> None:
        self._send, self._clock = send, clock

    def again(self, group: Group, found: dict[int, Receipt], tries: Mapping[str, int]) -> None:
        """Send what lost, after growing pauses, and put the new receipts in place of the old ones."""
        for attempt in range(max(tries.values())):
            lost = _lost(group, found, {code for code, most in tries.items() if attempt < most})
            if not lost:
                return
            self._clock.sleep(_dice.uniform(0.5, 1.5) * 2**attempt)
            for part in _parts(group.part(lost)):
                self._once(part, found)

    def _once(self, part: Group, found: dict[int, Receipt]) -> None:
        try:
            answers = self._send(part)
        except (Rejected, NotPermitted):
            return  # what was said before holds
        for place, answer in zip(part.places, answers, strict=True):
            unsure = found[place].verdict is Verdict.UNKNOWN
            found[place] = verdicts.doubted(answer) if unsure else answer


def _lost(group: Group, found: Mapping[int, Receipt], codes: set[str]) -> list[int]:
    if codes.isdisjoint(found[place].code for place in group.places):
        return []
    pairs = zip(group.changes, (found[place] for place in group.places), strict=True)
    return [
        n for n, (change, receipt) in enumerate(pairs) if receipt.code in codes and _ours(change, receipt)
    ]


def _ours(change: Change, receipt: Receipt) -> bool:
    """Another's value in a unique field is no race, unless the field is our key."""
    own = change.action is Action.UPSERT and (change.key_field or "") in receipt.message
    return receipt.code != verdicts.RACED or own


def _parts(lost: Group) -> Iterator[Group]:
    """A few alone, so that they wait for no other."""
    return lost.cut(1 if len(lost) <= ALONE else MOST)
