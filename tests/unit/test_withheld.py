"""What a CRM refused is not sent again before something has changed that could make it take it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from cs_connector.act import plan
from cs_connector.act.differences import withheld
from cs_connector.act.outbox import Outbox, refused
from cs_connector.ports import Receipt, Verdict
from cs_connector.testing import FixedClock, System

from .act_kit import MAPPING, READ, TODAY, Tables
from .outbox_kit import OTHER, Desk
from .test_act import clock, crm, state

__all__ = ["clock", "crm", "state"]


@pytest.fixture
def desk(crm: Tables, clock: FixedClock) -> Desk:
    """An account whose change the CRM refused, an hour after it was read."""
    return refusing(crm, clock, Health_Score=10)


def refusing(crm: Tables, clock: FixedClock, **fields: object) -> Desk:
    """A desk that has sent what an account with these fields should have, and whose CRM has refused it."""
    crm.account(crm=fields)
    clock.at = READ + timedelta(hours=1)
    made = Desk(crm.state, clock, System((OTHER,)))
    stamps = {("crm", "Account"): frozenset({"Changed_On"})}
    made.box = Outbox(crm.state, made.lease, "run-1", config_hash="c1", stamps=stamps)
    made.crm.said = lambda change: Receipt(change.key, Verdict.REJECTED, None, "RULE", "a rule of theirs")
    made.send(*crm.plan())
    return made


def left(crm: Tables, config: str = "c1") -> list[str]:
    """The keys of the next plan."""
    crm.plan()
    with crm.state.read() as db:
        known = refused.known(db, config)
    held = withheld.hold(crm.con, known, lambda _c, name: f"raw_{name}")
    found = [change.key for change in plan.changes(crm.con)]
    assert sum(held.values()) + len({*found}) == 1
    return found


def test_it_is_held_as_long_as_all_is_the_same(crm: Tables, desk: Desk) -> None:
    assert left(crm) == []
    assert left(crm) == []


def test_the_day_on_which_it_is_tried_is_no_difference(
    crm: Tables, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.unit.act_kit.TODAY", TODAY + timedelta(days=1))
    assert left(crm) == []


def _record(crm: Tables) -> None:
    crm.con.execute("UPDATE raw_Account SET known_at = known_at + INTERVAL 2 HOUR")


def _value(crm: Tables) -> None:
    crm.con.execute("UPDATE wanted_account SET score = 60")


def _person(crm: Tables) -> None:
    with crm.state.begin() as db:
        assert refused.retry(db, "crm", "Account", "r1") == ["crm|Account|a1"]


@pytest.mark.parametrize("change", [_record, _value, _person])
def test_it_goes_again_when_something_changed(
    crm: Tables, desk: Desk, change: Callable[[Tables], None]
) -> None:
    change(crm)
    assert left(crm) == ["a1"]


def test_it_goes_again_under_another_configuration(crm: Tables, desk: Desk) -> None:
    assert left(crm, config="c2") == ["a1"]


def test_what_two_rules_write_to_one_record_is_held_as_the_one_change_that_was_sent(
    crm: Tables, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, task = MAPPING.write
    money = {name: how for name, how in account.fields.items() if name == "ARR"}
    rest = {name: how for name, how in account.fields.items() if name != "ARR"}
    rules = [account.model_copy(update={"fields": fields}) for fields in (rest, money)]
    split = MAPPING.model_copy(update={"write": (*rules, task)})
    monkeypatch.setattr("tests.unit.act_kit.MAPPING", split)
    refusing(crm, clock, Health_Score=10, ARR=5)
    assert left(crm) == []
    _value(crm)
    assert left(crm) == ["a1", "a1"]
