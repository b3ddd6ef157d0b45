"""Look-ups: translations in files of their own, `lookups/NAME.yml`, for more than one attribute or system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cs_connector.config.documents import Document, Path_, load, suggest, validate

FOLDER = "lookups"
Word = str | int | float | bool | None


class LookupFile(BaseModel):
    """`values` translates; what is not listed becomes `default`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    values: dict[str, Word] = Field(min_length=1)
    default: Word

    @field_validator("values", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        return {str(k): v for k, v in value.items()} if isinstance(value, dict) else value


def filled(document: Document, folders: Sequence[Path]) -> Document:
    """The document with what every `lookup` says. Raises ConfigError with file and line."""
    data = document.data
    for where in list(_named(data)):
        rule = _at(data, where)
        told = _load(document, (*where, "lookup"), str(rule["lookup"]), folders)
        if clash := [key for key in ("values", "default") if key in rule]:
            raise document.error(
                (*where, clash[0]), f"{where[-1]} has lookup and {clash[0]}", fix="keep one of them"
            )
        data = _with(data, where, {**rule, "values": dict(told.values), "default": told.default})
    return document if data is document.data else replace(document, data=data)


def _named(node: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Where an attribute or an input has a look-up."""
    if isinstance(node, dict):
        if "lookup" in node and len(at) > 1 and at[-2] in ("fields", "inputs"):
            yield at
        for key, value in node.items():
            yield from _named(value, (*at, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _named(value, (*at, index))


def _at(data: Any, where: Path_) -> Any:
    for key in where:
        data = data[key]
    return data


def _with(data: Any, where: Path_, value: Any) -> Any:
    """A copy in which something else stands at a key."""
    if not where:
        return value
    copied: Any = dict(data) if isinstance(data, dict) else list(data)
    copied[where[0]] = _with(data[where[0]], where[1:], value)
    return copied


def _load(document: Document, where: Path_, name: str, folders: Sequence[Path]) -> LookupFile:
    path = next((p for f in folders if (p := f / FOLDER / f"{name}.yml").exists()), None)
    if path is None:
        known = sorted({p.stem for folder in folders for p in (folder / FOLDER).glob("*.yml")})
        listed = f"known: {', '.join(known)}" if known else f"make mappings/{FOLDER}/{name}.yml"
        raise document.error(
            where, f"there is no look-up called {name!r}", fix=suggest(name, known) or listed
        )
    return validate(LookupFile, load(path))
