"""Writes to HubSpot in batches of a hundred; every change gets its own verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from requests import Response

from cs_connector.errors import AdapterError
from cs_connector.ports import Action, Change, Receipt, Verdict
from cs_connector.transport import Transport
from cs_connector.transport.batches import (
    Course,
    Part,
    Receipts,
    Refused,
    all_of,
    doubted,
    refused,
    sure,
    waves,
)

from ..errors import problem
from ..paths import Paths
from .answers import traced, verdicts
from .links import Links
from .lookup import Lookup
from .values import properties

BATCH = 100
ALONE = 10  # changes that an answer does not mention, before the others are left unknown
_JSON = {"Content-Type": "application/json"}
_VERBS = {
    Action.UPDATE: "update",
    Action.UPSERT: "upsert",
    Action.CREATE: "create",
    Action.DELETE: "archive",
}
_encode = msgspec.json.Encoder().encode


class Writer:
    """Changes to one portal."""

    def __init__(self, transport: Transport, paths: Paths, lookup: Lookup) -> None:
        self._transport, self._paths, self._lookup = transport, paths, lookup
        self._links = Links(transport, paths)

    def write(self, changes: Sequence[Change]) -> list[Receipt]:
        """One receipt a change, in their order. Raises AdapterError only while nothing was sent.

        Associations come last, so that those of many batches go together.
        """
        course = Course(self._send)
        for wave in waves(changes, BATCH):
            for part in wave:
                course.go(part)
        receipts = course.receipts
        receipts |= self._links.link(changes, receipts)
        return [receipts[place] for place in range(len(changes))]

    def cost(self, changes: Sequence[Change]) -> int:
        """Calls that `write` needs when all goes well."""
        return sum(len(wave) for wave in waves(changes, BATCH)) + self._links.cost(changes)

    def _send(self, part: Part) -> Receipts | Refused:
        unfit = _unfit(part[0].change)
        if unfit:
            return all_of(part, Verdict.REJECTED, "UNSUPPORTED", unfit)
        with self._transport.expecting(traced.decode) as page:
            response = self._post(part)
        if not response.ok:
            said = problem(response)
            whole = Refused(said.verdict, said.code, said.text, said.about, said.properties)
            return refused(part, response, whole)
        if part[0].change.action is Action.DELETE:
            return {i.place: Receipt(i.change.key, Verdict.DELETED, i.change.record_id) for i in part}
        try:
            receipts = sure(verdicts(part, response, page.found), response)
        except msgspec.MsgspecError as error:
            return all_of(part, Verdict.UNKNOWN, "NOT_READABLE", f"the answer cannot be read: {error}")
        open_ = [item for item in part if item.place not in receipts]
        return receipts | self._again(open_, alone=len(part) == 1) if open_ else receipts

    def _again(self, open_: Part, *, alone: bool) -> Receipts:
        """Changes that the answer does not mention: their record is gone, or alone they get a clear answer."""
        receipts = all_of(open_, Verdict.UNKNOWN, "NOT_MENTIONED", "HubSpot's answer does not mention it")
        if open_[0].change.action is Action.CREATE:
            return receipts
        receipts |= self._lookup.gone(open_)
        left = [item for item in open_ if receipts[item.place].verdict is Verdict.UNKNOWN]
        for item in left[: 0 if alone else ALONE]:
            try:
                answer = self._send([item])
            except AdapterError:
                break
            if isinstance(answer, Refused):
                answer = all_of([item], answer.verdict, answer.code, answer.message)
            receipts |= doubted(answer)
        return receipts

    def _post(self, part: Part) -> Response:
        first = part[0].change
        url = self._paths.objects(first.object, f"/batch/{_VERBS[first.action]}")
        made = _INPUTS[first.action]
        body = _encode({"inputs": [made(item.change) for item in part]})
        if first.action is Action.CREATE:
            return self._transport.post(url, data=body, headers=_JSON)
        with self._transport.safe():
            return self._transport.post(url, data=body, headers=_JSON)


def _unfit(change: Change) -> str:
    """Why a change cannot be sent at all; empty where it can."""
    if change.action in (Action.UPDATE, Action.DELETE) and not change.record_id:
        return "it names no record"
    if change.action is Action.UPSERT and not change.key_field:
        return "it names no property to know the record by"
    return ""


class _Update(msgspec.Struct, gc=False):
    id: str | None
    properties: dict[str, str]
    objectWriteTraceId: str  # noqa: N815 — HubSpot's names


class _Upsert(msgspec.Struct, gc=False):
    id: str
    idProperty: str  # noqa: N815
    properties: dict[str, str]
    objectWriteTraceId: str  # noqa: N815


class _Create(msgspec.Struct, gc=False):
    properties: dict[str, str]
    objectWriteTraceId: str  # noqa: N815


class _Remove(msgspec.Struct, gc=False):
    id: str | None


def _updated(change: Change) -> _Update:
    return _Update(change.record_id, properties(change), change.key)


def _upserted(change: Change) -> _Upsert:
    by = str(change.key_field)
    return _Upsert(change.key, by, {**properties(change), by: change.key}, change.key)


def _created(change: Change) -> _Create:
    return _Create(properties(change), change.key)


def _removed(change: Change) -> _Remove:
    return _Remove(change.record_id)


_INPUTS: dict[Action, Callable[[Change], msgspec.Struct]] = {
    Action.UPDATE: _updated,
    Action.UPSERT: _upserted,
    Action.CREATE: _created,
    Action.DELETE: _removed,
}
