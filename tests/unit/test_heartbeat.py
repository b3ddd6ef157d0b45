"""The CRM hears of us once a day, and hears of another installation that writes there too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cs_connector.act import plan
from cs_connector.act.differences import comparing, foreign
from cs_connector.act.heartbeat import others, ours
from cs_connector.act.heartbeat.others import Neighbour
from cs_connector.act.heartbeat.ours import Beat
from cs_connector.act.plan import Planned
from cs_connector.errors import GuardStopped
from cs_connector.ports import FieldInfo, ObjectInfo
from cs_connector.unify import Source
from cs_connector.unify.mapping import MappingFile

from .act_kit import MAPPING, TODAY, Tables
from .test_act import clock, crm, state

__all__ = ["clock", "crm", "state"]

NOW = datetime(2026, 11, 25, 23, 59, 40, tzinfo=UTC)
FIELDS = {"Last_Run": {"column": "last_run", "type": "time"}, "Run": "run", "Version": "version"}
RULE: dict[str, Any] = {"object": "Heartbeat", "source": "heartbeat", "by": "key", "key_field": "Install_Id"}
BEATING = MappingFile.model_validate(
    MAPPING.model_dump(exclude_defaults=True, by_alias=True)
    | {"read": [], "write": [RULE | {"fields": FIELDS}, *MAPPING.model_dump(exclude_defaults=True)["write"]]}
)
BEAT = Beat("ours", "R1", "1.0", NOW)


@pytest.fixture
def org(crm: Tables) -> Iterator[Tables]:
    crm.con.execute("CREATE TABLE raw_Heartbeat AS SELECT * FROM raw_Task")
    return crm


def told(org: Tables, at: str | None, installation: str = "ours", **more: str) -> None:
    """What the CRM has of an installation."""
    payload = {"Install_Id": installation, "Last_Run": at, "Run": "R0", "Version": "1.0"} | more
    org.record("Heartbeat", f"h-{installation}", payload)


def planned(org: Tables, beat: Beat | None = BEAT) -> list[Planned]:
    ours.want(org.con, beat)
    source = Source("crm", "memory", 0, BEATING)
    with org.state.read() as db:
        comparing.compare(org.con, db, [source], lambda _c, name: f"raw_{name}", "crm", TODAY)
    return list(plan.changes(org.con))


def test_the_first_heartbeat_makes_its_record_before_all_and_every_later_one_comes_last(org: Tables) -> None:
    org.account(crm={"Health_Score": 10})
    org.call()
    first, *rest = planned(org)
    assert [c.object for c in rest] == ["Account", "Task"]
    assert (first.action, first.key, first.key_field, first.record_id) == (
        "upsert",
        "ours",
        "Install_Id",
        None,
    )
    assert first.values == {"Last_Run": "2026-11-25T23:59:40Z", "Run": "R1", "Version": "1.0"}
    told(org, "2026-11-24T23:59:59.000+0000")
    assert [c.object for c in planned(org)] == ["Account", "Task", "Heartbeat"]


@pytest.mark.parametrize(
    "at", ["2026-11-25T00:00:00.000+0000", "2026-11-25T23:59:39Z", "2026-11-24T23:30:00-01:00"]
)
def test_a_day_of_which_the_crm_has_heard_is_over(org: Tables, at: str) -> None:
    told(org, at)
    assert planned(org) == []
    assert org.con.execute("SELECT object, records FROM target WHERE records > 0").fetchall() == [
        ("Heartbeat", 1)
    ]


@pytest.mark.parametrize("at", ["2026-11-24T23:59:59.000+0000", "2026-11-25T00:30:00+01:00", None])
def test_the_next_day_has_one_write_in_the_record_that_is_there(org: Tables, at: str | None) -> None:
    told(org, at)
    (change,) = planned(org)
    assert (change.record_id, set(change.values)) == ("h-ours", {"Last_Run", "Run"})


def test_a_new_version_alone_waits_for_the_next_day(org: Tables) -> None:
    told(org, "2026-11-25T08:00:00Z", Version="0.9")
    assert planned(org) == []


def test_a_field_of_the_time_that_is_gone_is_no_reason_to_write_with_every_run(org: Tables) -> None:
    told(org, None)
    ours.want(org.con, BEAT)
    source = Source("crm", "memory", 0, BEATING, unknown={"Heartbeat": frozenset({"Last_Run"})})
    with org.state.read() as db:
        comparing.compare(org.con, db, [source], lambda _c, name: f"raw_{name}", "crm", TODAY)
    assert list(plan.changes(org.con)) == []


def test_without_a_beat_nothing_is_written_of_us(org: Tables) -> None:
    assert planned(org, None) == []


def test_what_somebody_does_to_a_heartbeat_is_no_edit(org: Tables) -> None:
    told(org, "2026-11-24T08:00:00Z", Run="mine")
    planned(org)
    assert foreign.sentences(org.con) == {}


# Others


def beating(org: Tables) -> list[tuple[str, datetime | None]]:
    return others.beating(org.con, BEATING, BEATING.write[0], "raw_Heartbeat", NOW)


def test_who_beat_within_thirty_days_is_there_and_who_did_not_is_gone(org: Tables) -> None:
    told(org, "2026-10-27T00:00:00Z", "a")
    told(org, "2026-10-26T23:00:00Z", "b")
    told(org, None, "c")
    told(org, "2026-11-25T08:00:00Z", "")
    assert beating(org) == [("a", datetime(2026, 10, 27)), ("c", None)]


def test_a_record_that_was_deleted_is_nobody(org: Tables) -> None:
    told(org, "2026-11-25T08:00:00Z", "a")
    org.con.execute("UPDATE raw_Heartbeat SET deleted = TRUE")
    assert beating(org) == []


def test_who_signed_a_field_that_we_write_is_there() -> None:
    signed = " Written by cs-connector, installation 4f3a."
    fields = (FieldInfo("Run", "string", about=f"A run.{signed}"), FieldInfo("Other", "string", about=signed))
    info = ObjectInfo("Heartbeat", fields)
    assert list(others.signing(BEATING.write[0], info)) == ["4f3a"]
    plain = replace(info, fields=(replace(fields[0], about="A run."), fields[1]))
    assert list(others.signing(BEATING.write[0], plain)) == []
    assert list(others.signing(BEATING.write[0], None)) == []


def test_they_are_named_and_stop_it() -> None:
    others.refuse([])
    one = Neighbour("sales", "4f3a", NOW - timedelta(days=1))
    with pytest.raises(GuardStopped) as caught:
        others.refuse([one])
    assert caught.value.what == "another installation writes into this org: sales 4f3a, last run 24 Nov 2026"
    assert "apply --approve" in caught.value.fix
    with pytest.raises(GuardStopped, match=r"other installations write into this org: .*; help 77"):
        others.refuse([one, Neighbour("help", "77")])
    assert not one.check.ok
