"""Whatever is wrong with a project, nothing of it reaches a CRM: every disaster is stopped before the first write."""

from __future__ import annotations

import re

import pytest

from .disasters import DISASTERS, Disaster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e")]


@pytest.mark.parametrize("disaster", DISASTERS, ids=lambda d: d.name.replace(" ", "_"))
def test_a_disaster_is_stopped_before_the_first_write(disaster: Disaster, ran, sandbox) -> None:
    before = sandbox.ledger()
    disaster.does(ran, sandbox)
    found = ran.do(*disaster.words, code=None)
    written = [(e["crm"], e["object"], e["action"]) for e in sandbox.ledger()[len(before) :]]
    assert written == [], f"{disaster.name}: {len(written)} mutations, {found.code}: {found.talk[:600]}"
    assert found.code == disaster.code, found.talk
    assert re.search(disaster.says, found.talk), found.talk
    assert "safe" in found.talk
