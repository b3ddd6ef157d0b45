"""What agents and customers do in the account while others read and write it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from cs_connector.sandbox.picking import MATTERS, REMARKS, do_one, pick, renamed

from .answers import Refusal
from .kinds import RATING, SURVEY, TICKET, Kind
from .records.resource import Resource
from .records.table import Record
from .resources import Resources
from .state import State
from .tickets.deleted_tickets import restorable
from .tickets.surveys import are_surveys
from .tickets.tickets import PRIORITIES

OPEN = ("new", "open", "pending", "hold")
NEXT = {"new": "open", "open": "pending", "pending": "solved", "hold": "open"}
Fits = Callable[[Record], bool]


class People:
    def __init__(self, state: State, account: Resources) -> None:
        self._state = state
        self._organizations, self._users, self._tickets = (
            account.organizations,
            account.users,
            account.tickets,
        )
        self._merges, self._bin = account.merges, account.deleted_tickets
        self._ways = (
            (32, self._write),
            (32, self._work),
            (12, self._rate),
            (8, self._hand_over),
            (3, self._rename),
            (4, self._change_job),
            (2, self._delete),
            (2, self._undelete),
            (1, self._merge),
            (1, self._leave),
        )

    def live(self, dice: random.Random) -> None:
        """One edit, chosen by the dice; nothing where there is nothing to edit."""
        do_one(self._ways, dice)

    def _write(self, dice: random.Random) -> bool:
        customer = self._some(self._users, dice, lambda r: r.get("organization_id") is not None)
        if customer is None:
            return False
        asked = {
            "subject": dice.choice(MATTERS),
            "comment": {"body": "Please help."},
            "priority": dice.choice(PRIORITIES),
            "requester_id": customer["id"],
            "organization_id": customer["organization_id"],
        }
        self._tickets.add(asked, [])
        return True

    def _work(self, dice: random.Random) -> bool:
        """An agent takes a ticket a step on, with a remark."""
        ticket = self._some(self._tickets, dice, lambda r: r.get("status") in OPEN)
        if ticket is None:
            return False
        remark = {"body": dice.choice(REMARKS), "public": False}
        return self._change(self._tickets, ticket, {"status": NEXT[ticket["status"]], "comment": remark})

    def _rate(self, dice: random.Random) -> bool:
        """A customer says what the help was worth, in the form that the account asks for."""
        solved = self._some(self._tickets, dice, lambda r: r.get("status") == "solved" and not _rated(r))
        if solved is None:
            return False
        if are_surveys(self._state):
            return self._answer(solved, dice)
        now, score = self._state.stamp(), dice.choice(("good", "good", "bad"))
        rating = {
            "id": self._state.new_id(),
            "score": score,
            "ticket_id": solved["id"],
            "requester_id": solved.get("requester_id"),
            "created_at": now,
            "updated_at": now,
        }
        self._keep(RATING, rating)
        seen = {"satisfaction_rating": {"id": rating["id"], "score": score}}
        new = {**solved, **seen, "updated_at": now, "generated_timestamp": self._state.now()}
        self._state.keep(TICKET, new, solved)
        return True

    def _answer(self, solved: Record, dice: random.Random) -> bool:
        """A survey that looks like those before, with another rating."""
        table = self._state.table(SURVEY)
        earlier = pick(table.ids(), dice)
        if earlier is None:
            return False
        like, now = table.records[earlier], self._state.stamp()
        answers = [{**answer, "created_at": now, "updated_at": now} for answer in like.get("answers") or ()]
        for answer in answers:
            if isinstance(answer.get("rating"), int):
                answer["rating"] = dice.randint(1, 5)
        about = {"subject_zrns": [f"zen:ticket:{solved['id']}"], "responder_id": solved.get("requester_id")}
        self._keep(SURVEY, {**like, **about, "id": self._state.new_key(dice), "answers": answers})
        return True

    def _keep(self, kind: Kind, record: Record) -> None:
        self._state.keep(kind, record, None)
        self._state.log(kind.plural, record["id"], "create", None, record)

    def _hand_over(self, dice: random.Random) -> bool:
        ticket = self._some(self._tickets, dice, lambda r: r.get("status") in OPEN)
        agent = self._agent(dice)
        if ticket is None or agent is None:
            return False
        return self._change(self._tickets, ticket, {"assignee_id": agent["id"]})

    def _rename(self, dice: random.Random) -> bool:
        organization = self._some(self._organizations, dice)
        if organization is None:
            return False
        name = renamed(organization["name"], dice)
        if self._organizations.having("name", name):
            return False
        return self._change(self._organizations, organization, {"name": name})

    def _change_job(self, dice: random.Random) -> bool:
        customer = self._some(self._users, dice, lambda r: r.get("organization_id") is not None)
        home = self._some(self._organizations, dice)
        if customer is None or home is None:
            return False
        return self._change(self._users, customer, {"organization_id": home["id"]})

    def _delete(self, dice: random.Random) -> bool:
        ticket = self._some(self._tickets, dice)
        if ticket is None:
            return False
        self._tickets.bury(ticket)
        return True

    def _undelete(self, dice: random.Random) -> bool:
        table = self._tickets.table
        found = pick(table.ids(), dice, lambda key: restorable(table.records[key]))
        if found is None:
            return False
        self._bin.bring_back([table.records[found]])
        return True

    def _merge(self, dice: random.Random) -> bool:
        winner, loser = self._some(self._organizations, dice), self._some(self._organizations, dice)
        if winner is None or loser is None or winner["id"] == loser["id"]:
            return False
        self._merges.merge(loser, winner)
        return True

    def _leave(self, dice: random.Random) -> bool:
        """An agent is deactivated, as long as another one stays."""
        gone = self._agent(dice)
        stays = self._agent(dice, but=gone)
        if gone is None or stays is None:
            return False
        try:
            self._users.bury(gone)
        except Refusal:  # somebody waits for an answer of theirs
            return False
        return True

    def _agent(self, dice: random.Random, but: Record | None = None) -> Record | None:
        staff = [self._users.table.records[key] for key in self._users.table.where("role", "agent")]
        return pick([r for r in staff if self._users.alive(r) and r is not but], dice)

    def _some(self, resource: Resource, dice: random.Random, fits: Fits = lambda _: True) -> Record | None:
        records = resource.table.records

        def suits(key: Any) -> bool:
            return resource.alive(records[key]) and fits(records[key])

        found = pick(resource.table.ids(), dice, suits)
        return None if found is None else records[found]

    @staticmethod
    def _change(resource: Resource, record: Record, asked: Mapping[str, Any]) -> bool:
        """Change a record as it would be over the wire; False where that says nothing new."""
        if all(record.get(name) == value for name, value in asked.items()):
            return False
        resource.change(record, asked, [])
        return True


def _rated(ticket: Record) -> bool:
    rating = ticket.get("satisfaction_rating") or {}
    return rating.get("score") not in (None, "unoffered", "offered")
