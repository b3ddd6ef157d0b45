"""Writing records in chunks, with one receipt for each, whatever happens."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from cs_connector.errors import AdapterError, ConnectorError, NotPermitted, Rejected
from cs_connector.ports import Action, Change, Clock, Receipt, Value, Verdict
from cs_connector.transport import Transport, redact

from .errors import LOCKED, Fault, decode
from .soql import long_id

CHUNK = 200
TRIES = 5
_HEADERS = {
    "Content-Type": "application/json",
    "Sforce-Duplicate-Rule-Header": "allowSave=true",
    "Sforce-Auto-Assign": "FALSE",
}
_PEOPLE = frozenset({"Contact", "Lead"})
_ACTIVITIES = frozenset({"Task", "Event"})
_dice = random.SystemRandom()


class Result(msgspec.Struct):
    """What a collection call says of one record."""

    success: bool
    id: str | None = None
    created: bool | None = None
    errors: list[Fault] = []


class Writer:
    """`root` gives the address of the API."""

    def __init__(self, session: Transport, root: Callable[[], str], clock: Clock) -> None:
        self._session, self._root, self._clock = session, root, clock

    def write(self, changes: Sequence[Change]) -> list[Receipt]:
        """Receipts in the order of `changes`. A change whose fate is not known is UNKNOWN.

        After a failure that will meet every call (login, allowance, no answer) the rest is not sent: it is
        UNKNOWN with the code of that failure.
        """
        receipts: dict[int, Receipt] = {n: r for n, c in enumerate(changes) if (r := _unfit(c))}
        stopped: AdapterError | None = None
        for chunk in _chunks(changes, skip=receipts):
            group = [changes[n] for n in chunk]
            if stopped is None:
                answers, stopped = self._chunk(group)
            else:
                answers = _all(group, stopped)
            receipts.update(zip(chunk, answers, strict=True))
        return [receipts[n] for n in range(len(changes))]

    def _chunk(self, group: list[Change]) -> tuple[list[Receipt], AdapterError | None]:
        """Receipts of one call, and the error when no further call would go better."""
        try:
            receipts = self._send(group)
            return self._unlock(group, receipts), None
        except (Rejected, NotPermitted) as error:
            return _all(group, error), None
        except AdapterError as error:
            return _all(group, error), error

    def _unlock(self, group: list[Change], receipts: list[Receipt]) -> list[Receipt]:
        """Send the records that somebody had locked again, one by one, so that they wait for no other."""
        for n, change in enumerate(group):
            for attempt in range(TRIES):
                if receipts[n].code != LOCKED:
                    break
                self._clock.sleep(_dice.uniform(0.5, 1.5) * 2**attempt)
                receipts[n] = self._again(change, receipts[n])
        return receipts

    def _again(self, change: Change, before: Receipt) -> Receipt:
        try:
            return self._send([change])[0]
        except (Rejected, NotPermitted):
            return before
        except AdapterError as error:
            return _all([change], error)[0]

    def _send(self, group: list[Change]) -> list[Receipt]:
        first = group[0]
        body = msgspec.json.encode({"allOrNone": False, "records": [_row(change) for change in group]})
        path = f"{self._root()}/composite/sobjects"
        if first.action is Action.CREATE:
            response = self._session.post(path, data=body, headers=_HEADERS)
        else:
            target = f"{path}/{first.object}/{first.key_field}" if first.action is Action.UPSERT else path
            with self._session.safe():  # a second time changes nothing
                response = self._session.patch(target, data=body, headers=_HEADERS)
        results: list[Result] = decode(response.content, list[Result])
        if len(results) != len(group):
            raise AdapterError("Salesforce answered for another number of records than were sent")
        return [_receipt(change, result) for change, result in zip(group, results, strict=True)]


def _unfit(change: Change) -> Receipt | None:
    """The receipt of a change that cannot be sent."""
    if change.action is Action.UPSERT and not change.key_field:
        return Receipt(
            change.key, Verdict.REJECTED, code="NO_KEY_FIELD", message="an upsert needs a key field"
        )
    if change.action is Action.UPDATE and not change.record_id:
        return Receipt(change.key, Verdict.REJECTED, code="NO_ID", message="an update needs a record id")
    if change.associate and change.object not in _ACTIVITIES:
        text = f"{change.object} is linked through its lookup fields"
        return Receipt(change.key, Verdict.REJECTED, code="NO_ASSOCIATIONS", message=text)
    return None


def _chunks(changes: Sequence[Change], *, skip: Mapping[int, Receipt]) -> Iterator[list[int]]:
    """Positions of changes that may travel together, in the order of their first."""
    groups: dict[tuple[str, Action, str | None], list[int]] = {}
    for n, change in enumerate(changes):
        if n not in skip:
            groups.setdefault((change.object, change.action, change.key_field), []).append(n)
    for positions in groups.values():
        for start in range(0, len(positions), CHUNK):
            yield positions[start : start + CHUNK]


def _row(change: Change) -> dict[str, Any]:
    row: dict[str, Any] = {"attributes": {"type": change.object}}
    if change.action is Action.UPDATE:
        row["id"] = change.record_id
    elif change.action is Action.UPSERT:
        row[str(change.key_field)] = change.key
    return row | _links(change) | dict(change.fields)


def _links(change: Change) -> dict[str, Value]:
    """An activity belongs to one person and to one other record."""
    return {"WhoId" if kind in _PEOPLE else "WhatId": record_id for kind, record_id in change.associate}


def _receipt(change: Change, result: Result) -> Receipt:
    record_id = long_id(result.id) if result.id else change.record_id
    if result.success:
        created = result.created if result.created is not None else change.action is Action.CREATE
        return Receipt(change.key, Verdict.CREATED if created else Verdict.UPDATED, record_id)
    fault = result.errors[0] if result.errors else Fault("no reason given", "UNKNOWN_ERROR")
    return Receipt(change.key, Verdict.REJECTED, record_id, fault.code, redact(fault.message))


def _all(group: Sequence[Change], error: ConnectorError) -> list[Receipt]:
    """The same receipt for each: refused when Salesforce said so, else unknown."""
    verdict = Verdict.REJECTED if isinstance(error, (Rejected, NotPermitted)) else Verdict.UNKNOWN
    text = f"{error.what}: {error.why}" if error.why else error.what
    return [Receipt(change.key, verdict, change.record_id, error.code, text) for change in group]
