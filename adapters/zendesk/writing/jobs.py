"""Jobs of Zendesk: opened one after another, noted before anything else is done, and asked for together at the end."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from cs_connector.errors import AdapterError, Unavailable
from cs_connector.ports import Change, Clock, Notes
from cs_connector.transport import Transport
from cs_connector.transport.batches import Part
from cs_connector.transport.sensible import unlike

from ..errors import problem
from .answers import Job
from .values import body

PAUSE = 5.0  # seconds: hardly a job is done before
LONGEST = 600.0  # seconds that we watch jobs
TOGETHER = 100  # jobs that are told of in one answer
FORGOTTEN = timedelta(days=1)  # after which a job is not told of any more
NOTE = "write job "


class _Statuses(msgspec.Struct):
    job_statuses: list[Job]


class Noted(msgspec.Struct, frozen=True):
    """A job of this life or another: when it was opened, and a mark of each change in it."""

    job: str
    at: str
    marks: list[tuple[str, int]]


_statuses = msgspec.json.Decoder(_Statuses)
_noted = msgspec.json.Decoder(Noted)
encode = msgspec.json.Encoder().encode
_sorted = msgspec.json.Encoder(order="sorted").encode


class Watch:
    """Asks for jobs until they end."""

    def __init__(self, transport: Transport, host: str, clock: Clock) -> None:
        self._transport, self._host, self._clock = transport, host, clock

    def ends(self, jobs: Iterable[Job]) -> dict[str, Job]:
        """The jobs as they are in the end. One that Zendesk has forgotten is not there; one that takes too long is, unended.

        Where Zendesk does not answer they are as they were last seen.
        """
        seen = {job.id: job for job in jobs}
        waited = 0.0
        while (open_ := [job.id for job in seen.values() if not job.ended]) and waited < LONGEST:
            self._clock.sleep(PAUSE)
            waited += PAUSE
            try:
                found = self._ask(open_)
            except AdapterError:
                return seen
            for name in open_:
                if name in found:
                    seen[name] = found[name]
                else:
                    del seen[name]
        return seen

    def again(self, names: Sequence[str]) -> dict[str, Job]:
        """Jobs of a life before, as they are in the end; as `ends`. Raises AdapterError where Zendesk does not tell."""
        return self.ends(self._ask(names).values())

    def _ask(self, names: Sequence[str]) -> dict[str, Job]:
        found: dict[str, Job] = {}
        for at in range(0, len(names), TOGETHER):
            some = ",".join(names[at : at + TOGETHER])
            answer = self._transport.get(
                f"{self._host}/api/v2/job_statuses/show_many.json", params={"ids": some}
            )
            if not answer.ok:
                raise Unavailable("Zendesk does not tell of its jobs", why=problem(answer).message)
            try:
                found |= {job.id: job for job in _statuses.decode(answer.content).job_statuses}
            except msgspec.MsgspecError as error:
                raise unlike("Zendesk", str(error)) from error
        return found


class Notebook:
    """Which jobs hold which changes, for a life after this one."""

    def __init__(self, notes: Notes | None, clock: Clock) -> None:
        self._notes, self._clock = notes, clock

    def keep(self, job: str, part: Part) -> None:
        if self._notes:
            marks = [(item.change.key, mark(item.change)) for item in part]
            note = Noted(job, self._clock.now().isoformat(), marks)
            self._notes.keep(NOTE + job, encode(note).decode())

    def drop(self, jobs: Iterable[str]) -> None:
        for job in jobs if self._notes else ():
            self._notes.drop(NOTE + job)  # type: ignore[union-attr]

    def all(self) -> list[Noted]:
        """Oldest first."""
        return sorted(self._read(), key=lambda noted: (noted.at, noted.job))

    def forgotten(self, noted: Iterable[Noted]) -> Iterator[str]:
        """The jobs among these of which Zendesk tells nothing any more."""
        since = self._clock.now() - FORGOTTEN
        return (each.job for each in noted if datetime.fromisoformat(each.at) < since)

    def _read(self) -> Iterator[Noted]:
        names = self._notes.names() if self._notes else ()
        for name in names:
            text = self._notes.read(name) if self._notes and name.startswith(NOTE) else None
            if text:
                yield _noted.decode(text)


def mark(change: Change) -> int:
    """Tells a change from another one of the same record."""
    return zlib.crc32(_sorted((change.action, change.record_id, body(change))))


def latest(noted: Sequence[Noted]) -> Mapping[tuple[str, int], str]:
    """The job that a change was last sent with, by its key and mark."""
    return {m: each.job for each in noted for m in each.marks}
