"""Sandboxes shaped like real systems, and filled from tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cs_connector import registry
from cs_connector.errors import ConfigError, UsageError
from cs_connector.sandbox import fill, shape
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import SeedRow

KEY = "$shape"
"""The key under which every simulator's install takes the documents of a real system."""
Documents = Mapping[str, Mapping[str, Any]]
Shape = tuple[str, Documents]
"""The CRM and what it says of itself."""


def shapes(folder: Path | None) -> dict[str, Shape]:
    """The CRM and the documents of every saved system; the first of a CRM bears the CRM's own name.

    Raises UsageError for a folder that discover did not write, or a system that is not simulated.
    """
    found: dict[str, Shape] = {}
    known = registry.names("simulators")
    for saved in shape.load(folder) if folder else ():
        if saved.crm not in known:
            raise UsageError(
                f"{saved.name} is a {saved.crm}, which is not simulated",
                fix=f"simulated are {', '.join(known)}",
            )
        found[saved.name if saved.crm in found else saved.crm] = (saved.crm, saved.documents)
    return found


def install(sandbox: Sandbox, name: str, documents: Documents, place: Path) -> None:
    """Raises ConfigError for documents that describe no such system."""
    try:
        sandbox.install(name, {KEY: documents})
    except (KeyError, TypeError, ValueError) as bad:
        raise ConfigError(
            f"{place} holds something that is no description of {name}",
            why=f"{type(bad).__name__}: {bad}",
            safe="the sandbox was not started",
            fix="save it again with: cs-connector discover",
        ) from bad


def load_tables(
    sandbox: Sandbox, folder: Path, counted: Callable[[Iterable[SeedRow]], Iterator[SeedRow]]
) -> None:
    """Fill every simulator from its folder. Raises UsageError, or ConfigError with file and line."""
    fill.folders(folder, list(sandbox.simulators))
    for name, simulator in sandbox.simulators.items():
        try:
            sandbox.load(name, counted(fill.rows(folder / name, simulator)))
        except ValueError as bad:
            raise ConfigError(
                f"the tables in {folder / name} do not fit together", why=str(bad), safe="the sandbox was not started",
                fix="add the record, or take the reference out",
            ) from None  # fmt: skip
