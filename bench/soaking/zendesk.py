"""What happens in a Zendesk account."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from .hand import Act, Hand, Record, pick, word

ROOT = "/api/v2"
KINDS = ("organizations", "users", "tickets")
MEMBERS = "organization_memberships"
COMPARED = {
    "organizations": ("name",),
    "users": ("name", "organization_id", "role"),
    "tickets": ("subject", "status", "priority", "organization_id", "requester_id"),
    MEMBERS: ("user_id", "organization_id", "default"),
}


class ZendeskHand(Hand):
    """Organizations, users, tickets, and who is in which organization; what may come back are deleted tickets."""

    lag, kinds = "commit_lag_s", KINDS

    @property
    def acts(self) -> Sequence[tuple[int, Act]]:
        return (
            (6, self.create),
            (14, self.change),
            (5, self.delete),
            (3, self.undelete),
            (3, self.merge),
            (8, self.move),
            (3, self.join),
            (8, self._live),
            (2, lambda dice: self.burst(dice, dice.randint(5, 30))),
        )

    def begin(self, dice: random.Random) -> None:
        for name in KINDS:
            self._make(name, dice, dice.randint(4, 15))
        for _ in range(dice.randint(3, 8)):
            self.move(dice)

    def fill(self, name: str, dice: random.Random, many: int) -> None:
        if name in KINDS[:2]:
            self._make(name, dice, many)
            return
        self._make("users", dice, 2)
        if name == "tickets":
            self._make(name, dice, many)
            return
        self._make("organizations", dice, 2)
        for _ in range(3):
            self.move(dice)

    def change(self, dice: random.Random) -> None:
        name, key = self._some(dice)
        self._call("PUT", f"{ROOT}/{name}/{key}.json", {name[:-1]: self._fields(name, dice)})

    def delete(self, dice: random.Random) -> None:
        name, key = self._some(dice)
        self._call("DELETE", f"{ROOT}/{name}/{key}.json")
        if name == "tickets":
            self._bin.append(key)

    def undelete(self, dice: random.Random) -> None:
        key = self._taken(dice)
        self._call("PUT", f"{ROOT}/deleted_tickets/{key}/restore.json")

    def merge(self, dice: random.Random) -> None:
        if dice.random() < 0.5:
            winner, loser = pick(dice, self._ids("organizations"), 2)
            body = {"organization_merge": {"winner_id": int(winner)}}
            self._call("POST", f"{ROOT}/organizations/{loser}/merge.json", body)
        else:
            winner, loser = pick(dice, self._ids("users"), 2)
            self._call("PUT", f"{ROOT}/users/{loser}/merge.json", {"user": {"id": int(winner)}})

    def move(self, dice: random.Random) -> None:
        """A user goes to another organization, and their tickets go along: nobody touches those."""
        (user,), (organization,) = pick(dice, self._ids("users")), pick(dice, self._ids("organizations"))
        body = {"user": {"organization_id": int(organization)}}
        self._call("PUT", f"{ROOT}/users/{user}.json", body)

    def join(self, dice: random.Random) -> None:
        """A membership begins, ends or becomes the default one."""
        held = self.holds(MEMBERS, ())
        what = dice.random()
        if what < 0.4 or not held:
            (user,), (other,) = pick(dice, self._ids("users")), pick(dice, self._ids("organizations"))
            body = {"organization_membership": {"user_id": int(user), "organization_id": int(other)}}
            self._call("POST", f"{ROOT}/{MEMBERS}.json", body)
        elif what < 0.7:
            (key,) = pick(dice, held)
            self._call("DELETE", f"{ROOT}/{MEMBERS}/{key}.json")
        else:
            (key,) = pick(dice, held)
            user = held[key]["user_id"]
            self._call("PUT", f"{ROOT}/users/{user}/{MEMBERS}/{key}/make_default.json")

    def holds(self, name: str, fields: Sequence[str]) -> dict[str, Record]:
        del fields
        return {str(row["id"]): self.flat(name, row) for row in self._pages(name)}

    def shows(self, name: str, field: str) -> dict[str, Any]:
        return {str(row["id"]): row["organization_fields"].get(field) for row in self._pages(name)}

    def flat(self, name: str, payload: Record) -> Record:
        return {field: payload.get(field) for field in COMPARED[name]}

    def _make(self, name: str, dice: random.Random, many: int) -> None:
        for start in range(0, many, 100):
            count = min(100, many - start)
            items = [self._fields(name, dice) | self._new(name, dice) for _ in range(count)]
            self._call("POST", f"{ROOT}/{name}/create_many.json", {name: items})

    def _new(self, name: str, dice: random.Random) -> dict[str, Any]:
        if name == "tickets":
            return {"comment": {"body": word(dice)}, "requester_id": self._some_user(dice)}
        return {"role": "end-user"} if name == "users" else {}

    def _some_user(self, dice: random.Random) -> int:
        return int(pick(dice, self._ids("users"))[0])

    @staticmethod
    def _fields(name: str, dice: random.Random) -> dict[str, Any]:
        made = word(dice)
        if name == "tickets":
            return {"subject": made, "priority": dice.choice(("urgent", "low"))}
        return {"name": made}

    def _ids(self, name: str) -> list[str]:
        return [str(row["id"]) for row in self._pages(name)]

    def _pages(self, name: str) -> Iterator[dict[str, Any]]:
        after: dict[str, str] = {}
        while True:
            answer = self._call("GET", f"{ROOT}/{name}.json", **{"page[size]": "100", **after})
            yield from answer[name]
            if not answer["meta"]["has_more"]:
                return
            after = {"page[after]": answer["meta"]["after_cursor"]}
