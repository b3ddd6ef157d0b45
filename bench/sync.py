"""Tickets of each CRM, read, landed, folded and typed, against a loop that parses the same pages for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial

from .cost import Net, Work, net
from .results import Row, judge
from .size import Size, Yard
from .syncing.login import lasting
from .syncing.pairs import Pair, cheapest
from .syncing.reading import ROUNDS, SHARE, Reading
from .syncing.ways import WAYS, Way

GOAL, BESIDES, LATENCY, CHANGED, MEMORY = 1.5, 2, 1.2, 0.05, 300.0
DELAY = 50  # milliseconds
WAITED, WAITS = 200, 2  # pages at most are read with a delay, and how often
PLAIN = "requests and orjson"
FLOORS = {"bulk": "requests and csv.reader over the results of the job"}


def measure(yard: Yard) -> list[Row]:
    return [row for way in WAYS[: yard.size.ways] for row in yard.attempt(way.name, partial(_way, yard, way))]


def pair(yard: Yard, way: Way, records: int) -> tuple[Reading, Reading]:
    """All records, and hardly any."""
    full, few = (lasting(yard.crm(way.crm, count), way.crm) for count in (records, way.few))
    return Reading(way, full, records), Reading(way, few, way.few)


def floors(full: Reading, few: Reading) -> dict[str, tuple[Work, Work]]:
    """By loop; that of the REST pages first, which the goal is for. `few` must have been watched."""
    loops = dict.fromkeys((full.way.crm, full.way.loop))
    return {loop: (full.floor(loop, few.first), few.floor(loop, few.first)) for loop in loops}


def rounds(size: Size) -> str:
    return f"least of {size.rounds} runs each, in turns" if size.rounds > 1 else "one run each"


def _way(yard: Yard, way: Way) -> Iterator[Row]:
    full, few = pair(yard, way, yard.size.records)
    few.watched()
    both = Pair(full, few)
    loops = {loop: both.floor(loop) for loop in dict.fromkeys((way.crm, way.loop))}
    costs = cheapest(yard.size.rounds, {"sync": both.sync, "typed": both.typed, **loops})
    costs |= net(yard.size.rounds, {"later": (full.later, few.later)})
    yield from _cpu(full, costs, rounds(yard.size))
    yield from _waiting(yard, way, costs["sync"])
    yield _later(full, costs, None, rounds(yard.size))
    peak = costs["sync"].gross.memory
    yield judge("sync", f"{way.name}: peak memory in MB", peak, MEMORY, 1.0, f"{full.records:,} records")
    yield from _many(yard, way)


def _many(yard: Yard, way: Way) -> Iterator[Row]:
    """The goal of a sync of few changes is for as many tickets as a large company has: with fewer it is mostly its own beginning."""
    full, few = pair(yard, way, yard.size.tickets)
    times = min(yard.size.rounds, WAITS)
    costs = cheapest(times, {"sync": Pair(full, few).sync}) | net(times, {"later": (full.later, few.later)})
    yield _later(full, costs, CHANGED, f"least of {times} runs each, in turns")


def _cpu(full: Reading, costs: Mapping[str, Net], said: str) -> Iterator[Row]:
    """One row a floor. The goal is for requests and orjson over REST pages, also where the CRM has another way."""
    way, landed, typed = full.way, costs["sync"].cpu, costs["typed"].cpu
    parts = (
        f"CPU s for {full.records:,} records, in a process that had started up, less the {costs['sync'].start.cpu:.2f} s of "
        f"{way.few:,} records; read, landed and "
        f"folded {landed:.2f}, typed {typed:.2f}; {full.records / (landed + typed):,.0f} records a CPU second"
    )
    for loop in (name for name in costs if name in {way.crm, way.loop}):
        size = json.loads(costs[loop].gross.out)["bytes"] / full.records
        note = f"{parts}; {size:,.0f} bytes a record; {said}"
        against, name = costs[loop].cpu, FLOORS.get(loop, PLAIN)
        goal = GOAL if loop == way.crm else None
        yield judge(
            "sync",
            f"{way.name}: read, landed, folded and typed / {name}",
            landed + typed,
            against,
            goal,
            note,
        )
        yield judge("sync", f"{way.name}: the same without typing / {name}", landed, against, None, note)


def _waiting(yard: Yard, way: Way, at_once: Net) -> Iterator[Row]:
    """How often is asked, and what that costs by the clock when every answer takes its time."""
    full, few = pair(yard, way, min(yard.size.records, way.page * WAITED))
    full.delay(DELAY)
    few.delay(DELAY)
    few.watched()
    floor = floors(full, few)[way.loop]
    works = {"sync": (full.watched, few.watched), "floor": floor}
    costs = net(min(yard.size.rounds, WAITS), works, by="wall")
    full.delay(0)
    few.delay(0)
    yield _calls(full, yard.size.records, json.loads(at_once.gross.out)["calls"][0]["used"])
    ours, theirs = costs["sync"], costs["floor"]
    note = (
        f"s by the clock for {full.records:,} records, start-up taken off; with it {ours.gross.wall:.1f} against "
        f"{theirs.gross.wall:.1f}; least of {min(yard.size.rounds, WAITS)} runs each, in turns"
    )
    name = f"{way.name}: {DELAY} ms later answers, wall / the loop's wall"
    yield judge("sync", name, ours.wall, theirs.wall, LATENCY, note)


def _calls(watched: Reading, records: int, used: int) -> Row:
    """Beside those about the connection: a page each, and two. A bulk query is also made, and looked at until it is done."""
    way = watched.way
    asked = [line for line in watched.asked if "/jobs/query" in line and "/results" not in line]
    allowed = -(-records // way.page) + BESIDES
    note = f"{used:,} calls in all, {way.knows} of them to log in and to see who it is"
    if asked:
        pages = "one page by REST, which tells how many there are"
        allowed += len(asked) + 1
        note += f"; allowed are also {pages}, and {len(asked)} to make the job and to see it done"
    return judge("sync", f"{way.name}: calls / pages and {BESIDES}", used - way.knows, allowed, 1.0, note)


def _later(full: Reading, costs: Mapping[str, Net], goal: float | None, said: str) -> Row:
    later, whole = costs["later"], costs["sync"]
    note = (
        f"CPU s of {full.records:,} records, start-up and what a sync of next to nothing takes ({later.start.cpu:.3f}) taken off; "
        f"the mean of {ROUNDS} syncs in one process, each with another 1 in {SHARE} changed by an app, none of which merged "
        f"files, as about every tenth does; {said}"
    )
    name = f"{full.way.name}: sync with 1 % of {full.records:,} changed / the first sync"
    return judge("sync", name, later.cpu, whole.cpu, goal, note)
