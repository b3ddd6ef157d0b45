"""What `init` says to do next: what was made decides it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_connector.cli.flow import init


def test_a_project_without_connections_is_not_told_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init(tmp_path / "acme")
    told = capsys.readouterr().out.splitlines()[-1]
    assert "fill in the connections" in told
    assert "cs-connector doctor" in told
    assert "cs-connector run" not in told
