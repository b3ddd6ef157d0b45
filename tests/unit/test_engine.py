"""What a project's connections are, opened from any working directory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from cs_connector.config import open_project
from cs_connector.errors import ConfigError
from cs_connector.runner import Engine, open_engine
from cs_connector.runner.checking import check

PROJECT = """\
version: 1
connections:
  exports:
    adapter: files
    settings:
      root: data
      objects:
        usage: {pattern: "*.csv", key: [tenant]}
  sales:
    adapter: salesforce
    settings:
      client_id: app
      username: cs@acme.example
      private_key_file: keys/sales.pem
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A project that was named by a relative path, and whose commands run elsewhere."""
    home, elsewhere = tmp_path / "acme", tmp_path / "elsewhere"
    (home / "data").mkdir(parents=True)
    elsewhere.mkdir()
    (home / "cs-connector.yml").write_text(PROJECT)
    (home / "data" / "usage.csv").write_text("tenant,value\na,1\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(elsewhere)
    opened = open_engine(open_project(Path("../acme"), ()), date(2026, 6, 1))
    yield opened
    opened.close()


def test_a_relative_folder_is_below_the_project(engine: Engine) -> None:
    (usage,) = engine.adapter("exports").describe(["usage"])
    assert [field.name for field in usage.fields] == ["tenant", "value"]


def test_a_relative_key_file_is_below_the_project(engine: Engine) -> None:
    keys = engine.project.root / "keys"
    with pytest.raises(ConfigError) as caught:
        engine.adapter("sales").check()
    assert str(keys.absolute() / "sales.pem") in caught.value.why


def test_an_absolute_folder_stays(engine: Engine, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    engine.project.settings.connections["exports"].settings["root"] = str(other)
    assert engine.adapter("exports").check().name == "other"


def test_doctor_calls_files_read_only_and_not_production(engine: Engine) -> None:
    del engine.project.settings.connections["sales"]
    said = next(line for line in check(engine) if line["name"] == "connection exports")
    assert said["ok"]
    assert said["text"].startswith("data (")
    assert said["text"].endswith("), read only")
