"""A customer's project directory, laid over what ships."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cs_connector.errors import ConfigError, Place
from cs_connector.vault import resolve

from .documents import Document, load, validate
from .settings import ProjectSettings

FILE = "cs-connector.yml"
_LAST_PORT = 65535
_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")


@dataclass(frozen=True, slots=True)
class Project:
    """The directory, its settings, and where its declarations are looked for: shipped first, theirs last."""

    root: Path
    settings: ProjectSettings
    document: Document
    shipped: tuple[Path, ...]

    @property
    def state(self) -> Path:
        """Everything that the program writes for itself."""
        return self.root / ".cs-connector"

    @property
    def url(self) -> str | None:
        """Where PostgreSQL keeps the state; None for SQLite. Raises ConfigError for another address, or a secret that is not set."""
        given = self.settings.store.url
        if given is None:
            return None
        scheme, _, place = resolve(given, os.environ, self.root).partition("://")
        if scheme not in _POSTGRES or not place:
            raise self.document.error(
                ("store", "url"),
                "store.url is no address of PostgreSQL",
                fix="write postgresql://USER@HOST/DATABASE, or secret:NAME for a line of secrets.env; without url it is SQLite",
            )
        url = f"postgresql://{place}"
        if not _whole(url):
            raise self.document.error(
                ("store", "url"),
                "store.url is no address that can be read",
                why="its port is no number from 1 to 65535, or its host or password holds a character that has a meaning in addresses",
                fix="correct the port; in a password write @ as %40, : as %3A, / as %2F, # as %23 and [ as %5B",
            )
        return url

    def declarations(self, kind: str) -> list[Path]:
        """The YAML files of a kind (scorecards, rules, metrics, …); a file of theirs replaces one of the same name."""
        found: dict[str, Path] = {}
        for layer in (*self.shipped, self.root, self.root / "mappings"):
            for path in sorted((layer / kind).glob("*.yml")):
                found[path.name] = path
        return [found[name] for name in sorted(found)]

    @property
    def layers(self) -> tuple[Path, ...]:
        """Where mapping files are looked for, theirs first."""
        return (self.root / "mappings", *reversed(self.shipped))

    def mapping(self, name: str) -> Path:
        """The mapping file of a connection: theirs if it exists, else the one that ships."""
        layers = self.layers
        for layer in layers:
            path = layer / f"{name}.yml"
            if path.exists():
                return path
        known = sorted({p.stem for layer in layers for p in layer.glob("*.yml")})
        raise ConfigError(
            f"there is no mapping called {name!r}",
            why=f"looked for {name}.yml in mappings/ and in what ships",
            safe="nothing was read or written",
            fix=f"use one of: {', '.join(known)}",
            place=self.document.place(("connections",)),
        )


def _whole(url: str) -> bool:
    from sqlalchemy import exc, make_url  # takes a while to load, and only PostgreSQL needs it

    try:
        port = make_url(url).port
    except (ValueError, exc.ArgumentError):
        return False
    return port is None or 0 < port <= _LAST_PORT


def open_project(root: Path, shipped: tuple[Path, ...]) -> Project:
    """Read a project directory. Raises ConfigError that says which file and line."""
    path = root / FILE
    if not path.exists():
        raise ConfigError(
            f"{root} is not a project",
            why=f"there is no {FILE} in it",
            safe="nothing was read or written",
            fix="make one with: cs-connector init DIR --sandbox FILE, or point at it with --project",
            place=Place(str(path)),
        )
    document = load(path)
    return Project(root, validate(ProjectSettings, document), document, shipped)
