"""YAML files that remember where every key stands."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError

from cs_connector.errors import ConfigError, FormulaError, Place

Path_ = tuple[str | int, ...]
_DATE = re.compile(r"\b(\d{4})-(\d\d?)-(\d\d?)\b")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data, and the line of every key and item.

    `columns` says where texts begin that stand as they are in one line; `files` where another file was laid over this one.
    """

    path: Path
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict)
    columns: dict[Path_, int] = field(default_factory=dict)
    files: Mapping[Path_, Path] = field(default_factory=dict)

    def place(self, where: Iterable[str | int] = ()) -> Place:
        """The nearest known line of a path of keys."""
        keys = tuple(where)
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return Place(str(self.files.get(keys, self.path)), self.lines.get(keys))

    def told(self, where: Iterable[str | int], error: ConfigError) -> ConfigError:
        """The same error at a key of this file; of a formula in one line, with the column."""
        keys = tuple(where)
        place, begin = self.place(keys), self.columns.get(keys)
        if isinstance(error, FormulaError) and error.position is not None and begin is not None:
            place = Place(place.path, place.line, begin + error.position - 1)
        return ConfigError(
            error.what, why=error.why, fix=error.fix, safe=error.safe, place=place, code=error.code
        )

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
        plain, lines, columns = _parsed(text)
    except DuplicateKeyError as error:
        raise _broken(path, error, "a key is given twice") from None
    except MarkedYAMLError as error:
        raise _broken(path, error, "this is not valid YAML") from None
    except ValueError as error:
        raise ConfigError(
            f"{path.name} cannot be read",
            why=f"a date or a number is none: {error}",
            safe="nothing was read or written",
            fix="correct it, or put it in quotes where it is a text",
            place=Place(str(path), _impossible(text)),
        ) from None
    return Document(path, deepcopy(plain), dict(lines), dict(columns))


@lru_cache(256)
def _parsed(text: str) -> tuple[Any, dict[Path_, int], dict[Path_, int]]:
    """A process reads the same files again and again, and parsing keeps it longer than anything else."""
    data = YAML(typ="rt").load(text)
    lines: dict[Path_, int] = {}
    columns: dict[Path_, int] = {}
    plain = _plain(data, (), lines)
    _begins(data, (), text.splitlines(), columns)
    return plain, lines, columns


def _impossible(text: str) -> int | None:
    """The line of the first date that no calendar has."""
    for number, line in enumerate(text.splitlines(), 1):
        for year, month, day in _DATE.findall(line):
            if not (1 <= int(month) <= 12 and 1 <= int(day) <= monthrange(max(1, int(year)), int(month))[1]):
                return number
    return None


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


def _begins(node: Any, at: Path_, text: list[str], columns: dict[Path_, int]) -> None:
    """Where texts begin, counted from 1, that stand letter by letter in one line of the file."""
    if isinstance(node, CommentedMap):
        inner = [(key, node[key], node.lc.value(key)) for key in node.lc.data or {}]
    elif isinstance(node, CommentedSeq):
        inner = [(index, node[index], node.lc.item(index)) for index in range(len(node))]
    else:
        return
    for key, value, (line, column) in inner:
        if isinstance(value, str):
            start = column + (text[line][column : column + 1] in ("'", '"'))
            if text[line].startswith(value, start):
                columns[(*at, key)] = start + 1
        else:
            _begins(value, (*at, key), text, columns)


def _bare(value: Any) -> Any:
    """A value without what the reader remembers of its spelling (an anchor, underscores in a number)."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def suggest(word: str, known: Iterable[str]) -> str:
    """A sentence with the closest known word, or nothing."""
    from rapidfuzz import process  # only a mistake needs it

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
        raise mistakes(model, document, error, where)[0][1] from None


def mistakes(
    model: type[BaseModel], document: Document, error: ValidationError, at: Path_ = ()
) -> list[tuple[Path_, ConfigError]]:
    """Every mistake and the keys that lead to it. A misspelt key is also a missing one: the spelling says more, so
    it comes first.
    """
    found = error.errors(include_url=False, include_input=False)
    found.sort(key=lambda e: e["type"] != "extra_forbidden")
    told: dict[Path_, ConfigError] = {}
    for one in found:
        where = (*at, *one["loc"])
        if one["type"] != "missing":
            where = there(document.data, where)
        told.setdefault(where, _mistake(model, document, where, one))
    return list(told.items())


def there(data: Any, where: Path_) -> Path_:
    """Without what no key of the file is, such as the kinds of which a value could be."""
    for depth, key in enumerate(where):
        if not isinstance(data, dict | list) or (isinstance(data, dict) and key not in data):
            return where[:depth]
        below: Any = data
        data = below[key]
    return where


def _mistake(model: type[BaseModel], document: Document, where: Path_, one: Mapping[str, Any]) -> ConfigError:
    name = ".".join(str(part) for part in where) or document.path.name
    if one["type"] == "extra_forbidden":
        known = _known_keys(model, one["loc"][:-1])
        hint = suggest(str(one["loc"][-1]), known) or f"known keys: {', '.join(sorted(known))}"
        return document.error(where, f"{name} is not a known key", fix=hint)
    if one["type"] == "missing":
        return document.error(where, f"{name} is missing", fix=f"add {one['loc'][-1]}:")
    why = one["msg"].removeprefix("Value error, ")
    if one["loc"][-1:] == ("[key]",):
        return document.error(
            where, f"{name} is not a text", why=why, fix="put it in quotes, as the CRM writes it"
        )
    fix = _nearest(document.data, where, one) or "correct the value"
    return document.error(where, f"{name} is not valid", why=why, fix=fix)


def _nearest(data: Any, where: Path_, one: Mapping[str, Any]) -> str:
    """Which of the words that are allowed may be meant."""
    if one["type"] != "literal_error":
        return ""
    for key in where:
        data = data[key]
    return suggest(str(data), re.findall(r"'([^']*)'", one["ctx"]["expected"]))


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
