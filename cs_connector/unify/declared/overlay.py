"""A mapping file of a project laid over the one that it `extends`: rules and attributes by their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cs_connector.config.documents import Document, Path_, load, suggest
from cs_connector.errors import ConfigError

_PARTS = {"read": "entity", "write": "source"}  # what tells the rules of one object apart
_BY_KEY = ("fields", "inputs")
_ORDERS = ("remove", "replace")
_KEYS = "keys with values (name: value)"


@dataclass(slots=True)
class _Sheet:
    """The file that comes of it, with the place of every key in the file that it comes from."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path_, int] = field(default_factory=dict)
    columns: dict[Path_, int] = field(default_factory=dict)
    begins: dict[Path_, int] = field(default_factory=dict)
    files: dict[Path_, Path] = field(default_factory=dict)

    def note(self, document: Document, source: Path_, to: Path_) -> None:
        """What stands in a document below a key stands now below another one."""
        depth = len(source)
        for notes, kept in (
            (document.lines, self.lines),
            (document.columns, self.columns),
            (document.begins, self.begins),
        ):
            for where, at in notes.items():
                if where[:depth] == source:
                    kept[(*to, *where[depth:])] = at
                    self.files[(*to, *where[depth:])] = document.files.get(where, document.path)

    def forget(self, where: Path_) -> None:
        for notes in (self.lines, self.columns, self.begins, self.files):
            for key in [key for key in notes if key[: len(where)] == where]:
                del notes[key]


def laid(document: Document, folders: Sequence[Path], chain: Sequence[Path] = ()) -> Document:
    """The file itself, or what comes of laying it over the one that it extends.

    Raises ConfigError with file and line.
    """
    if not isinstance(document.data, dict) or "extends" not in document.data:
        return document
    path = _below(document, folders, [*chain, document.path])
    base = _formed(laid(load(path), folders, [*chain, document.path]))
    _formed(document)
    sheet = _Sheet()
    for source in (base, document):
        for key, value in source.data.items():
            if key not in (*_PARTS, "extends"):
                sheet.data[key] = value
                sheet.forget((key,))
                sheet.note(source, (key,), (key,))
    for part in _PARTS:
        _rules(sheet, part, base, document)
    return Document(document.path, sheet.data, sheet.lines, sheet.columns, sheet.begins, sheet.files)


def _below(document: Document, folders: Sequence[Path], chain: Sequence[Path]) -> Path:
    """The nearest file of the name that is not one of those that are laid over it."""
    name = str(document.data["extends"])
    found = [folder / f"{name}.yml" for folder in folders if (folder / f"{name}.yml").exists()]
    free = [path for path in found if path not in chain]
    if free:
        return free[0]
    if found:
        circle = " → ".join(path.name for path in (*chain[chain.index(found[0]) :], found[0]))
        raise document.error(
            ("extends",), "mappings extend each other in a circle", why=circle, fix="end it somewhere"
        )
    known = sorted({path.stem for folder in folders for path in folder.glob("*.yml")})
    fix = suggest(name, known) or f"known: {', '.join(known)}"
    raise document.error(("extends",), f"there is no mapping called {name!r}", fix=fix)


def _formed(document: Document) -> Document:
    """The same. Raises ConfigError where it has no rules that another file could be laid over, or that could be laid over others."""
    if not isinstance(document.data, dict):
        raise _needed(document, (), _KEYS)
    for part in _PARTS:
        rules = document.data.get(part) or []
        if not isinstance(rules, list):
            raise _needed(document, (part,), "a list (lines that begin with -)")
        for index, rule in enumerate(rules):
            at = (part, index)
            if not isinstance(rule, Mapping):
                raise _needed(document, at, _KEYS)
            if odd := next((key for key in _BY_KEY if not isinstance(rule.get(key) or {}, Mapping)), None):
                raise _needed(document, (*at, odd), _KEYS)
    return document


def _needed(document: Document, where: Path_, form: str) -> ConfigError:
    name = ".".join(map(str, where)) or document.path.name
    return document.error(where, f"{name} is not valid", why=f"needed here: {form}", fix="correct the value")


