"""Every mapping of a project: what is wrong with it by itself, and where it asks for what its connection does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cs_connector import registry
from cs_connector.errors import AdapterError, ConfigError, UsageError
from cs_connector.ports import Adapter, Document, ObjectInfo
from cs_connector.sandbox import shape
from cs_connector.unify import Source
from cs_connector.unify.declared.loading import Examined, examine

from . import drift
from .engine import Engine
from .fitting import Problem, elsewhere, fit
from .unifying import mistakes


@dataclass(frozen=True, slots=True)
class Checked:
    """`unseen` are objects, as connection.object, with which nothing could be compared, because they were not saved."""

    problems: tuple[Problem, ...]
    unseen: tuple[str, ...] = ()


def check(engine: Engine, saved: Path | None = None) -> Checked:
    """The mistakes of all mappings in use, first those of the files themselves and of what else a project declares for unify.

    With `saved` nothing is asked: the connections are as `discover` saved them there. Raises UsageError where it saved none of them, AdapterError where a connection cannot be asked and its
    files are right.
    """
    folder = None if saved is None else _Saved(saved, engine)
    files = {name: _examined(engine, name) for name in engine.project.settings.connections}
    told = [_problem("", error) for error in mistakes(engine)]
    told += [_problem(name, error) for name, seen in files.items() for error in seen.errors]
    unseen: list[str] = []
    for rank, (name, seen) in enumerate(files.items()):
        try:
            told += _compared(engine, rank, name, seen, folder)
            unseen += folder.unseen(name, engine.adapter(name), seen) if folder else ()
        except AdapterError as error:
            if not told:
                raise
            told.append(_problem(name, error))
    told += _astray(files)
    found: dict[tuple[str, str], Problem] = {}
    for problem in told:  # connections that share a mapping share its mistakes
        found.setdefault((problem.place, problem.what), problem)
    return Checked(tuple(found.values()), tuple(unseen))


def _examined(engine: Engine, name: str) -> Examined:
    connection = engine.project.settings.connections[name]
    path = engine.project.mapping(connection.mapping or connection.adapter)
    return examine(path, engine.project.layers)


def _compared(
    engine: Engine, rank: int, name: str, seen: Examined, saved: _Saved | None
) -> Iterator[Problem]:
    if seen.mapping is None:
        return
    adapter, mapping = engine.adapter(name), seen.mapping
    source = Source(name, mapping.crm, rank, mapping)
    if saved is None:
        wanted = mapping.objects()
        infos = [
            drift.sought(adapter, info, wanted.get(info.name, ())) for info in adapter.describe(list(wanted))
        ]
        yield from fit(source, {info.name: info for info in infos})
    elif known := saved.known(name, adapter, mapping.write_root):
        yield from fit(source, known, partly=True)


def _astray(files: Mapping[str, Examined]) -> Iterator[Problem]:
    """References into systems and objects that no mapping reads, once all mappings can be read."""
    read: dict[str, set[str]] = {}
    sources = [
        Source(name, seen.mapping.crm, rank, seen.mapping)
        for rank, (name, seen) in enumerate(files.items())
        if seen.mapping
    ]
    for source in sources:
        read.setdefault(source.crm, set()).update(rule.object for rule in source.mapping.read)
    if len(sources) == len(files):
        for source in sources:
            yield from elsewhere(source, read, registry.names("adapters"))


def _problem(connection: str, error: ConfigError | AdapterError) -> Problem:
    why = f": {error.why}" if error.why else ""
    return Problem(connection, str(error.place or connection), error.what + why, error.fix)


class _Saved:
    """What `discover` saved, by connection."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self._systems = {system.name: system for system in shape.load(folder)}
        if not self._systems.keys() & engine.project.settings.connections.keys():
            raise UsageError(
                f"{folder} has none of the connections of this project",
                why=f"it has {', '.join(self._systems) or 'nothing'}",
                safe="nothing was read or written",
                fix=f"save them with: cs-connector discover --out {folder}",
            )

    def known(self, connection: str, adapter: Adapter, root: str) -> dict[str, ObjectInfo]:
        """Fields below the `root` of what is written go by their own names too."""
        system = self._systems.get(connection)
        documents = system.documents.items() if system else ()
        shown = (adapter.shown(Document(path, body)) for path, body in documents)
        return {info.name: _rooted(info, f"{root}.") for info in shown if info}

    def unseen(self, connection: str, adapter: Adapter, seen: Examined) -> list[str]:
        objects = seen.mapping.objects() if seen.mapping else {}
        return sorted(
            f"{connection}.{name}" for name in objects.keys() - self.known(connection, adapter, "").keys()
        )


def _rooted(info: ObjectInfo, root: str) -> ObjectInfo:
    below = [f for f in info.fields if root != "." and f.name.startswith(root)]
    own = tuple(replace(f, name=f.name.removeprefix(root), writable=True) for f in below)
    return replace(info, fields=(*info.fields, *own))
