"""What people write about customers into a file of the project, entry by entry, with where each stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from cs_connector.config.documents import Document, load
from cs_connector.language.steps import Strict

E = TypeVar("E", bound=Strict)


@dataclass(frozen=True)
class Placed(Generic[E]):
    """An entry under `key` of a document."""

    entry: E
    document: Document
    key: str
    index: int

    @property
    def file(self) -> str:
        """Name and line."""
        place = self.document.place((self.key, self.index))
        return f"{Path(place.path).name}:{place.line}"


def newest(layers: Sequence[Path], name: str) -> Document | None:
    """The file of the last layer that has one. Raises ConfigError with file and line."""
    files = [layer / name for layer in layers if (layer / name).exists()]
    return load(files[-1]) if files else None
