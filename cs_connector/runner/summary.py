"""What a run did: the run/1 document."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

RUNNING, DIED = "running", "died: its process was killed"


@dataclass(slots=True)
class ObjectLine:
    connection: str
    object: str
    read: int = 0
    new: int = 0
    changed: int = 0
    deleted: int = 0
    quarantined: int = 0


@dataclass(slots=True)
class WriteLine:
    """What the outbox tallied, as people read it: a change that is not known to be in the CRM counts as rejected."""

    connection: str
    object: str
    created: int = 0
    updated: int = 0
    cleared: int = 0
    unchanged: int = 0
    rejected: int = 0
    deleted: int = 0


@dataclass(slots=True)
class CallLine:
    """`estimated` is the least that was to be expected, unless `exact`."""

    connection: str
    used: int
    limit: int | None = None
    estimated: int | None = None
    exact: bool = True


@dataclass(slots=True)
class Scores:
    computed: int = 0
    unknown: int = 0
    moved_band: int = 0


@dataclass(slots=True)
class MonthsLine:
    """Closed months of a study: so many of an account were read again, and so many totals made; all of them if `filled`."""

    study: str
    reopened: int = 0
    made: int = 0
    filled: bool = False


@dataclass(slots=True)
class People:
    accounts: int = 0
    customers: int = 0
    trials: int = 0
    former: int = 0
    not_scored: int = 0


@dataclass(slots=True)
class TaskLine:
    opened: int = 0
    updated: int = 0
    closed: int = 0
    held_back: int = 0


@dataclass(slots=True)
class Summary:
    """Filled by the jobs of one run; `notes` are sentences for the admin, `waiting` the largest calls that are held back."""

    run: str
    as_of: str
    status: str = RUNNING
    exit: int = 0
    objects: list[ObjectLine] = field(default_factory=list)
    scores: Scores = field(default_factory=Scores)
    months: list[MonthsLine] = field(default_factory=list)
    writes: list[WriteLine] = field(default_factory=list)
    population: People = field(default_factory=People)
    tasks: TaskLine = field(default_factory=TaskLine)
    calls: list[CallLine] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return {"schema": "run/1", **asdict(self)}

    @property
    def rejects(self) -> int:
        """Records set aside and changes refused: what makes a run end with 1."""
        return sum(o.quarantined for o in self.objects) + sum(w.rejected for w in self.writes)
