"""A HubSpot of companies and tasks that shuffles, leaves out, refuses, locks, breaks off and forgets its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from random import Random
from typing import Any

import requests
import responses

from cs_connector.ports import Action, Change

HOST = "https://api.hubapi.com"
BAD = "purple"  # a band that nobody takes
ITEM_FAULTS = ("RATE_LIMITS", "LOCKED", "INTERNAL_ERROR")
Answer = tuple[int, dict[str, str], str]
Input = dict[str, Any]


class HubSpot:
    """`calm` is a HubSpot that only refuses what is wrong. `traced` ones judge each input of a batch by itself."""

    def __init__(self, dice: Random) -> None:
        self.dice, self.calm = dice, False
        self.traced = dice.random() < 0.6
        self.records: dict[str, dict[str, str]] = {str(n): {} for n in range(1, 260)}
        self.merged = {str(n): str(n + 1) for n in range(10, 60, 10)}
        for loser, winner in self.merged.items():
            self.records[winner]["hs_merged_object_ids"] = loser
            del self.records[loser]
        self._ids = count(1000)

    @contextmanager
    def open(self) -> Iterator[None]:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            for kind in ("companies", "tasks"):
                for verb in ("update", "upsert", "create", "archive", "read"):
                    url = f"{HOST}/crm/objects/2026-03/{kind}/batch/{verb}"
                    mock.add_callback("POST", url, self._handler(verb))
            yield

    def holds(self, change: Change) -> bool:
        """Whether it is as the change wants it."""
        record = self.found(change)
        if change.action is Action.DELETE:
            return record is None or change.record_id not in self.records
        return record is not None and all(self.records[record].get(n) == v for n, v in change.fields.items())

    def made(self, change: Change) -> int:
        return sum(held.get("cs_key") == change.key for held in self.records.values())

    def found(self, change: Change) -> str | None:
        if change.record_id:
            record = self.merged.get(change.record_id, change.record_id)
            return record if record in self.records else None
        return self._holder(change.key)

    def wrong(self, change: Change) -> bool:
        """Whether no HubSpot would take it."""
        gone = change.action is Action.UPDATE and self.found(change) is None
        return gone or change.fields.get("cs_health_band") == BAD

    def _holder(self, key: str) -> str | None:
        return next((r for r, held in self.records.items() if held.get("cs_key") == key), None)

    def _handler(self, verb: str) -> Callable[[requests.PreparedRequest], Answer]:
        def handle(request: requests.PreparedRequest) -> Answer:
            body = json.loads(request.body or "{}")
            if verb == "read":
                return self._read(body)
            mood = "fine" if self.calm else self.dice.choice(_MOODS)
            return self._write(verb, body["inputs"], mood)

        return handle

    def _read(self, body: dict[str, Any]) -> Answer:
        by = body.get("idProperty")
        asked = [i["id"] for i in body["inputs"]]
        found = [self._holder(one) if by else self.merged.get(one, one) for one in asked]
        rows = [
            {"id": r, "properties": dict(self.records[r])} for r in dict.fromkeys(found) if r in self.records
        ]
        self.dice.shuffle(rows)
        lost = [one for one, record in zip(asked, found, strict=True) if record not in self.records]
        errors = [{"category": "OBJECT_NOT_FOUND", "context": {"ids": lost}}] if lost else []
        return _answer(207 if errors else 200, {"results": rows, "errors": errors})

    def _write(self, verb: str, inputs: Sequence[Input], mood: str) -> Answer:
        before = {"lost before": requests.ConnectionError("reset"), "timeout": requests.ReadTimeout("slow")}
        if mood in before:
            raise before[mood]
        if mood in _STATUS:
            return _answer(_STATUS[mood], {"category": mood, "message": "not now"})
        names = [i["id"] for i in inputs if "id" in i]
        if len(set(names)) < len(names):
            return _answer(400, {"category": "VALIDATION_ERROR", "message": "Duplicate IDs found"})
        if verb == "archive":
            for one in inputs:
                self.records.pop(str(one["id"]), None)
            return self._said(204, "", mood)
        if not self.traced and any(self._refusal(one) for one in inputs):
            return _answer(400, {"category": "VALIDATION_ERROR", "message": "a value is not valid"})
        results, errors = self._each(verb, inputs)
        if mood == "leaves out":
            results = [r for r in results if self.dice.random() < 0.7]
        self.dice.shuffle(results)
        body = {"status": "COMPLETE", "results": results, **({"errors": errors} if errors else {})}
        return self._said(207 if errors else 200, json.dumps(body), mood)

    def _each(self, verb: str, inputs: Sequence[Input]) -> tuple[list[Any], list[Any]]:
        results: list[Any] = []
        errors: list[Any] = []
        missing: list[str] = []
        for one in inputs:
            trace = one.get("objectWriteTraceId") if self.traced else None
            record = self._target(verb, one)
            if verb == "update" and record is None:
                missing.append(one["id"])
            elif (category := self._refusal(one) or self._hiccup()) and self.traced:
                errors.append(
                    {"category": category, "message": "no", "context": {"objectWriteTraceId": [trace]}}
                )
            else:
                results.append(self._done(one, record, trace))
        if missing and self.dice.random() < 0.5:  # else they are left out without a word
            errors.append({"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": missing}})
        return results, errors

    def _target(self, verb: str, one: Input) -> str | None:
        if verb == "update":
            record = self.merged.get(one["id"], one["id"])
            return record if record in self.records else None
        return self._holder(one["id"]) if verb == "upsert" else None

    def _done(self, one: Input, record: str | None, trace: str | None) -> dict[str, Any]:
        new = record is None
        record = record or str(next(self._ids))
        held = self.records.setdefault(record, {})
        held |= one["properties"]
        told = {"id": record, "properties": dict(held), "new": new}
        return {**told, "objectWriteTraceId": trace} if trace and self.dice.random() < 0.9 else told

    def _refusal(self, one: Input) -> str:
        return "VALIDATION_ERROR" if one["properties"].get("cs_health_band") == BAD else ""

    def _hiccup(self) -> str:
        return "" if self.calm or self.dice.random() > 0.05 else self.dice.choice(ITEM_FAULTS)

    def _said(self, status: int, body: str, mood: str) -> Answer:
        """What was done is told, or not."""
        if mood == "lost after":
            raise requests.ConnectionError("reset")
        if mood == "fails after":
            return _answer(500, {"message": "oops"})
        if mood == "nonsense":
            return 200, {}, json.dumps({"results": [{"no": "id"}]})
        return status, {}, body


_STATUS = {"LOCKED": 423, "RATE_LIMITS": 429, "BUSY": 503, "MIGRATION": 477}
_MOODS = (
    *["fine"] * 12, *["leaves out"] * 4, "lost before", "lost after", "timeout", "fails after", "nonsense", *_STATUS,
)  # fmt: skip


def changes(dice: Random) -> list[Change]:
    """Of companies by id, of tasks by key, of new ones without a key, and deletions; some of them wrong."""
    kinds: tuple[Callable[[Random, int], Change], ...] = (_update, _update, _upsert, _create, _delete)
    made = [dice.choice(kinds)(dice, n) for n in range(dice.randint(1, 250))]
    return list({(c.object, c.record_id or c.key): c for c in made}.values())


def _fields(dice: Random, n: int) -> dict[str, str]:
    band = BAD if dice.random() < 0.04 else dice.choice(("green", "yellow", "red"))
    return {"cs_health_band": band, "cs_health_score": str(n)}


def _update(dice: Random, n: int) -> Change:
    record = str(dice.randint(1, 270))  # some are merged, others are not there
    record = str(int(record) + 1) if int(record) % 10 == 1 else record  # not both ends of a merge
    return Change("c", "companies", Action.UPDATE, f"u{n}", _fields(dice, n), record_id=record)


def _upsert(dice: Random, n: int) -> Change:
    return Change("c", "tasks", Action.UPSERT, f"k{n}", _fields(dice, n), key_field="cs_key")


def _create(dice: Random, n: int) -> Change:
    return Change("c", "tasks", Action.CREATE, f"n{n}", {**_fields(dice, n), "cs_key": f"n{n}"})


def _delete(dice: Random, n: int) -> Change:
    return Change("c", "companies", Action.DELETE, f"d{n}", {}, record_id=str(dice.randint(61, 99)))


def _answer(status: int, body: Any) -> Answer:
    return status, {}, json.dumps(body)
