"""What became of the changes of one object."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cs_connector.errors import NotPermitted
from cs_connector.ports import NOT_LINKED, Receipt, Verdict

from .line import Line


@dataclass(slots=True)
class Tally:
    """`reasons` and `lost` say why changes were refused or not confirmed; `waiting` why some are still to be done.

    `loose` says why records were written and never linked to what they belong to.
    `gone` were not there any more, `conflicts` were changed by somebody since: both are left as they are.
    `barred` are those of `later` that wait for a permission.
    `cleared` counts records that are still there and lost a value, `later` those that the CRM could not take now, `blocked` those whose last answer is not known yet.
    """

    connection: str
    object: str
    created: int = 0
    updated: int = 0
    deleted: int = 0
    cleared: int = 0
    rejected: int = 0
    unknown: int = 0
    unsent: int = 0
    later: int = 0
    barred: int = 0
    blocked: int = 0
    gone: int = 0
    conflicts: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    loose: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> int:
        return self.created + self.updated + self.deleted

    @property
    def left(self) -> int:
        """Changes that nobody wants any more: what people did in the CRM counts."""
        return self.gone + self.conflicts

    @property
    def missed(self) -> int:
        """Changes that are not known to be in the CRM."""
        return self.rejected + self.unknown + self.unsent + self.later + self.blocked

    def count(self, line: Line, answer: Receipt, *, unlinked: bool = False) -> None:
        """Count an answer; one that says LATER counts as long as no other follows, as does a link that is still to be made."""
        if unlinked:
            self._later(answer)
        match answer.verdict:
            case Verdict.REJECTED:
                self.rejected += 1
                self.reasons[answer.code or answer.message or "rejected"] += 1
            case Verdict.UNKNOWN:
                self.unknown += 1
                self.lost[answer.message or answer.code or "no answer"] += 1
            case Verdict.LATER:
                self._later(answer)
            case Verdict.GONE:
                self.gone += 1
            case Verdict.CONFLICT:
                self.conflicts += 1
            case _:
                self._done(line, answer.verdict)
                if answer.code == NOT_LINKED and not unlinked:
                    self.loose[answer.message or answer.code] += 1

    def _later(self, answer: Receipt) -> None:
        self.later += 1
        self.barred += answer.code == NotPermitted.code
        self.waiting[answer.message or answer.code or "busy"] += 1

    def _done(self, line: Line, verdict: Verdict) -> None:
        """What is only linked was counted when it was written."""
        if line.linking:
            return
        self.created += verdict is Verdict.CREATED
        self.updated += verdict is Verdict.UPDATED
        self.deleted += verdict is Verdict.DELETED
        self.cleared += line.cleared and verdict is not Verdict.DELETED

    def again(self) -> None:
        """What is to come later is tried once more."""
        self.later = self.barred = 0
        self.waiting.clear()
