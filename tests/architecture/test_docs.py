"""Everything that a person can type or write down is in the documentation, and nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import typer
from pydantic import BaseModel

from cs_connector.cli import app
from cs_connector.config import ProjectSettings

from .tree import ROOT

COMMANDS = (ROOT / "docs" / "commands.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()


def commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command and sub-command with the words that call it."""
    for name, command in group.commands.items():
        words = f"{before}{name}"
        yield words, command
        if hasattr(command, "commands"):
            yield from commands(command, f"{words} ")


ALL = dict(commands(typer.main.get_command(app)))


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ `?([^`\n]+)`?$", text, re.MULTILINE)


def test_every_command_has_a_heading() -> None:
    written = headings(COMMANDS)
    assert [name for name in ALL if name not in written] == []


def test_no_heading_names_a_command_that_is_not_there() -> None:
    written = re.findall(r"^### `([^`]+)`$", COMMANDS, re.MULTILINE)
    assert [name for name in written if name not in ALL] == []


def test_every_flag_is_named() -> None:
    flags = {flag for command in ALL.values() for p in command.params for flag in p.opts if flag[:2] == "--"}
    assert sorted(flag for flag in flags if f"`{flag}`" not in COMMANDS and flag != "--help") == []


def test_every_command_says_what_it_does() -> None:
    assert [name for name, command in ALL.items() if not command.help] == []


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from models(part)


def settings(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Every setting by its path, like safety.max_created; NAME stands for a name that people choose."""
    for name, field in model.model_fields.items():
        inner = list(models(field.annotation))
        named = "NAME." if inner and "dict" in str(field.annotation) else ""
        yield f"{before}{name}"
        for kind in inner:
            yield from settings(kind, f"{before}{name}.{named}")


def test_every_setting_is_explained() -> None:
    assert [name for name in settings(ProjectSettings) if f"`{name}`" not in SETTINGS] == []


def test_no_setting_is_explained_that_is_not_there() -> None:
    known = set(settings(ProjectSettings))
    written = re.findall(r"^\| `([a-zA-Z_.]+)` \|", SETTINGS, re.MULTILINE)
    assert written
    assert [name for name in written if name not in known] == []


def test_every_declaration_that_ships_is_named() -> None:
    text = "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
    files = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "mappings").rglob("*.yml"))]
    assert [name for name in files if name not in text] == []


def test_every_target_of_make_is_named() -> None:
    text = "".join(
        (ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md") if (ROOT / name).exists()
    )
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets
    assert [name for name in targets if f"make {name}" not in text] == []
