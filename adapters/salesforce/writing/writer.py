"""Writing: what is sent how, what it costs, and what became of it when nobody heard the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cs_connector.errors import AdapterError
from cs_connector.ports import Change, FieldInfo, Receipt, Surroundings, Verdict
from cs_connector.transport import Transport

from . import verdicts
from .collection import MOST, Collection
from .delivery import Delivery
from .groups import Group, sort_out
from .ingest import Ingest
from .job_notes import JobNotes
from .looking import Looker
from .recall import Recall

JOB = 5  # calls of a job that all goes well with: make, fill, close, look, results


class Writer:
    """`origin` and `root` give the addresses of the org and of its API, `fields` what is known of an object's fields.

    More than `bulk_from` changes of one kind are sent as one job of the Bulk API.
    """

    def __init__(
        self,
        session: Transport,
        origin: Callable[[], str],
        root: Callable[[], str],
        around: Surroundings,
        fields: Callable[[str], Mapping[str, FieldInfo]],
        bulk_from: int,
    ) -> None:
        self._clock, self._bulk_from = around.clock, bulk_from
        notes = JobNotes(around.notes)
        self._collection = Collection(session, root)
        self._ingest = Ingest(session, root, around.clock, notes)
        self._recall = Recall(self._ingest, notes)
        self._looker = Looker(session, origin, root, fields)

    def write(self, changes: Sequence[Change]) -> list[Receipt]:
        """Receipts in the order of `changes`. A change whose fate is not known is UNKNOWN."""
        groups, found = sort_out(changes)
        delivery = Delivery(self._collection, self._ingest, self._clock, self._bulk_from, found)
        for group in groups:
            delivery.take(group)
            self._name_rivals(group, found)
        return [found[n] for n in range(len(changes))]

    def cost(self, changes: Sequence[Change]) -> int:
        """The calls of `write` when all goes well."""
        groups, _ = sort_out(changes)
        return sum(JOB if len(group) > self._bulk_from else -(-len(group) // MOST) for group in groups)

    def resume(self, changes: Sequence[Change]) -> list[Receipt]:
        """What became of changes, by the results of jobs that were noted, else by the records themselves."""
        groups, found = sort_out(changes)
        for group in groups:
            found.update(zip(group.places, self._seen(group), strict=True))
        return [found[n] for n in range(len(changes))]

    def _seen(self, group: Group) -> list[Receipt]:
        try:
            told = self._recall.receipts(group)
            rest = group.without(told)
            looked = dict(zip(rest.places, self._looker.receipts(rest), strict=True)) if len(rest) else {}
        except AdapterError as error:
            return [
                Receipt(change.key, Verdict.UNKNOWN, change.record_id, error.code, error.what)
                for change in group.changes
            ]
        goes_on = self._recall.running(group)
        return [
            told[n] if n in told else _unless(looked[place], goes_on=goes_on)
            for n, place in enumerate(group.places)
        ]

    def _name_rivals(self, group: Group, found: dict[int, Receipt]) -> None:
        """Say which records share a key: nobody guesses which of them was meant."""
        rivals = [n for n, place in enumerate(group.places) if found[place].code == verdicts.AMBIGUOUS]
        if not rivals or group.key_field is None:
            return
        try:
            ids = self._looker.keyed(group.object, group.key_field, [group.names[n] for n in rivals])
        except AdapterError:
            return  # Salesforce's own words must do
        for n in rivals:
            held = ids.get(group.names[n].casefold(), ())
            found[group.places[n]] = verdicts.ambiguous(group.changes[n], held)


def _unless(receipt: Receipt, *, goes_on: bool) -> Receipt:
    """What is not done yet may still be, as long as a job of its kind goes on."""
    if not goes_on or receipt.verdict is not Verdict.LATER:
        return receipt
    return Receipt(receipt.key, Verdict.UNKNOWN, receipt.record_id, receipt.code, "a bulk job still goes on")
