"""What is in the folders is what gets installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import EntryPoint, version
from pathlib import Path

import pytest

from .tree import FOLDERS, ROOT, shown, sources

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())


def packages() -> set[str]:
    """Folders with an __init__.py, by the names under which they are installed."""
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in sources() if p.name == "__init__.py"}
    return {name if name.startswith("cs_connector") else f"cs_connector.{name}" for name in found}


def declarations() -> set[str]:
    """Files that are not Python and must be installed, by their path in a wheel."""
    found = {shown(p) for folder in FOLDERS for p in (ROOT / folder).rglob("*.y*ml")}
    found |= {shown(p) for p in (ROOT / "adapters").glob("*/sfdx/**/*") if p.is_file()}
    return {name if name.startswith("cs_connector") else f"cs_connector/{name}" for name in found}


def test_every_package_is_installed_and_nothing_else() -> None:
    assert set(SETTINGS["tool"]["setuptools"]["packages"]) == packages()


@pytest.mark.parametrize("group", SETTINGS["project"]["entry-points"])
def test_every_plug_in_can_be_loaded(group: str) -> None:
    for name, value in SETTINGS["project"]["entry-points"][group].items():
        assert EntryPoint(name, value, group).load() is not None


def test_the_command_can_be_loaded() -> None:
    (value,) = SETTINGS["project"]["scripts"].values()
    assert callable(EntryPoint("cs-connector", value, "console_scripts").load())


def test_the_command_says_the_version_of_the_package() -> None:
    asked = [sys.executable, "-m", "cs_connector", "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert said == f"cs-connector {SETTINGS['project']['version']}\n"


@pytest.mark.slow
def test_a_wheel_carries_every_module_and_declaration(tmp_path: Path) -> None:
    ours = int(version("setuptools").partition(".")[0]) >= 77  # else pip has to fetch a newer one
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    command = [
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        *["--no-build-isolation"][:ours],
        "-w",
        "out",
        ".",
    ]
    subprocess.run([sys.executable, *command], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        inside = set(packed.namelist())
    modules = {shown(p) for p in sources()}
    wanted = {m if m.startswith("cs_connector") else f"cs_connector/{m}" for m in modules} | declarations()
    assert sorted(wanted - inside) == []
    assert "cs_connector/py.typed" in inside
