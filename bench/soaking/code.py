"""Which code a soak is about: counts of different code are never added up."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.util import source_from_cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
NOTES = "CS_CONNECTOR_SOAK_NOTES"  # the file in which processes note what they open
LISTENING = Path(__file__).with_name("listening")


class Code(NamedTuple):
    """A digest of `files`, those of the project that were opened by any process, and the rooms that they are in."""

    digest: str
    rooms: tuple[str, ...]
    commit: str
    files: tuple[Path, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether the files are as they were."""
        return not self.files or _digest(self.files) == self.digest


def listening(notes: Path) -> dict[str, str]:
    """The environment of a process that is to note what it and all that it starts open."""
    paths = [str(LISTENING), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, NOTES: str(notes), "PYTHONPATH": os.pathsep.join(paths)}


def opened() -> Code:
    """The code as it is now of all that was imported and read until now, here and in the processes that take notes."""
    modules = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    noted = Path(os.environ[NOTES]).read_text().splitlines() if NOTES in os.environ else []
    found = {path for name in {*noted, *filter(None, modules)} for path in _ours(Path(name))}
    files = tuple(sorted(found))
    return Code(_digest(files), tuple(sorted({_room(path) for path in files})), _commit(), files)


def _digest(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def _ours(path: Path) -> Iterator[Path]:
    """A file of the project that somebody wrote, or the module that is compiled in one."""
    if path.suffix == ".pyc":
        path = Path(source_from_cache(path))
    parts = path.relative_to(ROOT).parts if path.is_relative_to(ROOT) else (".",)
    made = (parts[0] == "bench" and path.suffix == ".json") or parts[0].endswith(".egg-info")
    if path.is_file() and not made and not any(p.startswith((".", "__pycache__")) for p in parts):
        yield path


def _room(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "/".join(parts[:-1][:3] if parts[0] == "adapters" else parts[:2])


def _commit() -> str:
    """The last commit, with a + where files have changed since."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
