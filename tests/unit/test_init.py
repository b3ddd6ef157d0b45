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


def test_what_is_in_a_folder_already_stays_there(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.pyc\nreports/")
    (tmp_path / "secrets.env").write_text("OTHER=1\n")
    init(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\nreports/\n.cs-connector/\nsecrets.env\n"
    assert (tmp_path / "secrets.env").read_text() == "OTHER=1\n"
