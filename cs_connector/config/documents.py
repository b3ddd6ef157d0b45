"""YAML files that remember where every key stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from rapidfuzz import process
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError

from cs_connector.errors import ConfigError, Place

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data, and the line of every key and item."""

    path: Path
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict)

    def place(self, where: Iterable[str | int] = ()) -> Place:
        """The nearest known line of a path of keys."""
        keys = tuple(where)
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return Place(str(self.path), self.lines.get(keys))

    def error(self, where: Iterable[str | int], what: str, *, why: str = "", fix: str = "") -> ConfigError:
        """An error that points at a key of this file."""
        return ConfigError(
            what, why=why, fix=fix, safe="nothing was read or written", place=self.place(where)
        )


def load(path: Path) -> Document:
    """Read a YAML 1.2 file. Raises ConfigError with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"{path} does not exist", safe="nothing was read or written", fix="check the path"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text", fix="save the file as UTF-8") from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read",
            why=error.strerror or str(error),
            safe="nothing was read or written",
            fix="check the file and its permissions",
        ) from None
    try:
        data = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        raise _broken(path, error, "a key is given twice") from None
    except MarkedYAMLError as error:
        raise _broken(path, error, "this is not valid YAML") from None
    lines: dict[Path_, int] = {}
    return Document(path, _plain(data, (), lines), lines)


def _broken(path: Path, error: MarkedYAMLError, why: str) -> ConfigError:
    mark = error.problem_mark
    place = Place(str(path), mark.line + 1, mark.column + 1) if mark else Place(str(path))
    detail = (error.problem or "").split("\n")[0]
    return ConfigError(
        f"{path.name} cannot be read",
        why=f"{why}: {detail}",
        safe="nothing was read or written",
        fix="correct the line",
        place=place,
    )


def _plain(node: Any, at: Path_, lines: dict[Path_, int]) -> Any:
    if isinstance(node, CommentedMap):
        for key in node.lc.data or {}:  # keys that << brings in have no line of their own
            lines[(*at, key)] = node.lc.key(key)[0] + 1
        return {key: _plain(value, (*at, key), lines) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        for index in range(len(node)):
            lines[(*at, index)] = node.lc.item(index)[0] + 1
        return [_plain(value, (*at, index), lines) for index, value in enumerate(node)]
    return _bare(node)


def _bare(value: Any) -> Any:
    """A value without what the reader remembers of its spelling (an anchor, underscores in a number)."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def suggest(word: str, known: Iterable[str]) -> str:
    """A sentence with the closest known word, or nothing."""
    best = process.extractOne(word, list(known), score_cutoff=70)
    return f"did you mean {best[0]!r}?" if best else ""


def validate(model: type[Model], document: Document, at: Iterable[str | int] = ()) -> Model:
    """The part of a document under `at` as a model. Raises ConfigError at the first mistake."""
    where = tuple(at)
    data = document.data
    for key in where:
        data = data[key]
    try:
        return model.model_validate(data if data is not None else {})
    except ValidationError as error:
        raise _mistake(model, document, where, error) from None


def _mistake(model: type[BaseModel], document: Document, at: Path_, error: ValidationError) -> ConfigError:
    found = error.errors(include_url=False, include_input=False)
    # A misspelt key is also a missing one: the spelling says more.
    first = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
    where = (*at, *first["loc"])
    name = ".".join(str(part) for part in where) or document.path.name
    if first["type"] == "extra_forbidden":
        known = _known_keys(model, first["loc"][:-1])
        hint = suggest(str(first["loc"][-1]), known) or f"known keys: {', '.join(sorted(known))}"
        return document.error(where, f"{name} is not a known key", fix=hint)
    if first["type"] == "missing":
        return document.error(where, f"{name} is missing", fix=f"add {first['loc'][-1]}:")
    return document.error(where, f"{name} is not valid", why=first["msg"], fix="correct the value")


def _known_keys(model: type[BaseModel], path: Iterable[str | int]) -> set[str]:
    current: Any = model
    for part in path:
        fields = getattr(current, "model_fields", {})
        if part in fields:
            current = _inner(fields[part].annotation)
    fields = getattr(current, "model_fields", {})
    return {f.alias or n for n, f in fields.items()}


def _inner(annotation: Any) -> Any:
    for argument in getattr(annotation, "__args__", ()):
        found = _inner(argument)
        if hasattr(found, "model_fields"):
            return found
    return annotation
