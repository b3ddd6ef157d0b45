"""Peak memory of a first sync of more tickets than any simulator holds: a server hands out pages without end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial

from .bed import serving
from .results import Row, judge
from .size import Yard
from .sync import MEMORY
from .syncing.reading import Reading
from .syncing.ways import BULK, HUBSPOT, REST, ZENDESK, Way

WAYS = (ZENDESK, REST, BULK, HUBSPOT)


def measure(yard: Yard) -> list[Row]:
    """Every way by itself, because one takes minutes."""
    works = ((f"{way.name} without end", partial(_way, yard, way)) for way in WAYS[: yard.size.ways])
    return [row for name, work in works for row in yard.attempt(name, work)]


def _way(yard: Yard, way: Way) -> Iterator[Row]:
    tickets = yard.size.endless
    folder = yard.folder / f"endless-{way.loop}"
    command = (sys.executable, "-m", "bench.syncing.flood", way.crm, str(tickets))
    with serving(folder, command) as bed:
        cost = Reading(way, bed, tickets).sync()
    note = f"MB; {cost.wall:,.0f} s by the clock, {cost.cpu:,.0f} CPU s; one run"
    name = f"{way.name}: peak memory for {tickets:,} tickets"
    yield judge("sync", name, cost.memory, MEMORY, 1.0, note)
