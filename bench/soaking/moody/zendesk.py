"""A Zendesk whose jobs fail in part, die, are forgotten or never end, and whose queue is full at times."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import responses

from cs_connector.ports import Action, Change

HOST = "https://acme.zendesk.com"
MANY = f"{HOST}/api/v2/organizations"
BAD = "purple"
Answer = tuple[int, dict[str, str], str]
Item = dict[str, Any]


class Zendesk:
    """`calm` is a Zendesk that only refuses what is wrong. A job does its work when it is opened, at once or in part."""

    def __init__(self, dice: Random) -> None:
        self.dice, self.calm = dice, False
        self.organizations: dict[int, dict[str, Any]] = {n: {} for n in range(1, 260)}
        self.jobs: dict[str, dict[str, Any]] = {}

    @contextmanager
    def open(self) -> Iterator[None]:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            mock.add_callback("PUT", f"{MANY}/update_many.json", self._opener(self._update))
            mock.add_callback("POST", f"{MANY}/create_or_update_many.json", self._opener(self._upsert))
            mock.add_callback("DELETE", f"{MANY}/destroy_many.json", self._opener(self._destroy))
            mock.add_callback("GET", f"{MANY}/show_many.json", self._show)
            mock.add_callback("GET", f"{HOST}/api/v2/job_statuses/show_many.json", self._told)
            yield

    def holds(self, change: Change) -> bool:
        held = self._held(change)
        if change.action is Action.DELETE:
            return held is None
        return held is not None and all(held.get(n) == v for n, v in change.fields.items())

    def made(self, change: Change) -> int:
        return sum(held.get("external_id") == change.key for held in self.organizations.values())

    def wrong(self, change: Change) -> bool:
        gone = change.action is Action.UPDATE and self._held(change) is None
        return gone or change.fields.get("cs_health_band") == BAD

    def _held(self, change: Change) -> dict[str, Any] | None:
        if change.record_id:
            return self.organizations.get(int(change.record_id))
        return next((o for o in self.organizations.values() if o.get("external_id") == change.key), None)

    def _opener(self, step: Callable[[Item], Item]) -> Callable[[requests.PreparedRequest], Answer]:
        def handle(request: requests.PreparedRequest) -> Answer:
            mood = "fine" if self.calm else self.dice.choice(_MOODS)
            if mood == "lost before":
                raise requests.ConnectionError("reset")
            if mood in _STATUS:
                return _answer(_STATUS[mood], {"error": mood, "description": "not now"})
            if mood == "refused":  # the whole of it, and nobody says why
                items = _items(request)
                if any((i.get("organization_fields") or {}).get("cs_health_band") == BAD for i in items):
                    return _answer(422, {"error": "InvalidValue", "description": "a value is not valid"})
            job = self._job(_items(request), step)
            if mood == "lost after":
                raise requests.ConnectionError("reset")
            if mood == "nonsense":
                return _answer(200, {"job": "?"})
            return _answer(200, {"job_status": {**job, "status": "queued", "results": None}})

        return handle

    def _job(self, items: Sequence[Item], step: Callable[[Item], Item]) -> dict[str, Any]:
        fate = "completed" if self.calm else self.dice.choice(_FATES)
        done = len(items) if fate in ("completed", "leaves out") else self.dice.randint(0, len(items))
        if fate == "failed":
            done = 0
        results = []
        for index, item in enumerate(items[:done]):
            wrong = self._hiccup()
            results.append({"index": index, "error": wrong} if wrong else {"index": index, **step(item)})
        if fate == "leaves out":
            results = [r for r in results if self.dice.random() < 0.7]
        self.dice.shuffle(results)
        job = {
            "id": f"V3-{len(self.jobs)}",
            "looks": self.dice.randint(0, 2),
            "fate": fate,
            "results": results,
        }
        self.jobs[str(job["id"])] = job
        return job

    def _told(self, request: requests.PreparedRequest) -> Answer:
        if not self.calm and self.dice.random() < 0.05:
            return _answer(500, {})
        names = parse_qs(urlsplit(str(request.url)).query)["ids"][0].split(",")
        known = [self.jobs[name] for name in names if self.jobs[name]["fate"] != "forgotten"]
        return _answer(200, {"job_statuses": [self._view(job) for job in known]})

    def _view(self, job: dict[str, Any]) -> dict[str, Any]:
        job["looks"] -= 1
        if job["looks"] >= 0 or (job["fate"] == "endless" and not self.calm):
            return {"id": job["id"], "status": "working", "results": None}
        if job["fate"] in ("completed", "leaves out"):
            return {"id": job["id"], "status": "completed", "results": job["results"]}
        status = "failed" if job["fate"] == "failed" else "killed"
        return {"id": job["id"], "status": status, "results": None}

    def _update(self, item: Item) -> Item:
        held = self.organizations.get(item["id"])
        if held is None:
            return {"id": item["id"], "error": "OrganizationNotFound", "details": "gone"}
        return self._filled(
            held, item, {"id": item["id"], "action": "update", "status": "Updated", "success": True}
        )

    def _upsert(self, item: Item) -> Item:
        for number, held in self.organizations.items():
            if held.get("external_id") == item["external_id"]:
                return self._filled(held, item, {"id": number, "action": "update", "status": "Updated"})
        number = max(self.organizations, default=0) + 1000
        held = {"external_id": item["external_id"]}
        said = self._filled(held, item, {"id": number, "action": "create", "status": "Created"})
        if "error" not in said:
            self.organizations[number] = held
        return said

    def _destroy(self, item: Item) -> Item:
        if self.organizations.pop(item["id"], None) is None:
            return {"id": item["id"], "error": "OrganizationNotFound"}
        return {"id": item["id"], "action": "delete", "status": "Deleted", "success": True}

    def _filled(self, held: dict[str, Any], item: Item, said: Item) -> Item:
        fields = item["organization_fields"]
        if fields.get("cs_health_band") == BAD:
            return {"error": "OrganizationUpdateFailed", "details": "purple is no band"}
        held |= fields
        return said

    def _show(self, request: requests.PreparedRequest) -> Answer:
        query = parse_qs(urlsplit(str(request.url)).query)
        by, wanted = ("id", query["ids"]) if "ids" in query else ("external_id", query["external_ids"])
        rows = [
            {"id": n, "external_id": o.get("external_id"), "organization_fields": o}
            for n, o in self.organizations.items()
        ]
        names = set(wanted[0].split(","))
        found = [row for row in rows if str(row[by]) in names]
        self.dice.shuffle(found)
        return _answer(200, {"organizations": found})

    def _hiccup(self) -> str:
        return (
            ""
            if self.calm or self.dice.random() > 0.05
            else self.dice.choice(("DatabaseConflict", "InternalError"))
        )


_STATUS = {"TooManyJobs": 429, "Busy": 503}
_MOODS = (*["fine"] * 12, *["refused"] * 3, "lost before", "lost after", "nonsense", *_STATUS)
_FATES = (*["completed"] * 8, *["leaves out"] * 3, "killed", "failed", "forgotten", "endless")


def changes(dice: Random) -> list[Change]:
    """Of organizations by id and by external id, and deletions; some of them wrong."""
    kinds: tuple[Callable[[Random, int], Change], ...] = (_by_id, _by_id, _by_key, _gone)
    made = [dice.choice(kinds)(dice, n) for n in range(dice.randint(1, 250))]
    return list({c.record_id or c.key: c for c in made}.values())


def _fields(dice: Random, n: int) -> dict[str, Any]:
    band = BAD if dice.random() < 0.04 else dice.choice(("green", "yellow", "red"))
    return {"cs_health_band": band, "cs_health_score": n}


def _by_id(dice: Random, n: int) -> Change:
    record = str(dice.randint(1, 270))
    return Change("z", "organizations", Action.UPDATE, f"u{n}", _fields(dice, n), record_id=record)


def _by_key(dice: Random, n: int) -> Change:
    return Change("z", "organizations", Action.UPSERT, f"k{n}", _fields(dice, n), key_field="external_id")


def _gone(dice: Random, n: int) -> Change:
    return Change("z", "organizations", Action.DELETE, f"d{n}", {}, record_id=str(dice.randint(61, 99)))


def _items(request: requests.PreparedRequest) -> list[Item]:
    if request.method == "DELETE":
        return [{"id": int(n)} for n in parse_qs(urlsplit(str(request.url)).query)["ids"][0].split(",")]
    items: list[Item] = json.loads(request.body or "{}")["organizations"]
    return items


def _answer(status: int, body: Any) -> Answer:
    return status, {}, json.dumps(body)
