"""A search by id over a window of time finds what a look at every record finds, in memory and in a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from cs_connector.adapters.hubspot.simulator.records.search import Query, Search
from cs_connector.adapters.hubspot.simulator.records.shelf import Record
from cs_connector.adapters.hubspot.simulator.state import new_state
from cs_connector.adapters.hubspot.simulator.times import iso
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.sandbox import stored
from cs_connector.sandbox.clock import SandboxClock
from cs_connector.sandbox.keeping import Folder, Head

CLOCK = SandboxClock(datetime(2026, 11, 25, tzinfo=UTC))
BASE = 1_700_000_000_000
ids, times = st.integers(1, 30), st.integers(0, 5)
records = st.lists(st.tuples(ids, times, st.sampled_from(["HIGH", "LOW"])), min_size=1)
operators = st.sampled_from(["EQ", "GT", "GTE", "LT", "LTE"])
filters = st.one_of(
    st.tuples(st.just("hs_object_id"), operators, ids),
    st.tuples(st.just("hs_lastmodifieddate"), operators, times.map(lambda n: BASE + n)),
    st.tuples(st.just("hs_ticket_priority"), st.just("EQ"), st.just("HIGH")),
)
COMPARE = {
    "EQ": lambda a, b: a == b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
}


def put(state, part):
    for number, time, priority in part:
        at = iso(BASE + time)
        properties = {"hs_object_id": str(number), "createdate": at, "hs_lastmodifieddate": at}
        shelf = state.shelf("tickets")
        shelf.put(Record(number, {**properties, "hs_ticket_priority": priority}, BASE + time))


def reopened(state, folder):
    with mock.patch.object(stored, "FEW", 0), Folder(Path(folder)) as kept:
        named = {"clock": CLOCK}
        kept.save(Head("kept/1", "a", 0, "2026-11-25", "vendor", 0, [], [], {}), state.copy(), named)
        return kept.find().read(named)


@pytest.mark.parametrize("place", ["memory", "file"])
def test_a_search_is_what_a_look_at_every_record_finds(place):
    @settings(deadline=None, max_examples=25)
    @given(
        records,
        st.lists(st.tuples(ids, times, st.just("HIGH")), max_size=4),
        st.lists(filters, max_size=3),
        st.sampled_from(["hs_object_id", "-hs_object_id", "hs_lastmodifieddate"]),
    )
    def run(first, later, asked, sort):
        state = new_state(CLOCK, 1, "unlimited")
        with TemporaryDirectory() as folder:
            put(state, first)
            if place == "file":
                state = reopened(state, folder)
            put(state, later)
            check(state, asked, sort)

    run()


def check(state, asked, sort):
    wanted = [{"propertyName": n, "operator": o, "value": str(v)} for n, o, v in asked]
    query = Query(filterGroups=[group(wanted)], sorts=[sort])
    search = Search(state)
    for _ in range(2):  # the second time from what was kept
        found = [record.id for record in search._find(state.shelf("tickets"), query)[:]]
        assert found == model(state.shelf("tickets"), asked, sort)


def group(wanted):
    from cs_connector.adapters.hubspot.simulator.records.filters import Filter, Group

    return Group([Filter(**each) for each in wanted])


def model(shelf, asked, sort):
    def fits(record):
        held = {
            "hs_object_id": record.id,
            "hs_lastmodifieddate": record.modified,
            "hs_ticket_priority": record.properties["hs_ticket_priority"],
        }
        return all(COMPARE[o](held[n], v) for n, o, v in asked)

    left = sorted((r for r in shelf.live.values() if fits(r)), key=lambda r: r.id)
    if sort == "hs_lastmodifieddate":
        left.sort(key=lambda r: r.modified)
    return [r.id for r in (left[::-1] if sort.startswith("-") else left)]
