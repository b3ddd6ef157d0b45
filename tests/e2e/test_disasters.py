"""Whatever is wrong with a project, nothing of it reaches a CRM: every disaster is stopped before the first write."""

from __future__ import annotations

import re

import pytest

from .disasters import DISASTERS, EVERYWHERE, Disaster, drawn
from .stage import made, started

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e")]


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


CASES = [
    pytest.param(d, id=d.name.replace(" ", "_"), marks=[pytest.mark.long] if d.seldom else [])
    for d in DISASTERS
]


@pytest.mark.parametrize("disaster", CASES)
def test_a_disaster_is_stopped_before_the_first_write(disaster: Disaster, sandbox, request, tmp_path) -> None:
    ready, crms = request.getfixturevalue("planned" if disaster.of_plan else "quiet")
    sandbox.restore(crms)
    project, before = ready.copy(tmp_path / "project"), len(sandbox.ledger())
    disaster.does(project, sandbox)
    found = project.do(*disaster.words, code=None)
    written = [(e["crm"], e["object"], e["action"]) for e in sandbox.ledger(before)]
    assert written == [], f"{len(written)} mutations, exit {found.code}: {found.talk[-400:]}"
    assert found.code == disaster.code, found.talk[-800:]
    assert re.search(disaster.says, found.talk), found.talk[-800:]
    assert "safe nothing" in found.talk, found.talk[-800:]


@pytest.fixture(scope="session")
def larger(folder, env):
    """A sandbox whose every CRM is large enough that a share of it is more than twenty records."""
    (folder / "larger").mkdir()
    with started(folder / "larger", env, accounts=240) as running:
        yield running


@pytest.mark.long
@pytest.mark.parametrize("crm", ["salesforce", "hubspot", "zendesk"])
def test_each_crm_alone_stops_what_would_be_written_to_all(crm, larger, folder, env, tmp_path) -> None:
    ready = made(larger, folder / f"only {crm}", env)
    text = (ready.root / "cs-connector.yml").read_text()
    for other in re.findall(r"^  (\w+):\n    adapter: (?!files)", text, re.MULTILINE):
        if other != crm:
            ready.edit(f"  {other}:\n", f"  {other}:\n    write: false\n")
    ready.run("--quiet")
    ready.run("--quiet")
    crms, ended = larger.snapshot(), {}
    for disaster in DISASTERS:
        if disaster.name in EVERYWHERE:
            larger.restore(crms)
            project, before = ready.copy(tmp_path / disaster.name), len(larger.ledger())
            disaster.does(project, larger)
            ended[disaster.name] = project.do("run", "--quiet", code=None).code, len(larger.ledger(before))
    assert ended == dict.fromkeys(EVERYWHERE, (5, 0))


def test_the_disasters_are_many_and_each_is_another_one() -> None:
    often = [d.name for d in DISASTERS if not d.seldom]
    assert len({d.name for d in DISASTERS}) == len(DISASTERS)
    assert len(often) >= 30
