"""Which code a soak is about: counts of different code are never added up."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MAPS = Path(__file__).with_name("maps")


class Code(NamedTuple):
    """A digest of `files`, which this process imported from the project, and the rooms that they are in."""

    digest: str
    rooms: tuple[str, ...]
    commit: str
    files: tuple[Path, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether the files are as they were."""
        return not self.files or _digest(self.files) == self.digest


def imported(also: Iterable[str] = ()) -> Code:
    """The code as it is now, once everything that is to be tried has run; `also` is what other processes import."""
    for name in also:
        import_module(name)
    files = {path for module in list(sys.modules.values()) if (path := _ours(module))}
    rooms = sorted({_room(path) for path in files})
    every = tuple(sorted(files | set(MAPS.glob("*.yml"))))
    return Code(_digest(every), tuple(rooms), _commit(), every)


def _digest(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def _ours(module: object) -> Path | None:
    path = Path(getattr(module, "__file__", None) or "/")
    inside = path.is_relative_to(ROOT) and ".venv" not in path.parts
    return path if inside else None


def _room(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "/".join(parts[:-1][:3] if parts[0] == "adapters" else parts[:2])


def _commit() -> str:
    """The last commit, with a + where files have changed since."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
