"""People of public sets with known duplicates: how well the product's groups fit, with and without birthdays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import kit

pytestmark = [pytest.mark.recorded, pytest.mark.slow]


def febrl(name: str) -> list[dict[str, str]]:
    data = os.environ.get("CS_CONNECTOR_DATA")
    if not data:
        pytest.skip("CS_CONNECTOR_DATA names no public sets")
    return kit.read(Path(data) / "febrl" / name)


@pytest.mark.parametrize(("without", "least"), [((), 0.995), (("born_on",), 0.97)])
def test_people_with_typing_errors_are_found_without_a_wrong_one(
    without: tuple[str, ...], least: float
) -> None:
    rows = febrl("dataset3.csv")
    with kit.executor() as con:
        kit.stage(con, "person", kit.people(rows, *without))
        found = kit.groups(con, "person")
    fit = kit.fit(found, {row["rec_id"]: row["rec_id"].split("-")[1] for row in rows})
    assert fit.precision >= 0.999
    assert fit.f1 >= least


def test_people_of_few_attributes_are_found_as_far_as_those_tell() -> None:
    rows = febrl("fake_1000.csv")
    with kit.executor() as con:
        kit.stage(con, "person", kit.contacts(rows))
        found = kit.groups(con, "person")
    fit = kit.fit(found, {row["unique_id"]: row["cluster"] for row in rows})
    assert fit.precision >= 0.99
    assert fit.recall >= 0.6
