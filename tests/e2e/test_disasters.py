"""Whatever is wrong with a project, nothing of it reaches a CRM: every disaster is stopped before the first write."""

from __future__ import annotations

import re

import pytest

from .disasters import DISASTERS, Disaster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e")]


@pytest.fixture(scope="session")
def quiet(sandbox, done, folder):
    """A project that has written, and read that back: nothing is left to do."""
    sandbox.restore(done.written)
    project = done.project.copy(folder / "quiet")
    project.run("--quiet")
    return project, sandbox.snapshot()


@pytest.fixture
def project(quiet, sandbox, tmp_path):
    ready, crms = quiet
    sandbox.restore(crms)
    return ready.copy(tmp_path / "project")


@pytest.mark.parametrize("disaster", DISASTERS, ids=lambda d: d.name.replace(" ", "_"))
def test_a_disaster_is_stopped_before_the_first_write(disaster: Disaster, project, sandbox) -> None:
    before = len(sandbox.ledger())
    disaster.does(project, sandbox)
    found = project.do(*disaster.words, code=None)
    written = [(e["crm"], e["object"], e["action"]) for e in sandbox.ledger(before)]
    assert written == [], f"{len(written)} mutations, exit {found.code}: {found.talk[-400:]}"
    assert found.code == disaster.code, found.talk[-800:]
    assert re.search(disaster.says, found.talk), found.talk[-800:]
    assert "safe nothing" in found.talk, found.talk[-800:]


def test_the_disasters_are_many_and_each_is_another_one() -> None:
    assert len({d.name for d in DISASTERS}) == len(DISASTERS) >= 30
