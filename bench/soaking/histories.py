"""Random histories: whatever happens in a CRM before, between and during readings, our copy ends as the CRM is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from cs_connector.errors import ConnectorError
from cs_connector.ports import Adapter

from .hand import happen
from .judge import difference
from .naive import STAMPED, ByStamp, Uncounted
from .reading import known
from .tables import shared
from .town import CRMS, Builder, Town
from .tries import Begin, Tried, Try

QUIET = 30.0  # minutes: longer than any change takes to show, and than clocks are wrong
LAGS = (0, 0, 3, 60, 300, 600)  # seconds after which a change shows
AHEAD = (0, 0, 0, 0, 40, -40, 300, -300, 600, -600)  # seconds by which the clock of the reader is wrong
WAITS = (0, 0, 0, 1, 5, 30, 400)  # seconds between two changes
FLOOD = 0.04  # share of the rounds in which more records get one stamp than a search gives
CEILING = {"small": 105, "vendor": 205}  # the smaller one is above HubSpot's own in its profile
OBJECTS = (1, 1, 2)  # of a CRM that one history reads
Open = Callable[[str, random.Random, tuple[str, ...]], AbstractContextManager[Town]]
Wrap = Callable[[Adapter], Adapter]


@contextmanager
def near(folder: Path) -> Iterator[Try]:
    """In this process, a hundredth of the vendors' sizes."""
    builder = Builder(folder, "small")
    with shared():
        yield lambda seed: Tried(history(builder.near, seed, builder.profile))


@contextmanager
def far(folder: Path) -> Iterator[Try]:
    """Over sockets, with the vendors' own sizes."""
    builder = Builder(folder, "vendor")
    yield lambda seed: Tried(history(builder.far, seed, builder.profile))


def _naive(wrap: Callable[[Adapter], Any], crm: str, objects: Sequence[str]) -> Begin:
    @contextmanager
    def begin(folder: Path) -> Iterator[Try]:
        builder = Builder(folder, "small")

        def attempt(seed: int) -> Tried:
            dice = random.Random(seed)
            with builder.near(crm, dice, (dice.choice(objects),)) as town:
                town.wrap = wrap
                return Tried(lived(town, dice, "small") or difference(town.copy))

        with shared():
            yield attempt

    return begin


NAIVE: dict[str, Begin] = {
    **{f"by stamp alone ({crm})": _naive(ByStamp, crm, objects) for crm, objects in STAMPED.items()},
    "untold deletions (salesforce)": _naive(Uncounted, "salesforce", STAMPED["salesforce"]),
    "untold deletions (hubspot)": _naive(Uncounted, "hubspot", ("contacts", "contacts/companies")),
    "untold deletions (zendesk)": _naive(Uncounted, "zendesk", ("organization_memberships",)),
}


def history(open_: Open, seed: int, profile: str) -> str:
    """What was wrong at the end, or nothing. The same seed gives the same history."""
    dice = random.Random(seed)
    crm = CRMS[seed % len(CRMS)]
    every = known(crm)
    chosen = set(dice.sample(every, dice.choice(OBJECTS)))
    with open_(crm, dice, tuple(name for name in every if name in chosen)) as town:
        return _ended(town, dice, profile)


def _ended(town: Town, dice: random.Random, profile: str) -> str:
    try:
        return lived(town, dice, profile) or difference(town.copy)
    except ConnectorError as error:
        return f"{town.crm}: {type(error).__name__} {error.what}: {error.why}"


def lived(town: Town, dice: random.Random, profile: str) -> str:
    """Let things happen, with readings in between, and then two quiet readings; the second may find nothing."""
    town.hand.begin(dice)
    town.pass_time(minutes=dice.choice((0, 0, 2, 30)))
    read(town, dice)
    for _ in range(dice.randint(1, 2)):
        busy(town, dice, profile)
        if dice.random() < 0.8:
            read(town, dice)
    town.pass_time(minutes=QUIET)
    town.sync()
    town.pass_time(minutes=QUIET)
    late = [line for line in town.sync() if line.new or line.changed]
    return f"{town.crm}: the second quiet reading still found {late[0]}" if late else ""


def busy(town: Town, dice: random.Random, profile: str) -> None:
    town.simulator.control({town.hand.lag: dice.choice(LAGS)})
    for _ in range(dice.randint(3, 12)):
        happen(town.hand, dice)
        town.pass_time(seconds=dice.choice(WAITS))
    if dice.random() < FLOOD:
        town.hand.burst(dice, CEILING[profile])


def read(town: Town, dice: random.Random) -> None:
    """A reading by a machine whose clock may be wrong, during which people go on working."""

    def work() -> None:
        if dice.random() < 0.1:
            happen(town.hand, dice)

    town.reader.ahead, town.before = timedelta(seconds=dice.choice(AHEAD)), work
    try:
        town.sync()
    finally:
        town.before = lambda: None
