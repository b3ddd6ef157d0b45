"""Changes that show late, and a machine whose clock is wrong: HubSpot's own time decides what was seen."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cs_connector.adapters.hubspot import HubSpot

from .adapter_kit import Around, QuickClock, read_all
from .hubspot_kit import OBJECTS, Portal

CHANGED = {"properties": {"name": "Changed"}}


class Wrong(QuickClock):
    """A clock that is ahead of HubSpot's, or behind it."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


def test_a_change_that_the_index_shows_nine_minutes_late_is_found(portal: Portal) -> None:
    cursor = read_all(portal.adapter, "companies", ("name",)).cursor
    portal.later(hours=1)
    portal.simulator.control({"search_lag_s": 540})
    portal.other("PATCH", f"{OBJECTS}/companies/1007", CHANGED)
    portal.later(minutes=8)
    early = read_all(portal.adapter, "companies", ("name",), cursor)
    assert "1007" not in early.records
    portal.later(minutes=5)
    assert "1007" in read_all(portal.adapter, "companies", ("name",), early.cursor).records


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_wrong_hides_nothing(portal: Portal, minutes: int) -> None:
    clock = Wrong(portal.sandbox.world.clock)
    adapter = HubSpot(portal.settings, Around("marketing", clock).lent)
    clock.ahead = timedelta(minutes=minutes)
    adapter.check()
    cursor = read_all(adapter, "companies", ("name",)).cursor
    portal.later(minutes=2)
    first = read_all(adapter, "companies", ("name",), cursor)
    portal.other("PATCH", f"{OBJECTS}/companies/1009", CHANGED)
    portal.later(minutes=15)
    assert "1009" in read_all(adapter, "companies", ("name",), first.cursor).records
    adapter.close()


def test_links_are_counted_as_the_records_that_they_belong_to(portal: Portal) -> None:
    """So that those of a record which is gone are found by counting."""
    assert portal.adapter.total("contacts/companies") == portal.adapter.total("contacts") == 5
    assert sorted(key for page in portal.adapter.ids("contacts/companies") for key in page) == [
        str(5000 + n) for n in range(1, 6)
    ]
