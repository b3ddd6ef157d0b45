"""Writes to HubSpot in batches of a hundred; every change gets its own verdict."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from requests import Response

from cs_connector.errors import AdapterError, NotPermitted, Unavailable
from cs_connector.ports import Action, Change, Receipt, Value, Verdict
from cs_connector.transport import Transport, redact

from .errors import Problem, problem
from .paths import Paths

BATCH = 100
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TIMED = frozenset({"hs_timestamp"})
_VERBS = {Action.UPDATE: "update", Action.UPSERT: "upsert", Action.CREATE: "create"}

Part = Sequence[Change]
Receipts = dict[str, Receipt]


class _Result(msgspec.Struct):
    id: str
    properties: dict[str, str | None] = {}
    new: bool = False
    trace: str | None = msgspec.field(default=None, name="objectWriteTraceId")


class _Errors(msgspec.Struct):
    errors: list[Problem] = []


class _Answer(_Errors):
    results: list[_Result] = []


_answers = msgspec.json.Decoder(_Answer)
_errors = msgspec.json.Decoder(_Errors)


class Writer:
    """Changes to one portal."""

    def __init__(self, transport: Transport, paths: Paths) -> None:
        self._transport, self._paths = transport, paths

    def write(self, changes: Sequence[Change]) -> list[Receipt]:
        """One receipt a change, in their order. Raises AdapterError only while nothing was sent."""
        receipts: Receipts = {}
        for part in _parts(changes):
            try:
                receipts |= self._send(part)
            except AdapterError as error:
                if not receipts:
                    raise
                lost = (c for c in changes if c.key not in receipts)
                receipts |= _all(lost, Verdict.UNKNOWN, error.code, error.what)
                break
        return [receipts[c.key] for c in changes]

    def _send(self, part: Part) -> Receipts:
        try:
            response = self._post(part)
        except Unavailable as error:
            return _all(part, Verdict.UNKNOWN, error.code, error.what)
        except NotPermitted as error:
            return _all(part, Verdict.REJECTED, error.code, error.why or error.what)
        if not response.ok:
            return self._narrow(part, problem(response))
        try:
            receipts, open_ = _verdicts(part, response)
        except msgspec.MsgspecError as error:
            return _all(part, Verdict.UNKNOWN, "NOT_READABLE", f"the answer cannot be read: {error}")
        if open_:
            receipts |= self._again(part, open_)
        return self._linked(part, receipts)

    def _narrow(self, part: Part, said: Problem) -> Receipts:
        """One bad change fails its whole batch, and HubSpot does not say which: halve until it is alone."""
        if len(part) == 1:
            return _all(part, Verdict.REJECTED, said.code, said.message)
        middle = len(part) // 2
        return self._send(part[:middle]) | self._send(part[middle:])

    def _again(self, part: Part, open_: Part) -> Receipts:
        """Changes that the answer does not mention: alone, a change that can be repeated gets a clear answer."""
        if open_[0].action is Action.CREATE:
            return _all(open_, Verdict.UNKNOWN, "NOT_MENTIONED", "HubSpot's answer does not mention it")
        if len(part) > 1:
            return {k: r for change in open_ for k, r in self._send([change]).items()}
        return _all(open_, Verdict.REJECTED, "NOT_FOUND", "HubSpot knows no such record; it may be merged")

    def _post(self, part: Part) -> Response:
        first = part[0]
        url = self._paths.objects(first.object, f"/batch/{_VERBS[first.action]}")
        body = {"inputs": [_input(change) for change in part]}
        if first.action is Action.CREATE:
            return self._transport.post(url, json=body)
        with self._transport.safe():
            return self._transport.post(url, json=body)

    def _linked(self, part: Part, receipts: Receipts) -> Receipts:
        """Associate new records; an association that is there already is left as it is."""
        wanted: dict[str, list[tuple[Change, str]]] = defaultdict(list)
        for change in part:
            if receipts[change.key].record_id and change.action is not Action.UPDATE:
                for end, end_id in change.associate:
                    wanted[end].append((change, end_id))
        for end, pairs in wanted.items():
            receipts |= self._link(end, pairs, receipts)
        return receipts

    def _link(self, end: str, pairs: Sequence[tuple[Change, str]], receipts: Receipts) -> Receipts:
        url = self._paths.links(pairs[0][0].object, end, "/batch/associate/default")
        inputs = [{"from": {"id": receipts[c.key].record_id}, "to": {"id": to}} for c, to in pairs]
        try:
            with self._transport.safe():
                response = self._transport.post(url, json={"inputs": inputs})
        except AdapterError as error:
            return _unlinked(pairs, receipts, error.what)
        if response.ok and not _has_errors(response):
            return {}
        if len(pairs) == 1:
            return _unlinked(pairs, receipts, problem(response).message)
        return {k: r for pair in pairs for k, r in self._link(end, [pair], receipts).items()}

    def find(self, object_name: str, key_field: str, keys: Sequence[str]) -> dict[str, str]:
        """Record ids by the value of a unique property."""
        found: dict[str, str] = {}
        for some in _chunks(list(dict.fromkeys(keys))):
            found |= self._find(object_name, key_field, some)
        return found

    def _find(self, object_name: str, key_field: str, keys: Sequence[str]) -> dict[str, str]:
        body = {"idProperty": key_field, "properties": [key_field], "inputs": [{"id": key} for key in keys]}
        with self._transport.safe():
            response = self._transport.post(self._paths.objects(object_name, "/batch/read"), json=body)
        if not response.ok:
            raise AdapterError(
                f"HubSpot did not look up {object_name} by {key_field}", why=problem(response).message
            )
        results = _answers.decode(response.content).results
        return {value: r.id for r in results if (value := r.properties.get(key_field))}


def _parts(changes: Sequence[Change]) -> Iterator[Part]:
    """Batches of one object and action; no record twice in one batch, because that fails all of it."""
    groups: dict[tuple[str, Action, str | None], list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.object, change.action, change.key_field].append(change)
    for group in groups.values():
        yield from _distinct(group)


def _distinct(group: Iterable[Change]) -> Iterator[Part]:
    part: dict[str, Change] = {}
    for change in group:
        target = change.record_id or change.key
        if target in part or len(part) == BATCH:
            yield list(part.values())
            part = {}
        part[target] = change
    if part:
        yield list(part.values())


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[i : i + BATCH] for i in range(0, len(keys), BATCH))


def _input(change: Change) -> dict[str, Any]:
    properties = {name: _text(name, value) for name, value in change.fields.items()}
    body: dict[str, Any] = {"properties": properties, "objectWriteTraceId": change.key}
    if change.action is Action.UPDATE:
        return {"id": change.record_id, **body}
    if change.action is Action.UPSERT and change.key_field:
        properties[change.key_field] = change.key
        return {"id": change.key, "idProperty": change.key_field, **body}
    return body


def _text(name: str, value: Value) -> str:
    """All values travel as texts; an empty one clears."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case str() if name in _TIMED and _DAY.fullmatch(value):
            return f"{value}T12:00:00Z"  # noon is the same day for nearly everybody; midnight is not
        case _:
            return str(value)


