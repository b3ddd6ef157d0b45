"""A reading in a forked process that may kill itself, and what it left."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from cs_connector.config import Project
from cs_connector.ports import Page
from cs_connector.store.landing import Landing
from cs_connector.store.store import Store
from cs_connector.transport.clock import SandboxTime

from .points import Plan, Points, arm
from .reading import as_it_is, sync

LONGEST = 120  # seconds; a child that takes longer hangs
Change = Callable[[], None]


class Left(NamedTuple):
    """How a child ended: killed or not, with which problem; at its end also the points it passed and what it imported."""

    killed: bool
    problem: str
    passed: dict[str, int]
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """What a child does: read these objects into the project's store. `change` makes it naive."""

    project: Project
    control_url: str
    objects: tuple[str, ...]
    change: Change | None = None

    @property
    def connection(self) -> str:
        (name,) = self.project.settings.connections
        return name

    @property
    def log(self) -> Path:
        """The pages that were handed to the store, one a line: object and cursor."""
        return self.project.root / "pages.log"


def run(job: Job, run_id: str, plan: Plan | None) -> Left:
    return forked(job.project.root, lambda: _read(job, run_id, plan))


def forked(root: Path, work: Callable[[], dict[str, object]]) -> Left:
    """Do something in a forked process; what it says is its problem, if it has one, and what it passed."""
    said = root / "said.json"
    said.unlink(missing_ok=True)
    process = os.fork()
    if process == 0:
        _work(work, said)
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGKILL:
        return Left(True, "", {})
    found = json.loads(said.read_text()) if said.exists() else {}
    problem = found.get("problem", "") if code == 0 else f"the process ended with {code}: {found}"
    return Left(False, problem, found.get("passed", {}), tuple(found.get("modules", ())))


def preload(modules: Sequence[str]) -> None:
    """Import what a child had to import, so that the next one is forked with it."""
    for name in sorted(set(modules) - sys.modules.keys()):
        with suppress(ImportError):
            import_module(name)


def _work(work: Callable[[], dict[str, object]], said: Path) -> None:
    """The whole life of the child."""
    signal.alarm(LONGEST)
    code = 1
    try:
        said.write_text(json.dumps(work()))
        code = 0
    except BaseException:  # noqa: BLE001 - the parent is told
        said.write_text(json.dumps({"error": traceback.format_exc()[-2000:]}))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _read(job: Job, run_id: str, plan: Plan | None) -> dict[str, object]:
    points = Points(plan)
    arm(points)
    if job.change:
        job.change()
    clock = SandboxTime(job.control_url)
    with Store(job.project.state, None, clock) as store:
        store.recover()
        problem = _far_behind(store, job)
        job.log.write_text("")
        _log_pages(job.log)
        if not problem:
            sync(job.project, store, clock, job.objects, run_id, as_it_is)
    return {"problem": problem, "passed": dict(points.passed), "modules": sorted(sys.modules)}


def _far_behind(store: Store, job: Job) -> str:
    """What a kill may cost is one page: the cursor stands at the last page that the store was given, or one before."""
    lines = job.log.read_text().splitlines() if job.log.exists() else []
    handed = [json.loads(line) for line in lines if line.endswith("]")]
    if not handed:
        return ""
    name = handed[-1][0]
    cursors = [cursor for other, cursor in handed if other == name]
    stands = store.landing.cursor(job.connection, name)
    if stands in cursors[-2:]:
        return ""
    return f"{name}: the cursor stands at {stands}, pages were given up to {cursors[-1]}"


def _log_pages(log: Path) -> None:
    """Note where the cursor of an object was, each page that is given, and when it is to be read anew."""
    append, again = Landing.append, Landing.again
    file, seen = os.open(log, os.O_WRONLY | os.O_APPEND), set[str]()

    def note(name: str, cursor: str | None) -> None:
        os.write(file, json.dumps([name, cursor]).encode() + b"\n")

    def logged(self: Landing, lease: object, run_id: str, connection: str, name: str, page: Page) -> None:
        if name not in seen:
            seen.add(name)
            note(name, self.cursor(connection, name))
        note(name, page.cursor)
        append(self, lease, run_id, connection, name, page)  # type: ignore[arg-type]

    def anew(self: Landing, connection: str, name: str) -> None:
        note(name, None)
        again(self, connection, name)

    Landing.append, Landing.again = logged, anew  # type: ignore[method-assign]
