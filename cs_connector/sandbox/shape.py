"""What real systems say of themselves, saved by discover: a folder for each, and shape.json that lists them.

No records and nobody's names are in it. Version 1: `{"schema": "shape/1", "systems": [{"name", "crm"}]}`, and below a
folder with the name of the system one JSON file a document.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from cs_connector.errors import ConfigError, Place, UsageError

FILE, SCHEMA = "shape.json", "shape/1"
SAFE = re.compile(r"[\w.-]+(/[\w.-]+)?")


class System(msgspec.Struct, frozen=True):
    name: str
    crm: str


class Contents(msgspec.Struct, frozen=True):
    schema: str
    systems: list[System] = []


@dataclass(frozen=True, slots=True)
class Saved:
    """One system's documents by their path without an ending, such as describe/Account."""

    name: str
    crm: str
    documents: Mapping[str, Mapping[str, Any]]


def save(folder: Path, system: System, documents: Iterable[tuple[str, Any]]) -> int:
    """Replace what a folder holds of one system, once all of it is there; answers how many documents.

    Raises UsageError for a folder that holds something else.
    """
    contents = _contents(folder)
    fresh, place = folder / f".{system.name}.new", folder / system.name
    shutil.rmtree(fresh, ignore_errors=True)
    count = 0
    for path, body in documents:
        if not SAFE.fullmatch(path) or ".." in path:
            raise ConfigError(f"{path!r} cannot be the name of a file", safe="what was saved before is kept")
        target = fresh / f"{path}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(msgspec.json.format(msgspec.json.encode(body), indent=1) + b"\n")
        count += 1
    if not count:
        raise UsageError(
            f"{system.name} says nothing of its fields", safe="nothing was saved",
            fix="discover a connection to a CRM",
        )  # fmt: skip
    shutil.rmtree(place, ignore_errors=True)
    fresh.rename(place)
    systems = [s for s in contents.systems if s.name != system.name]
    whole = Contents(SCHEMA, sorted([*systems, system], key=lambda s: s.name))
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n")
    return count


def _contents(folder: Path) -> Contents:
    """What is in the folder already. Raises UsageError for one that is no shape."""
    if (folder / FILE).exists():
        return read(folder)
    if folder.exists() and any(not p.name.startswith(".") for p in folder.iterdir()):
        raise UsageError(
            f"{folder} holds something else", safe="nothing was saved", fix="name a new or an empty folder"
        )
    return Contents(SCHEMA)


def read(folder: Path) -> Contents:
    """Raises UsageError where there is no shape, ConfigError for one that cannot be read."""
    path = folder / FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Contents)
    except FileNotFoundError:
        raise UsageError(
            f"{path} does not exist", fix="make it with: cs-connector discover --out DIR"
        ) from None
    except msgspec.DecodeError as bad:
        raise ConfigError(
            f"{path} does not list saved systems", why=str(bad), fix="save it again", place=Place(str(path))
        ) from None
    if found.schema != SCHEMA:
        raise ConfigError(
            f"{path} is of the version {found.schema}", why=f"this program reads {SCHEMA}", fix="save it again",
            place=Place(str(path)),
        )  # fmt: skip
    return found


def load(folder: Path) -> list[Saved]:
    """Every system that was saved. Raises UsageError, or ConfigError with the file."""
    return [Saved(s.name, s.crm, _documents(folder / s.name)) for s in read(folder).systems]


def _documents(folder: Path) -> dict[str, Mapping[str, Any]]:
    return {
        path.relative_to(folder).with_suffix("").as_posix(): _document(path)
        for path in sorted(folder.rglob("*.json"))
    }


def _document(path: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except msgspec.DecodeError as bad:
        raise ConfigError(
            f"{path} is not a saved document", why=str(bad), fix="save it again", place=Place(str(path))
        ) from None
    return found
