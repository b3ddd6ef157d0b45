"""Whatever is wrong with a project, nothing of it reaches a CRM: every disaster is stopped before the first write."""

from __future__ import annotations

import re

import pytest

from .disasters import DISASTERS, Disaster
from .stage import made, started

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


ONES = ("salesforce", "hubspot", "zendesk")


@pytest.fixture(scope="session")
def larger(folder, env):
    """A sandbox whose every CRM is large enough that a share of it is more than twenty records."""
    (folder / "larger").mkdir()
    with started(folder / "larger", env, accounts=240) as running:
        yield running


@pytest.mark.long
@pytest.mark.parametrize("crm", ONES)
def test_each_crm_alone_is_safe_from_every_one(crm, larger, folder, env, tmp_path) -> None:
    """A plan that writes to one CRM only is stopped, or has nothing for it."""
    ready = made(larger, folder / f"only {crm}", env)
    for other in re.findall(
        r"^  (\w+):\n    adapter: (?!files)", (ready.root / "cs-connector.yml").read_text(), re.MULTILINE
    ):
        if other != crm:
            ready.edit(f"  {other}:\n", f"  {other}:\n    write: false\n")
    ready.run("--quiet")
    ready.run("--quiet")
    crms, wrong = larger.snapshot(), []
    for number, disaster in enumerate(DISASTERS):
        larger.restore(crms)
        project, before = ready.copy(tmp_path / str(number)), len(larger.ledger())
        disaster.does(project, larger)
        found = project.do(*disaster.words, code=None)
        written = larger.ledger(before)
        wrong += [(disaster.name, found.code, len(written))] if written or found.code > 5 else []
    assert wrong == []


def test_the_disasters_are_many_and_each_is_another_one() -> None:
    assert len({d.name for d in DISASTERS}) == len(DISASTERS) >= 30
