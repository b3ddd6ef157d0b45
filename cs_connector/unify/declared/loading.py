"""Reads a mapping file with everything that it stands on, and finds every mistake that can be known without the CRM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from cs_connector.config.documents import Document, Path_, load, mistakes, there
from cs_connector.errors import ConfigError, MappingError
from cs_connector.unify.mapping import MappingFile

from . import lookups, overlay
from .mistakes import Mistake, found
from .rates import load_rates

Note = TypeVar("Note")
_TRIES = 20  # a file has fewer layers of mistakes
_PARTS = ("fields", "inputs", "where", "ranges")


@dataclass(frozen=True, slots=True)
class Examined:
    """What is right of a mapping file, None where that is nothing; `errors` in the order of their lines."""

    mapping: MappingFile | None
    errors: tuple[ConfigError, ...]


def load_mapping(path: Path, folders: Sequence[Path] = ()) -> MappingFile:
    """Read and check a mapping file. Raises ConfigError or MappingError with file and line.

    Files that it names are looked for in `folders`, the nearest first; its own is the last.
    """
    seen = examine(path, folders)
    if seen.errors or seen.mapping is None:
        first, more = seen.errors[0], len(seen.errors) - 1
        if more:
            first.fix += f" ({more} more mistakes: cs-connector mapping check)"
        raise first
    return seen.mapping


def examine(path: Path, folders: Sequence[Path] = ()) -> Examined:
    """Read a mapping file and list its mistakes; what is wrong is left out of the mapping."""
    folders = (*folders, path.parent)
    errors: list[ConfigError] = []
    try:
        whole = overlay.laid(load(path), folders)
        document = lookups.filled(whole, folders, errors)
        rates = load_rates(folders)
    except ConfigError as error:
        return Examined(None, (*errors, error))
    mapping, document = _valid(document, errors)
    if mapping is not None:
        mapping = mapping.model_copy(update={"document": document, "rates": rates})
        errors += [_error(document, mistake) for mistake in found(mapping)]
        if not errors:  # what others read of it is the file, without what look-ups say
            mapping = mapping.model_copy(update={"document": whole})
    return Examined(mapping, tuple(sorted(errors, key=_place)))


def _place(error: ConfigError) -> tuple[str, int, str]:
    place = error.place
    return (place.path, place.line or 0, error.what) if place else ("", 0, error.what)


def _error(document: Document, mistake: Mistake) -> ConfigError:
    told = MappingError(mistake.what, why=mistake.why, fix=mistake.fix, safe="nothing was read or written")
    place = (
        document.told(mistake.where, mistake.error).place if mistake.error else document.place(mistake.where)
    )
    told.place = place
    return told


def _valid(document: Document, errors: list[ConfigError]) -> tuple[MappingFile | None, Document]:
    """The mapping without what is not of its form, so that the rest can be looked at too."""
    for _ in range(_TRIES):
        try:
            return MappingFile.model_validate(document.data or {}), document
        except ValidationError as bad:
            wrong = mistakes(MappingFile, document, bad)
        errors += [error for _where, error in wrong]
        out = {_part(document, where) for where, _error in wrong}
        if () in out or not isinstance(document.data, dict):
            break
        for where in sorted(out, key=_turn, reverse=True):
            document = _without(document, where)
    return None, document


def _part(document: Document, where: Path_) -> Path_:
    """What to leave out because of a mistake: an attribute, a condition, a rule, or the key itself."""
    for depth, key in enumerate(where):
        if key in _PARTS and len(where) > depth + 1:
            return where[: depth + 2]
    return there(document.data, where)


def _turn(where: Path_) -> list[tuple[bool, int, str]]:
    """Later items of a list go first, so that the place of the others does not move."""
    return [(isinstance(key, int), key if isinstance(key, int) else 0, str(key)) for key in where]


def _without(document: Document, where: Path_) -> Document:
    """The document without a key or an item; what stands below the item moves up by one."""
    *above, last = where
    data = _copied(document.data, tuple(above))
    node: Any = data
    for key in above:
        node = node[key]
    if last not in (range(len(node)) if isinstance(node, list) else node):
        return document
    del node[last]
    shift = _Shift(tuple(above), last)
    return replace(
        document,
        data=data,
        lines=shift.of(document.lines),
        columns=shift.of(document.columns),
        begins=shift.of(document.begins),
        files=shift.of(document.files),
    )


@dataclass(frozen=True, slots=True)
class _Shift:
    """What places are after a key, or an item of a list, below `above` has gone."""

    above: Path_
    last: str | int

    def of(self, notes: Mapping[Path_, Note]) -> dict[Path_, Note]:
        return {now: note for at, note in notes.items() if (now := self._now(at)) is not None}

    def _now(self, at: Path_) -> Path_ | None:
        depth = len(self.above)
        if at[:depth] != self.above or len(at) == depth:
            return at
        key, last = at[depth], self.last
        if key == last:
            return None
        if isinstance(key, int) and isinstance(last, int) and key > last:
            return (*self.above, key - 1, *at[depth + 1 :])
        return at


def _copied(node: Any, way: Path_) -> Any:
    """A copy of what lies on the way, the rest as it is."""
    copied: Any = dict(node) if isinstance(node, dict) else list(node)
    if way:
        copied[way[0]] = _copied(node[way[0]], way[1:])
    return copied
