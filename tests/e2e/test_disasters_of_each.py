"""Each CRM by itself, as the only one that is written to: whatever would ruin it is stopped before the first write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .disasters import CRMS, DISASTERS, Disaster, drawn
from .stage import Project, Sandbox, made, started

pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Alone:
    """A project that has written to one CRM only and has nothing left to do; the same with a plan at hand; the CRMs then."""

    sandbox: Sandbox
    quiet: Project
    planned: Project
    crms: int


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Iterator[Callable[[str], Alone]]:
    """Makes it for a CRM; the one before is put away."""
    running: dict[str, tuple[Alone, Iterator[Alone]]] = {}

    def of(crm: str) -> Alone:
        if crm not in running:
            steps = _alone(crm, tmp_path_factory.mktemp(crm), env)
            running[crm] = next(steps), steps
        return running[crm][0]

    yield of
    for _, steps in running.values():
        next(steps, None)


def _alone(crm: str, folder: Path, env: dict[str, str]) -> Iterator[Alone]:
    with started(folder, env) as sandbox:
        quiet = made(sandbox, folder / "quiet", env)
        text = (quiet.root / "cs-connector.yml").read_text()
        for name, kind in re.findall(r"^  (\w+):\n    adapter: (\w+)", text, re.MULTILINE):
            if kind not in (crm, "files"):
                quiet.edit(f"  {name}:\n", f"  {name}:\n    write: false\n")
        quiet.run("--quiet")
        assert {entry["crm"].split("_")[0] for entry in sandbox.ledger()} == {crm}
        quiet.run("--quiet")
        crms = sandbox.snapshot()
        planned = quiet.copy(folder / "planned")
        drawn(planned, sandbox)
        yield Alone(sandbox, quiet, planned, crms)


CASES = [
    pytest.param(crm, d, id=f"{crm}-{d.name.replace(' ', '_')}")
    for crm in CRMS
    for d in DISASTERS
    if crm in d.of
]


@pytest.mark.parametrize(("crm", "disaster"), CASES)
def test_a_disaster_is_stopped_before_the_first_write(
    crm: str, disaster: Disaster, alone: Callable[[str], Alone], tmp_path: Path
) -> None:
    ready = alone(crm)
    sandbox = ready.sandbox
    sandbox.restore(ready.crms)
    project = (ready.planned if disaster.of_plan else ready.quiet).copy(tmp_path / "project")
    before = len(sandbox.ledger())
    disaster.does(project, sandbox)
    found = project.do(*disaster.words, code=None)
    written = sandbox.ledger(before)
    assert written == [], f"{len(written)} mutations, exit {found.code}: {found.talk[-400:]}"
    assert found.code == disaster.code, found.talk[-800:]
    assert re.search(disaster.says, found.talk), found.talk[-800:]
