"""A value of ours that somebody else has changed: found by what we last wrote, and treated as the policy says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cs_connector.act import outbox, plan
from cs_connector.act.differences import comparing, foreign
from cs_connector.act.differences.foreign import Policy
from cs_connector.ports import Receipt, Verdict
from cs_connector.testing import FixedClock, System
from cs_connector.unify import Source

from .act_kit import MAPPING, READ, TODAY, Tables
from .outbox_kit import OTHER, Desk
from .test_act import clock, crm, state

__all__ = ["clock", "crm", "state"]

BEFORE = {"Health_Score": 10, "Health_Band": None}


def written(crm: Tables, clock: FixedClock, **wanted: object) -> None:
    """A run brings the account up to date, and the next reading shows that."""
    crm.account(crm=BEFORE, **wanted)
    clock.at = READ - timedelta(hours=2)
    desk = Desk(crm.state, clock, System((OTHER,)))
    desk.crm.said = lambda change: Receipt(change.key, Verdict.UPDATED, change.record_id)
    desk.send(*crm.plan())
    outbox.confirm(crm.state, "crm", "Account", READ)


def says(crm: Tables, **fields: object) -> None:
    """What the CRM says now."""
    crm.con.execute("DELETE FROM raw_Account")
    crm.record("Account", "r1", {
        "Health_Score": 70, "Health_Band": "Green", "Coverage": 80, "ARR": 1200, "Renewal": "2027-01-31",
        "Reason": "fine", "Changed_On": "2026-11-25",
    } | fields)  # fmt: skip


def planned(crm: Tables, policy: Policy = "overwrite") -> dict[str, tuple[str | None, str | None]]:
    source = Source("crm", "memory", 0, MAPPING)
    with crm.state.read() as db:
        comparing.compare(
            crm.con, db, [source], lambda _c, name: f"raw_{name}", "crm", TODAY, {"crm": policy}
        )
    return {n: (a, b) for change in plan.changes(crm.con) for n, a, b in change.fields}


def edits(crm: Tables) -> list[tuple[str, str, str, bool]]:
    return crm.con.execute("SELECT field, ours, theirs, kept FROM foreign_edit ORDER BY ALL").fetchall()


def test_what_nobody_touched_is_no_edit(crm: Tables, clock: FixedClock) -> None:
    written(crm, clock)
    says(crm)
    assert planned(crm) == {}
    assert edits(crm) == []


def test_an_edit_is_written_over_and_told(crm: Tables, clock: FixedClock) -> None:
    written(crm, clock)
    says(crm, Health_Score=99)
    assert planned(crm) == {"Health_Score": ("99", "70")}
    assert edits(crm) == [("Health_Score", "70", "99", False)]
    (told,) = foreign.sentences(crm.con).values()
    assert told == ("crm Account: somebody changed 1 value of ours (Health_Score 1); ours is written again")


@pytest.mark.parametrize("policy", ["yield", "alert"])
def test_an_edit_stays_until_we_have_something_new_to_say(
    crm: Tables, clock: FixedClock, policy: Policy
) -> None:
    written(crm, clock)
    says(crm, Health_Score=99)
    assert planned(crm, policy) == {}
    assert edits(crm) == [("Health_Score", "70", "99", True)]
    assert foreign.alarms(crm.con) == ([("crm", "Account", 1)] if policy == "alert" else [])
    crm.con.execute("UPDATE wanted_account SET score = 60")
    assert planned(crm, policy)["Health_Score"] == ("99", "60")


def test_other_fields_of_an_edited_record_are_still_written(crm: Tables, clock: FixedClock) -> None:
    written(crm, clock)
    says(crm, Health_Score=99, Reason="old")
    assert planned(crm, "yield") == {"Reason": ("old", "fine")}


def test_what_was_there_before_is_an_edit_only_after_ours_was_read_back(
    crm: Tables, clock: FixedClock
) -> None:
    """Until then the reading may be older than our writing, and ours counts."""
    crm.account(crm=BEFORE)
    clock.at = READ + timedelta(hours=1)
    desk = Desk(crm.state, clock, System((OTHER,)))
    desk.crm.said = lambda change: Receipt(change.key, Verdict.UPDATED, change.record_id)
    desk.send(*crm.plan())
    assert planned(crm, "yield") == {}
    assert edits(crm) == []
    outbox.confirm(crm.state, "crm", "Account", READ + timedelta(hours=2))
    assert planned(crm, "yield") == {}
    assert ("Health_Score", "70", "10", True) in edits(crm)


def test_what_we_never_wrote_cannot_be_an_edit(crm: Tables) -> None:
    crm.account(crm={"Health_Score": 99})
    assert planned(crm, "yield")["Health_Score"] == ("99", "70")


def test_a_rule_says_otherwise_than_its_connection(crm: Tables, clock: FixedClock) -> None:
    written(crm, clock)
    says(crm, Health_Score=99)
    rules = tuple(rule.model_copy(update={"foreign": "yield"}) for rule in MAPPING.write)
    source = Source("crm", "memory", 0, MAPPING.model_copy(update={"write": rules}))
    with crm.state.read() as db:
        comparing.compare(crm.con, db, [source], lambda _c, name: f"raw_{name}", "crm", TODAY)
    assert list(plan.changes(crm.con)) == []