def _rules(sheet: _Sheet, part: str, base: Document, over: Document) -> None:
    """The rules of the base with those of the overlay laid over them, and then its own."""
    below, above = base.data.get(part) or [], over.data.get(part) or []
    meant: dict[int, int] = {}
    for index, rule in enumerate(above):
        mine = _meant(part, below, base, over, index) if isinstance(rule, Mapping) else None
        if mine is not None:
            meant[mine] = index
    listed: list[Any] = []
    for index, rule in enumerate(below):
        change = above[meant[index]] if index in meant else {}
        if not change.get("remove"):
            to = (part, len(listed))
            listed.append(
                _merged(sheet, to, (base, (part, index)), (over, (part, meant.get(index, -1))), rule, change)
            )
    for index, rule in enumerate(above):
        if index not in meant.values():
            sheet.note(over, (part, index), (part, len(listed)))
            listed.append(rule)
    if listed or part in base.data:
        sheet.data[part] = listed


def _meant(part: str, below: Sequence[Any], base: Document, over: Document, index: int) -> int | None:
    """Which rule of the base a rule of the overlay is laid over; None for a new one."""
    rule, told = over.data[part][index], _PARTS[part]
    keys = ["name"] if "name" in rule else ["object", told]
    fits = [n for n, other in enumerate(below) if all(other.get(key) == rule.get(key) for key in keys)]
    called = rule.get("name") or f"{rule.get('object')} as {rule.get(told)}"
    if len(fits) > 1:
        names = sorted(str(below[n]["name"]) for n in fits if "name" in below[n])
        fix = (
            f"say which: name: {' or '.join(names)}"
            if names
            else f"copy {base.path.name} instead of extending it"
        )
        raise over.error((part, index), f"{base.path.name} has {len(fits)} rules for {called}", fix=fix)
    if not fits and rule.get("remove"):
        known = [other.get("name") or f"{other.get('object')} as {other.get(told)}" for other in below]
        fix = suggest(str(called), known) or f"it has: {', '.join(map(str, known))}"
        raise over.error((part, index, "remove"), f"{base.path.name} has no rule for {called}", fix=fix)
    return fits[0] if fits else None


Place_ = tuple[Document, Path_]


def _merged(
    sheet: _Sheet, to: Path_, base: Place_, over: Place_, rule: Mapping[str, Any], change: Mapping[str, Any]
) -> dict[str, Any]:
    if change.get("replace"):
        sheet.note(*over, to)
        return {key: value for key, value in change.items() if key not in _ORDERS}
    sheet.note(*base, to)
    merged = dict(rule)
    for key, value in change.items():
        if key in _BY_KEY and isinstance(value, Mapping):
            _lay(sheet, (*to, key), base, over, (rule.get(key) or {}, value))
            merged[key] = _without({**(rule.get(key) or {}), **value})
        else:
            _put(sheet, (*to, key), over, key, value)
            merged[key] = value
    return _without(merged)


def _lay(
    sheet: _Sheet, to: Path_, base: Place_, over: Place_, pair: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> None:
    """Note attributes of the overlay. Raises ConfigError where one that is to be removed is not there."""
    below, above = pair
    document, at = over
    for name, value in above.items():
        where = (*at, to[-1], name)
        if value is None and name not in below:
            fix = suggest(str(name), below) or f"it has: {', '.join(map(str, below))}"
            raise document.error(
                where, f"{name} is not in {base[0].path.name}, so it cannot be removed", fix=fix
            )
        sheet.forget((*to, name))
        sheet.note(document, where, (*to, name))


def _put(sheet: _Sheet, to: Path_, over: Place_, key: str, value: Any) -> None:
    document, at = over
    sheet.forget(to)
    if value is not None:
        sheet.note(document, (*at, key), to)


def _without(rule: Mapping[str, Any]) -> dict[str, Any]:
    """What an overlay says is None is taken away."""
    return {key: value for key, value in rule.items() if value is not None}
