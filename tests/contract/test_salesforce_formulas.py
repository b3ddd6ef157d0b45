"""A formula changes without a trace on its record: what is read of it is read anew on a schedule of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from cs_connector.ports import Action, Change, Read, Verdict
from cs_connector.sandbox.wire import SeedRow

from .test_salesforce_adapter import World, read

FORMULA = "CS_Account_Health__c"  # Account.CS_Health_Label__c, seen from the opportunity
FIELDS = ("Name", FORMULA)
ACCOUNT = "001000000000001AAA"


@pytest.fixture(params=["vendor"])
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    with ExitStack() as stack:
        made = World(stack, tmp_path, request.param)
        made.load(SeedRow("Account", {"Id": ACCOUNT, "Name": "Ember"}))
        made.load(*(_opportunity(n) for n in range(45)))
        advance(made, hours=1)  # past the overlap of two readings
        yield made


def _opportunity(n: int) -> SeedRow:
    fields = {"Name": f"O{n}", "AccountId": ACCOUNT, "StageName": "Open", "CloseDate": "2026-12-01"}
    return SeedRow("Opportunity", fields)


def advance(world: World, **time: float) -> None:
    world.clock.sleep(timedelta(**time).total_seconds())


def worsen(world: World) -> None:
    """Another value in the account, which every opportunity shows and none is stamped for."""
    fields = {"CS_Health_Band__c": "Red", "CS_Health_Score__c": 12}
    (receipt,) = world.adapter().write(
        [Change("sales", "Account", Action.UPDATE, "k", fields, record_id=ACCOUNT)]
    )
    assert receipt.verdict is Verdict.UPDATED


def shown(records) -> set[object]:  # type: ignore[no-untyped-def]
    return {msgspec.json.decode(r.payload)[FORMULA] for r in records}


def test_a_formula_is_read_anew_once_a_day_and_not_more_often(world: World) -> None:
    first, page = read(world.adapter(), None, FIELDS, "Opportunity")
    assert (len(first), shown(first)) == (45, {""})
    worsen(world)
    advance(world, hours=23)
    quiet, page = read(world.adapter(), page.cursor, FIELDS, "Opportunity")
    assert quiet == []
    advance(world, hours=2)
    anew, page = read(world.adapter(), page.cursor, FIELDS, "Opportunity")
    assert (len(anew), shown(anew)) == (45, {"Red 12"})
    advance(world, hours=23)
    quiet, page = read(world.adapter(), page.cursor, FIELDS, "Opportunity")
    assert quiet == []


def test_an_object_without_formulas_is_not(world: World) -> None:
    _, page = read(world.adapter(), None, ("Name",), "Opportunity")
    advance(world, days=3)
    assert read(world.adapter(), page.cursor, ("Name",), "Opportunity")[0] == []


def test_the_hours_are_a_setting(world: World) -> None:
    _, page = read(world.adapter(), None, FIELDS, "Opportunity")
    advance(world, hours=3)
    assert len(read(world.adapter(formula_hours=2), page.cursor, FIELDS, "Opportunity")[0]) == 45


def test_the_estimate_knows_of_it_beforehand(world: World) -> None:
    _, page = read(world.adapter(), None, FIELDS, "Opportunity")
    request = Read("Opportunity", FIELDS, page.cursor)
    advance(world, hours=23)
    assert world.adapter().estimate(request).records == 0
    advance(world, hours=2)
    expected, adapter = world.adapter().estimate(request), world.adapter()
    adapter.check()
    before = adapter.usage().used
    assert len(read(adapter, page.cursor, FIELDS, "Opportunity")[0]) == expected.records == 45
    assert adapter.usage().used - before == expected.calls


@pytest.mark.parametrize("world", ["small"], indirect=True)
def test_a_reading_anew_that_was_stopped_goes_on_and_does_not_begin_again(world: World) -> None:
    _, page = read(world.adapter(), None, FIELDS, "Opportunity")
    advance(world, hours=25)
    stopped = next(iter(world.adapter().read(Read("Opportunity", FIELDS, page.cursor))))
    assert not stopped.done
    advance(world, hours=25)
    rest, page = read(world.adapter(), stopped.cursor, FIELDS, "Opportunity")
    assert len(stopped.records) + len(rest) == 45
    assert page.done


def test_a_field_of_a_parent_is_read_anew_too(world: World) -> None:
    """An answer of a survey is complete when its parent is, and says so nowhere else."""
    fields = ("Name", "Account.Name")
    _, page = read(world.adapter(), None, fields, "Opportunity")
    (receipt,) = world.adapter().write(
        [Change("sales", "Account", Action.UPDATE, "k", {"Name": "Amber"}, record_id=ACCOUNT)]
    )
    assert receipt.verdict is Verdict.UPDATED
    advance(world, hours=23)
    quiet, page = read(world.adapter(), page.cursor, fields, "Opportunity")
    assert quiet == []
    advance(world, hours=2)
    anew, page = read(world.adapter(), page.cursor, fields, "Opportunity")
    assert {msgspec.json.decode(r.payload)["Account"]["Name"] for r in anew} == {"Amber"}
