"""A sandbox in a process of its own, and projects wired to it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from .cost import Broken, Cost, spend

COMMAND = (sys.executable, "-m", "cs_connector")
FINE = (0, 1)  # 1: done, and some records were set aside
DAY = "2026-11-25"


@dataclass(slots=True)
class Bed:
    """`folder` holds the projects; `process` is the sandbox."""

    folder: Path
    document: dict[str, Any]
    process: subprocess.Popen[str]
    made: list[Path] = field(default_factory=list)

    def project(self) -> Path:
        """A new project directory."""
        root = self.folder / f"project{len(self.made)}"
        shutil.rmtree(root, ignore_errors=True)
        spend([*COMMAND, "init", root, "--sandbox", self.folder / "sandbox.json", "--quiet"])
        self.made.append(root)
        return root

    def run(self, root: Path) -> Cost:
        """The whole job, as a scheduler would call it."""
        return spend([*COMMAND, "run", "--project", root, "--json"], FINE)

    def advance(self, duration: str) -> None:
        """Let sandbox time pass, such as PT3M."""
        self.order("/clock", {"advance": duration})

    def snapshot(self) -> None:
        self.order("/snapshot", {})

    def restore(self) -> None:
        self.order("/restore", {})

    def ledger(self, after: int = 0) -> list[dict[str, Any]]:
        """Accepted mutations numbered above `after`."""
        found: list[dict[str, Any]] = self._call("GET", f"/ledger?after={after}")
        return found

    def order(self, path: str, body: dict[str, Any]) -> None:
        self._call("POST", path, body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.document['control_url']}{path}"
            answer = session.request(method, url, json=body, timeout=(5, 300))
            answer.raise_for_status()
            return answer.json()


@contextmanager
def serving(folder: Path, command: Sequence[str | Path]) -> Iterator[Bed]:
    """Start what prints a sandbox document on its first line and stays up. Raises Broken."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [str(part) for part in command]
    with (folder / "talk").open("w") as talk:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=talk, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            said = (folder / "talk").read_text().strip().splitlines()[-1:]
            raise Broken(f"no sandbox: {' '.join([*words, *said])}")
        (folder / "sandbox.json").write_text(line)
        yield Bed(folder, json.loads(line), process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        if process.stdout:
            process.stdout.close()


@contextmanager
def company(folder: Path, accounts: int, profile: str = "unlimited", seed: int = 1) -> Iterator[Bed]:
    """The demo company in simulated CRMs."""
    command = [*COMMAND, "sandbox", "up", "--json", "--profile", profile, "--seed", str(seed)]
    command += ["--accounts", str(accounts), "--as-of", DAY, "--files", str(folder / "files")]
    with serving(folder, command) as bed:
        yield bed
