"""Look-ups: translations in files of their own, `lookups/NAME.yml`, for more than one attribute or system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cs_connector.config.documents import Document, Path_, load, suggest, validate
from cs_connector.errors import ConfigError

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
        """True and false are texts of a CRM as well; of a number nobody knows how it was written: 01 and 1 are the same."""
        if not isinstance(value, dict):
            return value
        if odd := next((k for k in value if not isinstance(k, str | bool)), None):
            raise ValueError(f"{odd} is not a text as a CRM has it; put it in quotes, as it is written there")
        return {k if isinstance(k, str) else str(k).lower(): v for k, v in value.items()}


_NOTHING = LookupFile(version=1, values={"": None}, default=None)


def filled(document: Document, folders: Sequence[Path], errors: list[ConfigError]) -> Document:
    """The document with what every `lookup` says; one that says nothing is among the `errors`, with file and line."""
    data = document.data
    for where in list(_named(data)):
        rule, told = _at(data, where), _NOTHING
        try:
            told = _told(document, where, rule, folders)
        except ConfigError as error:
            errors.append(error)
        data = _with(data, where, {**rule, "values": dict(told.values), "default": told.default})
    return document if data is document.data else replace(document, data=data)


def _told(document: Document, where: Path_, rule: Mapping[str, Any], folders: Sequence[Path]) -> LookupFile:
    """Raises ConfigError."""
    if clash := [key for key in ("values", "default") if key in rule]:
        raise document.error(
            (*where, clash[0]), f"{where[-1]} has lookup and {clash[0]}", fix="keep one of them"
        )
    return _load(document, (*where, "lookup"), str(rule["lookup"]), folders)


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
