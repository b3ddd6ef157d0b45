"""Finds plug-ins by entry point: adapters, simulators, seeders, jobs, and the declarations that ship."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cs_connector.config.documents import suggest
from cs_connector.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from cs_connector.ports import Adapter
    from cs_connector.sandbox.wire import Simulator

GROUPS = ("adapters", "simulators", "seeders", "jobs", "mappings")


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    return {p.name: p for p in entry_points(group=f"cs_connector.{group}")}


def names(group: str) -> list[str]:
    """The names registered in a group, sorted."""
    return sorted(_points(group))


def find(group: str, name: str) -> Any:
    """The plug-in itself. Raises ConfigError for an unknown name or a missing extra."""
    points = _points(group)
    if name not in points:
        hint = suggest(name, points) or f"known: {', '.join(sorted(points))}"
        raise ConfigError(
            f"there is no {group[:-1]} called {name!r}", safe="nothing was read or written", fix=hint
        )
    try:
        return points[name].load()
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the {group[:-1]} {name!r} needs the Python package {error.name!r}",
            safe="nothing was read or written",
            fix=f'install it with: pip install "cs-connector[{name}]"',
        ) from error


def adapter(name: str) -> type[Adapter]:
    return cast("type[Adapter]", find("adapters", name))


def simulator(name: str) -> type[Simulator]:
    return cast("type[Simulator]", find("simulators", name))


def job(name: str) -> Callable[..., Any]:
    if name not in names("jobs"):
        raise UsageError(
            f"there is no job called {name!r}", fix=suggest(name, names("jobs")) or ", ".join(names("jobs"))
        )
    return cast("Callable[..., Any]", find("jobs", name))


def shipped() -> tuple[Path, ...]:
    """Folders with the declarations that ship, one for each registered package."""
    return tuple(Path(str(files(p.value))) for p in _points("mappings").values())


def installs() -> Iterator[tuple[str, Path]]:
    """For each adapter that installs something in its CRM: its name and its install.yml."""
    for name, point in sorted(_points("adapters").items()):
        path = Path(str(files(point.value.split(":")[0]))) / "install.yml"
        if path.exists():
            yield name, path


def assumptions() -> dict[str, Path]:
    """For each adapter that says what it assumes about its vendor: its name and that file."""
    folders = {name: files(p.value.split(":")[0]) for name, p in sorted(_points("adapters").items())}
    paths = {name: Path(str(folder)) / "assumptions.yml" for name, folder in folders.items()}
    return {name: path for name, path in paths.items() if path.exists()}
