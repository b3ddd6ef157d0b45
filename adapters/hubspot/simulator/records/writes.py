"""What a write does to records: checks, computed values, uniqueness, the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cs_connector.sandbox.ledger import Ledger

from ..errors import Refusal, bad_request, conflict, held, invalid, required
from ..links.relations import Relations
from ..properties.fields import unknown
from ..state import State
from ..times import iso
from . import derived
from .history import APP, MERGE, UNKNOWN, Source
from .kinds import CONTACTS, Kind
from .shelf import Record, Shelf, key
from .values import ID_PROPERTIES, Invalid, Scalar, checked

MERGED, MOST_MERGED = "hs_merged_object_ids", 250
STAGES = {"deals": ("pipeline", "dealstage"), "tickets": ("hs_pipeline", "hs_pipeline_stage")}
LIFECYCLE = "lifecyclestage"
# A kind's property that collects what the other one of two merged records had, and that property.
_COLLECTED = {"companies": ("hs_additional_domains", "domain"), "contacts": ("hs_additional_emails", "email")}
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """A record after a write and the properties that the answer shows, "" for those that were cleared."""

    record: Record
    echo: Values
    new: bool = False


class Writer:
    """Every change of a record goes through here; `name` is the portal's in the ledger."""

    def __init__(self, state: State, relations: Relations, ledger: Ledger, name: str) -> None:
        self._state = state
        self._relations = relations
        self._ledger = ledger
        self._name = name

    def check(self, shelf: Shelf, properties: Mapping[str, Scalar | None]) -> dict[str, str]:
        """Texts that may be kept. Raises Refusal 400 with every problem."""
        values: dict[str, str] = {}
        problems: list[dict[str, Any]] = []
        for name, value in properties.items():
            if name not in shelf.fields:
                problems.append(unknown(name))
                continue
            try:
                values |= {} if value is None else {name: self._checked(shelf, name, value)}
            except Invalid as error:
                problems.append(_problem(name, error))
        if problems:
            raise invalid(problems, self._state.portal_id)
        return values

    def require(self, shelf: Shelf, values: Values) -> None:
        """Raises Refusal 400 where a new record lacks what its kind needs."""
        lacking = [name for name in shelf.kind.required if not values.get(name)]
        if lacking:
            raise required(shelf.kind.singular, lacking)

    def fit(self, shelf: Shelf, record: Record | None, values: Values) -> None:
        """Raises Refusal 400 where a stage does not belong to the pipeline."""
        names = STAGES.get(shelf.kind.name)
        if names is None or not values.keys() & set(names):
            return
        pipelines = self._state.pipelines[shelf.kind.name]
        whole = {names[0]: next(iter(pipelines)), **(record.properties if record else {}), **values}
        pipeline, stage = (whole.get(name, "") for name in names)
        if stage and stage not in {each["id"] for each in pipelines.get(pipeline, {}).get("stages", ())}:
            text = f"Pipeline stage {stage} does not belong to pipeline {pipeline}"
            raise invalid(
                [_problem(names[1], Invalid("INVALID_PIPELINE_STAGE_ID", text))], self._state.portal_id
            )

    def claim(self, shelf: Shelf, rows: Sequence[tuple[int | None, Values]]) -> None:
        """Raises Refusal where a unique value is held by another record, or wanted twice: 409 for the e-mail
        address of a contact, 400 for other properties.
        """
        for name in shelf.unique:
            wanted: dict[str, int | None] = {}
            for own, values in rows:
                value = values.get(name)
                if not value:
                    continue
                holder = shelf.holder(name, value)
                if holder is not None and holder != own and holder in shelf.live:
                    raise self._held(shelf, name, value, own, holder)
                if key(name, value) in wanted:
                    raise self._held(shelf, name, value, own, wanted[key(name, value)])
                wanted[key(name, value)] = own

    def create(self, shelf: Shelf, values: Values, source: Source = APP) -> Written:
        """Add a record of checked values."""
        now = self._state.now()
        at, number = iso(now), self._state.new_id()
        kind = shelf.kind
        given = {name: value for name, value in values.items() if value}
        stamps = {"hs_object_id": str(number), kind.created: given.get(kind.created, at), kind.modified: at}
        origin = _origin(source)
        computed = derived.on_create(self._state, kind, number, given)
        quiet = derived.quietly(self._state, kind, given)
        whole = {**origin, **computed, **quiet, **given, **stamps}
        self._state.keep(shelf, Record(number, _kept(whole), now), source)
        self._note(shelf, number, "create", None, given)
        self._state.hooks.happened(kind, number, "creation", now, source)
        self._follow(shelf, number, given)
        final = shelf.live[number]
        shown = origin if kind.scope.startswith("crm.objects.contacts") else {}
        stated = {name: final.properties[name] for name in kind.always}
        return Written(final, {**shown, **_kept(computed), **values, **stated}, new=True)

    def update(self, shelf: Shelf, record: Record, values: Values, source: Source = APP) -> Written:
        """Write checked values; a record that stays as it was keeps its modified time."""
        kind = shelf.kind
        values = self._forward(shelf, record, values) if source is APP else values
        before = {name: record.properties.get(name) for name in values}
        after = {name: value or None for name, value in values.items()}
        computed: dict[str, str] = {}
        if before != after:
            computed = self._change(shelf, record, values, source)
        self._note(shelf, record.id, "update", before, after)
        final = shelf.live[record.id]
        always = (kind.modified,) if kind == CONTACTS else kind.always
        return Written(
            final, {**_kept(computed), **values, **{name: final.properties[name] for name in always}}
        )

    def archive(self, shelf: Shelf, record: Record, source: Source = APP, *, act: str = "deletion") -> None:
        """Into the recycle bin, with its associations gone. `act` is what subscribers are told."""
        self._relations.drop(shelf, record.id)
        shelf.throw(shelf.live[record.id], iso(self._state.now()))
        self._state.segments.drop(shelf.kind.type_id, record.id)
        self._note(shelf, record.id, "delete", {}, None)
        self._state.hooks.happened(shelf.kind, record.id, act, self._state.now(), source)

    def erase(self, shelf: Shelf, record: Record) -> None:
        """For good, as the law wants it: not in the recycle bin, and the e-mail address is blocked."""
        self.archive(shelf, record, act="privacyDeletion")
        shelf.purge(record.id)
        self._state.history.forget((shelf.kind.type_id, record.id))
        email = record.properties.get("email")
        if email:
            self._state.blocked |= {email}

    def restore(self, shelf: Shelf, record_id: int) -> None:
        """Back out of the recycle bin, as a user can; its links are not there any more."""
        now = self._state.now()
        old = shelf.retrieve(record_id)
        properties = {**old.properties, shelf.kind.modified: iso(now)}
        self._state.keep(shelf, Record(record_id, properties, now), UNKNOWN)
        self._note(shelf, record_id, "undelete", {"archivedAt": old.archived_at}, {"archivedAt": None})
        self._state.hooks.happened(shelf.kind, record_id, "restore", now, UNKNOWN)

    def deactivate(self, owner_id: str) -> None:
        """An owner whose user was removed."""
        old = self._state.owners[owner_id]
        gone = {"archived": True, "userId": None, "updatedAt": iso(self._state.now())}
        self._state.owners[owner_id] = {**old, **gone}
        before = {name: old.get(name) for name in gone}
        self._ledger.write(self._name, "owners", owner_id, "update", before, gone)

    def merge(self, shelf: Shelf, winner: Record, loser: Record, source: Source = MERGE) -> Record:
        """A new record in place of two; their ids lead to it from now on. Raises Refusal 400 for too many."""
        now, number = self._state.now(), self._state.new_id()
        kind = shelf.kind
        merged = list(dict.fromkeys(";".join((_olds(winner), _olds(loser))).split(";")))
        if len(merged) > MOST_MERGED:
            raise bad_request(f"Cannot have more than {MOST_MERGED} identities on a profile")
        created = min(winner.properties[kind.created], loser.properties[kind.created])
        stamps = {"hs_object_id": str(number), kind.created: created, kind.modified: iso(now)}
        calculated = {MERGED: ";".join(merged), **_collected(kind, winner, loser, merged, number, now)}
        properties = {**loser.properties, **winner.properties, **stamps, **calculated}
        ends = self._relations.ends(shelf, winner.id) + self._relations.ends(shelf, loser.id)
        for old in (winner, loser):
            self._relations.drop(shelf, old.id)
            shelf.take(shelf.live[old.id])
            shelf.merged[old.id] = number
        self._state.keep(shelf, Record(number, _kept(properties), now), source)
        if kind == CONTACTS:  # who is asked for by an address of before is found
            others = properties.get("hs_additional_emails", "").split(";")
            shelf.unique["email"].update({key("email", each): number for each in others if each})
        self._relations.restore(shelf, number, ends)
        self._state.segments.replace(kind.type_id, (winner.id, loser.id), number)
        both = {"primaryObjectId": str(winner.id), "objectIdToMerge": str(loser.id)}
        self._note(shelf, number, "merge", both, {MERGED: properties[MERGED]})
        ids = {"primaryObjectId": winner.id, "mergedObjectIds": [loser.id], "newObjectId": number}
        self._state.hooks.happened(kind, number, "merge", now, source, **ids, numberOfPropertiesMoved=0)
        return shelf.live[number]

    def _checked(self, shelf: Shelf, name: str, value: Scalar) -> str:
        prop = shelf.fields[name]
        rules = self._state.rules.get((shelf.kind.type_id, name), ())
        text = checked(prop, value, self._state.allowed(shelf.kind, prop), rules)
        if name == "email" and text in self._state.blocked:
            raise Invalid("GDPR_BLACKLISTED_EMAIL", f"{text} has been GDPR blacklisted")
        if name in ID_PROPERTIES and text and self._state.shelf("companies").get(int(text)) is None:
            raise Invalid("INVALID_COMPANY_ID", f"Company {text} does not exist")
        return text

    def _held(self, shelf: Shelf, name: str, value: str, own: int | None, holder: int | None) -> Refusal:
        kind = shelf.kind
        if kind == CONTACTS and name == "email":
            if holder is None:
                return Refusal(409, "Contact already exists", "CONFLICT")
            return conflict(kind.singular, holder)
        what = kind.type_id if kind.custom else f"legacyObjectType={kind.singular.upper()}"
        one, other = (str(number or self._state.new_id()) for number in (own, holder))
        return held(self._state.portal_id, what, name, value, one, int(other))

    def _forward(self, shelf: Shelf, record: Record, values: Values) -> Values:
        """An app moves a lifecycle stage forward only; HubSpot keeps the old one without a word."""
        wanted, current = values.get(LIFECYCLE), record.properties.get(LIFECYCLE)
        if not wanted or current is None or shelf.kind.name not in ("companies", "contacts"):
            return values
        options = [str(option["value"]) for option in shelf.fields[LIFECYCLE].spec.get("options", ())]
        if {wanted, current} <= set(options) and options.index(wanted) < options.index(current):
            return {**values, LIFECYCLE: current}
        return values

    def _change(self, shelf: Shelf, record: Record, values: Values, source: Source) -> dict[str, str]:
        now, kind = self._state.now(), shelf.kind
        whole = {**record.properties, **values}
        computed = derived.on_update(self._state, kind, values, whole)
        quiet = derived.quietly(self._state, kind, values)
        properties = {**whole, **computed, **quiet, kind.modified: iso(now)}
        self._state.keep(shelf, Record(record.id, _kept(properties), now), source)
        self._follow(shelf, record.id, values)
        return computed

    def _follow(self, shelf: Shelf, record_id: int, values: Values) -> None:
        company = values.get("associatedcompanyid")
        if company is not None and shelf.kind == CONTACTS:
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


