"""The files of the project, for the tests of its form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("cs_connector", "adapters", "mappings", "jobs")


def sources(*folders: str) -> Iterator[Path]:
    """Python files below some folders of the project, sorted."""
    for folder in folders or FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
