"""The changes of one order on their way: a receipt for each, whatever happens."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cs_connector.errors import AdapterError, Conflict, NotPermitted, Rejected
from cs_connector.ports import Clock, Receipt, Verdict
from cs_connector.transport import redact

from ..errors import LOCKED, Fault
from . import verdicts
from .collection import MOST, Collection
from .groups import Group
from .ingest import ABORTED, LARGEST, Ingest, Job, NotTaken
from .outcome import outcome
from .races import COLLECTED, INGESTED, Races
from .sheet import ReadAsNull, read_as_null, sheet
from .sieve import Sieve

_NO_FIELD = re.compile(r"Field name not found : (\S+)")
_LOCKS = re.compile(r"lock", re.IGNORECASE)


class Delivery:
    """`found` are the receipts by place. Groups of more than `bulk_from` changes are sent as jobs.

    After a failure that will meet every call (login, allowance, no answer) the rest is not sent, and left for later with
    the code of that failure.
    """

    def __init__(
        self, collection: Collection, ingest: Ingest, clock: Clock, bulk_from: int, found: dict[int, Receipt]
    ) -> None:
        self._collection, self._ingest, self._bulk_from, self.found = collection, ingest, bulk_from, found
        self._sieve, self._races = Sieve(self._send), Races(self._send, clock)
        self._stopped: AdapterError | None = None

    def take(self, group: Group) -> None:
        """Send a group, and note a receipt for each of its changes."""
        if self._stopped is None:
            self._attempt(group)
        if self._stopped is not None:
            unsent = group.without(n for n, place in enumerate(group.places) if place in self.found)
            self._note(unsent, _unheard(unsent, self._stopped, Verdict.LATER))

    def _attempt(self, group: Group) -> None:
        try:
            self._deliver(group)
        except AdapterError as error:
            self._stopped = error

    def _deliver(self, group: Group) -> None:
        if len(group) > self._bulk_from:
            self._as_job(group)
        else:
            self._as_calls(group)

    def _as_calls(self, group: Group) -> None:
        for part in group.cut(MOST):
            self._sieve.receipts(part, self.found)
        self._races.again(group, self.found, COLLECTED)

    def _send(self, part: Group) -> list[Receipt]:
        """One call. Raises Rejected and NotPermitted where nothing was done; after any other error its fate is noted."""
        try:
            return self._collection.send(part)
        except (Rejected, NotPermitted):
            raise
        except Conflict as error:
            return [verdicts.later(change, error.code, error.why) for change in part.changes]
        except AdapterError as error:
            self._lost(part, error)
            raise

    def _lost(self, group: Group, error: AdapterError) -> None:
        """What an error makes of changes that were being sent."""
        self._note(group, _unheard(group, error, Verdict.LATER if error.unsent else Verdict.UNKNOWN))

    def _as_job(self, group: Group) -> None:
        try:
            body = sheet(group)
        except ReadAsNull:
            odd = read_as_null(group)
            self._as_calls(group.part(odd))
            self._deliver(group.without(odd))
            return
        if len(body) > LARGEST:
            for half in group.cut(-(-len(group) // 2)):
                self._deliver(half)
            return
        self._run(group, body)

    def _run(self, group: Group, body: bytes) -> None:
        try:
            files = self._ingest.run(group, body)
        except NotTaken:
            self._as_calls(group)
            return
        except AdapterError as error:
            self._lost(group, error)
            raise
        came = outcome(group, files, body)
        self.found.update(came.found)
        self._races.again(group.without(came.left), self.found, INGESTED)
        if came.left:
            self._left(group.part(came.left), files.job)

    def _left(self, group: Group, job: Job) -> None:
        """Changes that a job did not get to are sent in calls, unless that would not help or is not wanted."""
        if job.state == ABORTED:
            self._note(group, _later(group, ABORTED, f"somebody aborted the bulk job {job.id}"))
        elif column := _NO_FIELD.search(job.error):
            self._without(group, column[1], job.error)
        elif _LOCKS.search(job.error):
            self._note(group, _later(group, LOCKED, job.error))
        else:
            self._as_calls(group)

    def _without(self, group: Group, column: str, said: str) -> None:
        """A job is refused for a field that one change may have: the others go without it."""
        having = [n for n, change in enumerate(group.changes) if column in change.fields]
        refused = group.part(having) if having else group
        fault = Fault(said, "INVALID_FIELD")
        self._note(refused, [verdicts.refused(change, fault) for change in refused.changes])
        if having and len(having) < len(group):
            self._deliver(group.without(having))

    def _note(self, group: Group, receipts: Sequence[Receipt]) -> None:
        self.found.update(zip(group.places, receipts, strict=True))


def _later(group: Group, code: str, why: str) -> list[Receipt]:
    return [verdicts.later(change, code, redact(why)) for change in group.changes]


def _unheard(group: Group, error: AdapterError, verdict: Verdict) -> list[Receipt]:
    text = f"{error.what}: {error.why}" if error.why else error.what
    return [Receipt(change.key, verdict, change.record_id, error.code, text) for change in group.changes]
