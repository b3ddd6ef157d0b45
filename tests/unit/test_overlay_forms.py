"""A mapping file laid over another one: what is of another form is told with the file and the line that it is in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cs_connector import registry
from cs_connector.errors import ConfigError
from cs_connector.unify.declared.loading import examine

SHIPPED = registry.shipped()[0]
FORMLESS = [
    ("version: 1\ncrm: x\nread: Account\n", "base.yml", 3),
    ("version: 1\ncrm: x\nread: {object: A}\n", "base.yml", 3),
    ("version: 1\ncrm: x\nread: [Account]\n", "base.yml", 3),
    ("version: 1\ncrm: x\nread:\n  - {object: A, entity: account, fields: [Name]}\n", "base.yml", 4),
    (
        "version: 1\ncrm: x\nread:\n  - {object: A, entity: account, fields: {}, inputs: Name}\n",
        "base.yml",
        4,
    ),
    ("- version\n", "base.yml", None),
    ("", "base.yml", None),
]


@pytest.mark.parametrize(("text", "name", "line"), FORMLESS)
def test_a_base_of_another_form_is_told_in_its_own_file(
    tmp_path: Path, text: str, name: str, line: int | None
) -> None:
    file(tmp_path, "base.yml", text)
    over = "version: 1\nextends: base\nread:\n  - {object: A, entity: account, fields: {name: B}, inputs: {c: D}}\n"
    place = _place(examine(file(tmp_path, "x.yml", over), (tmp_path,)).errors)
    assert place == (name, line)


@pytest.mark.parametrize("part", ["read: Account", "read: [Account]", "write: {object: A}", "read: 7"])
def test_an_overlay_of_another_form_is_told_in_its_own_file(tmp_path: Path, part: str) -> None:
    over = file(tmp_path, "x.yml", f"version: 1\nextends: salesforce\n{part}\n")
    assert _place(examine(over, (SHIPPED,)).errors) == ("x.yml", 3)


def _place(errors: Sequence[ConfigError]) -> tuple[str, int | None]:
    place = errors[0].place
    assert place is not None
    return Path(place.path).name, place.line


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path
