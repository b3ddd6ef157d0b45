"""What a job of Zendesk says of each change; a completed job can hold items that failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cs_connector.ports import Action, Receipt, Verdict
from cs_connector.transport import redact
from cs_connector.transport.batches import Item, Receipts

from ..errors import Problem, read_problem, verdict

ENDED = frozenset({"completed", "failed", "killed"})
Result = dict[str, Any]


class Job(msgspec.Struct, frozen=True):
    """A job as Zendesk tells it; `results` is a list, or one dict for all, or nothing yet."""

    id: str
    status: str
    message: str | None = None
    results: list[Result] | Result | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDED


def verdicts(items: Sequence[Item | None], job: Job) -> Receipts:
    """By id, or by place in what was sent; None is a change that nobody asks for any more.

    Nothing is said of a change of which the job itself does not know how far it came.
    """
    return {place: r for place, r in _told(items, job).items() if r.verdict is not Verdict.UNKNOWN}


def _told(items: Sequence[Item | None], job: Job) -> Receipts:
    if isinstance(job.results, dict):
        if job.status != "completed":
            return {}
        return {item.place: _verdict(item, job.results) for item in items if item}
    ids = {item.change.record_id: item for item in items if item and item.change.record_id}
    keys = {item.change.key: item for item in items if item and item.change.action is Action.UPSERT}
    receipts: Receipts = {}
    for result in job.results or ():
        named = ids.get(str(result.get("id"))) or keys.get(str(result.get("external_id")))
        item = named or _at(items, result.get("index"))
        if item:
            receipts[item.place] = _verdict(item, result)
    return receipts


def _at(items: Sequence[Item | None], index: object) -> Item | None:
    return items[index] if isinstance(index, int) and 0 <= index < len(items) else None


def _verdict(item: Item, result: Result) -> Receipt:
    change = item.change
    if result.get("error") or result.get("success") is False:
        return _refused(item, read_problem(result, "UPDATE_FAILED"))
    if change.action is Action.DELETE:
        return Receipt(change.key, Verdict.DELETED, change.record_id)
    made = result.get("action") == "create" or result.get("status") == "Created"
    record = change.record_id or (str(result["id"]) if result.get("id") else None)
    return Receipt(change.key, Verdict.CREATED if made else Verdict.UPDATED, record)


def _refused(item: Item, said: Problem) -> Receipt:
    change = item.change
    if change.action is Action.DELETE and said.code.endswith("NotFound"):
        return Receipt(change.key, Verdict.DELETED, change.record_id)
    gone = change.action is Action.UPDATE and said.code.endswith("NotFound")
    told = Verdict.GONE if gone else verdict(said.code)
    return Receipt(change.key, told, change.record_id, said.code, redact(said.message))
