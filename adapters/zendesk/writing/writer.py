"""Writes organizations in jobs of a hundred; every change gets its own verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from requests import Response

from cs_connector.errors import RateLimited
from cs_connector.ports import Action, Change, Clock, Notes, Receipt, Verdict
from cs_connector.transport import Transport
from cs_connector.transport.batches import (
    Course,
    Item,
    Part,
    Receipts,
    Refused,
    all_of,
    doubted,
    doubtful,
    is_doubtful,
    refused,
    waves,
)

from ..errors import problem, verdict
from .answers import Job, verdicts
from .jobs import PAUSE, TOGETHER, Notebook, Watch, encode
from .lookup import EXTERNAL, Lookup
from .values import body

BATCH = 100
QUEUE = 30  # jobs that may wait or work at once
_JSON = {"Content-Type": "application/json"}
_IGNORED = re.compile(r'"organization\.(?:organization_fields\.)?([^".]+)"')
_DONE = (Verdict.CREATED, Verdict.UPDATED)


class _Status(msgspec.Struct):
    job_status: Job


_status = msgspec.json.Decoder(_Status)


@dataclass(frozen=True, slots=True)
class _Open:
    """A job and the changes in it; `ignored` are fields that Zendesk does not know and leaves out."""

    job: Job
    part: Part
    ignored: frozenset[str]


class Writer:
    """Changes to one account."""

    def __init__(self, transport: Transport, host: str, clock: Clock, notes: Notes | None) -> None:
        self._transport, self._host, self._clock = transport, host, clock
        self._watch, self._notebook = Watch(transport, host, clock), Notebook(notes, clock)
        self.lookup = Lookup(transport, host, self._watch, self._notebook)

    def write(self, changes: Sequence[Change]) -> list[Receipt]:
        """One receipt a change, in their order. Raises AdapterError only while nothing was sent."""
        unfit = _unfit(changes)
        jobs = _Jobs(self._request, self._watch, self._notebook, self.lookup, self._clock)
        course = Course(jobs.open)
        for wave in waves(changes, BATCH):
            for part in _fit(wave, unfit):
                course.go(part)
            jobs.finish()
        receipts = {**course.receipts, **jobs.receipts, **unfit}
        return [receipts[place] for place in range(len(changes))]

    def cost(self, changes: Sequence[Change]) -> int:
        """Calls that `write` needs when all goes well: one to open a job, and one to ask for up to a hundred jobs."""
        unfit = _unfit(changes)
        jobs = [len(_fit(wave, unfit)) for wave in waves(changes, BATCH)]
        return sum(n + -(-n // TOGETHER) for n in jobs)

    def _request(self, part: Part) -> Response:
        """Ask for a job; the same values again do no harm."""
        action = part[0].change.action
        many = f"{self._host}/api/v2/organizations"
        with self._transport.safe():
            if action is Action.DELETE:
                ids = ",".join(str(item.change.record_id) for item in part)
                return self._transport.delete(f"{many}/destroy_many.json", params={"ids": ids})
            content = encode({"organizations": [_input(item.change) for item in part]})
            if action is Action.UPSERT:
                return self._transport.post(f"{many}/create_or_update_many.json", data=content, headers=_JSON)
            return self._transport.put(f"{many}/update_many.json", data=content, headers=_JSON)


@dataclass(slots=True)
class _Jobs:
    """The jobs of one writing: opened one after another, and asked for together.

    `_doubted` are places of changes that may be in one more job, of which we were not told.
    """

    request: Callable[[Part], Response]
    watch: Watch
    notebook: Notebook
    lookup: Lookup
    clock: Clock
    receipts: Receipts = field(default_factory=dict)
    _opened: list[_Open] = field(default_factory=list)
    _doubted: set[int] = field(default_factory=set)
    _waiting: int = 0

    def open(self, part: Part) -> Receipts | Refused:
        """Open a job and note it. What becomes of its changes is known when it is finished."""
        if len(self._opened) >= TOGETHER:  # of more jobs than these Zendesk forgets the first
            self.finish()
        answer = self._admitted(part)
        if is_doubtful(answer):
            self._doubted |= {item.place for item in part}
        if not answer.ok:
            said = problem(answer)
            about = (said.code, said.message)
            return refused(part, answer, Refused(verdict(said.code), said.code, said.message, about))
        try:
            job = _status.decode(answer.content).job_status
        except msgspec.MsgspecError as error:
            return all_of(part, Verdict.UNKNOWN, "NOT_READABLE", f"the answer cannot be read: {error}")
        self.notebook.keep(job.id, part)
        ignored = frozenset(_IGNORED.findall(answer.headers.get("x-zendesk-api-warn", "")))
        self._opened.append(_Open(job, part, ignored))
        return {}

    def finish(self) -> None:
        """See all jobs to their end. What they do not tell is read from the organizations."""
        opened, self._opened, self._waiting = self._opened, [], 0
        ends = self.watch.ends([each.job for each in opened])
        for each in opened:
            job = each.job if each.job.ended else ends.get(each.job.id)
            told = verdicts(each.part, job) if job else {}
            told |= doubted({place: r for place, r in told.items() if place in self._doubted})
            left = [item for item in each.part if item.place not in told]
            ended = job is None or job.ended
            running = {item.place for item in left if not ended or item.place in self._doubted}
            told |= self.lookup.judged(left, running) if left else {}
            self.receipts |= _believed(each, told)
        self.notebook.drop(name for name in ends if ends[name].ended)
        self.notebook.drop(each.job.id for each in opened if each.job.id not in ends)

    def _admitted(self, part: Part) -> Response:
        """Keep below the jobs that may wait at once; where the queue is full all the same, see ours to their end."""
        if self._waiting >= QUEUE:
            self.clock.sleep(PAUSE)
            self._waiting = 0
        self._waiting += 1
        try:
            return self.request(part)
        except RateLimited as error:
            if not self._opened:
                raise
            untouched = error.unsent
        self.finish()
        answer = self.request(part)
        return answer if untouched else doubtful(answer)


def _believed(opened: _Open, told: Receipts) -> Receipts:
    """A job says nothing of fields that Zendesk does not know: it leaves them out and succeeds."""
    lost = (
        i for i in opened.part if opened.ignored & i.change.fields.keys() and told[i.place].verdict in _DONE
    )
    return told | {item.place: _left_out(item, opened.ignored) for item in lost}


def _left_out(item: Item, ignored: frozenset[str]) -> Receipt:
    names = ", ".join(sorted(ignored & item.change.fields.keys()))
    why = f"Zendesk has no organization field {names}, and wrote only the others"
    return Receipt(item.change.key, Verdict.REJECTED, item.change.record_id, "FIELD_IGNORED", why)


def _fit(wave: Sequence[Part], unfit: Receipts) -> list[Part]:
    parts = ([item for item in part if item.place not in unfit] for part in wave) if unfit else wave
    return [part for part in parts if part]


def _unfit(changes: Sequence[Change]) -> Receipts:
    """Receipts of changes that cannot be sent at all."""
    return {
        place: Receipt(change.key, Verdict.REJECTED, change.record_id, "UNSUPPORTED", why)
        for place, change in enumerate(changes)
        if (why := _wrong(change))
    }


def _wrong(change: Change) -> str:
    """Why a change cannot be sent; empty where it can."""
    if change.object != "organizations" or change.action is Action.CREATE:
        return "only organizations are written, and new ones only by their external_id"
    if change.action is Action.UPSERT:
        return (
            ""
            if change.key_field == EXTERNAL
            else "organizations are known by no other field than external_id"
        )
    if not (change.record_id or "").isdecimal():
        return "the id of an organization is a number"
    return ""


def _input(change: Change) -> dict[str, Any]:
    if change.action is Action.UPSERT:
        return {**body(change), EXTERNAL: change.key}
    return {"id": int(change.record_id or 0), **body(change)}
