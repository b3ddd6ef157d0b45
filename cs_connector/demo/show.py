"""The demo: the main job against simulated CRMs, told as it happens."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from rich.markup import escape

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.console import Screen, reports
from cs_connector.errors import Unavailable
from cs_connector.runner import Engine, Summary, asking, open_engine, questions
from cs_connector.runner.attention import worst
from cs_connector.runner.running import ALL, run_jobs

from . import project, sandbox

STORY = "Aurora Freight"


def play(screen: Screen, directory: Path, seed: int, accounts: int, as_of: date | None, *, stay: bool) -> int:
    """Start the sandbox, make a project, run twice, explain one account. Returns the exit code."""
    _fresh(directory)
    screen.line(f"[bold]1[/]  Three simulated CRMs with {accounts:,} accounts (seed {seed})")
    with _up(directory, seed, accounts, as_of) as document:
        for name, url in _addresses(document):
            screen.line(f"   {name:<14} {url}")
        place = directory / "sandbox.json"
        place.write_bytes(msgspec.json.encode(document))
        project.make(directory / "project", place)
        opened = open_project((directory / "project").resolve(), registry.shipped())
        screen.line("\n[bold]2[/]  Pull, unify, score, write back")
        first = run_jobs(opened, ALL, talk=screen)
        reports.run(screen, first.document())
        screen.line("\n[bold]3[/]  Again, with nothing changed outside")
        second = run_jobs(opened, ALL)
        screen.line(_again(second))
        engine = open_engine(opened)
        try:
            _aside(screen, engine)
            reports.attention(screen, worst(engine))
            _task(screen, engine)
            screen.line(f"\n[bold]5[/]  Why {STORY} has its score")
            account = asking.explain(engine, STORY, None)
            reports.explain(screen, account)
            usage = asking.explain(engine, _main(account), "usage_only")
            screen.line(f"  by usage alone it would be {usage['score']}, {usage['band']}")
        finally:
            engine.close()
        _next(screen, directory / "project", document, stay=stay)
        if stay:
            sandbox.wait()
    return first.exit if first.exit > 1 else second.exit if second.exit > 1 else 0


def _aside(screen: Screen, engine: Engine) -> None:
    """The records that could not be read: none is lost, each with its reason."""
    found = questions.quarantine(engine)
    screen.line(f"\n{len(found)} records could not be read and are kept aside:")
    for row in found:
        screen.line(f"   {row['connection']} {row['object']}: {escape(row['reason'])}")


def _task(screen: Screen, engine: Engine) -> None:
    """One task as its owner reads it in the CRM."""
    task = questions.task(engine, STORY)
    if task is None:
        return
    screen.line(f"\n[bold]4[/]  A task as {task['owner']} reads it in the CRM, due {task['due_on']}")
    screen.line(f"   [bold]{escape(task['subject'])}[/]")
    for line in task["description"].splitlines():
        screen.line(f"   │ {escape(line)}")


def _main(account: dict[str, Any]) -> str:
    return str(account["relationships"][0]["id"]) if account["relationships"] else str(account["id"])


def _fresh(directory: Path) -> None:
    """Start over: the demo's own directory, known by what an earlier demo left in it."""
    if (directory / "sandbox.json").exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)


def _addresses(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    blocks = {**{k: v for k, v in document.items() if isinstance(v, dict)}, **document["others"]}
    for name, block in blocks.items():
        if "base_url" in block:
            yield name, block["base_url"]


def _again(summary: Summary) -> str:
    written = sum(w.created + w.updated + w.cleared for w in summary.writes)
    return f"   {written} writes (the second run reads its own writes back, and changes nothing)"


def _next(screen: Screen, place: Path, document: dict[str, Any], *, stay: bool) -> None:
    screen.line()
    if stay:
        screen.line(f"The sandbox stays up until Ctrl-C; its control address is {document['control_url']}")
        for words in (f'timeline "{STORY}"', "contradictions", "plan"):
            screen.plain(f"try: {_called()} {words} --project {place}")
    else:
        screen.plain(f"The sandbox is down again. To look around: {_called()} demo --serve")


def _called() -> str:
    """What to type for this program: `make demo` calls it where no shell looks."""
    return "cs-connector" if shutil.which("cs-connector") else sys.argv[0]


@contextmanager
def _up(directory: Path, seed: int, accounts: int, as_of: date | None) -> Iterator[dict[str, Any]]:
    """A sandbox in a process of its own, with its document."""
    files = directory / "files"
    command = [sys.executable, "-m", "cs_connector", "sandbox", "up", "--json", "--seed", str(seed)]
    command += ["--accounts", str(accounts), "--files", str(files)]
    command += ["--as-of", as_of.isoformat()] if as_of else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 — our own command
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise Unavailable("the sandbox did not start", fix="run: cs-connector sandbox up")
        yield msgspec.json.decode(line)
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()
