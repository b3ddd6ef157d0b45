"""What became of changes whose answer was never heard, as the records themselves tell; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote_plus

import msgspec

from cs_connector.ports import Action, Change, FieldInfo, Receipt, Verdict
from cs_connector.transport import Transport

from ..errors import decode
from ..soql import by_key, long_id
from . import verdicts
from .groups import Group, links
from .meaning import same

AT_ONCE = 2000  # ids of one retrieval (vendor: REST API guide, sObject Collections)
NOT_HELD = "NOT_HELD"
Row = Mapping[str, Any]
Fields = Callable[[], Mapping[str, FieldInfo]]  # asked only where values do not tell by themselves


class Found(msgspec.Struct):
    records: list[dict[str, Any]]
    onward: str | None = msgspec.field(default=None, name="nextRecordsUrl")


class Looker:
    """`origin` and `root` give the addresses of the org and of the API, `fields` what is known of an object's fields."""

    def __init__(
        self,
        session: Transport,
        origin: Callable[[], str],
        root: Callable[[], str],
        fields: Callable[[str], Mapping[str, FieldInfo]],
    ) -> None:
        self._session, self._origin, self._root, self._fields = session, origin, root, fields

    def receipts(self, group: Group) -> list[Receipt]:
        """DELETED, CREATED or UPDATED where the CRM holds what was sent, LATER where not; UNKNOWN where it cannot tell.

        Raises AdapterError.
        """
        if group.action is Action.CREATE:
            why = "a new record without a key cannot be looked for"
            return [verdicts.missing(change, why) for change in group.changes]
        rows = self._by_key(group) if group.action is Action.UPSERT else self._by_id(group)
        fields = cache(lambda: self._fields(group.object))
        pairs = zip(group.changes, group.names, strict=True)
        return [_told(change, rows.get(name.casefold(), ()), fields) for change, name in pairs]

    def keyed(self, object_name: str, field: str, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The ids of all records that have a key, by key in lower case."""
        found: dict[str, list[str]] = {}
        for record in self._records(by_key(object_name, field, keys)):
            found.setdefault(str(record[field]).casefold(), []).append(long_id(record["Id"]))
        return found

    def _by_key(self, group: Group) -> dict[str, list[Row]]:
        field, found = str(group.key_field), dict[str, list[Row]]()
        columns = ("CreatedDate", "LastModifiedDate", *_columns(group))
        for record in self._records(by_key(group.object, field, group.names, columns)):
            found.setdefault(str(record[field]).casefold(), []).append(record)
        return found

    def _by_id(self, group: Group) -> dict[str, list[Row]]:
        """By long id in lower case; what is gone has no row."""
        found: dict[str, list[Row]] = {}
        for part in group.cut(AT_ONCE):
            asked = {"ids": list(part.names), "fields": ["Id", *_columns(group)]}
            with self._session.safe():  # it only reads
                answer = self._session.post(f"{self._root()}/composite/sobjects/{group.object}", json=asked)
            records: list[dict[str, Any] | None] = decode(answer.content, list[dict[str, Any] | None])
            found |= {long_id(r["Id"]).casefold(): [r] for r in records if r}
        return found

    def _records(self, queries: Iterable[str]) -> Iterator[dict[str, Any]]:
        for query in queries:
            url: str | None = f"{self._root()}/query?q={quote_plus(query)}"
            while url:
                answer: Found = decode(self._session.get(url).content, Found)
                yield from answer.records
                url = f"{self._origin()}{answer.onward}" if answer.onward else None


def _columns(group: Group) -> list[str]:
    """The fields that any of the changes sends; a deletion sends none."""
    if group.action is Action.DELETE:
        return []
    sent = {name for change in group.changes for name in (*change.fields, *links(change))}
    return sorted(sent - {"Id", group.key_field})


def _told(change: Change, rows: Sequence[Row], fields: Fields) -> Receipt:
    if len(rows) > 1:
        ids = ", ".join(long_id(row["Id"]) for row in rows)
        return Receipt(change.key, Verdict.UNKNOWN, None, verdicts.AMBIGUOUS, f"records {ids} have this key")
    if change.action is Action.DELETE:
        held = verdicts.later(change, NOT_HELD, "the record is still there")
        return held if rows else verdicts.done(change, change.record_id, created=False)
    if not rows:
        return _absent(change)
    if not _holds(rows[0], change, fields):
        return verdicts.later(change, NOT_HELD, "the record does not hold what was sent")
    row = rows[0]
    new = change.action is Action.UPSERT and not change.record_id
    created = new and row.get("CreatedDate") == row.get("LastModifiedDate")
    return verdicts.done(change, long_id(row["Id"]), created=created)


def _absent(change: Change) -> Receipt:
    verdict = Verdict.GONE if change.action is Action.UPDATE else Verdict.LATER
    return Receipt(change.key, verdict, change.record_id, NOT_HELD, "there is no such record")


def _holds(row: Row, change: Change, fields: Fields) -> bool:
    sent = {**links(change), **change.fields}
    return all(
        value == (held := _held(row, name)) or same(value, held, fields().get(name))
        for name, value in sent.items()
        if name != change.key_field
    )


def _held(row: Row, name: str) -> Any:
    """What is in a field, or in the field of the record that a lookup leads to."""
    lookup, dot, key = name.partition(".")
    return (row.get(lookup) or {}).get(key) if dot else row.get(name)
