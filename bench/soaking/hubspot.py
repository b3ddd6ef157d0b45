"""What happens in a HubSpot portal."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from .hand import Act, Hand, Record, pick, word

OBJECTS, LINKS = "/crm/v3/objects", "/crm/v4/associations"
KINDS = ("companies", "contacts", "tickets", "deals")
LINKED = ("contacts/companies", "tickets/companies")


class HubSpotHand(Hand):
    """Companies, contacts, tickets, deals, and who belongs to which company."""

    lag, kinds = "search_lag_s", KINDS

    @property
    def acts(self) -> Sequence[tuple[int, Act]]:
        return (
            (6, self.create),
            (14, self.change),
            (5, self.archive),
            (3, self.merge),
            (8, self.move),
            (2, self.cut),
            (1, self.erase),
            (8, self._live),
            (2, lambda dice: self.burst(dice, dice.randint(5, 40))),
        )

    def begin(self, dice: random.Random) -> None:
        for name in KINDS:
            self._make(name, dice, dice.randint(3, 12))
        for _ in range(dice.randint(2, 8)):
            self.move(dice)

    def fill(self, name: str, dice: random.Random, many: int) -> None:
        kind, _, target = name.partition("/")
        self._make(kind, dice, many)
        if target:
            self._make(target, dice, many)
            self._tie(name, *pick(dice, self._ids(kind)), *pick(dice, self._ids(target)))

    def change(self, dice: random.Random) -> None:
        name, key = self._some(dice)
        self._call("PATCH", f"{OBJECTS}/{name}/{key}", {"properties": self._fields(name, dice)})

    def archive(self, dice: random.Random) -> None:
        name, key = self._some(dice)
        self._call("DELETE", f"{OBJECTS}/{name}/{key}")

    def erase(self, dice: random.Random) -> None:
        """A contact leaves no trace, not even in the recycle bin."""
        (key,) = pick(dice, self._ids("contacts"))
        self._call("POST", f"{OBJECTS}/contacts/gdpr-delete", {"objectId": key})

    def merge(self, dice: random.Random) -> None:
        name = dice.choice(KINDS)
        winner, loser = pick(dice, self._ids(name), 2)
        self._call("POST", f"{OBJECTS}/{name}/merge", {"primaryObjectId": winner, "objectIdToMerge": loser})

    def move(self, dice: random.Random) -> None:
        """A contact or a ticket goes from its companies to another one: neither record is touched."""
        name = dice.choice(LINKED)
        kind = name.split("/")[0]
        (key,), (company,) = pick(dice, self._ids(kind)), pick(dice, self._ids("companies"))
        self._cut(name, key)
        self._tie(name, key, company)

    def cut(self, dice: random.Random) -> None:
        name = dice.choice(LINKED)
        (key,) = pick(dice, self._ids(name.split("/")[0]))
        self._cut(name, key)

    def holds(self, name: str, fields: Sequence[str]) -> dict[str, Record]:
        if name in LINKED:
            ids = self._ids(name.split("/", maxsplit=1)[0])
            linked = self._linked(name, ids)
            return {key: {"all": ";".join(sorted(linked.get(key, ()), key=int))} for key in ids}
        return {
            row["id"]: {field: row["properties"].get(field) for field in fields}
            for row in self._pages(f"{OBJECTS}/{name}", properties=",".join(fields))
        }

    def flat(self, name: str, payload: Record) -> Record:
        if name in LINKED:
            return payload
        properties: Record = payload["properties"]
        return properties

    def _tie(self, name: str, key: str, company: str) -> None:
        pair = {"from": {"id": key}, "to": {"id": company}}
        self._call("POST", f"{LINKS}/{name}/batch/associate/default", {"inputs": [pair]})

    def _cut(self, name: str, key: str) -> None:
        old = self._linked(name, [key]).get(key)
        if old:
            pair = {"from": {"id": key}, "to": [{"id": each} for each in old]}
            self._call("POST", f"{LINKS}/{name}/batch/archive", {"inputs": [pair]})

    def _linked(self, name: str, ids: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        waiting = [{"id": key} for key in ids]
        while waiting:
            inputs, waiting = waiting[:100], waiting[100:]
            for one in self._call("POST", f"{LINKS}/{name}/batch/read", {"inputs": inputs})["results"]:
                key, held = one["from"]["id"], found.setdefault(one["from"]["id"], [])
                held += [str(to["toObjectId"]) for to in one["to"] if str(to["toObjectId"]) not in held]
                if "paging" in one:
                    waiting.append({"id": key, "after": one["paging"]["next"]["after"]})
        return found

    def _make(self, name: str, dice: random.Random, many: int) -> None:
        for start in range(0, many, 100):
            count = min(100, many - start)
            inputs = [{"properties": self._fields(name, dice)} for _ in range(count)]
            self._call("POST", f"{OBJECTS}/{name}/batch/create", {"inputs": inputs})

    @staticmethod
    def _fields(name: str, dice: random.Random) -> dict[str, str]:
        made = word(dice)
        match name:
            case "companies":
                return {"name": made}
            case "contacts":
                return {"lastname": made, "jobtitle": word(dice)}
            case "deals":
                return {
                    "dealname": made,
                    "amount": str(dice.randrange(10**6)),
                    "closedate": "2027-03-01T00:00:00Z",
                }
        return {"subject": made, "hs_ticket_priority": dice.choice(("HIGH", "LOW")), "hs_pipeline_stage": "1"}

    def _ids(self, name: str) -> list[str]:
        return [row["id"] for row in self._pages(f"{OBJECTS}/{name}")]

    def _pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        after: dict[str, str] = {}
        while True:
            answer = self._call("GET", path, limit=100, **query, **after)
            yield from answer["results"]
            if "paging" not in answer:
                return
            after = {"after": answer["paging"]["next"]["after"]}
