"""Whatever is wrong with a project, nothing of it reaches a CRM: every disaster is stopped before the first write."""

from __future__ import annotations

import re

import pytest

from .disasters import CRMS, DISASTERS, TOO_OLD, Disaster, drawn
from .stage import Project, Sandbox, made, started

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="session")
def quiet(sandbox, done, folder):
    """A project that has written, and read that back: nothing is left to do."""
    sandbox.restore(done.written)
    project = done.project.copy(folder / "quiet")
    project.run("--quiet")
    return project, sandbox.snapshot()


@pytest.fixture(scope="session")
def planned(quiet, sandbox, folder):
    """The same with a plan at hand."""
    ready, crms = quiet
    sandbox.restore(crms)
    project = ready.copy(folder / "planned")
    drawn(project, sandbox)
    return project, crms


OFTEN = [d for d in DISASTERS if not d.seldom][::12]
"""Some of them in every run; `make long` tries all, and each CRM alone."""
CASES = [
    pytest.param(d, id=d.name.replace(" ", "_"), marks=[] if d in OFTEN else [pytest.mark.long])
    for d in DISASTERS
    if d is not TOO_OLD
]


@pytest.mark.parametrize("disaster", CASES)
def test_a_disaster_is_stopped_before_the_first_write(disaster: Disaster, sandbox, request, tmp_path) -> None:
    ready, crms = request.getfixturevalue("planned" if disaster.of_plan else "quiet")
    sandbox.restore(crms)
    stopped(disaster, ready.copy(tmp_path / "project"), sandbox)


@pytest.mark.long
def test_a_plan_that_is_too_old_is_stopped_before_the_first_write(env, tmp_path) -> None:
    with started(tmp_path, env, accounts=20) as sandbox:
        project = made(sandbox, tmp_path / "project", env)
        project.do("sync", "--quiet", code=None)
        project.do("plan", "--json", "--out", str(project.root / "plan.json"), code=None)
        stopped(TOO_OLD, project, sandbox)


def stopped(disaster: Disaster, project: Project, sandbox: Sandbox) -> None:
    """Let it happen, and see that nothing was written and that a person is told so."""
    before = len(sandbox.ledger())
    disaster.does(project, sandbox)
    found = project.do(*disaster.words, code=None)
    written = [(e["crm"], e["object"], e["action"]) for e in sandbox.ledger(before)]
    assert written == [], f"{len(written)} mutations, exit {found.code}: {found.talk[-400:]}"
    assert found.code == disaster.code, found.talk[-800:]
    assert re.search(disaster.says, found.talk), found.talk[-800:]
    assert "safe nothing" in found.talk, found.talk[-800:]


def test_the_disasters_are_many_for_every_crm_and_each_is_another_one() -> None:
    assert len({d.name for d in DISASTERS}) == len(DISASTERS)
    assert all(len([d for d in DISASTERS if crm in d.of]) >= 30 for crm in CRMS)
    assert len([d for d in DISASTERS if not d.seldom]) >= 25
