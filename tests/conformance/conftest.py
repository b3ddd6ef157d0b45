"""Clients that nobody here wrote. `make clients` installs them below .venv/conformance.

A test module names its client in CLIENT; each of its tests is one operation. The summary counts what passed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import stage, summary
from .node_child import NodeChild

CLIENTS = Path(sys.prefix) / "conformance"


def needed(path: Path) -> Path:
    """A part of a client. Where it is missing a strict run fails, and any other skips."""
    if not path.exists():
        why = f"{path.name} is missing: run `make clients`"
        if os.environ.get("CS_CONNECTOR_STRICT") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return path


@pytest.fixture(scope="session", autouse=True)
def on_this_machine() -> Iterator[None]:
    """No client asks a proxy for an address of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1,localhost")
        yield


@pytest.fixture(scope="session")
def node() -> Iterator[NodeChild]:
    """Node from .venv, with the drivers beside tests/conformance/node/serve.cjs: `node.call("soql", "refusals", texts=[…])`."""
    modules = needed(CLIENTS / "node" / "node_modules")
    child = NodeChild(needed(Path(sys.prefix) / "bin" / "node"), modules)
    yield child
    child.close()


@pytest.fixture(scope="session")
def crms() -> Iterator[stage.Crms]:
    """One sandbox a session and worker; tests make the records that they change."""
    with stage.started() as running:
        yield running


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest, record_property: pytest.RecordProperty) -> None:
    """Name the client for the table."""
    client = getattr(request.module, "CLIENT", None)
    if client:
        record_property(summary.CLIENT, client)
