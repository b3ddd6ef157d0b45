"""Portals in the three profiles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .house import House


@pytest.fixture
def house() -> Iterator[House]:
    yield from _open("vendor")


@pytest.fixture
def unlimited() -> Iterator[House]:
    yield from _open("unlimited")


@pytest.fixture
def small() -> Iterator[House]:
    yield from _open("small")


def _open(profile: str) -> Iterator[House]:
    house = House(profile)
    house.server.start(house.portal)
    with house.http:
        yield house
    house.server.stop()
