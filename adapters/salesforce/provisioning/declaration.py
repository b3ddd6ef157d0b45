"""install.yml as it is written: objects by name, and what is no object under names that begin with $."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cs_connector.ports import CORE

Spec = Mapping[str, Any]
REPORTS = "reports"
_FILE = Path(__file__).parent.with_name("install.yml")


@cache
def declared() -> Spec:
    """The whole file."""
    found: Spec = YAML(typ="safe").load(_FILE)
    return found


def objects() -> Iterator[tuple[str, Spec]]:
    return ((name, block) for name, block in declared().items() if not name.startswith("$"))


def fields() -> Iterator[tuple[str, Spec]]:
    """(object, field), in the order of the file."""
    return ((name, spec) for name, block in objects() for spec in block.get("fields", ()))


def permission_sets() -> Sequence[Spec]:
    found: Sequence[Spec] = declared()["$permissionSets"]
    return found


def reports() -> Spec:
    found: Spec = declared()["$reports"]
    return found


def part_of(spec: Spec) -> str:
    return str(spec.get("part", CORE))


def parts() -> Sequence[str]:
    """Every optional part, by name."""
    named = {part_of(spec) for _, spec in fields()} - {CORE}
    return sorted({*named, REPORTS})


def is_formula(spec: Spec) -> bool:
    return str(spec["type"]) == "Formula"
