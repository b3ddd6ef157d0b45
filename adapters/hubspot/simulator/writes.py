"""What a write does to records: checks, computed values, uniqueness, the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cs_connector.sandbox.ledger import Ledger

from . import derived
from .errors import bad_request, conflict, invalid, required
from .fields import unknown
from .relations import Relations
from .shelf import Record, Shelf, key
from .state import State
from .times import iso
from .values import Invalid, checked

APP_ID = "18221010"
MERGED = "hs_merged_object_ids"


@dataclass(frozen=True, slots=True)
class Written:
    """A record after a write and the properties that the answer shows, "" for those that were cleared."""

    record: Record
    echo: Mapping[str, str]
    new: bool = False


class Writer:
    """Every change of a record goes through here; `name` is the portal's in the ledger."""

    def __init__(self, state: State, relations: Relations, ledger: Ledger, name: str) -> None:
        self._state = state
        self._relations = relations
        self._ledger = ledger
        self._name = name

    def check(self, shelf: Shelf, properties: Mapping[str, Any]) -> dict[str, str]:
        """Texts that may be kept. Raises Refusal 400 with every problem."""
        values: dict[str, str] = {}
        problems: list[dict[str, Any]] = []
        for name, value in properties.items():
            prop = shelf.fields.get(name)
            if prop is None:
                problems.append(unknown(name))
                continue
            if value is None:
                continue
            try:
                values[name] = checked(prop, value, self._state.allowed(shelf.kind, prop))
            except Invalid as error:
                said = {"message": error.message, "error": error.code}
                problems.append({"isValid": False, **said, "name": name})
        if problems:
            raise invalid(problems)
        return values

    def require(self, shelf: Shelf, values: Mapping[str, str]) -> None:
        """Raises Refusal 400 where a new record lacks what its kind needs."""
        lacking = [name for name in shelf.kind.required if not values.get(name)]
        if lacking:
            raise required(shelf.kind.singular, lacking)

    def claim(self, shelf: Shelf, rows: Sequence[tuple[int | None, Mapping[str, str]]]) -> None:
        """Raises Refusal 409 where a unique value is held by another record, or wanted twice."""
        for name in shelf.unique:
            wanted: set[str] = set()
            for own, values in rows:
                value = values.get(name)
                if not value:
                    continue
                holder = shelf.holder(name, value)
                if holder is not None and holder != own:
                    raise conflict(shelf.kind.singular, holder)
                if key(name, value) in wanted:
                    raise bad_request(f"Duplicate value {value} of the unique property {name} in the request")
                wanted.add(key(name, value))

    def create(self, shelf: Shelf, values: Mapping[str, str]) -> Written:
        """Add a record of checked values."""
        now = self._state.now()
        at, number = iso(now), self._state.new_id()
        kind = shelf.kind
        given = {name: value for name, value in values.items() if value}
        stamps = {"hs_object_id": str(number), kind.created: given.get(kind.created, at), kind.modified: at}
        source = {"hs_object_source": "INTEGRATION", "hs_object_source_id": APP_ID}
        computed = derived.on_create(self._state, kind, number, given)
        record = Record(number, {**source, **computed, **given, **stamps}, now)
        shelf.put(record)
        self._note(shelf, number, "create", None, given)
        self._follow(shelf, record.id, given)
        final = shelf.live[number]
        shown = source if kind.name == "tasks" else {}
        echo = {**shown, **computed, **values, **{name: final.properties[name] for name in kind.always}}
        return Written(final, echo, new=True)

    def update(self, shelf: Shelf, record: Record, values: Mapping[str, str]) -> Written:
        """Write checked values; a record that stays as it was keeps its modified time."""
        kind = shelf.kind
        before = {name: record.properties.get(name) for name in values}
        after = {name: value or None for name, value in values.items()}
        computed: dict[str, str] = {}
        if before != after:
            computed = self._change(shelf, record, values)
        self._note(shelf, record.id, "update", before, after)
        final = shelf.live[record.id]
        always = (kind.modified,) if kind.name == "contacts" else kind.always
        return Written(final, {**computed, **values, **{name: final.properties[name] for name in always}})

    def archive(self, shelf: Shelf, record: Record) -> None:
        """Into the recycle bin, with its associations gone."""
        self._relations.drop(shelf, record.id)
        shelf.throw(shelf.live[record.id], iso(self._state.now()))
        self._note(shelf, record.id, "delete", {}, None)

    def merge(self, shelf: Shelf, winner: Record, loser: Record) -> Record:
        """A new record in place of two; their ids lead to it from now on."""
        now, number = self._state.now(), self._state.new_id()
        kind = shelf.kind
        merged = dict.fromkeys(";".join((self._olds(winner), self._olds(loser))).split(";"))
        created = min(winner.properties[kind.created], loser.properties[kind.created])
        stamps = {"hs_object_id": str(number), kind.created: created, kind.modified: iso(now)}
        properties = {**loser.properties, **winner.properties, **stamps, MERGED: ";".join(merged)}
        ends = self._relations.ends(shelf, winner.id) + self._relations.ends(shelf, loser.id)
        for old in (winner, loser):
            self._relations.drop(shelf, old.id)
            shelf.take(shelf.live[old.id])
            shelf.merged[old.id] = number
        shelf.put(Record(number, properties, now))
        self._relations.restore(shelf, number, ends)
        both = {"primaryObjectId": str(winner.id), "objectIdToMerge": str(loser.id)}
        self._note(shelf, number, "merge", both, {MERGED: properties[MERGED]})
        return shelf.live[number]

    def _olds(self, record: Record) -> str:
        earlier = record.properties.get(MERGED)
        return f"{earlier};{record.id}" if earlier else str(record.id)

    def _change(self, shelf: Shelf, record: Record, values: Mapping[str, str]) -> dict[str, str]:
        now = self._state.now()
        computed = derived.on_update(self._state, shelf.kind, values)
        properties = {**record.properties, **computed, **values, shelf.kind.modified: iso(now)}
        kept = {name: value for name, value in properties.items() if value}
        shelf.put(Record(record.id, kept, now))
        self._follow(shelf, record.id, values)
        return computed

    def _follow(self, shelf: Shelf, record_id: int, values: Mapping[str, str]) -> None:
        company = values.get("associatedcompanyid")
        if company is not None and shelf.kind.name == "contacts":
            self._relations.set_company(record_id, company)

    def _note(
        self,
        shelf: Shelf,
        record_id: int,
        action: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        self._ledger.write(self._name, shelf.kind.name, str(record_id), action, before, after)
