"""The demo company: any size, the same for the same seed and date, made account by account."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date

from cs_connector.errors import UsageError
from cs_connector.sandbox.company import Account, Company

from . import papers
from .builder import Builder, begin
from .calendar import Calendar
from .diseases import DISEASES
from .life import ordinary
from .people import staff
from .sagas import sagas
from .stories import STORIES, story

SMALLEST, LARGEST = 20, 100_000
_EMEA = (
    "Alpenrose Hotels",
    "Bosporus Textiles",
    "Costa Verde Solar",
    "Danube Ports",
    "Edelweiss Press",
    "Fado Media",
)


def generate(seed: int, accounts: int, as_of: date) -> Company:
    """A company of so many accounts. Raises UsageError outside 20 to 100,000."""
    if not SMALLEST <= accounts <= LARGEST:
        raise UsageError(
            f"a demo company has {SMALLEST} to {LARGEST:,} accounts, not {accounts:,}",
            safe="nothing was made",
            fix="name another number of accounts",
        )
    cal = Calendar(as_of)
    return Company(
        seed, as_of, staff(seed), Generated(seed, accounts, cal), _emea(seed, cal), sagas(seed, cal)
    )


class Generated:
    """The accounts of a seed: nothing is kept, an account is made whenever it is asked for."""

    def __init__(self, seed: int, size: int, cal: Calendar) -> None:
        self._seed, self._size, self._cal = seed, size, cal

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Account]:
        return (self[index] for index in range(self._size))

    def __getitem__(self, index: int) -> Account:
        if not 0 <= index < self._size:
            raise IndexError(index)
        if index < len(STORIES):
            return story(self._seed, index, self._cal)
        made = ordinary(self._seed, index, self._cal)
        rng = random.Random(f"{self._seed}:{index}:flaw")  # noqa: S311 — a story, not a secret
        make = Builder(self._cal, rng, made)
        if index in DISEASES:
            DISEASES[index](make)
        if index < papers.FILED:
            papers.file(make, self._seed)
        return made


def _emea(seed: int, cal: Calendar) -> tuple[Account, ...]:
    """Companies that only the second marketing portal has; their ids are those of others in the first."""
    return tuple(_abroad(seed, cal, index, name) for index, name in enumerate(_EMEA))


def _abroad(seed: int, cal: Calendar, index: int, name: str) -> Account:
    rng = random.Random(f"{seed}:{index}:emea")  # noqa: S311 — a story, not a secret
    account = begin(cal, rng, index, name, name.rsplit(" ", 1)[1], "customer" if index % 2 else "prospect")
    make = Builder(cal, rng, account)
    make.present(marketing=name, linked=False)
    account.sales = None
    for number in range(2):
        person = make.person(decision_maker=number == 0)
        make.survey("marketing", person, rng.randrange(5, 150), rng.randrange(5, 11))
    return make.finish()
