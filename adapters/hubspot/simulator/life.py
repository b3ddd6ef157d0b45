"""What users of the portal, and the customers who write to it, do while others read and write it."""

from __future__ import annotations

import random
from collections.abc import Callable

from cs_connector.sandbox.picking import MATTERS, REMARKS, do_one, pick, renamed

from .links.links import CHILD_TO_PARENT, CONTACT, TICKET
from .links.relations import Relations
from .records.history import PERSON
from .records.shelf import Record, Shelf
from .records.writes import Writer
from .state import State
from .times import iso

DONE = "COMPLETED"
GROUPS = ((6, "DETRACTOR"), (8, "PASSIVE"), (10, "PROMOTER"))
Fits = Callable[[Record], bool]


class Users:
    def __init__(self, state: State, writer: Writer, relations: Relations) -> None:
        self._state, self._writer, self._relations = state, writer, relations
        self._ways = (
            (32, self._open_ticket),
            (16, self._close_ticket),
            (16, self._close_task),
            (12, self._edit_task),
            (12, self._answer_survey),
            (6, self._move_owner),
            (3, self._rename),
            (2, self._reparent),
            (1, self._merge),
            (2, self._archive),
            (2, self._restore),
            (1, self._leave),
        )

    def live(self, dice: random.Random) -> None:
        """One edit, chosen by the dice; nothing where there is nothing to edit."""
        do_one(self._ways, dice)

    def _open_ticket(self, dice: random.Random) -> bool:
        contact = self._some("contacts", dice, lambda r: bool(r.properties.get("associatedcompanyid")))
        if contact is None:
            return False
        values = {
            "subject": dice.choice(MATTERS),
            "hs_pipeline": "0",
            "hs_pipeline_stage": "1",
            "hs_ticket_priority": dice.choice(("LOW", "MEDIUM", "HIGH")),
        }
        tickets, company = self._shelf("tickets"), int(contact.properties["associatedcompanyid"])
        number = self._writer.create(tickets, values, PERSON).record.id
        self._relations.link(self._state.links.defaults[TICKET, CONTACT], number, contact.id)
        primary = self._state.links.primaries.get((TICKET, self._shelf("companies").kind.type_id))
        if primary is not None and company in self._shelf("companies").live:
            self._relations.link(primary, number, company)
        return True

    def _close_ticket(self, dice: random.Random) -> bool:
        ticket = self._some(
            "tickets", dice, lambda r: r.properties.get("hs_pipeline_stage") in ("1", "2", "3")
        )
        return self._change("tickets", ticket, {"hs_pipeline_stage": "4"})

    def _close_task(self, dice: random.Random) -> bool:
        task = self._some("tasks", dice, lambda r: r.properties.get("hs_task_status") != DONE)
        return self._change("tasks", task, {"hs_task_status": DONE})

    def _edit_task(self, dice: random.Random) -> bool:
        task = self._some("tasks", dice)
        if task is None:
            return False
        text = task.properties.get("hs_task_body", "")
        return self._change("tasks", task, {"hs_task_body": f"{text}<p>{dice.choice(REMARKS)}</p>"})

    def _answer_survey(self, dice: random.Random) -> bool:
        contact = self._some("contacts", dice)
        if contact is None:
            return False
        score = dice.randint(0, 10)
        values = {
            "hs_survey_type": "NPS",
            "hs_survey_channel": "EMAIL",
            "hs_survey_name": "Relationship NPS",
            "hs_value": str(score),
            "hs_response_group": next(name for top, name in GROUPS if score <= top),
            "hs_contact_id": str(contact.id),
            "hs_submission_timestamp": iso(self._state.now()),
        }
        shelf = self._shelf("feedback_submissions")
        known = {name: value for name, value in values.items() if name in shelf.fields}
        made = self._writer.create(shelf, known).record
        self._relations.link(self._state.links.defaults[shelf.kind.type_id, CONTACT], made.id, contact.id)
        return True

    def _move_owner(self, dice: random.Random) -> bool:
        company = self._some("companies", dice)
        if company is None:
            return False
        before = company.properties.get("hubspot_owner_id")
        owner = pick(self._active(), dice, lambda one: one != before)
        return self._change("companies", company, {"hubspot_owner_id": owner} if owner else None)

    def _rename(self, dice: random.Random) -> bool:
        company = self._some("companies", dice, lambda r: bool(r.properties.get("name")))
        name = renamed(company.properties["name"], dice) if company else ""
        return self._change("companies", company, {"name": name})

    def _reparent(self, dice: random.Random) -> bool:
        """A company that is nobody's parent gets one that has none."""
        child = self._some("companies", dice, lambda r: not r.properties.get("hs_num_child_companies"))
        parent = self._some("companies", dice, lambda r: not r.properties.get("hs_parent_company_id"))
        if child is None or parent is None or child.id == parent.id:
            return False
        if child.properties.get("hs_parent_company_id") == str(parent.id):
            return False
        self._relations.link(self._state.links.types[CHILD_TO_PARENT], child.id, parent.id)
        return True

    def _merge(self, dice: random.Random) -> bool:
        winner = self._some("companies", dice)
        loser = self._some("companies", dice, lambda r: winner is not None and r.id != winner.id)
        if winner is None or loser is None:
            return False
        self._writer.merge(self._shelf("companies"), winner, loser)
        return True

    def _archive(self, dice: random.Random) -> bool:
        contact = self._some("contacts", dice)
        if contact is None:
            return False
        self._writer.archive(self._shelf("contacts"), contact, PERSON)
        return True

    def _restore(self, dice: random.Random) -> bool:
        """A contact comes back out of the recycle bin, unless another one has its e-mail address by now.

        Fact: the vendor's page on restoring deleted records.
        """
        shelf = self._shelf("contacts")
        gone = pick(shelf.bin_ids, dice, lambda record_id: _may_return(shelf, shelf.bin[record_id]))
        if gone is None:
            return False
        self._writer.restore(shelf, gone)
        return True

    def _leave(self, dice: random.Random) -> bool:
        """A colleague is deactivated, as long as two others stay."""
        staff = self._active()
        gone = pick(staff, dice) if len(staff) > 2 else None
        if gone is None:
            return False
        self._writer.deactivate(gone)
        return True

    def _active(self) -> list[str]:
        return sorted(key for key, owner in self._state.owners.items() if not owner["archived"])

    def _shelf(self, name: str) -> Shelf:
        return self._state.shelf(name)

    def _some(self, name: str, dice: random.Random, fits: Fits = lambda _: True) -> Record | None:
        shelf = self._shelf(name)
        found = pick(shelf.ids, dice, lambda record_id: fits(shelf.live[record_id]))
        return None if found is None else shelf.live[found]

    def _change(self, name: str, record: Record | None, values: dict[str, str] | None) -> bool:
        """Write values as they would come over the wire; False where they say nothing new."""
        if record is None or values is None:
            return False
        shelf = self._shelf(name)
        if any(prop not in shelf.fields for prop in values):
            return False
        self._writer.update(shelf, record, values, PERSON)
        return True


def _may_return(shelf: Shelf, record: Record) -> bool:
    held = [(name, record.properties[name]) for name in shelf.unique if name in record.properties]
    return all(shelf.holder(name, value) is None for name, value in held)