def _problem(name: str, error: Invalid) -> dict[str, Any]:
    return {"isValid": False, "message": error.message, "error": error.code, "name": name}


def _origin(source: Source) -> dict[str, str]:
    """Who made a record, as three of its properties say."""
    where = {"hs_object_source_id": source.id} if source.id else {}
    return {"hs_object_source": source.type, "hs_object_source_label": source.type, **where}


def _kept(properties: Values) -> dict[str, str]:
    return {name: value for name, value in properties.items() if value}


def _olds(record: Record) -> str:
    earlier = record.properties.get(MERGED)
    return f"{earlier};{record.id}" if earlier else str(record.id)


def _collected(
    kind: Kind, winner: Record, loser: Record, merged: Sequence[str], number: int, now: int
) -> dict[str, str]:
    """What a merged company or contact keeps of the one that it took in."""
    into, of = _COLLECTED.get(kind.name, ("", ""))
    if not into:
        return {}
    main = winner.properties.get(of) or loser.properties.get(of, "")
    listed = [winner.properties.get(into, ""), loser.properties.get(into, ""), loser.properties.get(of, "")]
    others = dict.fromkeys(part for text in listed for part in text.split(";") if part and part != main)
    found = {into: ";".join(others)}
    if kind == CONTACTS:
        found["hs_all_contact_vids"] = ";".join((*merged, str(number)))
        before = [record.properties.get("hs_calculated_merged_vids", "") for record in (winner, loser)]
        marks = [f"{record.id}:{now}" for record in (winner, loser)]
        found["hs_calculated_merged_vids"] = ";".join(part for part in (*before, *marks) if part)
    return found
