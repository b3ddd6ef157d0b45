"""One sandbox a session; before each test its CRMs are as they were, and projects are the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .stage import Project, Sandbox, made, private, started


@dataclass(frozen=True)
class Done:
    """A project after its first run: what the run said, what the ledger has, and the CRMs as they are then."""

    project: Project
    summary: dict[str, Any]
    ledger: list[dict[str, Any]]
    untouched: int
    written: int


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def env(folder: Path) -> dict[str, str]:
    return private(folder / "home")


@pytest.fixture(scope="session")
def sandbox(folder: Path, env: dict[str, str]) -> Iterator[Sandbox]:
    with started(folder, env) as running:
        yield running


@pytest.fixture(scope="session")
def untouched(sandbox: Sandbox) -> int:
    """The snapshot of the CRMs as nobody has written to them."""
    return sandbox.snapshot()


@pytest.fixture(scope="session")
def done(sandbox: Sandbox, untouched: int, folder: Path, env: dict[str, str]) -> Done:
    """The main job, done once."""
    sandbox.restore(untouched)
    project = made(sandbox, folder / "done", env)
    summary = dict(project.alone("run", "--json", code=1).json)
    return Done(project, summary, sandbox.ledger(), untouched, sandbox.snapshot())


@pytest.fixture(scope="session")
def blank(sandbox: Sandbox, folder: Path, env: dict[str, str]) -> Project:
    """A project as `init` makes it."""
    return made(sandbox, folder / "blank", env)


@pytest.fixture
def fresh(sandbox: Sandbox, untouched: int, blank: Project, tmp_path: Path) -> Project:
    """A new project before CRMs that nobody has written to."""
    sandbox.restore(untouched)
    return blank.copy(tmp_path / "fresh")


@pytest.fixture
def ran(sandbox: Sandbox, done: Done, tmp_path: Path) -> Project:
    """A copy of the project after its first run, with the CRMs as that run left them."""
    sandbox.restore(done.written)
    return done.project.copy(tmp_path / "ran")