def _verdicts(part: Part, response: Response) -> tuple[Receipts, list[Change]]:
    """Receipts for the changes that the answer mentions, and the changes that it does not."""
    answer = _answers.decode(response.content)
    receipts: Receipts = {}
    for change in part:
        receipt = _verdict(change, answer, alone=len(part) == 1)
        if receipt:
            receipts[change.key] = receipt
    return receipts, [c for c in part if c.key not in receipts]


def _verdict(change: Change, answer: _Answer, *, alone: bool) -> Receipt | None:
    # Results come in any order: a change is known by its trace, its id or its unique value.
    for result in answer.results:
        if _is_of(result, change) or (alone and len(answer.results) == 1 and not answer.errors):
            made = result.new or change.action is Action.CREATE
            return Receipt(change.key, Verdict.CREATED if made else Verdict.UPDATED, result.id)
    for error in answer.errors:
        if alone or error.names("ids", "objectWriteTraceId", "id") & {
            change.key,
            change.record_id or change.key,
        }:
            return _receipt(change, Verdict.REJECTED, error.code, error.message)
    return None


def _is_of(result: _Result, change: Change) -> bool:
    if result.trace is not None:
        return result.trace == change.key
    if change.action is Action.UPDATE:
        return result.id == change.record_id
    return change.key_field is not None and result.properties.get(change.key_field) == change.key


def _receipt(change: Change, verdict: Verdict, code: str, message: str) -> Receipt:
    return Receipt(change.key, verdict, code=code, message=redact(message))


def _all(part: Iterable[Change], verdict: Verdict, code: str, message: str) -> Receipts:
    return {c.key: _receipt(c, verdict, code, message) for c in part}


def _has_errors(response: Response) -> bool:
    try:
        return bool(response.content) and bool(_errors.decode(response.content).errors)
    except msgspec.MsgspecError:
        return True


def _unlinked(pairs: Iterable[tuple[Change, str]], receipts: Mapping[str, Receipt], why: str) -> Receipts:
    """The record is there but not where it belongs: not done, and safe to send again by its key."""
    text = redact(f"the record is written but not associated: {why}")
    return {
        c.key: replace(receipts[c.key], verdict=Verdict.UNKNOWN, code="NOT_ASSOCIATED", message=text)
        for c, _ in pairs
    }
