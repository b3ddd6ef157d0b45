"""What people do between the reading and the writing: a plan lies for hours, and tasks are their work."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from .stage import Project, Sandbox

pytestmark = [pytest.mark.slow]

OURS = "SELECT Id, Subject, OwnerId, Status, WhatId FROM Task WHERE CS_Key__c != null ORDER BY Id"


def change(sandbox: Sandbox, name: str, record: str, **fields: Any) -> None:
    """As a person does."""
    sandbox.call("salesforce", "PATCH", f"/services/data/v67.0/sobjects/{name}/{record}", json=fields)


def handed_on(sandbox: Sandbox, count: int) -> tuple[str, str]:
    """Several accounts change hands within the CRM: who had them, and who gets them."""
    csm = sandbox.soql(
        "SELECT Id FROM User WHERE IsActive = true AND Title = 'Customer Success Manager' ORDER BY Id"
    )
    tasks = sandbox.soql(OURS)
    old = max((u["Id"] for u in csm), key=lambda u: sum(1 for t in tasks if t["OwnerId"] == u))
    new = next(u["Id"] for u in csm if u["Id"] != old)
    accounts = sorted({t["WhatId"] for t in tasks if t["OwnerId"] == old})[:count]
    for account in accounts:
        for row in sandbox.soql(f"SELECT Id FROM Subscription__c WHERE Account__c = '{account}'"):
            change(sandbox, "Subscription__c", row["Id"], CSM__c=new)
    return old, new


@pytest.mark.long
def test_what_people_did_since_the_plan_was_made_counts(
    ran: Project, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.advance("PT10M")
    old, new = handed_on(sandbox, 5)
    sandbox.advance("PT10M")
    ran.do("sync", "--json")
    file = tmp_path / "plan.json"
    plan = ran.do("plan", "--json", "--out", str(file), code=None).json
    moved = [c for c in plan["changes"] if c["object"] == "Task" and c["record_id"]]
    assert len(moved) >= 4, "not enough tasks change hands"
    assert {(c["send"], c["key_field"]) for c in moved} == {("update", None)}
    third = sandbox.soql(
        f"SELECT Id FROM User WHERE IsActive = true AND Id NOT IN ('{old}', '{new}') ORDER BY Id"
    )
    taken, gone, done, *left = [c["record_id"] for c in moved]
    change(sandbox, "Task", taken, OwnerId=third[0]["Id"])
    change(sandbox, "Task", done, Status="Completed")
    sandbox.call("salesforce", "DELETE", f"/services/data/v67.0/sobjects/Task/{gone}")
    before = {row["Id"]: row for row in sandbox.soql(OURS)}

    said = ran.do("apply", str(file), "--json", code=None).json
    after = {row["Id"]: row for row in sandbox.soql(OURS)}
    new_ones = {c["key"] for c in plan["changes"] if c["object"] == "Task" and not c["record_id"]}
    (calls,) = [c["objects"] for c in plan["calls"] if c["connection"] == "salesforce"]
    needed = {told["object"]: told["needed"] for told in calls}
    assert needed["Task"] == 2 + bool(new_ones), "one that changes, and the look before it"
    assert len(after) == len(before) + len(new_ones), "a task came back"
    assert (after[taken], after[done]) == (before[taken], before[done])
    assert {after[task]["OwnerId"] for task in left} == {new}
    notes = " · ".join(said["notes"])
    assert "salesforce Task: somebody changed 2 records since the last reading; theirs stays" in notes
    assert "salesforce Task: 1 record not there any more, and not made again" in notes
    assert "Task" not in {row["object"] for row in ran.do("quarantine", "--json").json["records"]}

    change(sandbox, "User", old, IsActive=False)
    sandbox.advance("PT10M")
    ran.do("sync", "--json")
    ran.do("unify", "--json", code=None)
    back = ran.do("undo", said["run"], "--select", "salesforce.Task", "--json", code=None).json
    assert {x["record_id"] for x in back["left"] if "not active any more" in x["why"]} == set(left)
    assert not {c["record_id"] for c in back["changes"]} & set(left)


@pytest.mark.long
def test_a_task_that_its_owner_may_not_own_goes_to_the_fallback_and_stays(
    ran: Project, sandbox: Sandbox
) -> None:
    """What the CRM said of the owner is put on record by hand: the sandbox lets everybody own tasks."""
    (fallback, *_) = sandbox.soql("SELECT Id, Name FROM User WHERE IsActive = true ORDER BY Id")
    theirs = {t["Id"]: t["OwnerId"] for t in sandbox.soql(OURS) if t["OwnerId"] != fallback["Id"]}
    ran.edit("go_live: live", f"go_live: live\ntasks: {{fallback_owner: {fallback['Name']}}}")
    sandbox.advance("PT10M")
    ran.run()
    with closing(sqlite3.connect(ran.root / ".cs-connector" / "state.db")) as db, db:
        calls = db.execute("SELECT key, record_id FROM calls WHERE state = 'open' ORDER BY key").fetchall()
        key, record = next((key, record) for key, record in calls if record in theirs)
        config, at = db.execute(
            "SELECT config_hash, finished_at FROM runs ORDER BY started_at DESC"
        ).fetchone()
        row = (
            f"salesforce|Task|{key}", "salesforce", "Task", key, record, "write", "p", config,
            "TRANSFER_REQUIRES_READ", "no", "R", at,
        )  # fmt: skip
        db.execute(f"INSERT INTO refused VALUES ({', '.join('?' * len(row))})", row)
    for _ in range(2):
        sandbox.advance("PT10M")
        summary = ran.run()
        now = {t["Id"]: t["OwnerId"] for t in sandbox.soql(OURS) if t["Status"] == "Not Started"}
        assert now[record] == fallback["Id"]
        assert theirs[record] not in now.values(), "all tasks of the same owner go to somebody else"
        assert "salesforce refused tasks of 1 user" in " · ".join(summary["notes"])
