"""Organizations are looked up by id or key, never searched for: what became of changes whose answer was never heard."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec

from cs_connector.errors import AdapterError
from cs_connector.ports import Action, Change, Receipt, Verdict
from cs_connector.transport import Transport
from cs_connector.transport.batches import Item, Part, Receipts, all_of, chunks

from ..errors import problem
from .answers import verdicts
from .jobs import Notebook, Noted, Watch, latest, mark
from .values import differing

BATCH = 100
EXTERNAL = "external_id"
_DONE = {Action.UPDATE: Verdict.UPDATED, Action.UPSERT: Verdict.UPDATED, Action.DELETE: Verdict.DELETED}


class _Found(msgspec.Struct):
    organizations: list[dict[str, Any]]
    meta: dict[str, Any] = {}


_found = msgspec.json.Decoder(_Found)


class Lookup:
    """Looks at the organizations of one account."""

    def __init__(self, transport: Transport, host: str, watch: Watch, notebook: Notebook) -> None:
        self._transport, self._host = transport, host
        self._watch, self._notebook = watch, notebook

    def find(self, key_field: str, keys: Sequence[str]) -> dict[str, str]:
        """Ids of organizations by external_id, or by one of their own fields (this reads all of them)."""
        wanted = list(dict.fromkeys(keys))
        if key_field == EXTERNAL:
            parts = (wanted[at : at + BATCH] for at in range(0, len(wanted), BATCH))
            read = (found for part in parts for found in self._many("external_ids", part))
            return {str(o[EXTERNAL]): str(o["id"]) for o in read if o.get(EXTERNAL) is not None}
        sought = set(wanted)
        return {key: record_id for key, record_id in self._by_field(key_field) if key in sought}

    def resume(self, changes: Sequence[Change]) -> list[Receipt]:
        """One receipt a change, in their order: by the job that was noted for it, else by the organization itself."""
        receipts, running, ended = self._by_jobs(changes)
        items = [Item(place, c) for place, c in enumerate(changes) if place not in receipts]
        receipts |= self.judged(items, running)
        self._notebook.drop(ended)
        return [receipts[place] for place in range(len(changes))]

    def judged(self, items: Part, running: Collection[int] = frozenset()) -> Receipts:
        """Verdicts by what organizations hold. Those in `running` may still be changed by a job."""
        receipts: Receipts = {}
        for by in (EXTERNAL, "id"):
            some = [item for item in items if (item.change.key_field == EXTERNAL) == (by == EXTERNAL)]
            for part in chunks(some, BATCH):
                receipts |= self._part(by, part, running)
        return receipts

    def _by_jobs(self, changes: Sequence[Change]) -> tuple[Receipts, set[int], list[str]]:
        """What jobs say, the places of changes whose job has not ended, and the jobs that need no note any more."""
        noted = self._notebook.all()
        if not noted:
            return {}, set(), []
        newest = latest(noted)
        places = {(c.key, mark(c)): place for place, c in enumerate(changes)}
        asked = [each for each in noted if _asked(each, places)]
        jobs = self._watch.again([each.job for each in asked])
        receipts: Receipts = {}
        running: set[int] = set()
        for each in asked:
            items = [
                Item(places[m], changes[places[m]]) if m in places and newest[m] == each.job else None
                for m in map(tuple, each.marks)
            ]
            job = jobs.get(each.job)
            if job and job.ended:
                told = verdicts(items, job)
                receipts |= {place: r for place, r in told.items() if r.verdict is not Verdict.LATER}
            elif job:
                running |= {item.place for item in items if item}
        ended = [each.job for each in asked if not ((job := jobs.get(each.job)) and not job.ended)]
        left = [each for each in noted if each not in asked]  # their changes are asked for next, or never
        return receipts, running, [*ended, *self._notebook.forgotten(left)]

    def _part(self, by: str, part: Part, running: Collection[int]) -> Receipts:
        names = [str(item.change.key if by == EXTERNAL else item.change.record_id) for item in part]
        try:
            read = self._many(f"{by}s", list(dict.fromkeys(names)))
        except AdapterError as error:
            return all_of(part, Verdict.UNKNOWN, error.code, error.why or error.what)
        found = {str(o.get(by)): o for o in read}
        return {
            item.place: _judged(item.change, found.get(name), running=item.place in running)
            for item, name in zip(part, names, strict=True)
        }

    def _many(self, by: str, names: Sequence[str]) -> list[dict[str, Any]]:
        return self._organizations(
            "/api/v2/organizations/show_many.json", **{by: ",".join(names)}
        ).organizations

    def _by_field(self, key_field: str) -> Iterator[tuple[str, str]]:
        query: dict[str, str | int] = {"page[size]": BATCH}
        while True:
            found = self._organizations("/api/v2/organizations.json", **query)
            for organization in found.organizations:
                value = (organization.get("organization_fields") or {}).get(key_field)
                if value is not None:
                    yield str(value), str(organization["id"])
            if not found.meta.get("has_more"):
                return
            query["page[after]"] = str(found.meta["after_cursor"])

    def _organizations(self, path: str, **query: str | int) -> _Found:
        answer = self._transport.get(self._host + path, params=query)
        if not answer.ok:
            raise AdapterError("Zendesk did not list organizations", why=problem(answer).message)
        try:
            return _found.decode(answer.content)
        except msgspec.MsgspecError as error:
            raise AdapterError("Zendesk's answer holds no organizations", why=str(error)) from error


def _asked(noted: Noted, places: Collection[tuple[str, int]]) -> bool:
    return any(tuple(m) in places for m in noted.marks)


def _judged(change: Change, held: dict[str, Any] | None, *, running: bool) -> Receipt:
    record = str(held["id"]) if held else change.record_id
    lacking = _lacking(change, held)
    if not lacking:
        made = change.action is Action.UPSERT and change.record_id is None
        return Receipt(change.key, Verdict.CREATED if made else _DONE[change.action], record)
    if running:
        return Receipt(change.key, Verdict.UNKNOWN, record, "JOB_RUNNING", "its job has not ended")
    verdict = Verdict.GONE if held is None and change.action is Action.UPDATE else Verdict.LATER
    return Receipt(change.key, verdict, record, "NOT_DONE", lacking)


def _lacking(change: Change, held: dict[str, Any] | None) -> str:
    """In what an organization is not as it was sent; empty where it is."""
    if change.action is Action.DELETE:
        return "the organization is still there" if held else ""
    if held is None:
        return "Zendesk has no such organization"
    other = differing(change, held)
    return f"Zendesk holds something else in {', '.join(other)}" if other else ""
