"""One call for up to 200 records, each with its own answer (vendor: REST API guide, sObject Collections)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from requests import Response

from cs_connector.errors import AdapterError
from cs_connector.ports import Action, Change, Receipt
from cs_connector.transport import Transport
from cs_connector.transport.batches import is_doubtful

from ..errors import Fault, Refused, decode
from ..soql import long_id
from . import verdicts
from .groups import Group, links

MOST = 200
HEADERS = {
    "Content-Type": "application/json",
    "Sforce-Duplicate-Rule-Header": "allowSave=true",
    "Sforce-Auto-Assign": "FALSE",
}
_HEAD, _TAIL = b'{"allOrNone":false,"records":[', b"]}"
_NO_REASON = Fault("no reason given", "UNKNOWN_ERROR")
_encode = msgspec.json.Encoder().encode


class Result(msgspec.Struct):
    """What a collection call says of one record."""

    success: bool
    id: str | None = None
    created: bool | None = None
    errors: list[Fault] = []


class Collection:
    """`root` gives the address of the API."""

    def __init__(self, session: Transport, root: Callable[[], str]) -> None:
        self._session, self._root = session, root

    def send(self, group: Group) -> list[Receipt]:
        """Receipts of at most 200 changes, in order. Raises AdapterError, and Refused or OffLimits where nothing was done."""
        response = self._ask(group)
        if response.status_code == 300:
            raise Refused("Several records have this key", _several(response))
        results: list[Result] = decode(response.content, list[Result])
        if len(results) != len(group):
            raise AdapterError("Salesforce answered for another number of records than were sent")
        receipts = [_receipt(*pair) for pair in zip(group.changes, results, strict=True)]
        return list(map(verdicts.doubted, receipts)) if is_doubtful(response) else receipts

    def _ask(self, group: Group) -> Response:
        path = f"{self._root()}/composite/sobjects"
        if group.action is Action.CREATE:
            return self._session.post(path, data=body(group), headers=HEADERS)
        with self._session.safe():  # a second time changes nothing
            if group.action is Action.DELETE:
                target = f"{path}?ids={','.join(group.names)}&allOrNone=false"
                return self._session.delete(target, headers=HEADERS)
            target = f"{path}/{group.object}/{group.key_field}" if group.action is Action.UPSERT else path
            return self._session.patch(target, data=body(group), headers=HEADERS)


def body(group: Group) -> bytes:
    return b"".join((_HEAD, _encode(_rows(group))[1:-1], _TAIL))


def at_column(group: Group, column: int) -> int | None:
    """The record in whose JSON the body has this column, counted from 1."""
    end = len(_HEAD)
    for n, row in enumerate(_rows(group)):
        end += len(_encode(row)) + 1
        if column <= end:
            return n if column > len(_HEAD) else None
    return None


def _rows(group: Group) -> list[dict[str, Any]]:
    kind = {"type": group.object}
    pairs = zip(group.changes, group.names, strict=True)
    if group.column is None:
        rows: list[dict[str, Any]] = [{"attributes": kind, **change.fields} for change in group.changes]
    else:
        named = "id" if group.column == "Id" else group.column
        rows = [{"attributes": kind, named: name, **change.fields} for change, name in pairs]
    for row, change in zip(rows, group.changes, strict=True):
        if change.associate:
            row.update(links(change) | dict(change.fields))
    if any("." in name for name in set().union(*rows)):
        return list(map(_nested, rows))
    return rows


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    """A lookup that names its record by key is an object here (vendor: REST API guide, relate records by external id)."""
    plain = {name: value for name, value in row.items() if "." not in name}
    return plain | {
        lookup: {key: value}
        for name, value in row.items()
        for lookup, dot, key in [name.partition(".")]
        if dot
    }


def _receipt(change: Change, result: Result) -> Receipt:
    record_id = result.id and long_id(result.id)
    if not result.success:
        return verdicts.refused(change, result.errors[0] if result.errors else _NO_REASON, record_id)
    if change.record_id and record_id and record_id != long_id(change.record_id):
        return verdicts.missing(change, "the answer is about another record")
    created = change.action is Action.CREATE if result.created is None else result.created
    return verdicts.done(change, record_id, created=created)


def _several(response: Response) -> Fault:
    """Names the records whose addresses the answer lists."""
    ids = [address.rpartition("/")[2] for address in decode(response.content, list[str])]
    return Fault(f"records {', '.join(ids)} have this key", verdicts.AMBIGUOUS)
