"""Writes organization fields in jobs of a hundred; every change gets its own verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from requests import Response

from cs_connector.errors import AdapterError, NotPermitted, Unavailable
from cs_connector.ports import Action, Change, Clock, Receipt, Verdict
from cs_connector.transport import Transport, redact

from .errors import problem, read_problem

BATCH = 100
PAUSES = (0.2, 0.5, 1.0, 2.0)  # then every 5 seconds
LONGEST = 600.0  # seconds that we watch a job
_ENDED = frozenset({"completed", "failed", "killed"})

Part = Sequence[Change]
Receipts = dict[str, Receipt]


class Job(msgspec.Struct, frozen=True):
    """A job as Zendesk tells it; `results` is a list, or one dict for all, or nothing yet."""

    id: str
    status: str
    message: str | None = None
    results: list[dict[str, Any]] | dict[str, Any] | None = None


class _Status(msgspec.Struct):
    job_status: Job


class _Organization(msgspec.Struct):
    id: int
    external_id: str | None = None
    organization_fields: dict[str, Any] = {}


class _Found(msgspec.Struct):
    organizations: list[_Organization]
    meta: dict[str, Any] = {}


_statuses = msgspec.json.Decoder(_Status)
_found = msgspec.json.Decoder(_Found)


class Writer:
    """Changes to one account."""

    def __init__(self, transport: Transport, host: str, clock: Clock) -> None:
        self._transport, self._host, self._clock = transport, host, clock

    def write(self, changes: Sequence[Change]) -> list[Receipt]:
        """One receipt a change, in their order. Raises AdapterError only while nothing was sent."""
        unfit = [c for c in changes if c.object != "organizations" or c.action is not Action.UPDATE]
        receipts = _all(
            unfit, Verdict.REJECTED, "UNSUPPORTED", "only fields of existing organizations are written"
        )
        sent = False
        for part in _parts(c for c in changes if c.key not in receipts):
            try:
                receipts |= self._send(part)
                sent = True
            except AdapterError as error:
                if not sent:
                    raise
                lost = (c for c in changes if c.key not in receipts)
                receipts |= _all(lost, Verdict.UNKNOWN, error.code, error.what)
                break
        return [receipts[c.key] for c in changes]

    def _send(self, part: Part) -> Receipts:
        body = {"organizations": [_input(change) for change in part]}
        try:
            with self._transport.safe():  # the same values again do no harm
                answer = self._transport.put(f"{self._host}/api/v2/organizations/update_many.json", json=body)
        except Unavailable as error:
            return _all(part, Verdict.UNKNOWN, error.code, error.what)
        except NotPermitted as error:
            return _all(part, Verdict.REJECTED, error.code, error.why or error.what)
        if answer.ok:
            return self._watched(part, answer)
        if len(part) == 1:
            said = problem(answer)
            return _all(part, Verdict.REJECTED, said.code, said.message)
        middle = len(part) // 2
        return self._send(part[:middle]) | self._send(part[middle:])

    def _watched(self, part: Part, answer: Response) -> Receipts:
        try:
            job = self._end_of(_statuses.decode(answer.content).job_status)
        except (Unavailable, msgspec.MsgspecError):
            return _all(part, Verdict.UNKNOWN, "JOB_LOST", "Zendesk does not say how the job ended")
        receipts = dict(_verdicts(part, job))
        open_ = [c for c in part if c.key not in receipts]
        why = f"the job is {job.status} and says nothing of this record"
        return receipts | _all(open_, Verdict.UNKNOWN, f"JOB_{job.status.upper()}", why)

    def _end_of(self, job: Job) -> Job:
        """Watch a job until it ends. Raises Unavailable for one that is forgotten or takes too long."""
        for pause in _pauses():
            if job.status in _ENDED:
                return job
            self._clock.sleep(pause)
            answer = self._transport.get(f"{self._host}/api/v2/job_statuses/{job.id}.json")
            if not answer.ok:
                raise Unavailable("Zendesk has forgotten a job", why=problem(answer).message)
            job = _statuses.decode(answer.content).job_status
        raise Unavailable(
            "A job of Zendesk does not end", why=f"it is {job.status} after {LONGEST:g} seconds"
        )

    def find(self, key_field: str, keys: Sequence[str]) -> dict[str, str]:
        """Ids of organizations by external_id, or by one of their own fields (this reads all of them)."""
        wanted = list(dict.fromkeys(keys))
        if key_field == "external_id":
            return {k: v for some in _chunks(wanted) for k, v in self._by_external_id(some)}
        sought = set(wanted)
        return {key: record_id for key, record_id in self._by_field(key_field) if key in sought}

    def _by_external_id(self, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        found = self._organizations("/api/v2/organizations/show_many.json", external_ids=",".join(keys))
        for organization in found.organizations:
            if organization.external_id is not None:
                yield organization.external_id, str(organization.id)

    def _by_field(self, key_field: str) -> Iterator[tuple[str, str]]:
        query: dict[str, str | int] = {"page[size]": BATCH}
        while True:
            found = self._organizations("/api/v2/organizations.json", **query)
            for organization in found.organizations:
                value = organization.organization_fields.get(key_field)
                if value is not None:
                    yield str(value), str(organization.id)
            if not found.meta.get("has_more"):
                return
            query["page[after]"] = str(found.meta["after_cursor"])

    def _organizations(self, path: str, **query: str | int) -> _Found:
        answer = self._transport.get(self._host + path, params=query)
        if not answer.ok:
            raise AdapterError("Zendesk did not list organizations", why=problem(answer).message)
        return _found.decode(answer.content)


def _parts(changes: Iterable[Change]) -> Iterator[Part]:
    """Batches without the same organization twice: a job may take its items in any order."""
    part: dict[str, Change] = {}
    for change in changes:
        target = change.record_id or ""
        if target in part or len(part) == BATCH:
            yield list(part.values())
            part = {}
        part[target] = change
    if part:
        yield list(part.values())


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[i : i + BATCH] for i in range(0, len(keys), BATCH))


def _pauses() -> Iterator[float]:
    yield from PAUSES
    for _ in range(int(LONGEST // 5)):
        yield 5.0


def _input(change: Change) -> dict[str, Any]:
    return {"id": int(change.record_id or 0), "organization_fields": dict(change.fields)}


def _verdicts(part: Part, job: Job) -> Iterator[tuple[str, Receipt]]:
    """The verdicts that a job gives: by id, or by place in what was sent. Completed is not succeeded."""
    if isinstance(job.results, dict):
        yield from ((c.key, _verdict(c, job.results)) for c in part if job.status == "completed")
        return
    by_id = {c.record_id: c for c in part}
    for item in job.results or ():
        change = by_id.get(str(item.get("id"))) or _at(part, item.get("index"))
        if change:
            yield change.key, _verdict(change, item)


def _at(part: Part, index: object) -> Change | None:
    return part[index] if isinstance(index, int) and 0 <= index < len(part) else None


def _verdict(change: Change, item: Mapping[str, Any]) -> Receipt:
    if item.get("error") or item.get("success") is False:
        said = read_problem(dict(item), "UPDATE_FAILED")
        return _receipt(change, Verdict.REJECTED, said.code, said.message)
    return Receipt(change.key, Verdict.UPDATED, change.record_id)


def _receipt(change: Change, verdict: Verdict, code: str, message: str) -> Receipt:
    return Receipt(change.key, verdict, code=code, message=redact(message))


def _all(part: Iterable[Change], verdict: Verdict, code: str, message: str) -> Receipts:
    return {c.key: _receipt(c, verdict, code, message) for c in part}
