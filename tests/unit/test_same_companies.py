"""Companies that share a name and a town, and are two all the same."""

from __future__ import annotations

import pytest

from tests.quality import kit

pytestmark = pytest.mark.slow


def test_what_is_called_by_its_town_has_namesakes_in_other_towns_of_that_name() -> None:
    town = {"name": "City of Springfield", "country": "US", "city": "Springfield"}
    rows = [
        {"record": "1", "system": "sales", **town, "domain": "springfield.gov", "phone": "+1 217 555 0100"},
        {"record": "2", "system": "sales", **town, "domain": "springfieldma.org", "phone": "+1 413 555 0100"},
        {"record": "3", "system": "files", **town, "domain": None, "phone": "(413) 555-0100"},
    ]
    with kit.executor() as con:
        kit.stage(con, "account", rows)
        found = kit.groups(con, "account")
    assert found["1"] != found["2"] == found["3"]
