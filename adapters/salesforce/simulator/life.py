"""What users of the org, and the customers who write to it, do while others read and write it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from cs_connector.sandbox.picking import MATTERS, REMARKS, do_one, pick, renamed

from .errors import RecordError
from .schema.schema import ObjectType
from .state import State
from .times import stamp
from .writing.rows import Row

Fits = Callable[[Row], bool]


class Users:
    def __init__(self, state: State) -> None:
        self._state, self._writer = state, state.writer
        self._ways = (
            (32, self._open_case),
            (16, self._work_on_case),
            (16, self._close_task),
            (12, self._edit_task),
            (12, self._answer_survey),
            (6, self._move_owner),
            (3, self._rename),
            (2, self._reparent),
            (1, self._merge),
            (2, self._delete),
            (2, self._undelete),
            (1, self._leave),
        )

    def live(self, dice: random.Random) -> None:
        """One edit by a colleague, chosen by the dice; nothing where there is nothing to edit."""
        self._writer.bin.sweep()
        colleague = self._some("User", dice, self._works)
        with self._writer.by(colleague["Id"] if colleague else self._state.user_id):
            do_one(self._ways, dice)

    def _open_case(self, dice: random.Random) -> bool:
        contact = self._some("Contact", dice, lambda r: bool(r.get("AccountId")))
        if contact is None:
            return False
        values = {
            "Subject": dice.choice(MATTERS),
            "Status": "New",
            "Origin": "Email",
            "Priority": dice.choice(("High", "Medium", "Low")),
            "AccountId": contact["AccountId"],
            "ContactId": contact["Id"],
        }
        return self._did(lambda: self._writer.create(self._object("Case"), values))

    def _work_on_case(self, dice: random.Random) -> bool:
        case = self._some("Case", dice, lambda r: not r.get("IsClosed"))
        return self._change("Case", case, {"Status": dice.choice(("Working", "Closed", "Closed"))})

    def _close_task(self, dice: random.Random) -> bool:
        task = self._some("Task", dice, lambda r: not r.get("IsClosed"))
        return self._change("Task", task, {"Status": "Completed"})

    def _edit_task(self, dice: random.Random) -> bool:
        task = self._some("Task", dice)
        text = (task or {}).get("Description") or ""
        return self._change("Task", task, {"Description": f"{text}\n{dice.choice(REMARKS)}".strip()})

    def _answer_survey(self, dice: random.Random) -> bool:
        """An invitation that was not answered is: response and answer appear, the invitation is completed."""
        invited = self._some("SurveyInvitation", dice, lambda r: r.get("ResponseStatus") != "Completed")
        if invited is None:
            return False
        answers, now = self._object("SurveyQuestionResponse"), stamp(self._state.now())
        earlier = self._some("SurveyQuestionResponse", dice) or {}
        done = {"InvitationId": invited["Id"], "SubmitterId": invited.get("ParticipantId")}
        done |= {"SurveyId": invited.get("SurveyId"), "Status": "Completed", "CompletionDateTime": now}
        response = self._writer.appear(self._object("SurveyResponse"), done)
        answer = {"ResponseId": response, "InvitationId": invited["Id"], "NumberValue": dice.randint(0, 10)}
        answer |= {"QuestionId": earlier.get("QuestionId"), "Datatype": "Number"}
        self._writer.appear(answers, answer)
        return self._change("SurveyInvitation", invited, {"ResponseStatus": "Completed"})

    def _move_owner(self, dice: random.Random) -> bool:
        account = self._some("Account", dice)
        owner = self._some("User", dice, self._works)
        return self._change("Account", account, {"OwnerId": owner["Id"]} if owner else {})

    def _rename(self, dice: random.Random) -> bool:
        account = self._some("Account", dice)
        return self._change("Account", account, {"Name": renamed(account["Name"], dice)} if account else {})

    def _reparent(self, dice: random.Random) -> bool:
        child, parent = self._some("Account", dice), self._some("Account", dice)
        return self._change("Account", child, {"ParentId": parent["Id"]} if parent else {})

    def _merge(self, dice: random.Random) -> bool:
        master, loser = self._some("Account", dice), self._some("Account", dice)
        if master is None or loser is None:
            return False
        return self._did(lambda: self._writer.merge("Account", master["Id"], [loser["Id"]], {}))

    def _delete(self, dice: random.Random) -> bool:
        case = self._some("Case", dice)
        return case is not None and self._did(lambda: self._writer.delete(self._object("Case"), case["Id"]))

    def _undelete(self, dice: random.Random) -> bool:
        case = self._pick("Case", dice, lambda r: bool(r.get("IsDeleted")))
        return case is not None and self._did(lambda: self._writer.undelete(case["Id"]))

    def _leave(self, dice: random.Random) -> bool:
        """A colleague is deactivated, as long as two others stay."""
        rows = self._state.rows.of(self._object("User")).rows
        staff = [row for row in rows.values() if self._works(row)]
        gone = pick(staff, dice) if len(staff) > 2 else None
        return self._change("User", gone, {"IsActive": False})

    def _works(self, user: Row) -> bool:
        return bool(user.get("IsActive")) and user["Id"] != self._state.user_id

    def _object(self, name: str) -> ObjectType:
        return self._state.schema.objects[name.lower()]

    def _some(self, name: str, dice: random.Random, fits: Fits = lambda _: True) -> Row | None:
        return self._pick(name, dice, lambda row: not row.get("IsDeleted") and fits(row))

    def _pick(self, name: str, dice: random.Random, fits: Fits) -> Row | None:
        obj = self._state.schema.find(name)
        if obj is None:
            return None
        table = self._state.rows.of(obj)
        found = pick(table.line(), dice, lambda entry: fits(table.rows[entry[1]]))
        return None if found is None else table.rows[found[1]]

    def _change(self, name: str, row: Row | None, values: Mapping[str, Any]) -> bool:
        """Write values as they would come over the wire; False where they say nothing new or are refused."""
        if row is None or all(row.get(field) == value for field, value in values.items()):
            return False
        return self._did(lambda: self._writer.update(self._object(name), row["Id"], values))

    def _did(self, act: Callable[[], object]) -> bool:
        """Whether the org accepted it; then it is committed."""
        try:
            act()
        except RecordError:
            self._writer.rollback()
            return False
        self._writer.commit()
        return True
