"""An engine whose one connection is a fake of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.runner import Engine, open_engine

PROJECT = "version: 1\nconnections:\n  crm: {adapter: files, settings: {root: ., objects: {}}}\n"


@contextmanager
def engine_of(system: object, root: Path) -> Iterator[Engine]:
    """Its mapping is that of files; `crm` is the system, as far as it goes as an adapter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(root / "config"))
        (root / "cs-connector.yml").write_text(PROJECT)
        opened = open_engine(open_project(root, registry.shipped()), exclusive=True)
        opened._adapters["crm"] = system  # type: ignore[assignment]
        yield opened
        opened._adapters.clear()
        opened.close()
