"""All engines, once for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cs_connector.errors import ConnectorError
from cs_connector.language.engines import Engine

from .started import engines


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Engine]]:
    """By name. A missing engine is a failure in a strict run."""
    starting = engines(tmp_path_factory.mktemp("company"))
    try:
        found = starting.__enter__()
    except (ConnectorError, ImportError, OSError) as error:
        if os.environ.get("CS_CONNECTOR_STRICT") == "1":
            raise
        pytest.skip(f"an engine could not be started: {error}")
    try:
        yield found
    finally:
        starting.__exit__(None, None, None)
