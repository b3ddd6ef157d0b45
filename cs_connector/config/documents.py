"""YAML files that remember where every key stands."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
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
from ruamel.yaml.reader import ReaderError

from cs_connector.errors import ConfigError, FormulaError, Place

Path_ = tuple[str | int, ...]
_DATE = re.compile(r"\b(\d{4})-(\d\d?)-(\d\d?)\b")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data, and the line of every key and item.

    `columns` says where texts begin that stand as they are in one line, `begins` where keys and items do; `files` where
    another file was laid over this one.
    """

    path: Path
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict)
    columns: dict[Path_, int] = field(default_factory=dict)
    begins: dict[Path_, int] = field(default_factory=dict)
    files: Mapping[Path_, Path] = field(default_factory=dict)

    def place(self, where: Iterable[str | int] = ()) -> Place:
        """The nearest known line of a path of keys."""
        keys = self._known(where)
        return Place(str(self.files.get(keys, self.path)), self.lines.get(keys))

    def spot(self, where: Iterable[str | int] = ()) -> Place:
        """The same, with the column at which the key or the item begins."""
        place = self.place(where)
        return Place(place.path, place.line, self.begins.get(self._known(where)))

    def _known(self, where: Iterable[str | int]) -> Path_:
        keys = tuple(where)
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return keys

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
        plain, lines, columns, begins = _parsed(text)
    except DuplicateKeyError as error:
        raise _broken(path, error, "a key is given twice") from None
    except MarkedYAMLError as error:
        raise _broken(path, error, "this is not valid YAML") from None
    except ReaderError as error:
        raise ConfigError(
            f"{path.name} cannot be read",
            why=f"it holds a character that no text has (U+{ord(text[error.position]):04X})",
            safe="nothing was read or written",
            fix="take it out",
            place=Place(str(path), text.count("\n", 0, error.position) + 1),
        ) from None
    except RecursionError:
        raise ConfigError(
            f"{path.name} cannot be read",
            why="lists or keys stand in each other too deep",
            safe="nothing was read or written",
            fix="look for brackets that are not closed",
            place=Place(str(path)),
        ) from None
    except ValueError as error:
        raise ConfigError(
            f"{path.name} cannot be read",
            why=f"a date or a number is none: {error}",
            safe="nothing was read or written",
            fix="correct it, or put it in quotes where it is a text",
            place=Place(str(path), _impossible(text)),
        ) from None
    return Document(path, deepcopy(plain), dict(lines), dict(columns), dict(begins))


@lru_cache(256)
def _parsed(text: str) -> tuple[Any, dict[Path_, int], dict[Path_, int], dict[Path_, int]]:
    """A process reads the same files again and again, and parsing keeps it longer than anything else."""
    data = YAML(typ="rt").load(text)
    places: dict[Path_, tuple[int, int]] = {}
    columns: dict[Path_, int] = {}
    plain = _plain(data, (), places)
    _begins(data, (), text.splitlines(), columns)
    lines = {at: line + 1 for at, (line, _) in places.items()}
    return plain, lines, columns, {at: column + 1 for at, (_, column) in places.items()}


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


def _plain(node: Any, at: Path_, places: dict[Path_, tuple[int, int]]) -> Any:
    """The data without its spelling; `places` gets the line and column of every key and item, counted from 0."""
    if isinstance(node, CommentedMap):
        for key in node.lc.data or {}:  # keys that << brings in have no line of their own
            places[(*at, key)] = node.lc.key(key)
        return {key: _plain(value, (*at, key), places) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        for index in range(len(node)):
            places[(*at, index)] = node.lc.item(index)
        return [_plain(value, (*at, index), places) for index, value in enumerate(node)]
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
    """Every mistake and the keys that lead to it. A misspelt key is also a missing one: the spelling says more, so only
    that is told, and what else is not known comes first.
    """
    found = error.errors(include_url=False, include_input=False)
    found.sort(key=lambda e: e["type"] != "extra_forbidden")
    misspelt = [one["loc"] for one in found if one["type"] == "extra_forbidden"]
    told: dict[Path_, list[Any]] = {}
    for one in found:
        where = there(document.data, (*at, *one["loc"]))
        if one["type"] == "missing":
            where = (*there(document.data, (*at, *one["loc"][:-1])), one["loc"][-1])
            if any(_meant(key, one["loc"]) for key in misspelt):
                continue
        told.setdefault(where, []).append(one)
    kept = [where for where in told if not any(_below(other, where) for other in told)]
    return [(where, _mistake(model, document, where, told[where])) for where in kept]


def _below(other: Path_, where: Path_) -> bool:
    """What is wrong below a key says more than that the key could have been something else."""
    return len(other) > len(where) and other[: len(where)] == where


def _meant(key: Path_, missing: Path_) -> bool:
    return key[:-1] == missing[:-1] and bool(suggest(str(key[-1]), [str(missing[-1])]))


def there(data: Any, where: Path_) -> Path_:
    """Without what no key of the file is, such as the kinds of which a value could be."""
    found: Path_ = ()
    for key in where:
        keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
        if key in keys:
            below: Any = data
            found, data = (*found, key), below[key]
    return found


def _mistake(model: type[BaseModel], document: Document, where: Path_, ones: Sequence[Any]) -> ConfigError:
    one, name = ones[0], ".".join(str(part) for part in where) or document.path.name
    if one["type"] == "extra_forbidden":
        known = _known_keys(model, one["loc"][:-1])
        hint = suggest(str(one["loc"][-1]), known) or f"known keys: {', '.join(sorted(known))}"
        return _at(document, where, f"{name} is not a known key", fix=hint)
    if one["type"] == "missing":
        return _at(document, where, f"{name} is missing", fix=f"add {one['loc'][-1]}:")
    why = _plainly(ones)
    if one["loc"][-1:] == ("[key]",):
        fix = "put it in quotes, as the CRM writes it"
        return _at(document, where, f"{name} is not a text", why=why, fix=fix)
    fix = _nearest(document.data, where, one) or "correct the value"
    return _at(document, where, f"{name} is not valid", why=why, fix=fix)


def _at(document: Document, where: Path_, what: str, *, why: str = "", fix: str = "") -> ConfigError:
    error = document.error(where, what, why=why, fix=fix)
    error.place = document.spot(where)
    return error


_SHAPES = {
    "tuple_type": "a list ([one, another], or lines that begin with -)",
    "list_type": "a list ([one, another], or lines that begin with -)",
    "dict_type": "keys with values (name: value)",
    "model_type": "keys with values (name: value)",
    "string_type": "a text (in quotes where it looks like a number or a date)",
    "bool_type": "yes or no (true, false)",
    "bool_parsing": "yes or no (true, false)",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
}


def _plainly(ones: Sequence[Any]) -> str:
    """Why a value does not do, in words of YAML instead of those of Python; it may be of one of several shapes."""
    one = ones[0]
    if one["type"] in _SHAPES:
        return f"needed here: {' or '.join(dict.fromkeys(_SHAPES[o['type']] for o in ones if o['type'] in _SHAPES))}"
    if one["type"] == "literal_error":
        return f"known here: {one['ctx']['expected'].replace(' or ', ', ')}"
    said = str(one["msg"]).removeprefix("Value error, ")
    return said.replace("Input should be ", "it should be ").replace("Tuple", "the list")


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
