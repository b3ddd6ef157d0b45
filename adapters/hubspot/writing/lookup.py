"""Records are looked up by id or key, never searched for: what became of changes whose answer was never heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cs_connector.errors import AdapterError
from cs_connector.ports import NOT_LINKED, Action, Change, Receipt, Verdict
from cs_connector.transport import Transport
from cs_connector.transport.batches import Item, Part, Receipts, all_of, chunks

from ..errors import problem
from ..paths import Paths
from .answers import Held, holding
from .links import Links
from .values import properties, same

BATCH = 100
_MERGED = "hs_merged_object_ids"
_HELD = {Action.UPDATE: Verdict.UPDATED, Action.UPSERT: Verdict.UPDATED, Action.CREATE: Verdict.CREATED}


class Lookup:
    """Looks at the records of one portal."""

    def __init__(self, transport: Transport, paths: Paths) -> None:
        self._transport, self._paths = transport, paths
        self._links = Links(transport, paths)

    def find(self, object_name: str, key_field: str, keys: Sequence[str]) -> dict[str, str]:
        """Record ids by the value of a unique property."""
        found: dict[str, str] = {}
        wanted = list(dict.fromkeys(keys))
        for at in range(0, len(wanted), BATCH):
            read = self._read(object_name, key_field, wanted[at : at + BATCH], ())
            found |= {value: r.id for value, r in read.items()}
        return found

    def resume(self, changes: Sequence[Change]) -> list[Receipt]:
        """One receipt a change, in their order; UNKNOWN for what cannot be read."""
        receipts: Receipts = {}
        for (kind, key_field, named), items in _groups(changes).items():
            for part in chunks(items, BATCH):
                receipts |= self._part(kind, key_field, part) if named else _nameless(part)
        receipts |= self._unlinked(changes, receipts)
        return [receipts[place] for place in range(len(changes))]

    def gone(self, part: Part) -> Receipts:
        """What becomes of those updates of a part whose record is not there; nothing where that cannot be read."""
        change = part[0].change
        if change.action is not Action.UPDATE:
            return {}
        try:
            there = self._read(change.object, None, [str(i.change.record_id) for i in part], ())
        except AdapterError:
            return {}
        lost = [i for i in part if i.change.record_id not in there]
        return all_of(lost, Verdict.GONE, "NOT_FOUND", "HubSpot has no such record; it may be deleted")

    def _part(self, kind: str, key_field: str | None, part: Part) -> Receipts:
        fields = {name for item in part for name in item.change.fields}
        names = list(dict.fromkeys(str(_name(item.change)) for item in part))
        try:
            found = self._read(kind, key_field, names, fields)
        except AdapterError as error:
            return all_of(part, Verdict.UNKNOWN, error.code, error.why or error.what)
        return {item.place: _judged(item.change, found.get(str(_name(item.change)))) for item in part}

    def _read(
        self, kind: str, key_field: str | None, names: Sequence[str], fields: Iterable[str]
    ) -> dict[str, Held]:
        """Records by what they were asked by; a merged one is the record that goes on in its place."""
        wanted = sorted({*fields, key_field or _MERGED})
        inputs = [{"id": name} for name in names]
        body: dict[str, Any] = {"inputs": inputs, "properties": wanted}
        if key_field:
            body["idProperty"] = key_field
        with self._transport.safe():
            response = self._transport.post(self._paths.objects(kind, "/batch/read"), json=body)
        if not response.ok:
            asked = f"{kind} by {key_field or 'id'}"
            raise AdapterError(f"HubSpot did not look up {asked}", why=problem(response).message)
        try:
            return _named(holding.decode(response.content).results, key_field)
        except msgspec.MsgspecError as error:
            raise AdapterError("HubSpot's answer cannot be read", why=str(error)) from error

    def _unlinked(self, changes: Sequence[Change], receipts: Receipts) -> Receipts:
        """Of records that are there, those without their associations: sent again by key, they get them."""
        try:
            places = self._links.missing(changes, receipts)
        except AdapterError as error:
            done = (Verdict.CREATED, Verdict.UPDATED)
            linked = [
                Item(place, change)
                for place, change in enumerate(changes)
                if change.associate and receipts[place].verdict in done
            ]
            return all_of(linked, Verdict.UNKNOWN, error.code, error.why or error.what)
        return {place: _lacking(changes[place], receipts[place]) for place in places}


def _groups(changes: Sequence[Change]) -> dict[tuple[str, str | None, bool], list[Item]]:
    """Changes that are read together, and whether there is anything to read them by."""
    groups: dict[tuple[str, str | None, bool], list[Item]] = {}
    for place, change in enumerate(changes):
        kind = (change.object, _key_field(change), _name(change) is not None)
        groups.setdefault(kind, []).append(Item(place, change))
    return groups


def _nameless(part: Part) -> Receipts:
    return all_of(part, Verdict.UNKNOWN, "NO_KEY", "nothing tells its record from others")


def _key_field(change: Change) -> str | None:
    return change.key_field if change.action in (Action.UPSERT, Action.CREATE) else None


def _name(change: Change) -> str | None:
    """What a record is asked for by."""
    return change.key if _key_field(change) else change.record_id


def _named(results: Sequence[Held], key_field: str | None) -> dict[str, Held]:
    if key_field:
        return {value: r for r in results if (value := r.properties.get(key_field))}
    found = {loser: r for r in results for loser in (r.properties.get(_MERGED) or "").split(";")}
    return found | {r.id: r for r in results}


def _judged(change: Change, found: Held | None) -> Receipt:
    if change.action is Action.DELETE:
        gone = found is None or found.id != change.record_id
        return Receipt(change.key, Verdict.DELETED if gone else Verdict.LATER, change.record_id)
    if found is None:
        verdict = Verdict.GONE if change.action is Action.UPDATE else Verdict.LATER
        return Receipt(change.key, verdict, change.record_id, "NOT_DONE", "HubSpot has no such record")
    held = found.properties
    other = sorted(n for n, v in properties(change).items() if not same(v, held.get(n)))
    if other:
        why = f"HubSpot holds something else in {', '.join(other)}"
        return Receipt(change.key, Verdict.LATER, found.id, "NOT_DONE", why)
    made = change.action is Action.UPSERT and change.record_id is None
    return Receipt(change.key, Verdict.CREATED if made else _HELD[change.action], found.id)


def _lacking(change: Change, receipt: Receipt) -> Receipt:
    again = change.action is Action.UPSERT
    why = "the record is written but not associated"
    verdict = Verdict.LATER if again else receipt.verdict
    return Receipt(change.key, verdict, receipt.record_id, NOT_LINKED, why)
